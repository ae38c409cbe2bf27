import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { Panel, Row } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { counted, FACTOR_WORDS } from './people-words.ts'
import { securityQueries } from './security-queries.ts'
import { useConfirmed } from './use-confirmed.ts'

/** Where the person is signed in: device, network, since when. */
export function AccountSessions() {
  const { api } = useSession()
  const sessions = useQuery(securityQueries.sessions(api))
  const [isEndingAll, setIsEndingAll] = useState(false)
  const confirmed = useConfirmed()
  const end = useAct((id: string) => api.sessions.end(id), {
    done: 'The session has ended.',
    refresh: ['sessions', 'members'],
  })
  const others = (sessions.data?.data ?? []).filter(({ current }) => !current).length
  return (
    <Panel
      title="Sessions"
      lead="Where you are signed in. Do you not know one? End it, and change your password."
      action={
        <Button
          look="danger"
          disabledReason={others === 0 ? 'There is no other one.' : undefined}
          onClick={() => setIsEndingAll(true)}
        >
          End all others
        </Button>
      }
    >
      <Loaded query={sessions} label="your sessions" rows={2}>
        {({ data }) => (
          <ul>
            {data.map((session) => (
              <Row
                key={session.id}
                title={
                  <>
                    {session.device} {session.current && <Chip tone="accent">this one</Chip>}
                    {session.level === 'enrolment' && <Chip tone="warn">adds a factor only</Chip>}
                  </>
                }
                detail={
                  <>
                    <span className="font-mono">{session.network}</span> · {FACTOR_WORDS[session.factor]} ·
                    signed in <Time at={session.createdAt} />, seen <Time at={session.lastSeenAt} />, ends{' '}
                    <Time at={session.expiresAt} />
                  </>
                }
                action={
                  session.current ? undefined : (
                    <Button
                      aria-label={`End the session on ${session.device}`}
                      disabled={end.isBusy}
                      onClick={() => void end.run(session.id)}
                    >
                      End
                    </Button>
                  )
                }
              />
            ))}
          </ul>
        )}
      </Loaded>
      <p role="alert" className="px-4 pb-3 text-sm text-bad empty:hidden">
        {end.failure ?? ''}
      </p>
      {isEndingAll && (
        <Confirm
          title={`End ${counted(others, 'other session')}?`}
          action="End them"
          danger
          onConfirm={() =>
            confirmed(() => api.sessions.endAll({ which: 'others' }), {
              done: 'You are signed in here only.',
              refresh: ['sessions', 'members'],
            })
          }
          onClose={() => setIsEndingAll(false)}
        >
          They end within a second, in every workspace. You stay signed in here.
        </Confirm>
      )}
    </Panel>
  )
}
