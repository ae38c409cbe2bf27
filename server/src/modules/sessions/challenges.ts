import { randomInt } from 'node:crypto'
import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import type { Redacted } from '../../kernel/redacted.ts'
import { hashSecret, isOneTimeToken, mintOneTimeToken } from '../../security/access/index.ts'
import type { CredentialPepper } from '../../security/access/index.ts'
import type { ClientFacts, PeopleSealing } from './client-facts.ts'
import type { AttemptRow, LogInStore } from './log-in-store.ts'

/** What is stored of the network that a client comes from: nothing that can be tried out without the keyring. */
export function hashClient(pepper: Pick<CredentialPepper, 'of'>, clientKey: string): Promise<Buffer> {
  return pepper.of(hashSecret(JSON.stringify(['bulkhead client 1', INSTALLATION_WORKSPACE, clientKey])))
}

export interface Challenge {
  readonly id: string
  readonly token: Redacted<string>
  /** Eight digits, where one is to be mailed. */
  readonly code: string | null
}

/**
 * Challenges: what a client holds between the password and the second factor. 256 bits, peppered, bound to the person and to the network
 * that showed the password.
 */
export function createChallenges(deps: {
  readonly store: LogInStore
  readonly pepper: Pick<CredentialPepper, 'of'>
  readonly sealing: PeopleSealing
  readonly newId: () => string
}) {
  const bind = (id: string, personId: string, digest: Buffer): Promise<Buffer> =>
    deps.pepper.of(hashSecret(JSON.stringify(['bulkhead log-in 1', id, personId, digest.toString('hex')])))
  const codeHash = (id: string, code: string): Promise<Buffer> =>
    deps.pepper.of(hashSecret(JSON.stringify(['bulkhead log-in code 1', id, code])))

  return {
    async open(wanted: {
      readonly personId: string
      readonly client: ClientFacts
      readonly clientKey: string
      readonly deviceKnown: boolean
      readonly needsCode: boolean
      readonly abandonSeconds: number
    }): Promise<Challenge> {
      const id = deps.newId()
      const minted = mintOneTimeToken()
      const code = wanted.needsCode ? String(randomInt(100_000_000)).padStart(8, '0') : null
      const [hash, binding, clientKey, hashedCode, sealedClient] = await Promise.all([
        deps.pepper.of(minted.hash),
        bind(id, wanted.personId, minted.hash),
        hashClient(deps.pepper, wanted.clientKey),
        code === null ? null : codeHash(id, code),
        deps.sealing.sealAttempt(id, wanted.client),
      ])
      await deps.store.open({
        id,
        personId: wanted.personId,
        hash,
        binding,
        codeHash: hashedCode,
        deviceKnown: wanted.deviceKnown,
        clientKey,
        sealedClient,
        abandonSeconds: wanted.abandonSeconds,
      })
      return { id, token: minted.key, code }
    },

    /** The challenge of a token, from the network that got it; undefined for one that is over, invented, moved or stolen. */
    async read(token: string, clientKey: string): Promise<AttemptRow | undefined> {
      if (!isOneTimeToken(token)) return undefined
      const digest = hashSecret(token)
      const [hash, client] = await Promise.all([deps.pepper.of(digest), hashClient(deps.pepper, clientKey)])
      const row = await deps.store.read(hash, client)
      if (row === undefined) return undefined
      return (await bind(row.id, row.person_id, digest)).equals(row.binding) ? row : undefined
    },

    async isCode(row: AttemptRow, code: string): Promise<boolean> {
      return row.code_hash !== null && (await codeHash(row.id, code)).equals(row.code_hash)
    },
  }
}
export type Challenges = ReturnType<typeof createChallenges>
