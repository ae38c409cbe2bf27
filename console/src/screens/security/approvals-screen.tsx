import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import type { Change } from '@bulkhead/sdk'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { CheckIcon } from '../../ui/icons.tsx'
import { Guard } from '../../ui/guard.tsx'
import { Listing, Loaded } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Empty } from '../../ui/states.tsx'
import { ChangeHistory } from './change-history.tsx'
import { PendingPolicy } from './pending-policy.tsx'
import { RecoveryCard } from './recovery-card.tsx'
import { securityQueries } from './security-queries.ts'
import { WaitingChange } from './waiting-change.tsx'

/** What waits for a second person: new addresses and owners, a policy that would lock its author out, recoveries of members. */
export function ApprovalsScreen() {
  return (
    <Page
      title="Approvals"
      width="reading"
      lead="What needs a second person. New senders, domains, webhooks and owners of an established workspace do nothing for 24 hours; another owner lets them count at once, or takes them away."
    >
      <Guard scope={['alerts:read', 'members:read', 'policies:read']} what="what waits">
        <Waiting />
      </Guard>
    </Page>
  )
}

/** It does nothing yet, or nobody knows who did it: in both cases a person should look. */
function isWaiting(change: Change): boolean {
  return change.state === 'open' && change.inertUntil !== null
}

function Waiting() {
  const { api } = useSession()
  const { can } = useAccess()
  const changes = useInfiniteQuery({ ...securityQueries.changes(api), enabled: can('alerts:read') })
  const policy = useQuery({ ...securityQueries.policy(api), enabled: can('policies:read') })
  const recoveries = useQuery({ ...securityQueries.recoveries(api), enabled: can('members:read') })
  const members = useQuery({ ...securityQueries.members(api), enabled: can('members:read') })
  const all = members.data ?? []
  const pending = policy.data?.pending ?? null
  const waitingRecoveries = (recoveries.data?.data ?? []).filter(({ state }) => state === 'waiting')
  const waiting = (changes.data?.pages.flatMap(({ data }) => data) ?? []).filter(isWaiting)
  const isNothing =
    pending === null &&
    waitingRecoveries.length === 0 &&
    waiting.length === 0 &&
    !changes.isError &&
    !policy.isLoadingError &&
    !recoveries.isError
  const isKnown =
    (changes.data !== undefined || !can('alerts:read')) && !policy.isLoading && !recoveries.isLoading
  return (
    <>
      {policy.data !== undefined && pending !== null && (
        <PendingPolicy policy={policy.data} pending={pending} />
      )}
      {policy.isLoadingError && (
        <Loaded query={policy} label="the policy">
          {() => null}
        </Loaded>
      )}
      {can('members:read') && recoveries.isError && (
        <Loaded query={recoveries} label="recoveries">
          {() => null}
        </Loaded>
      )}
      {waitingRecoveries.map((recovery) => (
        <RecoveryCard key={recovery.id} recovery={recovery} members={all} />
      ))}
      {waiting.map((change) => (
        <WaitingChange key={change.id} change={change} members={all} />
      ))}
      {isKnown && isNothing && (
        <Panel title="Waiting">
          <Empty icon={<CheckIcon className="size-6" />} title="Nothing waits for a second person">
            When somebody adds a sender, a domain, a webhook or an owner, it is shown here, and the owners and
            admins are told by mail.
          </Empty>
        </Panel>
      )}
      {can('alerts:read') && (
        <Panel
          title="What changed"
          lead="Senders, domains, webhooks, owners and admins; each change was told to everybody who was there before it."
        >
          <Listing query={changes} label="changes" empty={<Empty title="Nothing has changed yet" />}>
            {(rows) => <ChangeHistory changes={rows} members={all} />}
          </Listing>
        </Panel>
      )}
    </>
  )
}
