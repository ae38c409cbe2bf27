import { useQuery } from '@tanstack/react-query'
import type { PoliciesGetOutput } from '@bulkhead/sdk'
import { useEffect, useState } from 'react'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { actorWords } from './people-words.ts'
import { RULE_TITLES, valueOf, type Rule } from './policy-words.ts'
import { securityQueries } from './security-queries.ts'

const RULES = Object.keys(RULE_TITLES).filter((name): name is Rule => Object.hasOwn(RULE_TITLES, name))

/** A change that would lock its author out, and waits for an owner who confirms it from inside of the networks. */
export function PendingPolicy({
  policy,
  pending,
}: {
  readonly policy: PoliciesGetOutput
  readonly pending: NonNullable<PoliciesGetOutput['pending']>
}) {
  const { api, person } = useSession()
  const { role, can } = useAccess()
  const members = useQuery({ ...securityQueries.members(api), enabled: can('members:read') })
  const minutes = useMinutesTo(pending.until)
  const isOwn = pending.requestedBy === person?.account.id
  const confirm = useAct(() => api.policies.confirm(), {
    done: 'It holds from the next request on.',
    refresh: ['policy', 'members'],
  })
  // Asking for what holds now takes the place of what waits.
  const withdraw = useAct(() => api.policies.change({}), {
    done: 'Nothing waits any more.',
    refresh: ['policy'],
  })
  const changed = RULES.filter(
    (rule) => JSON.stringify(policy[rule]) !== JSON.stringify(pending.policy[rule]),
  )
  const refusal = isOwn
    ? 'Another owner confirms what you have asked for.'
    : role === 'owner'
      ? undefined
      : 'An owner confirms this change.'
  return (
    <Note tone="warn" title="A change waits for another owner">
      <ul className="my-1.5">
        {changed.map((rule) => (
          <li key={rule}>
            {RULE_TITLES[rule]}: from <strong>{valueOf(rule, policy)}</strong> to{' '}
            <strong>{valueOf(rule, pending.policy)}</strong>
          </li>
        ))}
      </ul>
      <p className="mb-3">
        {isOwn ? 'You' : actorWords(pending.requestedBy, members.data ?? [])} asked for it. It is dropped by
        itself at <Time at={pending.until} />
        {minutes > 0 && ` (in ${minutes} min)`}, and takes effect at once when an owner who did not ask
        confirms it from one of these networks. Your address is {policy.yourAddress}.
      </p>
      <div className="flex flex-wrap gap-2">
        <Button
          look="main"
          disabled={confirm.isBusy}
          disabledReason={refusal}
          onClick={() => void confirm.run()}
        >
          Confirm
        </Button>
        <Button
          disabled={withdraw.isBusy}
          disabledReason={can('policies:write') ? undefined : 'It takes the scope policies:write.'}
          onClick={() => void withdraw.run()}
        >
          {isOwn ? 'Withdraw it' : 'Drop it'}
        </Button>
      </div>
      {refusal !== undefined && <p className="mt-2 text-sm">{refusal}</p>}
      <p role="alert" className="mt-2 text-sm text-bad empty:hidden">
        {confirm.failure ?? withdraw.failure ?? ''}
      </p>
    </Note>
  )
}

/** Whole minutes until a time, counted down. */
function useMinutesTo(at: string): number {
  const [nowMs, setNowMs] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 10_000)
    return () => clearInterval(timer)
  }, [])
  return Math.max(0, Math.ceil((Date.parse(at) - nowMs) / 60_000))
}
