import { readAttachment, readList, readNumber, readString } from './answers.ts'
import { createBlinding } from './blinding.ts'
import type { BlindAddress } from './blinding.ts'
import { openChannel } from './channel.ts'
import type { KeyringClientLog, KeyringState } from './channel.ts'
import { createContentKeys } from './content-keys.ts'
import type { ContentKeyLease, OpenedKeys } from './content-keys.ts'
import { KeyringUnavailable } from './errors.ts'
import { createSigning } from './signing.ts'
import type { SignItem, SignOutcome } from './signing.ts'

export type SecretPurpose = 'contact' | 'webhook' | 'connector' | 'totp'
export type DkimAlgorithm = 'rsa' | 'ed25519'

export interface DkimPublicKey {
  readonly keyId: string
  readonly domain: string
  readonly selector: string
  readonly algorithm: DkimAlgorithm
  /** What goes into p= (RFC 6376 §3.6.1, RFC 8463 §4). */
  readonly publicKeyBase64: string
  readonly state: 'active' | 'destroyed'
}

export interface KeyringHealth {
  readonly database: 'up' | 'down'
  /** Fingerprint of the root key. */
  readonly root: string
  /** RSA pairs made ahead. */
  readonly rsaPool: number
}

export interface KeyringClient extends AsyncDisposable {
  blind(workspaceId: string, values: readonly string[]): Promise<Buffer[]>
  blindAddresses(workspaceId: string, addresses: readonly string[]): Promise<BlindAddress[]>
  contentKey(workspaceId: string, options?: { readonly sensitive?: boolean }): Promise<ContentKeyLease>
  openContentKeys(workspaceId: string, keyIds: readonly string[], reason: string): Promise<OpenedKeys>
  destroyContentKeys(keyIds: readonly string[]): Promise<number>
  /** Makes a key pair; for a selector that has one of this algorithm, returns that. */
  createDkimKey(request: {
    readonly workspaceId: string
    readonly domain: string
    readonly selector: string
    readonly algorithm: DkimAlgorithm
  }): Promise<{ readonly keyId: string; readonly publicKeyBase64: string }>
  publicKeys(keyIds: readonly string[]): Promise<DkimPublicKey[]>
  sign(items: readonly SignItem[], options?: { readonly urgent?: boolean }): Promise<SignOutcome[]>
  /** `context` names where the value is stored, such as `webhook.secret/<row id>`, and must be the same to open it. */
  sealSecret(workspaceId: string, purpose: SecretPurpose, context: string, plaintext: Buffer): Promise<Buffer>
  openSecret(
    workspaceId: string,
    purpose: SecretPurpose,
    context: string,
    sealed: Buffer,
    reason: string,
  ): Promise<Buffer>
  health(): Promise<KeyringHealth>
  state(): KeyringState
}

const DEFAULT_TIMEOUT_MS = 5000

/**
 * The way to the keyring. Connects in the background and comes back by itself; every request ends within `timeoutMs`. All throw
 * `KeyringUnavailable` (try later) or `KeyringRefused` (do not).
 */
export function createKeyringClient(deps: {
  readonly socketPath: string
  readonly token: string
  readonly log: KeyringClientLog
  readonly timeoutMs?: number
  readonly now?: () => number
}): KeyringClient {
  const timeoutMs = deps.timeoutMs ?? DEFAULT_TIMEOUT_MS
  const channel = openChannel(deps)
  const contentKeys = createContentKeys({ channel, timeoutMs, now: deps.now ?? Date.now })
  const signing = createSigning({ channel, timeoutMs })
  const blinding = createBlinding({ channel, timeoutMs })
  const ask = (op: string, body: Readonly<Record<string, unknown>>, attachments: readonly Buffer[] = []) =>
    channel.request({ op, body, attachments, deadlineMs: Date.now() + timeoutMs })

  return {
    blind: (workspaceId, values) => blinding.values(workspaceId, values),
    blindAddresses: (workspaceId, addresses) => blinding.addresses(workspaceId, addresses),
    contentKey: (workspaceId, options) => contentKeys.contentKey(workspaceId, options),
    openContentKeys: (workspaceId, keyIds, reason) =>
      contentKeys.openContentKeys(workspaceId, keyIds, reason),
    destroyContentKeys: (keyIds) => contentKeys.destroyContentKeys(keyIds),
    sign: (items, options) => signing.sign(items, options),

    async createDkimKey(request) {
      const frame = await ask('createDkimKey', request)
      return { keyId: readString(frame, 'keyId'), publicKeyBase64: readString(frame, 'publicKey') }
    },

    async publicKeys(keyIds) {
      return readList(await ask('publicKeys', { keyIds }), 'keys', null).map(parsePublicKey)
    },

    async sealSecret(workspaceId, purpose, context, plaintext) {
      return readAttachment(await ask('sealSecret', { workspaceId, purpose, context }, [plaintext]), null)
    },

    async openSecret(workspaceId, purpose, context, sealed, reason) {
      return readAttachment(
        await ask('openSecret', { workspaceId, purpose, context, reason }, [sealed]),
        null,
      )
    },

    async health() {
      const frame = await ask('health', {})
      return {
        database: readString(frame, 'database') === 'up' ? 'up' : 'down',
        root: readString(frame, 'root'),
        rsaPool: readNumber(frame, 'rsaPool'),
      }
    },

    state: () => channel.state(),

    async [Symbol.asyncDispose]() {
      contentKeys.close()
      channel.close()
    },
  }
}

function parsePublicKey(value: unknown): DkimPublicKey {
  if (typeof value === 'object' && value !== null) {
    const { keyId, domain, selector, algorithm, publicKey, state }: Record<string, unknown> = { ...value }
    if (
      typeof keyId === 'string' &&
      typeof domain === 'string' &&
      typeof selector === 'string' &&
      (algorithm === 'rsa' || algorithm === 'ed25519') &&
      typeof publicKey === 'string' &&
      (state === 'active' || state === 'destroyed')
    ) {
      return { keyId, domain, selector, algorithm, publicKeyBase64: publicKey, state }
    }
  }
  throw new KeyringUnavailable("the keyring's answer has no readable public key; do the versions fit?")
}
