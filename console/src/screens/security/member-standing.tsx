import { useQuery } from '@tanstack/react-query'
import type { Member } from '@bulkhead/sdk'
import { useState } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Note } from '../../ui/note.tsx'
import { Panel } from '../../ui/panel.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { nameOfMember } from './people-words.ts'
import { securityQueries } from './security-queries.ts'
import { isSame, StandingChoice, type Wished } from './standing-choice.tsx'
import { refusalOfWish, wishOf, type Actor } from './standing-rules.ts'
import { useConfirmed } from './use-confirmed.ts'

/** Gives a member another role or a permission set, after saying what that means. */
export function MemberStanding({
  member,
  actor,
  refusal,
}: {
  readonly member: Member
  readonly actor: Actor
  readonly refusal: string | undefined
}) {
  const { api } = useSession()
  const sets = useQuery(securityQueries.permissionSets(api))
  const now = wishOf(member)
  const [wished, setWished] = useState<Wished>(now)
  const after = {
    done: `It holds from the next request of ${nameOfMember(member)} on.`,
    refresh: ['members', 'invitations', 'changes'],
  }
  const change = useAct(() => api.members.change(member.id, wished), after)
  const confirmed = useConfirmed()
  const isChanged = !isSame(wished, now)
  const isSelf = member.personId === actor.personId
  const [isAsking, setIsAsking] = useState(false)
  return (
    <Panel title="Role" lead={refusal ?? 'It holds at the next request.'}>
      <div className="p-4">
        <StandingChoice
          label="What this member may do"
          sets={sets.data ?? []}
          chosen={wished}
          refusalOf={(wish) => refusal ?? refusalOfWish(actor, member, wish, sets.data ?? [])}
          onChoose={setWished}
        />
        {isChanged && (
          <div className="mb-4">
            <Note tone="info" title={`From ${wordOf(now, sets.data)} to ${wordOf(wished, sets.data)}`}>
              {consequences(member, wished, isSelf)}
            </Note>
          </div>
        )}
        {change.failure !== undefined && (
          <div className="mb-4">
            <Note tone="bad">{change.failure}</Note>
          </div>
        )}
        <div className="flex gap-2">
          <Button
            look="main"
            disabled={change.isBusy}
            disabledReason={refusal ?? (isChanged ? undefined : 'Choose another role first.')}
            onClick={() => (isSelf ? setIsAsking(true) : void change.run())}
          >
            {change.isBusy ? 'Changing…' : 'Change the role'}
          </Button>
          {isChanged && <Button onClick={() => setWished(now)}>Undo the choice</Button>}
        </div>
      </div>
      {isAsking && (
        <Confirm
          title="Change your own role?"
          action="Change my role"
          danger
          onConfirm={() => confirmed(() => api.members.change(member.id, wished), after)}
          onClose={() => setIsAsking(false)}
        >
          From {wordOf(now, sets.data)} to {wordOf(wished, sets.data)}. {consequences(member, wished, isSelf)}
        </Confirm>
      )}
    </Panel>
  )
}

function wordOf(
  wish: Wished,
  sets: readonly { readonly id: string; readonly name: string }[] | undefined,
): string {
  if ('role' in wish) return wish.role
  return sets?.find(({ id }) => id === wish.permissionSetId)?.name ?? 'a permission set'
}

function consequences(member: Member, wished: Wished, isSelf: boolean): string {
  const wasPowerful = member.role === 'owner' || member.role === 'admin'
  const isPowerful = 'role' in wished && (wished.role === 'owner' || wished.role === 'admin')
  return [
    isPowerful && (!wasPowerful || (member.role === 'admin' && 'role' in wished && wished.role === 'owner'))
      ? 'Owners and admins are told. In an established workspace a new owner or admin can work at once, but decides nothing and hears of no alert for 24 hours, unless another owner approves.'
      : '',
    wasPowerful && !isPowerful ? 'Owners and admins are told.' : '',
    'Open invitations that this member made are taken back.',
    isSelf ? 'You cannot undo this yourself: nobody raises the own rights.' : '',
  ]
    .filter((text) => text !== '')
    .join(' ')
}
