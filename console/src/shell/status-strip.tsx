import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { queries } from '../api/queries.ts'
import { LANES, type Lane, type Ledger, type QueueRow } from '../api/types.ts'
import { formatCount } from '../format.ts'
import { useSession } from '../session/session.ts'
import { Chip } from '../ui/chip.tsx'
import { equationTerms, waitingCount } from './ledger-equation.ts'

/** The installation at a glance, on every page: what became of everything accepted, and what waits in which lane. */
export function StatusStrip() {
  const { api } = useSession()
  const ledger = useQuery(queries.ledger(api))
  const queue = useQuery(queries.queue(api))
  // A key that may not read the ledger has no strip; a slow answer leaves its place free.
  if (ledger.isError && ledger.data === undefined) return null
  if (ledger.data === undefined) return <div className="h-8 border-t border-line" />
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-x-4 gap-y-1 border-t border-line px-3 py-1 text-xs sm:px-4">
      <Equation ledger={ledger.data} />
      <div className="ml-auto hidden items-center gap-1.5 md:flex">
        <span className="text-muted">Queue</span>
        <span className="tabular font-semibold" data-testid="queue-depth">
          {formatCount(waitingCount(ledger.data))}
        </span>
        {queue.data !== undefined && <LaneChips rows={queue.data.data} />}
      </div>
    </div>
  )
}

function Equation({ ledger }: { readonly ledger: Ledger }) {
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-x-1.5" data-testid="ledger">
      <span className="text-muted">Ledger</span>
      <span className="whitespace-nowrap">
        <b className="tabular font-semibold">{formatCount(ledger.accepted)}</b> accepted
      </span>
      <span aria-hidden="true" className="text-muted">
        =
      </span>
      <span className="hidden flex-wrap items-center gap-x-1.5 sm:flex">
        {equationTerms(ledger).map(({ state, count }, place) => (
          <span key={state} className="whitespace-nowrap">
            {place > 0 && <span className="mr-1.5 text-muted">+</span>}
            <Link to="/messages" search={{ state }} className="rounded hover:underline">
              <b className="tabular font-semibold">{formatCount(count)}</b> {state}
            </Link>
          </span>
        ))}
      </span>
      <span className="whitespace-nowrap sm:hidden">
        <b className="tabular font-semibold">{formatCount(ledger.accepted - waitingCount(ledger))}</b> settled
        + <b className="tabular font-semibold">{formatCount(waitingCount(ledger))}</b> waiting
      </span>
      <Balance ledger={ledger} />
    </div>
  )
}

function Balance({ ledger }: { readonly ledger: Ledger }) {
  if (ledger.balanced)
    return (
      <Chip tone="ok" title="Every accepted recipient is in exactly one state.">
        balanced
      </Chip>
    )
  return (
    <Chip tone="bad" title="The equation does not hold. Keep the data directory and report it.">
      {ledger.lost} lost, {ledger.doubled} doubled
    </Chip>
  )
}

function LaneChips({ rows }: { readonly rows: readonly QueueRow[] }) {
  const counts = new Map<Lane, number>()
  for (const row of rows) counts.set(row.lane, (counts.get(row.lane) ?? 0) + row.recipients)
  return LANES.filter((lane) => lane !== 'internal' || counts.has(lane)).map((lane) => {
    const count = counts.get(lane) ?? 0
    return (
      <Link key={lane} to="/messages" search={{ lane }} className="rounded">
        <Chip tone={count === 0 ? 'neutral' : 'info'}>
          {lane} <span className="tabular">{formatCount(count)}</span>
        </Chip>
      </Link>
    )
  })
}
