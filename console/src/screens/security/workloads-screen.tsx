import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { FederationRule } from '@bulkhead/sdk'
import { useState } from 'react'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { Guard, useMay } from '../../ui/guard.tsx'
import { Listing } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { LinkedMissing } from './linked-missing.tsx'
import { actorWords } from './people-words.ts'
import { securityQueries } from './security-queries.ts'
import { WorkloadForm } from './workload-form.tsx'
import { PLATFORMS, platformOf } from './workload-platforms.ts'
import { WorkloadRule } from './workload-rule.tsx'

const route = getRouteApi('/security/workloads')

/** Jobs of CI and pods that get keys without a stored secret, because their platform vouches for them. */
export function WorkloadsScreen() {
  const { kind } = useAccess()
  const may = useMay('federation:write')
  const navigate = route.useNavigate()
  const [isConnecting, setIsConnecting] = useState(false)
  return (
    <Page
      title="Workloads"
      lead="A job of CI needs no stored key: its platform vouches for it with a token, which is exchanged, once, for a key that lives for minutes."
      actions={
        <Button
          look="main"
          disabledReason={
            may ?? (kind === 'person' ? undefined : 'People connect workloads; a key connects nothing.')
          }
          aria-expanded={isConnecting}
          onClick={() => setIsConnecting(!isConnecting)}
        >
          Connect a workload
        </Button>
      }
    >
      <Guard scope="federation:read" what="the workloads">
        {isConnecting && (
          <WorkloadForm
            onClose={() => setIsConnecting(false)}
            onMade={(rule) => {
              setIsConnecting(false)
              void navigate({ search: { rule: rule.id } })
            }}
          />
        )}
        <Rules />
      </Guard>
    </Page>
  )
}

function Rules() {
  const { api } = useSession()
  const { can } = useAccess()
  const { rule: openId } = route.useSearch()
  const navigate = route.useNavigate()
  const rules = useInfiniteQuery(securityQueries.federationRules(api))
  const members = useQuery({ ...securityQueries.members(api), enabled: can('members:read') })
  const open = rules.data?.pages.flatMap(({ data }) => data).find(({ id }) => id === openId)
  const columns: readonly Column<FederationRule>[] = [
    {
      id: 'name',
      header: 'Name',
      cell: (rule) => (
        <>
          {rule.name}
          <span className="block font-mono text-xs font-normal break-all text-muted">{rule.subject}</span>
        </>
      ),
    },
    {
      id: 'state',
      header: 'State',
      cell: ({ revokedAt }) => (revokedAt === null ? <Chip tone="ok">works</Chip> : <Chip>revoked</Chip>),
    },
    {
      id: 'platform',
      header: 'Platform',
      cell: (rule) => PLATFORMS.find(({ name }) => name === platformOf(rule))?.label,
      hideBelow: 'md',
    },
    {
      id: 'used',
      header: 'Last used',
      cell: ({ lastUsedAt }) =>
        lastUsedAt === null ? <span className="text-muted">never</span> : <Time at={lastUsedAt} />,
      hideBelow: 'sm',
    },
    {
      id: 'by',
      header: 'Made by',
      cell: ({ createdBy }) => actorWords(createdBy, members.data ?? []),
      hideBelow: 'lg',
    },
  ]
  return (
    <>
      {open !== undefined && (
        <WorkloadRule
          key={open.id}
          rule={open}
          members={members.data ?? []}
          onClose={() => void navigate({ search: {} })}
        />
      )}
      {openId !== undefined && open === undefined && rules.data !== undefined && !rules.isRefetching && (
        <LinkedMissing
          what="workload"
          more={
            rules.hasNextPage
              ? { label: 'Load older workloads', show: () => void rules.fetchNextPage() }
              : undefined
          }
          isLoading={rules.isFetchingNextPage}
        />
      )}
      <section className="rounded-lg border border-line bg-surface" aria-label="Connected workloads">
        <Listing
          query={rules}
          label="workloads"
          empty={
            <Empty title="No workload is connected">
              Connect GitHub Actions, GitLab CI, Kubernetes or anything that speaks OpenID Connect. Until then
              jobs need a key that somebody stores and somebody forgets.
            </Empty>
          }
        >
          {(rows) => (
            <DataTable
              rows={rows}
              columns={columns}
              rowKey={({ id }) => id}
              label="Connected workloads"
              linkTo={(rule) => ({ to: '/security/workloads', search: { rule: rule.id } })}
              isChosen={(rule) => rule.id === openId}
            />
          )}
        </Listing>
      </section>
    </>
  )
}
