import { readAttachment, readList, readNumber, readString } from './answers.ts'
import { createBlinding } from './blinding.ts'
import type { BlindAddress } from './blinding.ts'
import { openChannel } from './channel.ts'
import type { KeyringClientLog, KeyringClientMetrics, KeyringState } from './channel.ts'
import { createContentKeys } from './content-keys.ts'
import type { ContentKeyLease, OpenedKeys } from './content-keys.ts'
import { KeyringUnavailable } from './errors.ts'
import { createOperator } from './operator.ts'
import type { KeyringOperator } from './operator.ts'
import { createSigning } from './signing.ts'
import type { SignItem, SignOutcome } from './signing.ts'

export type SecretPurpose = 'contact' | 'webhook' | 'connector' | 'totp'
export type PepperName = 'credential' | 'staff' | 'password'
/** What references are written for: return paths of mail, or links in it. */
export type ReferencePurpose = 'return-path' | 'links'
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
  /** Milliseconds since the keyring last read the containments; null: never, or there are none in this schema. */
  readonly containmentsAgeMs: number | null
}

export interface KeyringClient extends AsyncDisposable, KeyringOperator {
  blind(workspaceId: string, values: readonly string[]): Promise<Buffer[]>
  blindAddresses(workspaceId: string, addresses: readonly string[]): Promise<BlindAddress[]>
  contentKey(workspaceId: string, options?: { readonly sensitive?: boolean }): Promise<ContentKeyLease>
  openContentKeys(workspaceId: string, keyIds: readonly string[], reason: string): Promise<OpenedKeys>
  destroyContentKeys(workspaceId: string, keyIds: readonly string[]): Promise<number>
  /** Makes a key pair; for a selector that has one of this algorithm, returns that. */
  createDkimKey(request: {
    readonly workspaceId: string
    readonly domain: string
    readonly selector: string
    readonly algorithm: DkimAlgorithm
  }): Promise<{ readonly keyId: string; readonly publicKeyBase64: string }>
  /** Destroys a private half for good; returns whether there was one. Its selector cannot be used again. */
  destroyDkimKey(workspaceId: string, keyId: string): Promise<boolean>
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
  /**
   * Moves a sealed value to another place, or under the newest key, without opening it here. Counts and is recorded as an unwrap.
   */
  resealSecret(
    workspaceId: string,
    purpose: SecretPurpose,
    fromContext: string,
    toContext: string,
    sealed: Buffer,
    reason: string,
  ): Promise<Buffer>
  /**
   * The time step (of 30 s since 1970) whose code this is, if it is later than `lastStep`; else null. The seed stays in the keyring.
   * Counts and is recorded as an unwrap.
   */
  verifyTotp(request: {
    readonly workspaceId: string
    readonly context: string
    readonly sealed: Buffer
    /** Six digits. */
    readonly code: string
    readonly lastStep: number
    readonly reason: string
  }): Promise<number | null>
  /** HMAC-SHA256 of each digest (32 bytes) under a key that is not in the database, in order; at most 2,048. */
  pepper(name: PepperName, digests: readonly Buffer[]): Promise<Buffer[]>
  /**
   * The 32 bytes under which references of a purpose are authenticated; the same for as long as the installation lives. `return-path` is
   * for smtp and sender, `links` for api, smtp and worker; another process gets `KeyringRefused`.
   */
  referenceKey(purpose: ReferencePurpose): Promise<Buffer>
  health(): Promise<KeyringHealth>
  state(): KeyringState
}

const DEFAULT_TIMEOUT_MS = 5000
const DIGEST_BYTES = 32
const REFERENCE_KEY_BYTES = 32

/** Milliseconds by the monotonic clock: leases end when they should, whatever is done to the time of day. */
const steadyNow = (): number => performance.timeOrigin + performance.now()

/**
 * The way to the keyring. Connects in the background and comes back by itself; every request ends within `timeoutMs`. All throw
 * `KeyringUnavailable` (try later), `KeyringRefused` (do not), `KeyringContained` (somebody stopped it) or `KeyringBudget` (too much
 * was opened).
 */
export function createKeyringClient(deps: {
  readonly socketPath: string
  readonly token: string
  readonly log: KeyringClientLog
  readonly metrics?: KeyringClientMetrics
  readonly timeoutMs?: number
  readonly now?: () => number
}): KeyringClient {
  const timeoutMs = deps.timeoutMs ?? DEFAULT_TIMEOUT_MS
  const channel = openChannel(deps)
  const contentKeys = createContentKeys({ channel, timeoutMs, now: deps.now ?? steadyNow })
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
    destroyContentKeys: (workspaceId, keyIds) => contentKeys.destroyContentKeys(workspaceId, keyIds),
    sign: (items, options) => signing.sign(items, options),

    async createDkimKey(request) {
      const frame = await ask('createDkimKey', request)
      return { keyId: readString(frame, 'keyId'), publicKeyBase64: readString(frame, 'publicKey') }
    },

    async destroyDkimKey(workspaceId, keyId) {
      return (await ask('destroyDkimKey', { workspaceId, keyId })).body['destroyed'] === true
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

    async resealSecret(workspaceId, purpose, fromContext, toContext, sealed, reason) {
      const body = { workspaceId, purpose, fromContext, toContext, reason }
      return readAttachment(await ask('resealSecret', body, [sealed]), null)
    },

    async verifyTotp({ sealed, ...body }) {
      const frame = await ask('verifyTotp', body, [sealed])
      return frame.body['step'] === null ? null : readNumber(frame, 'step')
    },

    async pepper(name, digests) {
      if (digests.length === 0) return []
      const frame = await ask('pepper', { name }, [Buffer.concat(digests)])
      const bytes = readAttachment(frame, digests.length * DIGEST_BYTES)
      return digests.map((_, i) => bytes.subarray(i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES))
    },

    async referenceKey(purpose) {
      return readAttachment(await ask('referenceKey', { purpose }), REFERENCE_KEY_BYTES)
    },

    ...createOperator({ ask }),

    async health() {
      const frame = await ask('health', {})
      return {
        database: readString(frame, 'database') === 'up' ? 'up' : 'down',
        root: readString(frame, 'root'),
        rsaPool: readNumber(frame, 'rsaPool'),
        containmentsAgeMs:
          frame.body['containmentsAgeMs'] === null ? null : readNumber(frame, 'containmentsAgeMs'),
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
