import { Fault } from '../../kernel/faults.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import { relyingPartyOf } from '../../platform/webauthn/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { createFactorsStore } from './factors-store.ts'
import { openEmail, openNames } from './names.ts'
import { createOneTimeCodes } from './one-time-codes.ts'
import { createPasskeys } from './passkeys.ts'

export interface FactorState {
  readonly passkeys: readonly {
    readonly id: string
    readonly createdAt: Date
    readonly lastUsedAt: Date | null
  }[]
  readonly totp: { readonly id: string; readonly createdAt: Date; readonly lastUsedAt: Date | null } | null
  readonly recoveryCodesLeft: number
}

export type Factors = ReturnType<typeof createFactors>

/**
 * Second factors of people. `publicUrl` is BULKHEAD_PUBLIC_URL: passkeys belong to its host and are shown on its origin. Everything throws
 * what the keyring client and the database throw while they are away.
 */
export function createFactors(deps: {
  readonly pool: Queryable
  readonly keyring: Pick<
    KeyringClient,
    'pepper' | 'sealSecret' | 'verifyTotp' | 'contentKey' | 'openContentKeys'
  >
  readonly publicUrl: string
  readonly newId: () => string
  readonly nowMs: () => number
  readonly log: Pick<Logger, 'warn' | 'error'>
}) {
  const store = createFactorsStore(deps.pool)
  const party = relyingPartyOf(deps.publicUrl)

  async function person(personId: string) {
    const row = await store.state(personId)
    if (row === undefined) throw new Fault('not_found', { detail: 'There is no such person.' })
    return row
  }

  return {
    ...createPasskeys({ ...deps, store, party }),
    ...createOneTimeCodes({ ...deps, store }),

    /** What a person has; it opens nothing in the keyring. */
    async state(personId: string): Promise<FactorState> {
      const [row, passkeys] = await Promise.all([person(personId), store.passkeys(personId)])
      return {
        passkeys: passkeys.map(({ id, created_at: createdAt, last_used_at: lastUsedAt }) => ({
          id,
          createdAt,
          lastUsedAt,
        })),
        totp:
          row.totp_id === null || row.totp_created_at === null
            ? null
            : { id: row.totp_id, createdAt: row.totp_created_at, lastUsedAt: row.totp_last_used_at },
        recoveryCodesLeft: row.recovery_codes,
      }
    },

    /** What the person calls the passkeys, by id. */
    async passkeyNames(personId: string): Promise<ReadonlyMap<string, string>> {
      const passkeys = await store.passkeys(personId)
      const names = await openNames(deps.keyring, passkeys)
      return new Map(passkeys.map(({ id }, at) => [id, names[at] ?? '']))
    },

    /** The address of a person, for what a device shows of an account. */
    async accountName(personId: string): Promise<string> {
      return openEmail(deps.keyring, personId, (await person(personId)).sealed_email)
    },

    /**
     * Removes a passkey or the authenticator app, and ends the person's other sessions. `required`: a workspace of the person demands one,
     * and this is the last that would do.
     */
    remove: (wanted: { readonly personId: string; readonly id: string; readonly sessionId: string }) =>
      store.remove(wanted.personId, wanted.id, wanted.sessionId),
  }
}
