import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { BroadcastDetail } from '@bulkhead/sdk'
import { formatCount } from '../../format.ts'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { CodeBlock } from '../../ui/code-block.tsx'
import { Facts } from '../../ui/facts.tsx'
import { JobProgress, type JobState } from '../../ui/job-progress.tsx'
import { linkLook } from '../../ui/link.ts'
import { Loaded } from '../../ui/listing.tsx'
import { Note } from '../../ui/note.tsx'
import { Page } from '../../ui/page.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { BroadcastActs } from './broadcast-acts.tsx'
import { BroadcastMembers } from './broadcast-members.tsx'
import { BroadcastState, waitsInWords } from './broadcast-words.tsx'
import { broadcastQueries, isMoving } from './broadcasts-queries.ts'
import type { BroadcastsSearch } from './broadcasts-search.ts'

/** One broadcast: how far it is, what it says, who is in which state. */
export function BroadcastPage({
  id,
  member,
}: {
  readonly id: string
  readonly member: BroadcastsSearch['member']
}) {
  const { api } = useSession()
  const query = useQuery(broadcastQueries.one(api, id))
  return (
    <Page
      title={query.data?.name ?? 'Broadcast'}
      lead={query.data?.subject}
      back={
        <Link to="/broadcasts" className={linkLook}>
          Broadcasts
        </Link>
      }
      actions={query.data !== undefined && <BroadcastActs broadcast={query.data} />}
    >
      <Loaded query={query} label="the broadcast">
        {(broadcast) => (
          <>
            {broadcast.waitsFor !== null && (
              <Note tone="warn" title="It waits">
                {waitsInWords(broadcast.waitsFor)}
              </Note>
            )}
            {broadcast.problem !== null && (
              <Note tone="bad" title="It failed">
                {broadcast.problem}
              </Note>
            )}
            {broadcast.queuedAt !== null && <Progress broadcast={broadcast} begunAt={broadcast.queuedAt} />}
            <BroadcastFacts broadcast={broadcast} />
            {broadcast.queuedAt !== null && <BroadcastMembers broadcast={broadcast} member={member} />}
            <Content broadcast={broadcast} />
          </>
        )}
      </Loaded>
    </Page>
  )
}

function Progress({ broadcast, begunAt }: { readonly broadcast: BroadcastDetail; readonly begunAt: string }) {
  const { total, pending, ...states } = broadcast.progress
  return (
    <Panel title="How far it is">
      <div className="p-4">
        <JobProgress
          label={isMoving(broadcast) ? 'Its mails are being written' : 'Its members'}
          state={jobState(broadcast)}
          done={total - pending}
          total={total}
          unit="members have their state"
          startedAt={begunAt}
        />
      </div>
      <dl className="grid grid-cols-2 gap-3 px-4 pb-4 sm:grid-cols-5">
        {Object.entries(states).map(([state, count]) => (
          <div key={state}>
            <dt className="text-xs text-muted">{state}</dt>
            <dd className="tabular text-lg font-semibold">{formatCount(count)}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  )
}

function jobState({ state }: BroadcastDetail): JobState {
  switch (state) {
    case 'sent':
      return 'done'
    case 'cancelled':
    case 'failed':
      return state
    case 'draft':
    case 'scheduled':
    case 'queued':
    case 'sending':
      return 'running'
  }
}

function BroadcastFacts({ broadcast }: { readonly broadcast: BroadcastDetail }) {
  const { can } = useAccess()
  const { from, replyTo, scheduledAt, queuedAt, finishedAt } = broadcast
  return (
    <Panel title="What it is">
      <Facts
        rows={[
          ['State', <BroadcastState key="state" broadcast={broadcast} />],
          [
            'To the list',
            can('contacts:read') ? (
              <Link key="list" to="/contacts" search={{ list: broadcast.listId }} className={linkLook}>
                <code>{broadcast.listId}</code>
              </Link>
            ) : (
              <code key="list">{broadcast.listId}</code>
            ),
          ],
          ...(broadcast.topicId === null
            ? []
            : ([
                [
                  'Topic',
                  <Link key="topic" to="/topics" search={{ id: broadcast.topicId }} className={linkLook}>
                    <code>{broadcast.topicId}</code>
                  </Link>,
                ],
              ] as const)),
          ['From', mailbox(from)],
          ...(replyTo.length === 0 ? [] : ([['Answers go to', replyTo.map(mailbox).join(', ')]] as const)),
          ...(scheduledAt === null ? [] : ([['Begins', <Time key="s" at={scheduledAt} />]] as const)),
          ...(queuedAt === null ? [] : ([['Began', <Time key="q" at={queuedAt} />]] as const)),
          ...(finishedAt === null ? [] : ([['Ended', <Time key="f" at={finishedAt} />]] as const)),
          [
            'Its mail',
            <Link
              key="mail"
              to="/messages"
              search={{ tag: `broadcast:${broadcast.id}` }}
              className={linkLook}
            >
              see what became of it
            </Link>,
          ],
          ['Id', <code key="id">{broadcast.id}</code>],
        ]}
      />
    </Panel>
  )
}

function mailbox({ email, name }: BroadcastDetail['from']): string {
  return name === undefined ? email : `${name} <${email}>`
}

function Content({ broadcast }: { readonly broadcast: BroadcastDetail }) {
  const { subject, previewText, html, text, dialect } = broadcast
  return (
    <Panel title="What it says" lead={`As it is written, in the language ${dialect}.`}>
      <div className="flex flex-col gap-4 p-4">
        <CodeBlock label="Subject" shown={subject} />
        {previewText !== null && <CodeBlock label="Preview text" shown={previewText} />}
        {html !== null && (
          <div className="max-h-96 overflow-auto">
            <CodeBlock label="HTML" shown={html} />
          </div>
        )}
        {text !== null && <CodeBlock label="Text" shown={text} />}
      </div>
    </Panel>
  )
}
