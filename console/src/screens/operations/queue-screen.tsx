import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useState } from 'react'
import { useAccess } from '../../session/access.ts'
import { Button } from '../../ui/button.tsx'
import { Guard, useMay } from '../../ui/guard.tsx'
import { Page } from '../../ui/page.tsx'
import { ActDialog } from './act-dialog.tsx'
import { InstallationLedger, LedgerExplained } from './ledger-explained.tsx'
import { operationsQueries, useQueueCalls } from './operations-queries.ts'
import { parseQueueSearch, type QueueSearch } from './operations-search.ts'
import { QueueActs } from './queue-acts.tsx'
import { QueueFilters } from './queue-filters.tsx'
import { QueueLines } from './queue-lines.tsx'
import { QueueOverview } from './queue-overview.tsx'
import type { ActFilter } from './use-preview.ts'

/** What waits, why, and what can be done about it. */
export function QueueScreen() {
  const { isOperator } = useAccess()
  const search = useSearch({ from: '/operations/queue' })
  const navigate = useNavigate()
  const calls = useQueueCalls()
  const mayNot = useMay(calls.writeScope)
  const [acting, setActing] = useState<ActFilter | null>(null)
  const change = useCallback(
    (some: { readonly [Name in keyof QueueSearch]?: string | undefined }) =>
      void navigate({
        to: '/operations/queue',
        search: (before) => parseQueueSearch({ ...before, ...some }),
        replace: true,
      }),
    [navigate],
  )
  return (
    <Page
      title="Queue"
      lead={
        isOperator
          ? 'What waits in the whole installation, and why. Acts touch the mail of all workspaces.'
          : 'What waits, and why. Hold it, let it go, try it again or end it; each act shows first what it would touch.'
      }
      actions={
        <Button look="main" disabledReason={mayNot} onClick={() => setActing(filterOfSearch(search))}>
          Act on the queue
        </Button>
      }
    >
      <Guard scope={['messages:read', 'queue:read']} what="the queue">
        <QueueBody search={search} onChange={change} onAct={setActing} mayNot={mayNot} />
        {acting !== null && <ActDialog initial={acting} onClose={() => setActing(null)} />}
      </Guard>
    </Page>
  )
}

function QueueBody({
  search,
  onChange,
  onAct,
  mayNot,
}: {
  readonly search: QueueSearch
  readonly onChange: (some: { readonly [Name in keyof QueueSearch]?: string | undefined }) => void
  readonly onAct: (filter: ActFilter) => void
  readonly mayNot: string | undefined
}) {
  const { isOperator } = useAccess()
  const calls = useQueueCalls()
  const { acts, ...look } = search
  const queue = useQuery(operationsQueries.queue(calls, look))
  return (
    <>
      <QueueOverview queue={queue} search={search} />
      <QueueActs
        state={acts ?? 'open'}
        onState={(state) => onChange({ acts: state === 'all' ? 'all' : undefined })}
      />
      <section aria-label="What waits" className="rounded-lg border border-line bg-surface">
        <QueueFilters search={search} onChange={onChange} />
        <QueueLines queue={queue} search={search} onAct={onAct} mayNot={mayNot} />
      </section>
      {isOperator ? <InstallationLedger /> : <LedgerExplained />}
    </>
  )
}

/** The filter of the address as an act names it. */
function filterOfSearch({ lane, site, provider, pool }: QueueSearch): ActFilter {
  return {
    lane: lane ?? '',
    site: site ?? '',
    provider: provider ?? '',
    pool: pool ?? '',
    tag: '',
    toDomain: '',
    fromDomain: '',
    reply: '',
  }
}
