import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Topic, TopicSuppression } from '@bulkhead/sdk'
import { formatCount } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { linkLook } from '../../ui/link.ts'
import { Listing } from '../../ui/listing.tsx'
import { SearchBox } from '../../ui/search-box.tsx'
import { Empty } from '../../ui/states.tsx'
import { TextArea } from '../../ui/text-area.tsx'
import { Time } from '../../ui/time.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { useAct } from '../../ui/use-mutation-act.ts'
import { wordsIn } from '../../words-in.ts'
import { topicQueries } from './topics-queries.ts'
import { isWholeAddress } from './topics-search.ts'

const VIA: Readonly<Record<TopicSuppression['via'], string>> = {
  added: 'somebody of the workspace',
  'one-click': 'one click in the mail program',
  page: 'the page behind the link',
  mail: 'a mail to the address in the field',
}
const EMAILS_MAX = 1_000

/** Who gets nothing of a topic any more, the newest first; the workspace may note more, and let somebody come back. */
export function TopicLeft({
  topic,
  email,
  onSearch,
}: {
  readonly topic: Topic
  readonly email: string | undefined
  readonly onSearch: (email: string) => void
}) {
  const { api } = useSession()
  const mayNot = useAllowed('suppressions:write', 'write')
  const isPart = email !== undefined && !isWholeAddress(email)
  const query = useInfiniteQuery({ ...topicQueries.left(api, topic.id, email), enabled: !isPart })
  const [isAdding, setIsAdding] = useState(false)
  const [back, setBack] = useState<string>()
  return (
    <section className="rounded-lg border border-line bg-surface" aria-label="Who has left">
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2.5">
        <h2 className="mr-auto text-base font-semibold max-sm:basis-full">Who has left</h2>
        <div className="flex min-w-48 flex-1 sm:max-w-72">
          <SearchBox
            value={email ?? ''}
            onSearch={onSearch}
            label="Find an address that left"
            placeholder="ann@example.com"
            hotkey
          />
        </div>
        <Button onClick={() => setIsAdding(true)} disabledReason={mayNot}>
          Note addresses …
        </Button>
      </div>
      {isPart ? (
        <p className="p-4 text-sm text-muted">
          Write the whole address. Addresses are kept sealed, so that parts of them cannot be searched.
        </p>
      ) : (
        <Listing
          query={query}
          label="who has left"
          empty={
            email === undefined ? (
              <Empty title="Nobody has left it">
                Who unsubscribes from a message of this topic stands here, and goes on getting everything
                else.
              </Empty>
            ) : (
              <Empty title="This address has not left it">
                <button type="button" className={linkLook} onClick={() => onSearch('')}>
                  Show all who have
                </button>
              </Empty>
            )
          }
        >
          {(rows) => (
            <DataTable
              label="Who has left"
              rows={rows}
              rowKey={(row) => `${row.email} ${row.createdAt}`}
              columns={[
                {
                  id: 'email',
                  header: 'Address',
                  cell: (row) => (
                    <span className="break-all">{row.email ?? <i className="text-muted">erased</i>}</span>
                  ),
                },
                { id: 'via', header: 'How', hideBelow: 'sm', cell: (row) => VIA[row.via] },
                {
                  id: 'message',
                  header: 'From',
                  hideBelow: 'md',
                  cell: (row) =>
                    row.messageId === null ? (
                      '–'
                    ) : (
                      <Link
                        to="/messages/$messageId"
                        params={{ messageId: row.messageId }}
                        className={linkLook}
                      >
                        a message
                      </Link>
                    ),
                },
                { id: 'at', header: 'When', hideBelow: 'sm', cell: (row) => <Time at={row.createdAt} /> },
                {
                  id: 'back',
                  header: '',
                  align: 'end',
                  cell: ({ email: address }) =>
                    address === null ? null : (
                      <Button
                        look="quiet"
                        className="h-7 px-2"
                        disabledReason={mayNot}
                        onClick={() => setBack(address)}
                      >
                        Let back
                      </Button>
                    ),
                },
              ]}
            />
          )}
        </Listing>
      )}
      {isAdding && <NoteAddresses topic={topic} onClose={() => setIsAdding(false)} />}
      {back !== undefined && <LetBack topic={topic} email={back} onClose={() => setBack(undefined)} />}
    </section>
  )
}

function NoteAddresses({ topic, onClose }: { readonly topic: Topic; readonly onClose: () => void }) {
  const { api } = useSession()
  const [text, setText] = useState('')
  const emails = wordsIn(text)
  const act = useAct(() => api.topicSuppressions.add(topic.id, { emails }), {
    done: 'They get nothing of it any more.',
    refresh: ['topics'],
  })
  return (
    <FormDialog
      title="They have left"
      action={emails.length > 1 ? `Note ${formatCount(emails.length)} addresses` : 'Note it'}
      act={act}
      disabledReason={
        emails.length === 0
          ? 'Write an address.'
          : emails.length > EMAILS_MAX
            ? 'At most 1,000 at a time.'
            : undefined
      }
      onClose={onClose}
    >
      <TextArea
        label="Addresses"
        name="emails"
        rows={5}
        autoFocus
        placeholder="ann@example.com"
        value={text}
        onChange={(event) => setText(event.target.value)}
        hint={`One on each line, at most 1,000. They get nothing of “${topic.name}” and everything else.`}
      />
    </FormDialog>
  )
}

function LetBack({
  topic,
  email,
  onClose,
}: {
  readonly topic: Topic
  readonly email: string
  readonly onClose: () => void
}) {
  const { api } = useSession()
  const act = useAct(() => api.topicSuppressions.remove(topic.id, { email }), {
    done: `${email} gets it again.`,
    refresh: ['topics'],
  })
  return (
    <Confirm title="Send it there again?" action="Let back" onConfirm={() => act.orThrow()} onClose={onClose}>
      <span className="break-all">{email}</span> left “{topic.name}”. Let it back only where the person asked
      for it: who is mailed against his will complains.
    </Confirm>
  )
}
