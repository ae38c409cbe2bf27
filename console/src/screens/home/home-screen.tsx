import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { queries } from '../../api/queries.ts'
import { FirstSteps } from '../../first-run/first-steps.tsx'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Page } from '../../ui/page.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Failure, LoadingRows } from '../../ui/states.tsx'
import { AttentionPanel } from './attention-panel.tsx'
import { DeliveryPlots } from './delivery-plots.tsx'
import { HealthTable } from './health-table.tsx'
import type { Period } from './home-search.ts'
import { KpiStrip } from './kpi-strip.tsx'
import { LatestMessages } from './latest-messages.tsx'
import { LedgerBar } from './ledger-bar.tsx'
import { PeriodBar } from './period-bar.tsx'
import { QueueTable } from './queue-table.tsx'
import { WorkspaceQueues } from './workspace-queues.tsx'

/** How sending does, what waits for a person, what just happened. Parts that somebody may not see are left out. */
export function HomeScreen() {
  const { isOperator, can } = useAccess()
  const { period = '24h' } = useSearch({ from: '/' })
  if (isOperator) return <InstallationHome period={period} />
  if (can('messages:read')) return <WorkspaceHome period={period} />
  return (
    <Page title="Home" lead="Your role sees no mail and no numbers about it.">
      <AttentionPanel whose="workspace" />
    </Page>
  )
}

function WorkspaceHome({ period }: { readonly period: Period }) {
  const { api } = useSession()
  const { can } = useAccess()
  const ledger = useQuery(queries.ledger(api))
  if (ledger.isPending) return <LoadingRows label="Loading" />
  if (ledger.data === undefined) return <Failure error={ledger.error} onRetry={() => void ledger.refetch()} />
  if (ledger.data.accepted === 0) return <Beginning canSend={can('messages:send')} />
  return (
    <Page title="Home" actions={<PeriodBar whose="workspace" period={period} />}>
      <FirstSteps />
      <KpiStrip whose="workspace" period={period} />
      <AttentionPanel whose="workspace" />
      <HealthTable whose="workspace" period={period} />
      <DeliveryPlots whose="workspace" period={period} />
      <Panel title="What became of everything accepted" lead="Each recipient stands in exactly one place.">
        <LedgerBar ledger={ledger.data} />
      </Panel>
      <QueueTable whose="workspace" />
      <LatestMessages />
    </Page>
  )
}

function Beginning({ canSend }: { readonly canSend: boolean }) {
  return (
    <Page
      title={canSend ? 'Send the first mail' : 'No mail yet'}
      lead={
        canSend
          ? 'One press here, or a few lines in your own program. What becomes of the mail appears here the moment it happens.'
          : 'Numbers appear here once the workspace has sent its first mail.'
      }
    >
      <FirstSteps />
      <AttentionPanel whose="workspace" />
    </Page>
  )
}

function InstallationHome({ period }: { readonly period: Period }) {
  return (
    <Page
      title="Home"
      lead="The whole installation: all workspaces together."
      actions={<PeriodBar whose="installation" period={period} />}
    >
      <KpiStrip whose="installation" period={period} />
      <AttentionPanel whose="installation" />
      <HealthTable whose="installation" period={period} />
      <DeliveryPlots whose="installation" period={period} />
      <QueueTable whose="installation" />
      <WorkspaceQueues />
    </Page>
  )
}
