import type { z } from 'zod'
import { encodeId } from '../../kernel/ids.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import { invalidField } from '../../kernel/faults.ts'
import type { AssertionResponse } from '../../security/factors/index.ts'
import { DEVICE_COOKIE_SECONDS } from './device-mark.ts'
import type { ShownFactor } from './factor-checks.ts'
import type { LogInStep } from './log-in-service.ts'
import type { NewSession } from './session-issuer.ts'
import type { LogInAnswer, SignedIn } from './session-views.ts'

type Cookies = Pick<OperationContext<unknown>, 'setCookie'>

/**
 * Hands a new session out: to a browser in a cookie that scripts do not see, with the mark of its device in another, or to a program as a
 * token. A session that the request showed is not continued: what an attacker planted before the log-in opens nothing after it.
 */
export function signIn(
  context: Cookies,
  session: NewSession,
  transport: 'cookie' | 'token',
): z.output<typeof SignedIn> {
  if (transport === 'cookie') {
    const seconds = (Number(session.expiresAt) - Date.now()) / 1_000
    context.setCookie('session', session.token.reveal(), seconds)
    context.setCookie('device', session.deviceMark, DEVICE_COOKIE_SECONDS)
  }
  return {
    id: encodeId('session', session.sessionId),
    level: session.level,
    factor: session.factor,
    expiresAt: session.expiresAt.toISOString(),
    token: transport === 'token' ? session.token.reveal() : null,
  }
}

/** A step of a log-in as its answer. */
export function answerOf(
  context: Cookies,
  step: LogInStep,
  transport: 'cookie' | 'token',
): z.output<typeof LogInAnswer> {
  if ('session' in step) {
    const session = signIn(context, step.session, transport)
    return { next: step.next, challenge: null, factors: [], expiresAt: null, session }
  }
  const { next, challenge, factors, expiresAt } = step
  return { next, challenge, factors: [...factors], expiresAt: expiresAt.toISOString(), session: null }
}

/** The one factor that a request shows. Throws `invalid_request` for none and for several. */
export function shownIn(input: {
  readonly totp?: string | undefined
  readonly recoveryCode?: string | undefined
  readonly passkey?: AssertionResponse | undefined
}): ShownFactor {
  const shown: ShownFactor[] = [
    ...(input.totp === undefined ? [] : [{ kind: 'totp', code: input.totp } as const]),
    ...(input.recoveryCode === undefined
      ? []
      : [{ kind: 'recovery_code', code: input.recoveryCode } as const]),
    ...(input.passkey === undefined ? [] : [{ kind: 'passkey', response: input.passkey } as const]),
  ]
  const [one] = shown
  if (one !== undefined && shown.length === 1) return one
  throw invalidField('', 'must hold one of totp, recoveryCode and passkey', 'Send exactly one of them.')
}
