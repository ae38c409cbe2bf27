import type { Logger } from '../../platform/telemetry/index.ts'
import { createCredentialPepper } from '../access/index.ts'
import type { Pepperer } from '../access/index.ts'
import { createBreached } from './breached.ts'
import { createHashQueue } from './hash-queue.ts'
import { createPasswordCheck } from './password-check.ts'
import type { PasswordCheck } from './password-check.ts'
import { createPasswords } from './passwords.ts'
import type { Passwords } from './passwords.ts'

export interface PasswordSet {
  readonly passwords: Passwords
  readonly passwordCheck: PasswordCheck
  /**
   * Tells the log which lists of breached passwords are in use. Never throws: a process starts with a damaged list too, and says so.
   */
  announce(): Promise<void>
}

/** Everything of this slice, put together. One for each process: the bound of the queue is a bound of the process. */
export function createPasswordSet(deps: {
  readonly keyring: Pepperer
  /** BULKHEAD_DATA: the imported list is there. */
  readonly directory: string
  readonly rangeUrl: string | null
  readonly log: Logger
}): PasswordSet {
  const passwords = createPasswords({
    pepper: createCredentialPepper({ keyring: deps.keyring, name: 'password' }),
    queue: createHashQueue(),
  })
  const breached = createBreached(deps)
  return {
    passwords,
    passwordCheck: createPasswordCheck({ passwords, breached }),
    async announce() {
      try {
        const { shipped, imported } = await breached.lists()
        deps.log.info(
          { shipped: shipped.keys, imported: imported?.keys ?? 0, importedAt: imported?.madeAt },
          'Lists of breached passwords',
        )
      } catch (error) {
        deps.log.error(
          { alarm: 'breached.damaged', err: error },
          'The shipped list of breached passwords cannot be read: nobody can set or use a password',
        )
      }
    },
  }
}
