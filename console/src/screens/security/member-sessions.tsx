import { useQuery } from '@tanstack/react-query'
import type { Member, MembersSessionsOutput } from '@bulkhead/sdk'
import { useState } from 'react'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { Panel, Row } from '../../ui/panel.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { FACTOR_WORDS, nameOfMember } from './people-words.ts'
import { securityQueries } from './security-queries.ts'
import { useConfirmed } from './use-confirmed.ts'

type Session = MembersSessionsOutput['data'][number]

/** Where a member is signed in. One session ends everywhere; all of them end for this workspace only. */
export function MemberSessions({
  member,
  refusal,
}: {
  readonly member: Member
  readonly refusal: string | undefined
}) {
  const { api } = useSession()
  const { can } = useAccess()
  const sessions = useQuery({
    ...securityQueries.memberSessions(api, member.id),
    enabled: can('members:write'),
  })
  const [ending, setEnding] = useState<Session | 'all' | null>(null)
  const confirmed = useConfirmed()
  const name = nameOfMember(member)
  return (
    <Panel
      title="Sessions"
      lead="Those that open this workspace. Of the network only the first part is shown."
      action={
        <Button
          look="danger"
          disabledReason={refusal ?? (member.sessions === 0 ? 'There is none.' : undefined)}
          onClick={() => setEnding('all')}
        >
          End all
        </Button>
      }
    >
      {can('members:write') ? (
        <Loaded query={sessions} label="sessions" rows={2}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title="Not signed in anywhere" />
            ) : (
              <ul>
                {data.map((session) => (
                  <Row
                    key={session.id}
                    title={session.device}
                    detail={
                      <>
                        {session.network} · {FACTOR_WORDS[session.factor]} · signed in{' '}
                        <Time at={session.createdAt} />, seen <Time at={session.lastSeenAt} />, ends{' '}
                        <Time at={session.expiresAt} />
                      </>
                    }
                    action={
                      <Button
                        disabledReason={refusal}
                        aria-label={`End the session on ${session.device}`}
                        onClick={() => setEnding(session)}
                      >
                        End
                      </Button>
                    }
                  />
                ))}
              </ul>
            )
          }
        </Loaded>
      ) : (
        <p className="px-4 py-3 text-sm text-muted">
          {member.sessions === 0 ? 'Not signed in anywhere.' : `${member.sessions} alive.`} Where and since
          when is shown to those who may change members.
        </p>
      )}
      {ending === 'all' && (
        <Confirm
          title={`End all sessions of ${name}?`}
          action="End them"
          danger
          reason="required"
          onConfirm={(reason) =>
            confirmed(() => api.members.endSessions(member.id, { reason }), {
              done: `${name} is signed out of this workspace.`,
              refresh: ['members'],
            })
          }
          onClose={() => setEnding(null)}
        >
          They close this workspace within a second, on every device. Other workspaces stay open, and {name}{' '}
          can sign in again.
        </Confirm>
      )}
      {ending !== null && ending !== 'all' && (
        <Confirm
          title={`End the session on ${ending.device}?`}
          action="End it"
          danger
          onConfirm={() =>
            confirmed(() => api.members.endSession(member.id, ending.id), {
              done: 'The session has ended.',
              refresh: ['members'],
            })
          }
          onClose={() => setEnding(null)}
        >
          It ends everywhere, in other workspaces too: a lost device is lost for all.
        </Confirm>
      )}
    </Panel>
  )
}
