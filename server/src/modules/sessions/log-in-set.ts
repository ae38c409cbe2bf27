import type { Client } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { CredentialPepper, PeopleAccess } from '../../security/access/index.ts'
import type { Detection } from '../../security/detection/index.ts'
import type { Limiter, LogInLimits } from '../../security/limits/index.ts'
import type { PasswordCheck, Passwords } from '../../security/passwords/index.ts'
import type { SystemMail } from '../system-mail/index.ts'
import { runLogInUpkeep } from './abandoned.ts'
import { createChallenges } from './challenges.ts'
import { createPeopleSealing } from './client-facts.ts'
import type { FactorChecks } from './factor-checks.ts'
import { createLogInLetters } from './letters.ts'
import { createLogIn } from './log-in-service.ts'
import type { LogIn } from './log-in-service.ts'
import { createLogInStore } from './log-in-store.ts'
import { createSessionIssuer } from './session-issuer.ts'
import type { SessionIssuer } from './session-issuer.ts'
import { createSessions } from './sessions-service.ts'
import type { Sessions } from './sessions-service.ts'

type AskReset = (email: string, client: Client) => Promise<void>

export interface LogInSet {
  readonly logIn: LogIn
  readonly sessions: Sessions
  readonly sessionIssuer: SessionIssuer
  /** Who has links mailed that set a new password; the slice that does it is made after this one, because it signs people in. */
  askResetBy(ask: AskReset): void
  /** Runs until the signal aborts: owners are told of abandoned log-ins. */
  runUpkeep(signal: AbortSignal): Promise<void>
}

/** Everything of this slice, put together: see its door for what holds. */
export function createLogInSet(deps: {
  readonly pool: Queryable
  readonly keyring: Pick<KeyringClient, 'blindAddresses' | 'contentKey' | 'openContentKeys'>
  readonly pepper: Pick<CredentialPepper, 'of'>
  readonly people: Pick<PeopleAccess, 'issue' | 'revoke' | 'strengthen'>
  readonly limiter: Limiter
  readonly limits: LogInLimits
  readonly detection: Pick<Detection, 'observe'>
  readonly passwords: Pick<PasswordCheck, 'check'>
  readonly hashing: Pick<Passwords, 'hash' | 'needsRehash'>
  readonly factors: FactorChecks
  readonly systemMail: Pick<SystemMail, 'send'>
  readonly publicUrl: string
  readonly log: Logger
  readonly now: () => number
  readonly newId: () => string
}): LogInSet {
  const store = createLogInStore(deps.pool)
  const sealing = createPeopleSealing(deps.keyring)
  const letters = createLogInLetters(deps)
  const sessionIssuer = createSessionIssuer({ ...deps, store, sealing, letters })
  const challenges = createChallenges({ ...deps, store, sealing })
  let asking: AskReset | null = null
  const askReset: AskReset = async (email, client) => asking?.(email, client)
  return {
    logIn: createLogIn({ ...deps, store, sealing, letters, challenges, issuer: sessionIssuer, askReset }),
    sessions: createSessions({ ...deps, store, sealing }),
    sessionIssuer,
    askResetBy: (ask) => {
      asking = ask
    },
    runUpkeep: (signal) => runLogInUpkeep({ ...deps, store, sealing, letters, signal }),
  }
}
