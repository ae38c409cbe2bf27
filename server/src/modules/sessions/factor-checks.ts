import { Fault } from '../../kernel/faults.ts'
import type { AssertionResponse, ChallengeUse, Factors, FactorState } from '../../security/factors/index.ts'

/** What a person can show besides a password. */
export const FACTOR_NAMES = ['passkey', 'totp', 'recovery_code'] as const
export type FactorName = (typeof FACTOR_NAMES)[number]

export type ShownFactor =
  | { readonly kind: 'totp' | 'recovery_code'; readonly code: string }
  | { readonly kind: 'passkey'; readonly response: AssertionResponse }

/** What log-in and step-up need of second factors. */
export type FactorChecks = Pick<
  Factors,
  'state' | 'verifyTotp' | 'useRecoveryCode' | 'assertionOptions' | 'verifyAssertion'
>

/** What a browser needs to ask for a passkey. */
export type PasskeyOptions = Awaited<ReturnType<Factors['assertionOptions']>>

/** What the person may show, by name. Recovery codes alone are no factor: they stand in for one that is lost. */
export function knownFactors(state: FactorState): FactorName[] {
  const isStrong = state.passkeys.length > 0 || state.totp !== null
  const has: Readonly<Record<FactorName, boolean>> = {
    passkey: state.passkeys.length > 0,
    totp: state.totp !== null,
    recovery_code: state.recoveryCodesLeft > 0 && isStrong,
  }
  return FACTOR_NAMES.filter((name) => has[name])
}

/**
 * Whether what was shown is a second factor of the person; codes are used up. `bound` is what a passkey's challenge was made for. Throws
 * `too_many_requests` where the person's guesses are used up for now: over all challenges and sessions, so that a new one gives no more
 * (GHSA-7j7j-66cv-m239). A passkey cannot be guessed and goes on working, so that nobody is locked out by another's guesses.
 */
export async function isFactorRight(
  factors: FactorChecks,
  personId: string,
  shown: ShownFactor,
  bound: Pick<ChallengeUse, 'boundTo'> & { readonly purpose: 'log_in' | 'step_up' },
): Promise<boolean> {
  if (shown.kind === 'passkey') {
    const assertion = await factors.verifyAssertion({ ...bound, personId }, shown.response)
    return assertion.state === 'accepted' && assertion.personId === personId
  }
  const verdict =
    shown.kind === 'totp'
      ? await factors.verifyTotp(personId, shown.code)
      : await factors.useRecoveryCode(personId, shown.code)
  if (verdict.state === 'later') {
    throw new Fault('too_many_requests', {
      detail: 'Too many codes were wrong. Wait, or use a passkey.',
      retryAfterSeconds: verdict.retryAfterSeconds,
    })
  }
  return verdict.state === 'accepted'
}
