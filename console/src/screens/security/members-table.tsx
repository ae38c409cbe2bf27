import { useQuery } from '@tanstack/react-query'
import type { Member } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { Chip } from '../../ui/chip.tsx'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { SearchBox } from '../../ui/search-box.tsx'
import { Empty } from '../../ui/states.tsx'
import { FactorsOf, Seen, Standing } from './member-bits.tsx'
import { nameOfMember, standingOf } from './people-words.ts'
import { securityQueries } from './security-queries.ts'

/** Below so many nobody needs a search. */
const SEARCH_FROM = 6

/** The members with what each may do, signs in with, and when each was last here. */
export function MembersTable({
  q,
  onSearch,
}: {
  readonly q: string
  readonly onSearch: (text: string) => void
}) {
  const { api, person } = useSession()
  const members = useQuery(securityQueries.members(api))
  const columns: readonly Column<Member>[] = [
    {
      id: 'name',
      header: 'Name',
      cell: (member) => (
        <span className="flex flex-wrap items-center gap-x-2">
          {nameOfMember(member)}
          {member.personId === person?.account.id && <Chip tone="accent">you</Chip>}
          {member.name !== null && (
            <span className="w-full text-xs font-normal break-all text-muted">{member.email}</span>
          )}
        </span>
      ),
    },
    { id: 'role', header: 'Role', cell: (member) => <Standing member={member} /> },
    {
      id: 'factors',
      header: 'Second factors',
      cell: (member) => <FactorsOf member={member} />,
      hideBelow: 'md',
    },
    {
      id: 'sessions',
      header: 'Sessions',
      cell: (member) => member.sessions,
      align: 'end',
      hideBelow: 'md',
    },
    {
      id: 'seen',
      header: 'Last seen',
      cell: (member) => <Seen at={member.lastSeenAt} />,
      hideBelow: 'sm',
    },
  ]
  return (
    <Loaded query={members} label="the members">
      {(all) => {
        const found = q === '' ? all : all.filter((member) => isFound(member, q))
        return (
          <>
            {(all.length >= SEARCH_FROM || q !== '') && (
              <div className="border-b border-line px-4 py-2.5">
                <div className="max-w-sm">
                  <SearchBox
                    value={q}
                    onSearch={onSearch}
                    label="Find a member"
                    placeholder="Name, address or role"
                    hotkey
                  />
                </div>
              </div>
            )}
            <DataTable
              rows={found}
              columns={columns}
              rowKey={(member) => member.id}
              label="Members"
              linkTo={(member) => ({
                to: '/security/members/$memberId',
                params: { memberId: member.id },
              })}
              empty={
                <Empty title={q === '' ? 'Nobody is a member' : 'Nobody is like that'}>
                  {q === ''
                    ? 'This workspace has keys and no people yet: the key invites the first owner.'
                    : `No name, address or role holds “${q}”.`}
                </Empty>
              }
            />
          </>
        )
      }}
    </Loaded>
  )
}

function isFound(member: Member, q: string): boolean {
  const words = q.toLowerCase()
  return [member.name ?? '', member.email, standingOf(member)].some((text) =>
    text.toLowerCase().includes(words),
  )
}
