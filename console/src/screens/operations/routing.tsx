import type { RoutingListOutput } from '@bulkhead/sdk'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { LANES, type Lane } from '../../api/types.ts'
import { queries } from '../../api/queries.ts'
import { useWorkspaceNames } from '../../session/workspace-names.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Check } from '../../ui/check.tsx'
import { Chip } from '../../ui/chip.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { useMay } from '../../ui/guard.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { operationsQueries } from './operations-queries.ts'

type Route = RoutingListOutput['data'][number]

/** Which workspaces leave from a pool of their own. */
export function Routing({ pools }: { readonly pools: readonly string[] }) {
  const { api } = useSession()
  const client = useQueryClient()
  const mayNot = useMay('sources:write')
  const routing = useQuery(operationsQueries.routing(api))
  const workspaces = useQuery(queries.workspaces(api))
  const [isGiving, setIsGiving] = useState(false)
  const [clearing, setClearing] = useState<Route | null>(null)
  const nameOf = useWorkspaceNames()
  return (
    <Panel
      title="Routing"
      lead="Workspaces whose mail leaves from a pool of their own. All others use the pool of the lane, or default."
      action={
        <Button onClick={() => setIsGiving(true)} disabledReason={mayNot}>
          Give a pool
        </Button>
      }
    >
      <Loaded query={routing} label="the routing" rows={2}>
        {({ data }) => (
          <div className="overflow-x-auto">
            <DataTable
              rows={data}
              rowKey={(row) => `${row.workspaceId} ${row.lane}`}
              label="Pools of workspaces"
              empty={<p className="px-4 py-3 text-sm text-muted">No workspace has a pool of its own.</p>}
              columns={[
                { id: 'workspace', header: 'Workspace', cell: (row) => nameOf(row.workspaceId) },
                { id: 'lane', header: 'Lane', cell: (row) => row.lane },
                {
                  id: 'pool',
                  header: 'Pool',
                  cell: (row) => (
                    <span className="flex flex-wrap items-center gap-1.5">
                      {row.pool}
                      {!row.known && (
                        <Chip tone="warn" title="No live host has this pool; the pool of the lane is used.">
                          not known
                        </Chip>
                      )}
                    </span>
                  ),
                },
                { id: 'set', header: 'Set', hideBelow: 'sm', cell: (row) => <Time at={row.setAt} /> },
                {
                  id: 'act',
                  header: <span className="sr-only">Act</span>,
                  align: 'end',
                  cell: (row) => (
                    <Button
                      className="h-7 px-2"
                      onClick={() => setClearing(row)}
                      disabledReason={mayNot}
                      aria-label={`Clear the pool of ${nameOf(row.workspaceId)}, ${row.lane}`}
                    >
                      Clear
                    </Button>
                  ),
                },
              ]}
            />
          </div>
        )}
      </Loaded>
      {isGiving && (
        <GivePool pools={pools} workspaces={workspaces.data ?? []} onClose={() => setIsGiving(false)} />
      )}
      {clearing !== null && (
        <Confirm
          title={`Clear the pool of ${nameOf(clearing.workspaceId)}`}
          action="Clear"
          onConfirm={async () => {
            await api.routing.clear(clearing.workspaceId, { lane: clearing.lane })
            await client.invalidateQueries({ queryKey: ['routing'] })
          }}
          onClose={() => setClearing(null)}
        >
          Its {clearing.lane} mail leaves from the pool of the lane again, also what waits already.
        </Confirm>
      )}
    </Panel>
  )
}

function GivePool({
  pools,
  workspaces,
  onClose,
}: {
  readonly pools: readonly string[]
  readonly workspaces: readonly { readonly id: string; readonly name: string }[]
  readonly onClose: () => void
}) {
  const { api } = useSession()
  const client = useQueryClient()
  const [workspace, setWorkspace] = useState('')
  const [lanes, setLanes] = useState<readonly Lane[]>(['bulk'])
  const [pool, setPool] = useState('')
  const lacks =
    workspace === ''
      ? 'Choose a workspace first.'
      : lanes.length === 0
        ? 'Choose a lane first.'
        : pool.trim() === ''
          ? 'Name a pool first.'
          : undefined
  return (
    <Confirm
      title="Give a workspace a pool"
      action="Give"
      disabledReason={lacks}
      onConfirm={async () => {
        await api.routing.set(workspace, { lanes: [...lanes], pool: pool.trim() })
        await client.invalidateQueries({ queryKey: ['routing'] })
      }}
      onClose={onClose}
    >
      <p className="mb-4">It holds for what is sent from now on, also for mail that waits already.</p>
      <div className="flex flex-col gap-4 text-ink">
        <Select label="Workspace" value={workspace} onChange={(event) => setWorkspace(event.target.value)}>
          <option value="">choose…</option>
          {workspaces.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Select>
        <fieldset>
          <legend className="text-sm font-medium">Lanes</legend>
          {LANES.map((lane) => (
            <Check
              key={lane}
              label={lane}
              checked={lanes.includes(lane)}
              onChange={(isOn) => setLanes(isOn ? [...lanes, lane] : lanes.filter((item) => item !== lane))}
            />
          ))}
        </fieldset>
        <Field
          label="Pool"
          name="pool"
          value={pool}
          onChange={(event) => setPool(event.target.value)}
          list="pools"
          hint="As the file of BULKHEAD_SHAPING calls it."
        />
        <datalist id="pools">
          {pools.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </div>
    </Confirm>
  )
}
