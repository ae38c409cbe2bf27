/** RFC 4648 §6 in lower case, without padding: mail servers on the way may change the case of a local part. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

export function encodeBase32(bytes: Buffer): string {
  let text = ''
  let value = 0
  let bits = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET.charAt((value >> (bits - 5)) & 31)
    value &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + ALPHABET.charAt((value << (5 - bits)) & 31)
}

/** Null for what `encodeBase32` writes of nothing: with bits to spare, a second spelling would be a second name of the same bytes. */
export function decodeBase32(text: string): Buffer | null {
  const bytes: number[] = []
  let value = 0
  let bits = 0
  for (const char of text) {
    const digit = ALPHABET.indexOf(char)
    if (digit < 0) return null
    value = (value << 5) | digit
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push((value >> bits) & 255)
      value &= (1 << bits) - 1
    }
  }
  return bits < 5 && value === 0 ? Buffer.from(bytes) : null
}
