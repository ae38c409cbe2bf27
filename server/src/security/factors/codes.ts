import { randomBytes } from 'node:crypto'

const RFC4648 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** Crockford's: no letter is taken for a digit. */
const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz'
const CODE_CHARS = 16

/** Base32 without padding (RFC 4648 §6), as authenticator apps read seeds. */
export function base32(bytes: Buffer): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += RFC4648.charAt((held >> bits) & 31)
    }
    held &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + RFC4648.charAt((held << (5 - bits)) & 31)
}

/** The link that authenticator apps read from a QR code: SHA-1, six digits, 30 s, which are the defaults of all of them. */
export function otpauthUri(seed: Buffer, account: string): string {
  const label = `${encodeURIComponent('Bulkhead')}:${encodeURIComponent(account)}`
  return `otpauth://totp/${label}?secret=${base32(seed)}&issuer=Bulkhead`
}

/** A recovery code of 80 bits: `xxxx-xxxx-xxxx-xxxx`. */
export function makeRecoveryCode(): string {
  const chars = [...randomBytes(CODE_CHARS)].map((byte) => CROCKFORD.charAt(byte & 31)).join('')
  return (chars.match(/.{4}/g) ?? []).join('-')
}

/** A recovery code as it is hashed, however it was typed; null for what is none. */
export function readRecoveryCode(typed: string): string | null {
  if (typed.length > 64) return null
  const chars = typed.toLowerCase().replaceAll(/[\s-]/g, '').replaceAll('o', '0').replaceAll(/[il]/g, '1')
  return /^[0-9a-hjkmnp-tv-z]{16}$/.test(chars) ? chars : null
}

/** Six digits, however an app shows them; null for what is no such code. */
export function readTotpCode(typed: string): string | null {
  if (typed.length > 16) return null
  const digits = typed.replaceAll(/[\s-]/g, '')
  return /^[0-9]{6}$/.test(digits) ? digits : null
}
