import { z } from 'zod'
import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { open, seal, sealedKeyId } from '../../platform/sealing/index.ts'
import type { SealedPlace } from '../../platform/sealing/index.ts'

/** Where something came from: browser and address. */
export interface ClientFacts {
  readonly userAgent: string
  readonly address: string
}

const Facts = z.object({ userAgent: z.string(), address: z.string() })

export type SealingKeyring = Pick<KeyringClient, 'contentKey' | 'openContentKeys'>

const DEVICE = { table: 'account.session', column: 'sealed_device' } as const
const ATTEMPT = { table: 'account.login_attempt', column: 'sealed_client' } as const
const EMAIL = { table: 'account.person', column: 'sealed_email' } as const

function placeOf(of: { readonly table: string; readonly column: string }, rowId: string): SealedPlace {
  return { workspaceId: INSTALLATION_WORKSPACE, ...of, rowId }
}

export interface SealedDevice {
  /** UUID of the session. */
  readonly id: string
  readonly sealed: Buffer
}

/** From where sessions were made, in the order of the rows; `reason` goes to the keyring's record. */
export async function openDevices(
  keyring: Pick<KeyringClient, 'openContentKeys'>,
  rows: readonly SealedDevice[],
  reason: string,
): Promise<ClientFacts[]> {
  if (rows.length === 0) return []
  const values = rows.map((row) => ({ of: DEVICE, rowId: row.id, sealed: row.sealed }))
  return (await opened(keyring, values, reason)).map((value) => Facts.parse(JSON.parse(value.toString())))
}

/** Opens several values with one question to the keyring. */
async function opened(
  keyring: Pick<KeyringClient, 'openContentKeys'>,
  values: readonly { readonly of: { table: string; column: string }; rowId: string; sealed: Buffer }[],
  reason: string,
): Promise<Buffer[]> {
  const keys = await keyring.openContentKeys(
    INSTALLATION_WORKSPACE,
    [...new Set(values.map((value) => sealedKeyId(value.sealed)))],
    reason,
  )
  return values.map((value) => open(keys, placeOf(value.of, value.rowId), value.sealed))
}

/** What is sealed of people: with a key of the installation's workspace, each value for its own row. */
export function createPeopleSealing(keyring: SealingKeyring) {
  async function sealed(of: typeof DEVICE | typeof ATTEMPT, rowId: string, client: ClientFacts) {
    const key = await keyring.contentKey(INSTALLATION_WORKSPACE)
    const facts = JSON.stringify({ userAgent: client.userAgent, address: client.address })
    return seal(key, placeOf(of, rowId), Buffer.from(facts))
  }

  return {
    sealDevice: (sessionId: string, client: ClientFacts): Promise<Buffer> =>
      sealed(DEVICE, sessionId, client),
    sealAttempt: (attemptId: string, client: ClientFacts): Promise<Buffer> =>
      sealed(ATTEMPT, attemptId, client),

    openDevices: (rows: readonly SealedDevice[]): Promise<ClientFacts[]> =>
      openDevices(keyring, rows, 'sessions.list'),

    async openEmail(personId: string, value: Buffer, reason: string): Promise<string> {
      const [email] = await opened(keyring, [{ of: EMAIL, rowId: personId, sealed: value }], reason)
      return String(email)
    },

    async openAbandoned(row: {
      readonly id: string
      readonly person_id: string
      readonly sealed_client: Buffer
      readonly sealed_email: Buffer
    }): Promise<{ readonly email: string; readonly client: ClientFacts }> {
      const [email, client] = await opened(
        keyring,
        [
          { of: EMAIL, rowId: row.person_id, sealed: row.sealed_email },
          { of: ATTEMPT, rowId: row.id, sealed: row.sealed_client },
        ],
        'log_in.abandoned',
      )
      return { email: String(email), client: Facts.parse(JSON.parse(String(client))) }
    },
  }
}
export type PeopleSealing = ReturnType<typeof createPeopleSealing>
