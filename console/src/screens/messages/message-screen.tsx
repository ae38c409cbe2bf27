import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useRouter, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import { queries } from '../../api/queries.ts'
import { RECIPIENT_STATES, type Message } from '../../api/types.ts'
import { useSession } from '../../session/session.ts'
import { Chip, StateChip } from '../../ui/chip.tsx'
import { Guard } from '../../ui/guard.tsx'
import { ArrowLeftIcon, LockIcon } from '../../ui/icons.tsx'
import { Failure, LoadingRows } from '../../ui/states.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { useListKeys } from '../../ui/use-list-keys.ts'
import { MessageActions } from './message-actions.tsx'
import { MessageContent } from './message-content.tsx'
import { MessageFacts } from './message-facts.tsx'
import { MessageJson } from './message-json.tsx'
import { MessageRecipients } from './message-recipients.tsx'
import type { MessageSearch, StoryTab } from './message-search.ts'
import { MessageTimeline } from './message-timeline.tsx'
import { MessageTrackingTable } from './message-tracking.tsx'
import { MessageWaiting } from './message-waiting.tsx'
import { MessageWebhooks } from './message-webhooks.tsx'

/** One message's whole story. */
export function MessageScreen() {
  return (
    <Guard scope="messages:read" what="messages" title="Message">
      <Opened />
    </Guard>
  )
}

function Opened() {
  const { api } = useSession()
  const { messageId } = useParams({ from: '/messages/$messageId' })
  const message = useQuery(queries.message(api, messageId))
  const router = useRouter()
  const keys = useMemo(
    () => ({
      onMove: () => {},
      onLeave: () =>
        router.history.canGoBack() ? router.history.back() : void router.navigate({ to: '/messages' }),
    }),
    [router],
  )
  useListKeys(keys)
  if (message.isPending) return <LoadingRows label="Loading the message" />
  if (message.isError && message.data === undefined)
    return (
      <div className="mx-auto max-w-6xl px-3 py-4 sm:px-6">
        <BackLink />
        <Failure error={message.error} onRetry={() => void message.refetch()} />
      </div>
    )
  return <Story message={message.data} />
}

function Story({ message }: { readonly message: Message }) {
  const search = useSearch({ from: '/messages/$messageId' })
  const navigate = useNavigate()
  const tab = search.tab ?? 'story'
  const choose = (next: StoryTab): void => {
    const { tab: _, ...others } = search
    void navigate({
      to: '/messages/$messageId',
      params: { messageId: message.id },
      search: next === 'story' ? others : { ...others, tab: next },
      replace: true,
    })
  }
  return (
    <article className="mx-auto max-w-6xl px-3 py-4 sm:px-6">
      <title>{`${message.subject ?? 'Message'} · Bulkhead`}</title>
      <BackLink />
      <Head message={message} />
      {message.sensitive && <SensitiveNote />}
      <div className="mt-4 border-b border-line">
        <Tabs
          label="Parts of the story"
          idPrefix="message"
          tabs={[
            { name: 'story', label: 'Story' },
            { name: 'content', label: 'Content' },
            { name: 'tracking', label: 'Opens and clicks' },
            { name: 'webhooks', label: 'Webhooks' },
            { name: 'json', label: 'JSON' },
          ]}
          chosen={tab}
          onChoose={choose}
        />
      </div>
      <div
        role="tabpanel"
        id="message-panel"
        aria-labelledby={`message-tab-${tab}`}
        tabIndex={0}
        className="mt-4 rounded outline-offset-4"
      >
        <Panel message={message} tab={tab} search={search} />
      </div>
    </article>
  )
}

function Head({ message }: { readonly message: Message }) {
  const present = RECIPIENT_STATES.filter((state) => (message.states[state] ?? 0) > 0)
  return (
    <header className="mt-2 flex flex-wrap items-start gap-3">
      <div className="min-w-0 flex-1 basis-80">
        <h1 className="text-xl leading-7 font-semibold break-words">
          {message.subject || (
            <span className="text-muted italic">
              {message.sensitive ? 'Sensitive message' : 'no subject'}
            </span>
          )}
        </h1>
        <div className="mt-1.5 flex flex-wrap items-center gap-1.5">
          {present.map((state) => (
            <StateChip key={state} state={state} count={message.states[state] ?? 0} />
          ))}
          <Chip>{message.lane}</Chip>
          {message.sensitive && (
            <Chip tone="warn">
              <LockIcon className="size-3" /> sensitive
            </Chip>
          )}
          {message.resentFrom !== null && (
            <Link
              to="/messages/$messageId"
              params={{ messageId: message.resentFrom }}
              className="inline-flex rounded"
            >
              <Chip tone="accent">sent again</Chip>
            </Link>
          )}
          {message.tags.map((tag) => (
            <Link key={tag} to="/messages" search={{ tag }} className="inline-flex rounded">
              <Chip>#{tag}</Chip>
            </Link>
          ))}
        </div>
      </div>
      <MessageActions message={message} />
    </header>
  )
}

function Panel({
  message,
  tab,
  search,
}: {
  readonly message: Message
  readonly tab: StoryTab
  readonly search: MessageSearch
}) {
  switch (tab) {
    case 'story':
      return (
        <div className="grid gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]">
          <div className="flex min-w-0 flex-col gap-6">
            <MessageRecipients message={message} search={search} />
            <MessageWaiting message={message} recipient={search.recipient} />
            <MessageTimeline message={message} search={search} />
          </div>
          <MessageFacts message={message} />
        </div>
      )
    case 'content':
      return <MessageContent message={message} search={search} />
    case 'tracking':
      return <MessageTrackingTable message={message} />
    case 'webhooks':
      return <MessageWebhooks message={message} />
    case 'json':
      return <MessageJson message={message} />
  }
}

function BackLink() {
  return (
    <Link
      to="/messages"
      className="inline-flex items-center gap-1 rounded text-sm text-muted hover:text-ink hover:underline"
    >
      <ArrowLeftIcon className="size-3.5" /> Messages
    </Link>
  )
}

function SensitiveNote() {
  return (
    <p className="mt-4 rounded-md border border-warn bg-warn-soft px-3 py-2 text-sm text-warn">
      This message is sensitive: a password reset, a code or an invitation. Its content is shown to nobody,
      whoever asks, and its key is destroyed once it is delivered or expired. So a person who takes over this
      console, or a key, cannot take over the recipient's account with it.
    </p>
  )
}
