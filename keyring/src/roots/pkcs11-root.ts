import { createHash, randomBytes } from 'node:crypto'
import { KEY_BYTES } from '../aead.ts'
import { Refusal } from '../refusal.ts'
import { findKey, makeKey } from './pkcs11-key.ts'
import type { TokenKey } from './pkcs11-key.ts'
import { loadPkcs11Module } from './pkcs11-module.ts'
import type { Pkcs11Module } from './pkcs11-module.ts'
import { openSession } from './pkcs11-session.ts'
import { gcmMechanism, readUlong, ulong } from './pkcs11-structures.ts'
import { bindPlace } from './root-provider.ts'
import type { MayMakeRoot, OpenRoot } from './root-provider.ts'
import type { Pkcs11Setting } from './root-setting.ts'
import { tryRoot } from './try-root.ts'

const FORMAT = 0x11
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** CK_RV values after which a new session on the token may help: it was pulled, reset, or its sessions were closed. */
const LOST: ReadonlySet<number> = new Set([0x30, 0x32, 0x60, 0x82, 0xb0, 0xb3, 0xe0, 0xe1, 0x101, 0x190])
/** What a token says of a value that was made under another key or for another place. */
const NOT_OPENED: ReadonlySet<number> = new Set([0x05, 0x06, 0x20, 0x21, 0x40, 0x41, 0xc0])

/**
 * The root key in a PKCS#11 token: AES-256, sensitive and not extractable, found by its label, made at the first start where `mayMake`
 * allows it. A lost session is opened again. Throws where module, token, PIN or key are not as they must be.
 */
export async function openPkcs11Root(deps: {
  setting: Pkcs11Setting
  pin: string | undefined
  mayMake: MayMakeRoot
}): Promise<OpenRoot> {
  const { setting } = deps
  const module = await loadPkcs11Module(setting.module)
  const session = openSession({ module, setting, pin: deps.pin })
  let opened: Promise<{ readonly session: number; readonly key: TokenKey }> | null = null
  let id: string | null = null

  async function load(): Promise<{ readonly session: number; readonly key: TokenKey }> {
    const handle = await session.open()
    const key = await findKey(module, handle, setting)
    if (key === null)
      throw new Refusal('unavailable', `The token "${setting.token}" has no key "${setting.label}" any more`)
    // The same label on another key: what this keyring wrapped would not open, what it wraps now would not open later.
    if (id !== null && idOf(key) !== id) {
      throw new Refusal(
        'unavailable',
        `The token "${setting.token}" holds another key "${setting.label}" than at the start`,
      )
    }
    return { session: handle, key }
  }

  async function run(
    operation: 'Encrypt' | 'Decrypt',
    nonce: Buffer,
    additional: Buffer,
    input: Buffer,
  ): Promise<Buffer> {
    for (let attempt = 1; ; attempt++) {
      opened ??= load()
      const mine = opened
      let code: number
      try {
        const { session: handle, key } = await mine
        const outcome = await gcm(module, {
          operation,
          session: handle,
          key: key.handle,
          nonce,
          additional,
          input,
        })
        if (typeof outcome !== 'number') return outcome
        code = outcome
      } catch (error) {
        if (opened === mine) opened = null
        throw error instanceof Refusal
          ? error
          : new Refusal('unavailable', 'The PKCS#11 token is away', error)
      }
      if (operation === 'Decrypt' && NOT_OPENED.has(code)) {
        throw new Refusal('refused', 'The sealed value does not open here')
      }
      if (opened === mine) opened = null
      if (attempt === 2 || !LOST.has(code)) {
        throw new Refusal('unavailable', `The PKCS#11 token answers ${ckr(code)} to C_${operation}`)
      }
    }
  }

  const handle = await session.open()
  const key = (await findKey(module, handle, setting)) ?? (await firstKey())
  id = idOf(key)

  async function firstKey(): Promise<TokenKey> {
    try {
      await deps.mayMake()
    } catch (error) {
      throw new Error(`The token "${setting.token}" has no key "${setting.label}"`, { cause: error })
    }
    return makeKey(module, session, setting)
  }

  const root: OpenRoot = {
    id,
    async wrap(place, plain) {
      const nonce = randomBytes(NONCE_BYTES)
      return Buffer.concat([Buffer.of(FORMAT), nonce, await run('Encrypt', nonce, bindPlace(place), plain)])
    },
    async unwrap(place, wrapped) {
      if (wrapped.length !== 1 + NONCE_BYTES + KEY_BYTES + TAG_BYTES || wrapped[0] !== FORMAT) {
        throw new Refusal('refused', 'The sealed value is not in a known format')
      }
      // A copy: the token reads it on another thread.
      const nonce = Buffer.from(wrapped.subarray(1, 1 + NONCE_BYTES))
      return run('Decrypt', nonce, bindPlace(place), Buffer.from(wrapped.subarray(1 + NONCE_BYTES)))
    },
    close: () => session.close(),
  }
  await tryRoot(root, `The token "${setting.token}"`)
  return root
}

function idOf(key: TokenKey): string {
  return `pkcs11:${createHash('sha256').update('bulkhead root id\0').update(key.id).digest('hex').slice(0, 16)}`
}

/** One AES-GCM operation; answers the result or the token's CK_RV. */
async function gcm(
  module: Pkcs11Module,
  options: {
    operation: 'Encrypt' | 'Decrypt'
    session: number
    key: number
    nonce: Buffer
    additional: Buffer
    input: Buffer
  },
): Promise<Buffer | number> {
  const { operation, session, key, nonce, additional, input } = options
  const mechanism = gcmMechanism(module, { nonce, additional, tagBytes: TAG_BYTES })
  const output = Buffer.alloc(input.length + TAG_BYTES)
  const length = ulong(output.length)
  return module.together(async (call) => {
    const started = await call(`C_${operation}Init`, session, mechanism, key)
    if (started !== 0) return started
    const code = await call(`C_${operation}`, session, input, input.length, output, length)
    return code === 0 ? output.subarray(0, readUlong(length)) : code
  })
}

/** A CK_RV as text. */
export function ckr(code: number): string {
  return `CKR 0x${code.toString(16)}`
}
