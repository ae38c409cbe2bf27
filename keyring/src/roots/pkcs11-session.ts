import { open } from 'node:fs/promises'
import { Refusal } from '../refusal.ts'
import type { Call, Pkcs11Module } from './pkcs11-module.ts'
import { CK, initializeArguments, readUlong, ulong } from './pkcs11-structures.ts'
import type { Pkcs11Setting } from './root-setting.ts'

const CKR = {
  OK: 0,
  PIN_INCORRECT: 0xa0,
  PIN_LOCKED: 0xa4,
  USER_ALREADY_LOGGED_IN: 0x100,
  USER_PIN_NOT_INITIALIZED: 0x102,
  ALREADY_INITIALIZED: 0x191,
} as const
const MAX_SLOTS = 256
const TOKEN_INFO_BYTES = 256
const LABEL_BYTES = 32
const FLAGS_AT = 96
const CKF_USER_PIN_FINAL_TRY = 0x20000
const CKF_USER_PIN_LOCKED = 0x40000
const MAX_PIN_BYTES = 256

export interface Pkcs11Session {
  /** Opens a session on the token and logs in; a second call opens another. Throws with what to do. */
  open(options?: { readonly writable: boolean }): Promise<number>
  close(): Promise<void>
}

/** Sessions on the token with the setting's label. A refused PIN is never tried again: a few more tries would lock the token. */
export function openSession(deps: {
  module: Pkcs11Module
  setting: Pkcs11Setting
  pin: string | undefined
}): Pkcs11Session {
  const { module, setting } = deps
  const sessions: number[] = []
  let refusedPin: string | null = null

  async function login(call: Call, session: number, flags: number): Promise<void> {
    if (refusedPin !== null) throw new Refusal('unavailable', refusedPin)
    const refuse = (reason: string): never => {
      refusedPin = reason
      throw new Refusal('unavailable', reason)
    }
    if ((flags & CKF_USER_PIN_LOCKED) !== 0) {
      refuse(
        `The PIN of the token "${setting.token}" is locked: set a new one with its security officer's PIN`,
      )
    }
    if ((flags & CKF_USER_PIN_FINAL_TRY) !== 0) {
      refuse(
        `One more wrong PIN locks the token "${setting.token}": log in with its own tool first, then start again`,
      )
    }
    const pin = await readPin(setting, deps.pin)
    const code = await call('C_Login', session, CK.CKU_USER, pin, pin.length)
    pin.fill(0)
    if (code === CKR.OK || code === CKR.USER_ALREADY_LOGGED_IN) return
    if (code === CKR.PIN_INCORRECT) {
      refuse(
        `The token "${setting.token}" refuses the PIN. It is not tried again; mend it and start the keyring again`,
      )
    }
    if (code === CKR.PIN_LOCKED) refuse(`The PIN of the token "${setting.token}" is locked`)
    if (code === CKR.USER_PIN_NOT_INITIALIZED)
      refuse(`The token "${setting.token}" has no user PIN yet: set one`)
    throw new Refusal(
      'unavailable',
      `The token "${setting.token}" refuses to log in (CKR 0x${code.toString(16)})`,
    )
  }

  return {
    open: ({ writable } = { writable: false }) =>
      module.together(async (call) => {
        const initialized = await call('C_Initialize', initializeArguments())
        if (initialized !== CKR.OK && initialized !== CKR.ALREADY_INITIALIZED) {
          throw new Refusal(
            'unavailable',
            `The PKCS#11 module ${setting.module} does not start (CKR 0x${initialized.toString(16)}): check its own configuration`,
          )
        }
        for (const old of sessions.splice(0)) await call('C_CloseSession', old)
        const { slot, flags } = await findToken(call, setting)
        const handle = ulong(0)
        const mode = CK.CKF_SERIAL_SESSION | (writable ? CK.CKF_RW_SESSION : 0)
        const opened = await call('C_OpenSession', slot, mode, null, null, handle)
        if (opened !== CKR.OK) {
          throw new Refusal(
            'unavailable',
            `The token "${setting.token}" opens no session (CKR 0x${opened.toString(16)})`,
          )
        }
        const session = readUlong(handle)
        sessions.push(session)
        await login(call, session, flags)
        return session
      }),
    close: () =>
      module.together(async (call) => {
        for (const session of sessions.splice(0)) await call('C_CloseSession', session)
      }),
  }
}

async function findToken(
  call: Call,
  setting: Pkcs11Setting,
): Promise<{ readonly slot: number; readonly flags: number }> {
  const count = ulong(MAX_SLOTS)
  const slots = Buffer.alloc(MAX_SLOTS * 8)
  const listed = await call('C_GetSlotList', 1, slots, count)
  if (listed !== CKR.OK)
    throw new Refusal('unavailable', `The PKCS#11 module lists no slots (CKR 0x${listed.toString(16)})`)
  const labels: string[] = []
  const found: { slot: number; flags: number }[] = []
  for (let at = 0; at < readUlong(count); at++) {
    const slot = readUlong(slots, at * 8)
    const info = Buffer.alloc(TOKEN_INFO_BYTES)
    if ((await call('C_GetTokenInfo', slot, info)) !== CKR.OK) continue
    const label = info.toString('utf8', 0, LABEL_BYTES).trimEnd()
    labels.push(label)
    if (label === setting.token) found.push({ slot, flags: readUlong(info, FLAGS_AT) })
  }
  const [first] = found
  if (first !== undefined && found.length === 1) return first
  const seen = labels.filter((label) => label !== '').map((label) => `"${label}"`)
  throw new Refusal(
    'unavailable',
    first === undefined
      ? `The PKCS#11 module sees no token "${setting.token}"; it sees ${seen.length === 0 ? 'none' : seen.join(', ')}`
      : `The PKCS#11 module sees ${found.length} tokens "${setting.token}": give one of them another label`,
  )
}

async function readPin(setting: Pkcs11Setting, pin: string | undefined): Promise<Buffer> {
  if (setting.pinFile === null) {
    if (pin !== undefined && pin !== '') return Buffer.from(pin)
    throw new Refusal(
      'unavailable',
      'The token needs a PIN: add pin-file=… to the root or set BULKHEAD_KEYRING_PIN',
    )
  }
  const path = setting.pinFile
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new Refusal('unavailable', `The PIN file ${path} cannot be opened`, error)
  })
  try {
    const stat = await file.stat()
    if ((stat.mode & 0o077) !== 0)
      throw new Refusal('unavailable', `Others can read the PIN file ${path}. Run: chmod 600 ${path}`)
    const bytes = Buffer.alloc(MAX_PIN_BYTES)
    const { bytesRead } = await file.read(bytes, 0, MAX_PIN_BYTES, 0)
    const text = bytes.toString('utf8', 0, bytesRead).replace(/\r?\n$/, '')
    bytes.fill(0)
    if (text === '') throw new Refusal('unavailable', `The PIN file ${path} is empty`)
    return Buffer.from(text)
  } finally {
    await file.close()
  }
}
