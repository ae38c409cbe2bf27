import { createOwnFactors } from '../modules/factors/index.ts'
import type { OwnFactors } from '../modules/factors/index.ts'
import { createLogInSet } from '../modules/sessions/index.ts'
import type { LogInSet } from '../modules/sessions/index.ts'
import type { SystemMail } from '../modules/system-mail/index.ts'
import type { KeyringClient } from '../platform/keyring-client/index.ts'
import type { Queryable } from '../platform/postgres/index.ts'
import type { Logger } from '../platform/telemetry/index.ts'
import type { CredentialPepper, PeopleAccess } from '../security/access/index.ts'
import { createDetection, startDetectionLoop } from '../security/detection/index.ts'
import type { Detection } from '../security/detection/index.ts'
import { createFactors } from '../security/factors/index.ts'
import type { Factors } from '../security/factors/index.ts'
import { createKeyedDigest, createLimiter, createLogInLimits } from '../security/limits/index.ts'
import type { Limiter, LogInLimits } from '../security/limits/index.ts'
import { createPasswordSet } from '../security/passwords/index.ts'
import type { PasswordCheck, Passwords } from '../security/passwords/index.ts'

export interface PeopleServices extends LogInSet {
  readonly limiter: Limiter
  readonly limits: LogInLimits
  readonly detection: Detection
  readonly passwords: Passwords
  readonly passwordCheck: PasswordCheck
  readonly factors: Factors
  readonly ownFactors: OwnFactors
  /** What goes on in the background until the signal aborts: owners are told, attacks are noticed. */
  run(signal: AbortSignal): Promise<void>
  /** Resolves when what goes on after answers is done. */
  drain(): Promise<void>
}

/** What people need, put together once for the process and for the tests of it. */
export function preparePeople(deps: {
  readonly pool: Queryable
  readonly keyring: KeyringClient
  readonly pepper: CredentialPepper
  readonly people: PeopleAccess
  readonly systemMail: Pick<SystemMail, 'send'>
  readonly publicUrl: string
  /** BULKHEAD_DATA: where an imported list of breached passwords lies. */
  readonly dataDirectory: string
  readonly breachedRangeUrl: string | null
  readonly log: Logger
  readonly now: () => number
  readonly newId: () => string
}): PeopleServices {
  const { pool, log } = deps
  const digest = createKeyedDigest(deps)
  const limiter = createLimiter({ pool, digest })
  const limits = createLogInLimits({ pool, limiter })
  const detection = createDetection({ pool, digest, log })
  const passwordSet = createPasswordSet({
    keyring: deps.keyring,
    directory: deps.dataDirectory,
    rangeUrl: deps.breachedRangeUrl,
    log,
  })
  const { passwords, passwordCheck } = passwordSet
  const factors = createFactors({ ...deps, nowMs: deps.now })
  const set = createLogInSet({
    ...deps,
    limiter,
    limits,
    detection,
    passwords: passwordCheck,
    hashing: passwords,
    factors,
  })
  return {
    ...set,
    limiter,
    limits,
    detection,
    passwords,
    passwordCheck,
    factors,
    ownFactors: createOwnFactors({ factors, sessionIssuer: set.sessionIssuer }),
    run: async (signal) => {
      await Promise.all([
        passwordSet.announce(),
        set.runUpkeep(signal),
        startDetectionLoop({ pool, log, signal }),
      ])
    },
    drain: async () => {
      await set.logIn.drain()
      await detection.drain()
    },
  }
}
