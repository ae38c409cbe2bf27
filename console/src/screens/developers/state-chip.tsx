import { Chip } from '../../ui/chip.tsx'
import { Time } from '../../ui/time.tsx'
import { idleHint, stateOf, type Credential } from './credential-state.ts'

const WORDS = {
  active: 'active',
  ending: 'ends soon',
  leaked: 'leaked',
  revoked: 'revoked',
  expired: 'expired',
  ended: 'ended',
} as const

/** What a credential is now, when it ends, and whether it looks forgotten. */
export function StateChip({
  credential,
  nowMs,
}: {
  readonly credential: Credential
  readonly nowMs: number
}) {
  const state = stateOf(credential, nowMs)
  const idle = idleHint(credential, nowMs)
  return (
    <span className="inline-flex flex-wrap items-center gap-1.5">
      <Chip tone={state.tone}>{WORDS[state.word]}</Chip>
      {state.at !== null && (
        <span className="text-xs text-muted">
          {state.isAlive ? 'until ' : ''}
          <Time at={state.at} />
        </span>
      )}
      {idle !== undefined && (
        <Chip tone="warn" title="Revoke what nobody uses: it cannot leak then.">
          {idle}
        </Chip>
      )}
    </span>
  )
}
