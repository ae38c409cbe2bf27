import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { Alert } from '@bulkhead/sdk'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Chip } from '../../ui/chip.tsx'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { FilterSelect } from '../../ui/filter-select.tsx'
import { Guard } from '../../ui/guard.tsx'
import { ShieldIcon } from '../../ui/icons.tsx'
import { Listing } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { SEVERITY_TONES } from '../../ui/severity.ts'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { AlertDetail } from './alert-detail.tsx'
import { SEVERITIES, type AlertsSearch } from './alerts-search.ts'
import { LinkedMissing } from './linked-missing.tsx'
import { securityQueries } from './security-queries.ts'

const route = getRouteApi('/security/alerts')

/** What was noticed: around the people of the workspace, or, with the operator's key, around the installation. */
export function AlertsScreen() {
  const { isOperator } = useAccess()
  return (
    <Page
      title={isOperator ? 'Alerts of the installation' : 'Alerts'}
      lead={
        isOperator
          ? 'Attacks on the installation as a whole, and on people of no workspace. What concerns a workspace is read there.'
          : 'What was noticed around the people, keys and addresses of this workspace. Owners and admins are told by mail, and webhooks that take security alerts.'
      }
    >
      <Guard scope={['alerts:read', 'installation-alerts:read']} what="the alerts">
        <Alerts isOperator={isOperator} />
      </Guard>
    </Page>
  )
}

function Alerts({ isOperator }: { readonly isOperator: boolean }) {
  const { api } = useSession()
  const { can } = useAccess()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const { state, severity, alert: openId } = search
  const alerts = useInfiniteQuery(
    securityQueries.alerts(
      api,
      { state: state ?? 'open', ...(severity === undefined ? {} : { severity }) },
      isOperator,
    ),
  )
  const members = useQuery({ ...securityQueries.members(api), enabled: can('members:read') })
  const open = alerts.data?.pages.flatMap(({ data }) => data).find(({ id }) => id === openId)
  const more =
    openId !== undefined && (state !== 'all' || severity !== undefined)
      ? {
          label: 'Show all alerts',
          show: () => void navigate({ search: { state: 'all', alert: openId } }),
        }
      : alerts.hasNextPage
        ? { label: 'Load older alerts', show: () => void alerts.fetchNextPage() }
        : undefined
  const columns: readonly Column<Alert>[] = [
    { id: 'text', header: 'What was seen', cell: ({ text }) => text },
    {
      id: 'severity',
      header: 'Severity',
      cell: (alert) => <Chip tone={SEVERITY_TONES[alert.severity]}>{alert.severity}</Chip>,
    },
    {
      id: 'seen',
      header: 'State',
      cell: ({ acknowledgedAt }) =>
        acknowledgedAt === null ? <Chip tone="warn">open</Chip> : <Chip>seen</Chip>,
      hideBelow: 'sm',
    },
    {
      id: 'times',
      header: 'Times',
      cell: ({ occurrences }) => occurrences,
      align: 'end',
      hideBelow: 'md',
    },
    { id: 'last', header: 'Last', cell: ({ lastAt }) => <Time at={lastAt} />, hideBelow: 'sm' },
  ]
  return (
    <>
      {open !== undefined && (
        <AlertDetail
          key={open.id}
          alert={open}
          isOperator={isOperator}
          members={members.data ?? []}
          onClose={() => void navigate({ search: without(search) })}
        />
      )}
      {openId !== undefined && open === undefined && alerts.data !== undefined && (
        <LinkedMissing what="alert" more={more} isLoading={alerts.isFetchingNextPage} />
      )}
      <section className="rounded-lg border border-line bg-surface" aria-label="Alerts">
        <Filters search={search} onChange={(next) => void navigate({ search: next })} />
        <Listing
          query={alerts}
          label="alerts"
          empty={
            <Empty
              icon={<ShieldIcon className="size-6" />}
              title={state === 'all' ? 'There was never an alert' : 'Nothing to look at'}
            >
              {severity === undefined
                ? 'Everything that was noticed has been seen by somebody.'
                : `No alert of severity ${severity}.`}
            </Empty>
          }
        >
          {(rows) => (
            <DataTable
              rows={rows}
              columns={columns}
              rowKey={({ id }) => id}
              label="Alerts"
              linkTo={(alert) => ({ to: '/security/alerts', search: { ...search, alert: alert.id } })}
              isChosen={(alert) => alert.id === openId}
            />
          )}
        </Listing>
      </section>
    </>
  )
}

function without({ alert: _alert, ...rest }: AlertsSearch): AlertsSearch {
  return rest
}

function Filters({
  search,
  onChange,
}: {
  readonly search: AlertsSearch
  readonly onChange: (search: AlertsSearch) => void
}) {
  const { state, severity } = search
  return (
    <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2.5">
      <FilterSelect
        label="State"
        all="Open: nobody has seen them"
        choices={['all']}
        words={() => 'All'}
        value={state}
        onChange={(chosen) =>
          onChange({
            ...(severity === undefined ? {} : { severity }),
            ...(chosen === undefined ? {} : { state: chosen }),
          })
        }
      />
      <FilterSelect
        label="Severity"
        all="Any severity"
        choices={SEVERITIES}
        value={severity}
        onChange={(chosen) =>
          onChange({
            ...(state === undefined ? {} : { state }),
            ...(chosen === undefined ? {} : { severity: chosen }),
          })
        }
      />
    </div>
  )
}
