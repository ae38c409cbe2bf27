import { Fault } from '../../kernel/faults.ts'
import type { Factors } from '../../security/factors/index.ts'
import { clientKeyOf } from '../../security/limits/index.ts'
import type { PasswordCheck, Passwords, StoredPassword } from '../../security/passwords/index.ts'

/** For whom a password is chosen. */
export interface ForWhom {
  readonly personId: string
  /** Whether there is no second factor: then the password must be longer. */
  readonly singleFactor: boolean
  /** What others know: address and name. */
  readonly words: readonly string[]
  /** Network address of the client, for a fair queue. */
  readonly address: string
}

/** Judges and hashes a new password. Throws `invalid_request`, which names what is wrong, `too_many_requests`, `unavailable`. */
export type MakePassword = (password: string, whom: ForWhom) => Promise<StoredPassword>

export function createMakePassword(deps: {
  readonly passwords: Pick<Passwords, 'hash'>
  readonly passwordCheck: Pick<PasswordCheck, 'judge'>
}): MakePassword {
  return async (password, { personId, singleFactor, words, address }) => {
    const problem = await deps.passwordCheck.judge(password, {
      singleFactor,
      words: words.flatMap((word) => [word, ...word.split(/[@.]/)]),
    })
    if (problem !== null)
      throw new Fault('invalid_request', { detail: `The password ${problem.problem}.`, fields: [problem] })
    return deps.passwords.hash(personId, password, clientKeyOf(address))
  }
}

/** Whether a person has no second factor. */
export async function hasNoFactor(factors: Pick<Factors, 'state'>, personId: string): Promise<boolean> {
  const { passkeys, totp } = await factors.state(personId)
  return passkeys.length === 0 && totp === null
}
