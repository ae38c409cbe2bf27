import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { queries } from '../../api/queries.ts'
import { useSession } from '../../session/session.ts'
import { Failure, LoadingRows } from '../../ui/states.tsx'
import { MessageRow } from '../messages/message-row.tsx'
import { FirstMail } from './first-mail.tsx'
import { LedgerBar } from './ledger-bar.tsx'
import { QueueTable } from './queue-table.tsx'

/** How the installation does, and how to send. Before the first mail, how to send comes first. */
export function HomeScreen() {
  const { api } = useSession()
  const ledger = useQuery(queries.ledger(api))
  const isNew = ledger.data?.accepted === 0
  if (ledger.isPending) return <LoadingRows label="Loading" />
  if (ledger.isError && ledger.data === undefined)
    return <Failure error={ledger.error} onRetry={() => void ledger.refetch()} />
  return (
    <div className="mx-auto flex max-w-5xl flex-col gap-6 px-3 py-5 sm:px-6 sm:py-6">
      <title>Bulkhead</title>
      {isNew ? (
        <>
          <div>
            <h1 className="text-xl font-semibold">Send the first mail</h1>
            <p className="mt-1 max-w-prose text-sm text-muted">
              Paste one of these into a terminal. What becomes of the mail appears here and in the inbox the
              moment it happens.
            </p>
          </div>
          <FirstMail />
          <p role="status" className="flex items-center gap-2 text-sm text-muted">
            <span aria-hidden="true" className="size-2 rounded-full bg-accent motion-safe:animate-pulse" />
            Waiting for the first mail…
          </p>
        </>
      ) : (
        <>
          <h1 className="sr-only">Home</h1>
          <Section title="What became of everything accepted">
            <LedgerBar ledger={ledger.data} />
          </Section>
          <Section title="Queue">
            <QueueTable />
          </Section>
          <Section
            title="Latest messages"
            more={
              <Link to="/messages" className="rounded text-sm text-accent hover:underline">
                All messages →
              </Link>
            }
          >
            <Latest />
          </Section>
          <Section title="Send a mail" more={<InboxLink />}>
            <FirstMail />
          </Section>
        </>
      )}
    </div>
  )
}

function Section({
  title,
  more,
  children,
}: {
  readonly title: string
  readonly more?: ReactNode
  readonly children: ReactNode
}) {
  return (
    <section aria-label={title}>
      <div className="mb-2 flex items-baseline justify-between gap-3">
        <h2 className="text-base font-semibold">{title}</h2>
        {more}
      </div>
      {children}
    </section>
  )
}

function Latest() {
  const { api } = useSession()
  const latest = useQuery(queries.latestMessages(api))
  if (latest.isPending) return <LoadingRows rows={3} label="Loading the latest messages" />
  if (latest.isError) return <Failure error={latest.error} onRetry={() => void latest.refetch()} />
  return (
    <ul className="overflow-hidden rounded-lg border border-line bg-surface [&>li:last-child>a]:border-b-0">
      {latest.data.data.map((message) => (
        <MessageRow key={message.id} message={message} />
      ))}
    </ul>
  )
}

function InboxLink() {
  const { api } = useSession()
  const inbox = useInfiniteQuery(queries.inbox(api))
  const captured = inbox.data?.pages[0]?.data.length ?? 0
  if (captured === 0) return null
  return (
    <Link to="/inbox" className="rounded text-sm text-accent hover:underline">
      Captured mail →
    </Link>
  )
}
