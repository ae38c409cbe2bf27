import type { FieldProblem } from '../../kernel/faults.ts'
import type { Breached } from './breached.ts'
import { judgePassword } from './password-rules.ts'
import type { Passwords, StoredPassword } from './passwords.ts'

/** `breached`: it is the right one and everybody may have it. It must open nothing but a reset (C-04). */
export type PasswordAnswer = 'wrong' | 'right' | 'breached'

export interface PasswordCheck {
  /** What is wrong with a new password, by itself or because it is in a breach; null where it may be set. */
  judge(
    password: string,
    facts: { readonly singleFactor: boolean; readonly words: readonly string[] },
  ): Promise<FieldProblem | null>
  /**
   * Whether a password opens at log-in. Hash and lists are asked together, for everybody: neither tells who exists, and a caller cannot
   * forget one of them. Throws as `Passwords.verify`.
   */
  check(
    personId: string | null,
    password: string,
    stored: StoredPassword | null,
    client?: string,
  ): Promise<PasswordAnswer>
}

/** The two questions that a log-in and a new password ask of a password. */
export function createPasswordCheck(deps: {
  readonly passwords: Pick<Passwords, 'verify'>
  readonly breached: Pick<Breached, 'has'>
}): PasswordCheck {
  const { passwords, breached } = deps
  return {
    async judge(password, facts) {
      const problem = judgePassword(password, facts)
      if (problem !== null) return problem
      // Whoever guesses tries a known password in lower case too.
      if (!(await breached.has(password)) && !(await breached.has(password.toLowerCase()))) return null
      return {
        field: 'password',
        problem: 'is in a list of passwords that became known in breaches',
        fix: 'choose one that is used nowhere else',
      }
    },

    async check(personId, password, stored, client) {
      const [isRight, isBreached] = await Promise.all([
        passwords.verify(personId, password, stored, client),
        breached.has(password),
      ])
      if (!isRight) return 'wrong'
      return isBreached ? 'breached' : 'right'
    },
  }
}
