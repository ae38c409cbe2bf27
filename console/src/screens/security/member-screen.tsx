import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import type { Member } from '@bulkhead/sdk'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Chip } from '../../ui/chip.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Guard } from '../../ui/guard.tsx'
import { linkLook } from '../../ui/link.ts'
import { Loaded } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Panel } from '../../ui/panel.tsx'
import { groupScopes, verbsOf } from '../../ui/scope-words.ts'
import { Time } from '../../ui/time.tsx'
import { FactorsOf, Seen, Standing } from './member-bits.tsx'
import { MemberSessions } from './member-sessions.tsx'
import { MemberStanding } from './member-standing.tsx'
import { actorWords, nameOfMember } from './people-words.ts'
import { RemoveMember } from './remove-member.tsx'
import { securityQueries } from './security-queries.ts'
import { refusalOfMember } from './standing-rules.ts'

const route = getRouteApi('/security/members/$memberId')

/** One member: who it is, what they may do, where they are signed in, and how to end it. */
export function MemberScreen() {
  const { memberId } = route.useParams()
  const { api } = useSession()
  const member = useQuery(securityQueries.member(api, memberId))
  return (
    <Page
      title={member.data === undefined ? 'Member' : nameOfMember(member.data)}
      width="reading"
      back={
        <Link to="/security/members" className={linkLook}>
          Members
        </Link>
      }
    >
      <Guard scope="members:read" what="the members">
        <Loaded query={member} label="the member">
          {(data) => <One member={data} />}
        </Loaded>
      </Guard>
    </Page>
  )
}

function One({ member }: { readonly member: Member }) {
  const { api, person } = useSession()
  const { can, role } = useAccess()
  const members = useQuery(securityQueries.members(api))
  const all = members.data ?? [member]
  const actor = { personId: person?.account.id, role, can }
  const isSelf = member.personId === actor.personId
  const refusal = can('members:write')
    ? refusalOfMember(actor, member, all)
    : 'It takes the scope members:write, which you lack.'
  return (
    <>
      <Panel title="Who it is">
        <Facts
          rows={[
            [
              'Address',
              <span key="email" className="flex flex-wrap items-center gap-2 break-all">
                {member.email} {isSelf && <Chip tone="accent">you</Chip>}
              </span>,
            ],
            ['Role', <Standing key="role" member={member} />],
            ['Second factors', <FactorsOf key="factors" member={member} />],
            ['Last seen', <Seen key="seen" at={member.lastSeenAt} />],
            [
              'Member since',
              <span key="since">
                <Time at={member.createdAt} />, let in by {actorWords(member.invitedBy, all)}
              </span>,
            ],
            [
              'May',
              <ul key="may" className="gap-x-6 text-xs sm:columns-2">
                {groupScopes(member.scopes).map((group) => (
                  <li key={group.title}>
                    {group.title}: <span className="text-muted">{verbsOf(group.scopes)}</span>
                  </li>
                ))}
              </ul>,
            ],
          ]}
        />
      </Panel>
      <MemberStanding member={member} actor={actor} refusal={refusal} />
      <MemberSessions member={member} refusal={refusal} />
      <RemoveMember member={member} isSelf={isSelf} refusal={refusal} />
    </>
  )
}
