import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { PoliciesChangeInput, PoliciesPreviewOutput } from '@bulkhead/sdk'
import { useEffect, useState, type ReactNode } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { linkLook } from '../../ui/link.ts'
import { Note } from '../../ui/note.tsx'
import { describeFailure } from '../../api/problem.ts'
import { useAct } from '../../ui/use-mutation-act.ts'
import { counted } from './people-words.ts'
import { LOSS_WORDS, RULE_TITLES, valueOf, type Policy } from './policy-words.ts'
import { securityQueries } from './security-queries.ts'

const TYPING_MS = 400
const SHOWN_MAX = 20

/**
 * What a wished change would do, told by the server before it is made, and the button that makes it. The button waits for the answer about
 * exactly what is wished now.
 */
export function PolicyEffect({
  now,
  wanted,
  problem,
  onDone,
}: {
  readonly now: Policy
  readonly wanted: PoliciesChangeInput
  /** Why there is nothing to ask the server yet. */
  readonly problem: string | undefined
  readonly onDone: () => void
}) {
  const { api } = useSession()
  const settled = useSettled(wanted)
  const isSettled = JSON.stringify(settled) === JSON.stringify(wanted)
  const isAsking = problem === undefined && isSettled
  const preview = useQuery({
    ...securityQueries.policyPreview(api, settled),
    enabled: isAsking,
    placeholderData: keepPreviousData,
  })
  const change = useAct(() => api.policies.change(wanted), {
    done: preview.data?.waits === true ? 'It waits for another owner.' : 'It holds from the next request on.',
    refresh: ['policy', 'members', 'sessions'],
  })
  const effect = preview.data
  const isFresh = isAsking && preview.isSuccess && !preview.isPlaceholderData
  const lacks =
    problem ??
    (effect?.changed.length === 0 && isFresh ? 'That is what holds now.' : undefined) ??
    (isFresh ? (effect?.refusal ?? undefined) : undefined)
  return (
    <div aria-live="polite">
      {problem !== undefined && <p className="mb-3 text-sm text-muted">{problem}</p>}
      {problem === undefined && preview.isError && (
        <div className="mb-3">
          <Note tone="bad">{describeFailure(preview.error).detail}</Note>
        </div>
      )}
      {problem === undefined && effect !== undefined && !preview.isError && (
        <Effect now={now} effect={effect} />
      )}
      {change.failure !== undefined && (
        <div className="mb-3">
          <Note tone="bad">{change.failure}</Note>
        </div>
      )}
      <div className="flex flex-wrap gap-2">
        <Button
          look="main"
          disabled={change.isBusy || !isFresh}
          disabledReason={lacks}
          onClick={() => void change.run().then((went) => (went ? onDone() : undefined))}
        >
          {change.isBusy
            ? 'Changing…'
            : effect?.waits === true && isFresh
              ? 'Ask another owner'
              : 'Change it'}
        </Button>
        <Button onClick={onDone}>Cancel</Button>
      </div>
    </div>
  )
}

function Effect({ now, effect }: { readonly now: Policy; readonly effect: PoliciesPreviewOutput }) {
  if (effect.changed.length === 0) return null
  const parts: ReactNode[] = effect.changed.map((rule) => (
    <p key={rule} className="mb-2 text-sm">
      {RULE_TITLES[rule]}: from <strong>{valueOf(rule, now)}</strong> to{' '}
      <strong>{valueOf(rule, effect.policy)}</strong>.
    </p>
  ))
  return (
    <div className="mb-4 rounded-md border border-line bg-canvas p-3">
      <h3 className="mb-2 text-sm font-semibold">What it does</h3>
      {parts}
      {effect.refusal !== null && (
        <Note tone="bad" title="The server would refuse it">
          {effect.refusal}
        </Note>
      )}
      {effect.refusal === null && effect.waits && (
        <Note tone="warn" title="You would lock yourself out">
          Your address is {effect.yourAddress}, which is in none of these networks. So the change waits, 15
          minutes at most, for another owner who confirms it from inside of them. Until then all stays as it
          is.
        </Note>
      )}
      {effect.losing.length === 0 ? (
        <p className="mt-2 text-sm text-muted">
          Nobody loses access: all {counted(effect.sessionsOpen, 'session')} that open this workspace go on.
        </p>
      ) : (
        <>
          <p className="mt-2 text-sm">
            {counted(effect.sessionsEnding, 'session')} of {effect.sessionsOpen} would open this workspace no
            more{effect.waits ? ' once it is confirmed' : ', at once'}. Members are told by mail where the
            rules get stricter.
          </p>
          <Losing losing={effect.losing} />
        </>
      )}
      {!effect.isComplete && (
        <p className="mt-2 text-xs text-muted">
          There are more members or sessions than were looked at; more may lose access.
        </p>
      )}
    </div>
  )
}

function Losing({ losing }: { readonly losing: PoliciesPreviewOutput['losing'] }) {
  return (
    <ul className="mt-2 text-sm">
      {losing.slice(0, SHOWN_MAX).map((member) => (
        <li key={member.memberId} className="border-t border-line py-1.5">
          <Link to="/security/members/$memberId" params={{ memberId: member.memberId }} className={linkLook}>
            {member.name ?? member.email}
          </Link>
          <span className="text-muted">
            {member.sessions > 0 &&
              `: ${counted(member.sessions, 'session ends', 'sessions end')}, ${member.sessionsLeft} left; ${member.reasons.map((reason) => LOSS_WORDS[reason]).join('; ')}`}
            .
          </span>{' '}
          {!member.canReturn && (
            <span className="text-warn">
              Has not what it takes to sign in again, and adds it on the account page first.
            </span>
          )}
        </li>
      ))}
      {losing.length > SHOWN_MAX && (
        <li className="border-t border-line py-1.5 text-muted">
          and {counted(losing.length - SHOWN_MAX, 'other')}
        </li>
      )}
    </ul>
  )
}

/** The value once it has stayed the same for a moment: not every stroke of a key asks the server. */
function useSettled(wanted: PoliciesChangeInput): PoliciesChangeInput {
  const [settled, setSettled] = useState(wanted)
  const text = JSON.stringify(wanted)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(wanted), TYPING_MS)
    return () => clearTimeout(timer)
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- by its text: callers write a new object each time
  }, [text])
  return settled
}
