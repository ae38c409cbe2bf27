import type { InstallationQueueGetOutput } from '@bulkhead/sdk'
import { useQuery } from '@tanstack/react-query'
import { formatCount, formatDuration } from '../../format.ts'
import { useWorkspaceNames } from '../../session/workspace-names.ts'
import { useSession } from '../../session/session.ts'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { Panel } from '../../ui/panel.tsx'
import { homeQueries } from './home-queries.ts'
import { LATE_MS } from './queue-states.ts'

type Row = InstallationQueueGetOutput['workspaces'][number]
const SHOWN = 10

/** For the operator: whose mail waits most. */
export function WorkspaceQueues() {
  const { api } = useSession()
  const nameOf = useWorkspaceNames()
  const workspaces = useQuery({
    ...homeQueries.queue(api, 'installation'),
    select: (queue) => ('workspaces' in queue ? queue.workspaces : []),
  })
  return (
    <Panel title="Longest queues" lead="By workspace and lane.">
      <Loaded query={workspaces} label="the longest queues" rows={3}>
        {(rows) => (
          <DataTable
            label="Longest queues by workspace and lane"
            rows={rows.slice(0, SHOWN)}
            rowKey={({ workspaceId, lane }) => `${workspaceId} ${lane}`}
            columns={columnsOf(nameOf)}
            empty={<p className="px-4 py-5 text-sm text-muted">Nothing waits in any workspace.</p>}
          />
        )}
      </Loaded>
    </Panel>
  )
}

const columnsOf = (nameOf: (id: string) => string): readonly Column<Row>[] => [
  {
    id: 'workspace',
    header: 'Workspace',
    cell: ({ workspaceId }) => <span title={workspaceId}>{nameOf(workspaceId)}</span>,
  },
  { id: 'lane', header: 'Lane', hideBelow: 'sm', cell: ({ lane }) => lane },
  { id: 'recipients', header: 'Recipients', align: 'end', cell: ({ recipients }) => formatCount(recipients) },
  {
    id: 'late',
    header: 'Oldest due',
    align: 'end',
    hideBelow: 'sm',
    cell: ({ oldestDue }) => {
      const lateMs = oldestDue === null ? 0 : Date.now() - Date.parse(oldestDue)
      return lateMs > LATE_MS ? `${formatDuration(lateMs)} ago` : <span className="text-muted">–</span>
    },
  },
]
