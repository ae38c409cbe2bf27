import { useQuery } from '@tanstack/react-query'
import type { PermissionSet } from '@bulkhead/sdk'
import { useState } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { useMay } from '../../ui/guard.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { groupScopes, verbsOf } from '../../ui/scope-words.ts'
import { Empty } from '../../ui/states.tsx'
import { counted, nameOfMember } from './people-words.ts'
import { PermissionSetForm } from './permission-set-form.tsx'
import { securityQueries } from './security-queries.ts'
import { useConfirmed } from './use-confirmed.ts'

/** Rights that the workspace has put together itself, in place of those of a role. */
export function PermissionSets() {
  const { api } = useSession()
  const may = useMay('members:write')
  const sets = useQuery(securityQueries.permissionSets(api))
  const members = useQuery(securityQueries.members(api))
  const [editing, setEditing] = useState<PermissionSet | 'new' | null>(null)
  const [deleting, setDeleting] = useState<PermissionSet | null>(null)
  const confirmed = useConfirmed()
  const holders = (set: PermissionSet): readonly string[] =>
    (members.data ?? []).filter(({ permissionSet }) => permissionSet?.id === set.id).map(nameOfMember)
  const columns: readonly Column<PermissionSet>[] = [
    { id: 'name', header: 'Name', cell: (set) => <span className="font-medium">{set.name}</span> },
    {
      id: 'scopes',
      header: 'May',
      cell: (set) => (
        <ul className="text-xs">
          {groupScopes(set.scopes).map((group) => (
            <li key={group.title}>
              {group.title}: <span className="text-muted">{verbsOf(group.scopes)}</span>
            </li>
          ))}
        </ul>
      ),
      hideBelow: 'sm',
    },
    {
      id: 'holders',
      header: 'Who has it',
      cell: (set) => holders(set).join(', ') || <span className="text-muted">nobody</span>,
      hideBelow: 'md',
    },
    {
      id: 'acts',
      header: <span className="sr-only">Acts</span>,
      align: 'end',
      cell: (set) => (
        <span className="inline-flex flex-wrap justify-end gap-1.5">
          <Button disabledReason={may} aria-label={`Change ${set.name}`} onClick={() => setEditing(set)}>
            Change
          </Button>
          <Button
            look="danger"
            aria-label={`Delete ${set.name}`}
            disabledReason={
              may ??
              (holders(set).length === 0
                ? undefined
                : `${counted(holders(set).length, 'member has', 'members have')} it: give them a role first.`)
            }
            onClick={() => setDeleting(set)}
          >
            Delete
          </Button>
        </span>
      ),
    },
  ]
  if (editing !== null)
    return (
      <PermissionSetForm
        set={editing === 'new' ? null : editing}
        holders={editing === 'new' ? [] : holders(editing)}
        onClose={() => setEditing(null)}
      />
    )
  return (
    <>
      <div className="flex flex-wrap items-center gap-3 border-b border-line px-4 py-2.5">
        <p className="min-w-0 flex-1 basis-60 text-sm text-muted">
          A list of scopes that you give in place of a role. A change holds at the next request of everybody
          who has it.
        </p>
        <Button disabledReason={may} onClick={() => setEditing('new')}>
          New permission set
        </Button>
      </div>
      <Loaded query={sets} label="permission sets">
        {(rows) => (
          <DataTable
            rows={rows}
            columns={columns}
            rowKey={({ id }) => id}
            label="Permission sets"
            empty={
              <Empty title="No permission sets">
                The six roles are often enough. Where none fits, put scopes together yourself.
              </Empty>
            }
          />
        )}
      </Loaded>
      {deleting !== null && (
        <Confirm
          title={`Delete “${deleting.name}”?`}
          action="Delete it"
          danger
          onConfirm={() =>
            confirmed(() => api.permissionSets.delete(deleting.id), {
              done: `“${deleting.name}” is deleted.`,
              refresh: ['permission-sets'],
            })
          }
          onClose={() => setDeleting(null)}
        >
          Nobody has it. Open invitations that name it work no more.
        </Confirm>
      )}
    </>
  )
}
