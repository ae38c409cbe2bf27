import { hash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { DoorName } from '../../kernel/doors.ts'
import { Redacted } from '../../kernel/redacted.ts'

/**
 * API keys: `bhk_<12 base62>_<43 base62>_<6 base62>`. The first part names the key in lists and logs, the second holds 256 bits of
 * entropy, the last is the CRC-32 of what stands before it: a scanner for leaked keys finds no false ones, and a mistyped key is
 * refused without a look-up.
 */
const API_KEY = /^bhk_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/
const STAFF_KEY = /^bhs_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/
const SESSION_TOKEN = /^bhu_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/
const ONE_TIME_TOKEN = /^bht_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const CHECKSUM_CHARS = 6

/**
 * Keys of doors have the form of the vendor's own, because clients and scanners look at it: `SG.<22>.<43>` (69 characters), whose first part
 * is the row's id, `re_<8>_<43>`, and `md-<22>`. The first two end with the checksum of what stands before it; the third is too short for
 * one (131 random bits).
 */
const DOOR_KEYS: Readonly<Record<DoorName, RegExp>> = {
  sendgrid: /^SG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z]{43}$/,
  resend: /^re_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}$/,
  mandrill: /^md-[0-9A-Za-z]{22}$/,
}

interface MintedKey {
  readonly key: Redacted<string>
  /** `bhk_<12>`: may be shown and logged. */
  readonly prefix: string
  readonly hash: Buffer
}

/** Makes a new API key. */
export function mintApiKey(): MintedKey {
  return mint('bhk')
}

/** Makes a new key of a staff member: `bhs_…`, otherwise as an API key. */
export function mintStaffKey(): MintedKey {
  return mint('bhs')
}

/** Makes the token of a person's session: `bhu_…`, otherwise as an API key. */
export function mintSessionToken(): MintedKey {
  return mint('bhu')
}

/** Makes a token that works once, for links in mail and steps of a log-in: `bht_…`, otherwise as an API key. */
export function mintOneTimeToken(): MintedKey {
  return mint('bht')
}

/** Makes a new key of a door for the row `id`. */
export function mintDoorKey(door: DoorName, id: string): MintedKey {
  const { prefix, key } = doorKey(door, id)
  return { key: new Redacted(key), prefix, hash: hashSecret(key) }
}

function doorKey(door: DoorName, id: string): { readonly prefix: string; readonly key: string } {
  if (door === 'mandrill') {
    const key = `md-${randomBase62(22)}`
    return { prefix: key.slice(0, 7), key }
  }
  const [prefix, dot] = door === 'sendgrid' ? [`SG.${doorKeyId(id)}`, '.'] : [`re_${randomBase62(8)}`, '_']
  const body = `${prefix}${dot}${randomBase62(43 - CHECKSUM_CHARS)}`
  return { prefix, key: `${body}${checksum(body)}` }
}

/** The 22 characters that stand for a UUID in a SendGrid key, which is also what that API calls the id of the key. */
export function doorKeyId(id: string): string {
  return Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url')
}

/** Whether a text has the form, and where there is one the checksum, of a key of the door. */
export function isDoorKey(door: DoorName, text: string): boolean {
  if (!DOOR_KEYS[door].test(text)) return false
  return door === 'mandrill' || checksum(text.slice(0, -CHECKSUM_CHARS)) === text.slice(-CHECKSUM_CHARS)
}

function mint(kind: 'bhk' | 'bhs' | 'bhu' | 'bht'): MintedKey {
  const prefix = `${kind}_${randomBase62(12)}`
  const body = `${prefix}_${randomBase62(43)}`
  const key = `${body}_${checksum(body)}`
  return { key: new Redacted(key), prefix, hash: hashSecret(key) }
}

/** Whether a text has the form and the checksum of an API key; true says nothing about whether the key exists. */
export function isApiKey(text: string): boolean {
  return API_KEY.test(text) && hasChecksum(text)
}

/** As isApiKey, for a staff key. */
export function isStaffKey(text: string): boolean {
  return STAFF_KEY.test(text) && hasChecksum(text)
}

/** As isApiKey, for the token of a session. */
export function isSessionToken(text: string): boolean {
  return SESSION_TOKEN.test(text) && hasChecksum(text)
}

/** As isApiKey, for a token that works once. */
export function isOneTimeToken(text: string): boolean {
  return ONE_TIME_TOKEN.test(text) && hasChecksum(text)
}

function hasChecksum(text: string): boolean {
  const split = text.length - CHECKSUM_CHARS - 1
  return checksum(text.slice(0, split)) === text.slice(split + 1)
}

/** SHA-256; enough for secrets of 256 random bits, which no dictionary holds (ASVS 5.0 6.5.2). */
export function hashSecret(secret: string): Buffer {
  return hash('sha256', secret, 'buffer')
}

/** Unbiased random characters, 5.95 bits each. */
export function randomBase62(chars: number): string {
  let text = ''
  while (text.length < chars) {
    for (const byte of randomBytes(chars)) {
      // 248 is the largest multiple of 62 in a byte; what lies above would favour the first characters.
      if (byte < 248 && text.length < chars) text += BASE62.charAt(byte % 62)
    }
  }
  return text
}

function checksum(body: string): string {
  let value = crc32(body)
  let text = ''
  for (let i = 0; i < CHECKSUM_CHARS; i++) {
    text = BASE62.charAt(value % 62) + text
    value = Math.floor(value / 62)
  }
  return text
}
