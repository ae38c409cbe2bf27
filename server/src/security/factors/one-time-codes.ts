import { randomBytes } from 'node:crypto'
import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import { Redacted } from '../../kernel/redacted.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { base32, makeRecoveryCode, otpauthUri, readRecoveryCode, readTotpCode } from './codes.ts'
import { bindFactor, bindFactors } from './factor-binding.ts'
import type { FactorsStore, GuessKind, TotpRow } from './factors-store.ts'
import type { Addition } from './passkeys.ts'

/** RFC 4226 §4, R6: 160 bits are recommended. */
const SEED_BYTES = 20
const RECOVERY_CODES = 10

/** What became of a code. `locked`: too many were wrong in a row, and another factor must be right first. */
export type CodeVerdict =
  | { readonly state: 'accepted' }
  | { readonly state: 'wrong' }
  | { readonly state: 'locked' }
  | { readonly state: 'later'; readonly retryAfterSeconds: number }

/** Authenticator apps and recovery codes: see the slice's door for what holds. */
export function createOneTimeCodes(deps: {
  readonly store: FactorsStore
  readonly keyring: Pick<KeyringClient, 'pepper' | 'sealSecret' | 'verifyTotp'>
  readonly newId: () => string
}) {
  const { store, keyring } = deps

  /** The guess is taken before it is judged, so that many at once are no more than were left. */
  async function guess(
    personId: string,
    kind: GuessKind,
    judge: () => Promise<boolean>,
  ): Promise<CodeVerdict> {
    const waitSeconds = await store.takeGuess(personId, kind)
    if (waitSeconds < 0) return { state: 'locked' }
    if (waitSeconds > 0) return { state: 'later', retryAfterSeconds: waitSeconds }
    return { state: (await judge()) ? 'accepted' : 'wrong' }
  }

  const stepOf = (personId: string, row: TotpRow, code: string) =>
    keyring.verifyTotp({
      workspaceId: INSTALLATION_WORKSPACE,
      context: contextOf(personId, row.id),
      sealed: row.sealed_seed,
      code,
      lastStep: row.last_step,
      reason: 'factors.totp',
    })

  return {
    /**
     * A seed for an authenticator app, shown this once. It is no factor before confirmTotp; another one that was begun is forgotten.
     */
    async beginTotp(wanted: {
      readonly personId: string
      readonly account: string
      readonly onlyAsFirst: boolean
    }): Promise<
      | { readonly state: 'begun'; readonly secret: Redacted<string>; readonly uri: Redacted<string> }
      | { readonly state: 'not_first' | 'gone' }
    > {
      const { personId, onlyAsFirst } = wanted
      const id = deps.newId()
      const seed = randomBytes(SEED_BYTES)
      try {
        const sealedSeed = await keyring.sealSecret(
          INSTALLATION_WORKSPACE,
          'totp',
          contextOf(personId, id),
          seed,
        )
        const state = await store.beginTotp({ personId, id, sealedSeed, onlyAsFirst })
        if (state !== 'begun') return { state }
        return {
          state,
          secret: new Redacted(base32(seed)),
          uri: new Redacted(otpauthUri(seed, wanted.account)),
        }
      } finally {
        seed.fill(0)
      }
    },

    /** Makes the app a factor, in place of an older one, where it shows the right code. */
    async confirmTotp(wanted: {
      readonly personId: string
      readonly code: string
      readonly onlyAsFirst: boolean
    }): Promise<Addition | Exclude<CodeVerdict, { state: 'accepted' }>> {
      const { personId, onlyAsFirst } = wanted
      const code = readTotpCode(wanted.code)
      if (code === null) return { state: 'wrong' }
      const row = await store.totp(personId, false)
      if (row === undefined) return { state: 'gone' }
      let step: number | null = null
      const verdict = await guess(personId, 'enrolment', async () => {
        step = await stepOf(personId, row, code)
        return step !== null
      })
      if (verdict.state !== 'accepted' || step === null)
        return verdict.state === 'accepted' ? { state: 'wrong' } : verdict
      const state = await store.confirmTotp(personId, row.id, step, onlyAsFirst)
      if (state === 'added' || state === 'replaced' || state === 'added_first')
        return { state: 'added', id: row.id, endedSessions: state === 'added_first' }
      return { state }
    },

    /** Checks a code and uses it up: of two uses at the same time one is accepted. */
    async verifyTotp(personId: string, typed: string): Promise<CodeVerdict> {
      const code = readTotpCode(typed)
      if (code === null) return { state: 'wrong' }
      return guess(personId, 'totp', async () => {
        const row = await store.totp(personId, true)
        if (row === undefined) return false
        const step = await stepOf(personId, row, code)
        return step !== null && store.useTotp(personId, row.id, step)
      })
    },

    /** Ten recovery codes in place of those there were, shown this once; null without another factor. */
    async makeRecoveryCodes(personId: string): Promise<Redacted<readonly string[]> | null> {
      const codes = Array.from({ length: RECOVERY_CODES }, makeRecoveryCode)
      const hashes = await bindFactors(
        keyring,
        'recovery code',
        codes.map((code) => [personId, readRecoveryCode(code)]),
      )
      return (await store.setRecoveryCodes(personId, hashes)) ? new Redacted(codes) : null
    },

    /** Checks a recovery code and uses it up. */
    async useRecoveryCode(personId: string, typed: string): Promise<CodeVerdict> {
      const code = readRecoveryCode(typed)
      if (code === null) return { state: 'wrong' }
      return guess(personId, 'recovery', async () => {
        const hash = await bindFactor(keyring, 'recovery code', [personId, code])
        return (await store.useRecoveryCode(personId, hash)) !== null
      })
    },
  }
}

/** Where a seed is sealed: the row of another person opens nothing. */
function contextOf(personId: string, id: string): string {
  return `account.totp/${personId}/${id}`
}
