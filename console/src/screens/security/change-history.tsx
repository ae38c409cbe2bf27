import type { LinkProps } from '@tanstack/react-router'
import type { Change, Member } from '@bulkhead/sdk'
import { CHANGE_STATES, changeWords, stateOf } from '../../ui/change-words.ts'
import { Chip } from '../../ui/chip.tsx'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { Time } from '../../ui/time.tsx'
import { actorWords, nameOfMember } from './people-words.ts'

/** Every change that was told, and what was decided. */
export function ChangeHistory({
  changes,
  members,
}: {
  readonly changes: readonly Change[]
  readonly members: readonly Member[]
}) {
  const who = (change: Change): string | undefined => {
    const member = members.find(({ id }) => id === change.target)
    return member === undefined ? undefined : nameOfMember(member)
  }
  const columns: readonly Column<Change>[] = [
    { id: 'what', header: 'What', cell: (change) => changeWords(change, who(change)).what },
    {
      id: 'state',
      header: 'State',
      cell: (change) => {
        const { tone, words } = CHANGE_STATES[stateOf(change)]
        return (
          <span className="flex flex-wrap gap-1">
            <Chip tone={tone}>{words}</Chip>
            {change.unexplained && <Chip tone="bad">unexplained</Chip>}
          </span>
        )
      },
    },
    {
      id: 'by',
      header: 'By',
      cell: (change) => actorWords(change.actor, members),
      hideBelow: 'sm',
    },
    { id: 'at', header: 'When', cell: ({ at }) => <Time at={at} />, hideBelow: 'sm' },
    {
      id: 'decided',
      header: 'Decided by',
      cell: (change) => (change.decidedBy === null ? '–' : actorWords(change.decidedBy, members)),
      hideBelow: 'md',
    },
  ]
  return (
    <DataTable rows={changes} columns={columns} rowKey={({ id }) => id} label="Changes" linkTo={placeOf} />
  )
}

/** Where the thing is, or its list where it is gone. */
function placeOf(change: Change): Pick<LinkProps, 'to' | 'params'> {
  const [noun = '', verb] = change.kind.split('.')
  const isGone = verb === 'removed' || change.state === 'rejected'
  switch (noun) {
    case 'sender':
      return { to: '/senders' }
    case 'domain':
      return isGone ? { to: '/domains' } : { to: '/domains/$domainId', params: { domainId: change.target } }
    case 'webhook':
      return isGone
        ? { to: '/webhooks' }
        : { to: '/webhooks/$webhookId', params: { webhookId: change.target } }
    default:
      return isGone
        ? { to: '/security/members' }
        : { to: '/security/members/$memberId', params: { memberId: change.target } }
  }
}
