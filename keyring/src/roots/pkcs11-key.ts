import { randomBytes } from 'node:crypto'
import { KEY_BYTES } from '../aead.ts'
import { Refusal } from '../refusal.ts'
import type { Call, Pkcs11Module } from './pkcs11-module.ts'
import type { Pkcs11Session } from './pkcs11-session.ts'
import { attributes, bool, CK, mechanism, readUlong, ulong } from './pkcs11-structures.ts'
import type { Pkcs11Setting } from './root-setting.ts'

export interface TokenKey {
  readonly handle: number
  /** CKA_ID, which stays the same when a token is backed up or cloned. */
  readonly id: Buffer
}

const ID_BYTES = 16
const MAX_ID_BYTES = 256
const UNAVAILABLE = 0xffff_ffff

/**
 * The AES key with the setting's label; null where the token has none. Throws where there are two, and where the key could be read
 * out of the token: then it is no root.
 */
export function findKey(
  module: Pkcs11Module,
  session: number,
  setting: Pkcs11Setting,
): Promise<TokenKey | null> {
  return module.together(async (call) => {
    const values = { class: ulong(CK.CKO_SECRET_KEY), label: Buffer.from(setting.label) }
    const template = attributes(module, [
      [CK.CKA_CLASS, values.class],
      [CK.CKA_LABEL, values.label],
    ])
    const handles = Buffer.alloc(2 * 8)
    const count = ulong(0)
    check(await call('C_FindObjectsInit', session, template, 2), 'C_FindObjectsInit')
    const found = await call('C_FindObjects', session, handles, 2, count)
    await call('C_FindObjectsFinal', session)
    check(found, 'C_FindObjects')
    if (readUlong(count) === 0) return null
    if (readUlong(count) > 1) {
      throw new Refusal(
        'unavailable',
        `The token "${setting.token}" has several keys "${setting.label}": rename the others`,
      )
    }
    return inspect(module, call, session, readUlong(handles), setting)
  })
}

/** Makes the key in the token: 256 bits, sensitive, never extractable, for encryption and decryption only. */
export async function makeKey(
  module: Pkcs11Module,
  session: Pkcs11Session,
  setting: Pkcs11Setting,
): Promise<TokenKey> {
  const writable = await session.open({ writable: true })
  await module.together(async (call) => {
    const values: readonly (readonly [number, Buffer])[] = [
      [CK.CKA_CLASS, ulong(CK.CKO_SECRET_KEY)],
      [CK.CKA_KEY_TYPE, ulong(CK.CKK_AES)],
      [CK.CKA_VALUE_LEN, ulong(KEY_BYTES)],
      [CK.CKA_LABEL, Buffer.from(setting.label)],
      [CK.CKA_ID, randomBytes(ID_BYTES)],
      [CK.CKA_TOKEN, bool(true)],
      [CK.CKA_PRIVATE, bool(true)],
      [CK.CKA_SENSITIVE, bool(true)],
      [CK.CKA_EXTRACTABLE, bool(false)],
      [CK.CKA_ENCRYPT, bool(true)],
      [CK.CKA_DECRYPT, bool(true)],
      [CK.CKA_WRAP, bool(false)],
      [CK.CKA_UNWRAP, bool(false)],
    ]
    const template = attributes(module, values)
    const handle = ulong(0)
    const code = await call(
      'C_GenerateKey',
      writable,
      mechanism(CK.CKM_AES_KEY_GEN),
      template,
      values.length,
      handle,
    )
    check(code, 'C_GenerateKey')
  })
  const key = await findKey(module, writable, setting)
  if (key === null)
    throw new Refusal('unavailable', `The token "${setting.token}" lost the key that it has just made`)
  return key
}

async function inspect(
  module: Pkcs11Module,
  call: Call,
  session: number,
  handle: number,
  setting: Pkcs11Setting,
): Promise<TokenKey> {
  const read = async (type: number, size: number): Promise<Buffer> => {
    const value = Buffer.alloc(size)
    const template = attributes(module, [[type, value]])
    check(await call('C_GetAttributeValue', session, handle, template, 1), 'C_GetAttributeValue')
    const length = readUlong(template, 16)
    if (length >= UNAVAILABLE || length > size)
      throw new Refusal('unavailable', 'The token does not tell what its key is')
    return value.subarray(0, length)
  }
  const name = `The key "${setting.label}" in the token "${setting.token}"`
  if (readUlong(await read(CK.CKA_KEY_TYPE, 8)) !== CK.CKK_AES)
    throw new Refusal('unavailable', `${name} is not an AES key`)
  if (readUlong(await read(CK.CKA_VALUE_LEN, 8)) !== KEY_BYTES)
    throw new Refusal('unavailable', `${name} has not 256 bits`)
  const sensitive = await read(CK.CKA_SENSITIVE, 1)
  const extractable = await read(CK.CKA_EXTRACTABLE, 1)
  if (sensitive[0] !== 1 || extractable[0] !== 0) {
    throw new Refusal(
      'unavailable',
      `${name} can be read out of it: a root must be sensitive and not extractable`,
    )
  }
  const id = await read(CK.CKA_ID, MAX_ID_BYTES)
  if (id.length === 0)
    throw new Refusal('unavailable', `${name} has no CKA_ID: set one, it tells roots apart`)
  return { handle, id }
}

function check(code: number, name: string): void {
  if (code !== 0)
    throw new Refusal('unavailable', `The PKCS#11 token answers CKR 0x${code.toString(16)} to ${name}`)
}
