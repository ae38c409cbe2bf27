import type { Logger } from '../../platform/telemetry/index.ts'
import { createAccountLetters } from './account-letters.ts'
import { startAccountLoop } from './account-loop.ts'
import type { AccountLoop } from './account-loop.ts'
import type { AccountsDependencies } from './accounts-deps.ts'
import { createAccountsStore } from './accounts-store.ts'
import { createAddressVault } from './address-vault.ts'
import { createAsking } from './asking.ts'
import type { Asking } from './asking.ts'
import { createEmailChange } from './email-change.ts'
import type { EmailChange } from './email-change.ts'
import { createFirstRun } from './first-run.ts'
import type { FirstRun } from './first-run.ts'
import { createMakePerson } from './make-person.ts'
import { createMakePassword } from './new-password.ts'
import { createOneTimeTokens } from './one-time-tokens.ts'
import { createOwnAccount } from './own-account.ts'
import type { OwnAccount } from './own-account.ts'
import { createPeople } from './people.ts'
import type { People } from './people.ts'
import { createRecoveries } from './recovery.ts'
import type { Recoveries } from './recovery.ts'
import { createRecoveryStore } from './recovery-store.ts'
import { createRecoveryWatch } from './recovery-watch.ts'
import { createRequestWork } from './request-work.ts'
import { createSignUp } from './sign-up.ts'
import type { SignUp } from './sign-up.ts'
import { createTokenStore } from './token-store.ts'

export interface Accounts {
  readonly asking: Asking
  readonly signUp: SignUp
  readonly firstRun: FirstRun
  readonly own: OwnAccount
  readonly emailChange: Omit<EmailChange, 'swapDue'>
  readonly recoveries: Recoveries
  readonly people: People
  /** Starts what works requests off. `everySeconds`: how often a recovery is looked at. */
  start(options?: { readonly jitterMs?: number; readonly everySeconds?: number }): AccountLoop
}

/** Accounts: see the slice's door for what holds. */
export function createAccounts(deps: AccountsDependencies & { readonly log: Logger }): Accounts {
  const store = createAccountsStore(deps.pool)
  const recoveries = createRecoveryStore(deps.pool)
  const vault = createAddressVault(deps)
  const tokens = createOneTimeTokens({
    pepper: deps.pepper,
    store: createTokenStore(deps.pool),
    newId: deps.newId,
  })
  const letters = createAccountLetters({ systemMail: deps.systemMail, publicUrl: deps.settings.publicUrl })
  const makePassword = createMakePassword(deps)
  const makePerson = createMakePerson({ ...deps, vault, makePassword })
  const parts = { ...deps, store, recoveries, vault, tokens, letters, makePassword, makePerson }
  const emailChange = createEmailChange(parts)
  return {
    asking: createAsking(parts),
    signUp: createSignUp(parts),
    firstRun: createFirstRun({ ...parts, nowMs: Date.now }),
    own: createOwnAccount(parts),
    emailChange,
    recoveries: createRecoveries(parts),
    people: createPeople(parts),
    start: (options = {}) =>
      startAccountLoop({
        pool: deps.pool,
        log: deps.log,
        store,
        work: createRequestWork({ ...parts, signUp: deps.settings.signUp }),
        swapDue: () => emailChange.swapDue(),
        watchRecoveries: createRecoveryWatch({ ...parts, ...options }),
        ...(options.jitterMs === undefined ? {} : { jitterMs: options.jitterMs }),
      }),
  }
}
