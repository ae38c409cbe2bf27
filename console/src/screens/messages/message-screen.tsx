import { useQuery } from '@tanstack/react-query'
import { Link, useParams, useRouter } from '@tanstack/react-router'
import { useMemo } from 'react'
import { queries } from '../../api/queries.ts'
import type { Message } from '../../api/types.ts'
import { useSession } from '../../session/session.ts'
import { Chip, StateChip } from '../../ui/chip.tsx'
import { ArrowLeftIcon, LockIcon } from '../../ui/icons.tsx'
import { Failure, LoadingRows } from '../../ui/states.tsx'
import { useListKeys } from '../../ui/use-list-keys.ts'
import { MessageActions } from './message-actions.tsx'
import { MessageFacts } from './message-facts.tsx'
import { MessageTimeline } from './message-timeline.tsx'

/** One message's whole story. */
export function MessageScreen() {
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
  return (
    <article className="mx-auto max-w-6xl px-3 py-4 sm:px-6">
      <title>{`${message.subject ?? 'Message'} · Bulkhead`}</title>
      <BackLink />
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
            <Chip>{message.lane}</Chip>
            {message.sensitive && (
              <Chip tone="warn">
                <LockIcon className="size-3" /> sensitive
              </Chip>
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
      {message.sensitive && <SensitiveNote />}
      <div className="mt-5 grid gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="flex min-w-0 flex-col gap-6">
          <Recipients message={message} />
          <MessageTimeline message={message} />
        </div>
        <MessageFacts message={message} />
      </div>
    </article>
  )
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

function Recipients({ message }: { readonly message: Message }) {
  return (
    <section aria-labelledby="recipients">
      <h2 id="recipients" className="mb-2 text-base font-semibold">
        Recipients{' '}
        <span className="font-normal text-muted">{message.recipientCount.toLocaleString('en')}</span>
      </h2>
      <ul className="max-h-96 overflow-y-auto rounded-lg border border-line bg-surface">
        {message.recipients.map((recipient) => (
          <li
            key={recipient.number}
            className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-3 py-2 last:border-b-0 sm:px-4"
          >
            <span className="tabular w-5 text-right text-xs text-muted" title="Number of the recipient">
              {recipient.number}
            </span>
            <span className="min-w-0 flex-1 basis-36 font-medium break-all">
              {recipient.email || <span className="text-muted italic">no longer readable</span>}
              {recipient.kind !== 'to' && (
                <span className="ml-2 text-xs font-normal text-muted">{recipient.kind}</span>
              )}
            </span>
            <span className="text-xs text-muted">
              {recipient.attempts === 1 ? '1 attempt' : `${recipient.attempts} attempts`}
            </span>
            <StateChip state={recipient.state} />
          </li>
        ))}
      </ul>
    </section>
  )
}
