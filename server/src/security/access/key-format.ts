import { hash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
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
