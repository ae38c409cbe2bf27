import type { Member, RecoveriesListOutput } from '@bulkhead/sdk'
import { useState } from 'react'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { nameOfMember } from './people-words.ts'
import { useConfirmed } from './use-confirmed.ts'

type Recovery = RecoveriesListOutput['data'][number]

/** Somebody has lost all second factors and asks to get in again. Others of the workspace vouch, or stop it. */
export function RecoveryCard({
  recovery,
  members,
}: {
  readonly recovery: Recovery
  readonly members: readonly Member[]
}) {
  const { api, person } = useSession()
  const { role, can, workspace } = useAccess()
  const [deciding, setDeciding] = useState<'approve' | 'refuse' | null>(null)
  const confirmed = useConfirmed()
  const member = members.find(({ personId }) => personId === recovery.personId)
  const name = member === undefined ? 'A member' : nameOfMember(member)
  const needs = recovery.needs.find((need) => need.workspace.id === workspace?.id) ?? recovery.needs[0]
  const refusal = !can('members:write')
    ? 'It takes the scope members:write, which you lack.'
    : recovery.personId === person?.account.id
      ? 'It is about you: others decide. Stop it on the page of your account.'
      : member?.role === 'owner' && role !== 'owner'
        ? 'Only owners decide about an owner.'
        : undefined
  return (
    <Panel
      title={`${name} asks to get in without a second factor`}
      lead="All second factors are said to be lost. That is also what somebody says who has only the mailbox: speak with the person, not by mail."
      action={
        <div className="flex flex-wrap gap-2">
          <Button
            look="main"
            disabledReason={
              refusal ??
              (needs?.way === 'dns'
                ? 'Nobody here can approve it: a record in DNS and the operator decide.'
                : undefined)
            }
            onClick={() => setDeciding('approve')}
          >
            Vouch
          </Button>
          <Button look="danger" disabledReason={refusal} onClick={() => setDeciding('refuse')}>
            Stop it
          </Button>
        </div>
      }
    >
      <Facts
        rows={[
          [
            'From',
            member === undefined
              ? 'The factors that are lost'
              : `Signs in with: ${member.email} and its second factors`,
          ],
          ['To', 'The lost factors are dropped, all sessions end, and a new factor is added.'],
          ['Nothing before', <Time key="ready" at={recovery.readyAt} />],
          [
            'Needs',
            needs === undefined
              ? 'nothing of this workspace'
              : needs.way === 'people'
                ? `${needs.given} of ${needs.needed} who vouch for the person`
                : 'a record in DNS, and the operator',
          ],
          ['Over by itself', <Time key="over" at={recovery.expiresAt} />],
        ]}
      />
      {refusal !== undefined && <p className="px-4 py-2.5 text-sm text-muted">{refusal}</p>}
      {deciding === 'approve' && (
        <Confirm
          title={`Have you spoken with ${name}?`}
          action="I vouch"
          onConfirm={() =>
            confirmed(() => api.recoveries.approve(recovery.id), {
              done: 'Your word is noted.',
              refresh: ['recoveries'],
            })
          }
          onClose={() => setDeciding(null)}
        >
          With enough who vouch, and after 72 hours, the person drops every second factor and adds a new one.
          See or call them first: whoever reads their mail reads yours too, perhaps.
        </Confirm>
      )}
      {deciding === 'refuse' && (
        <Confirm
          title="Stop the recovery?"
          action="Stop it"
          danger
          onConfirm={() =>
            confirmed(() => api.recoveries.refuse(recovery.id), {
              done: 'The recovery is stopped.',
              refresh: ['recoveries'],
            })
          }
          onClose={() => setDeciding(null)}
        >
          One is enough to stop it. Nothing of the account changes, and the person can ask again.
        </Confirm>
      )}
    </Panel>
  )
}
