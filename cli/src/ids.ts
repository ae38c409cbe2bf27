/** Who acts, as the audit log writes it (`api_key:` and a UUID), and the id by which every other command knows it. */
const ACTORS: readonly (readonly [actor: string, prefix: string])[] = [
  ['api_key', 'key'],
  ['smtp_credential', 'smtp'],
  ['staff', 'stf'],
]
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const DIGITS = 26
const BITS_PER_DIGIT = 5n

/** `api_key:01a2…` → `key_01m8…`; what is none of these stays as it is. */
export function idOfActor(actor: string): string {
  const [kind = '', uuid = ''] = actor.split(':')
  const prefix = ACTORS.find(([name]) => name === kind)?.[1]
  return prefix === undefined || !UUID.test(uuid) ? actor : idOf(prefix, uuid)
}

/** `key_01m8…` → `api_key:01a2…`; what is none of these stays as it is. */
export function actorOfId(id: string): string {
  const [prefix = '', digits = ''] = id.split('_')
  const kind = ACTORS.find(([, known]) => known === prefix)?.[0]
  const uuid = uuidOf(digits)
  return kind === undefined || uuid === null ? id : `${kind}:${uuid}`
}

/** A UUID in the form of our ids (Crockford base32 of its 128 bits); what is none stays as it is. */
export function idOf(prefix: string, uuid: string): string {
  if (!UUID.test(uuid)) return uuid
  let value = BigInt(`0x${uuid.replaceAll('-', '')}`)
  let text = ''
  for (let digit = 0; digit < DIGITS; digit++) {
    text = ALPHABET.charAt(Number(value & 31n)) + text
    value >>= BITS_PER_DIGIT
  }
  return `${prefix}_${text}`
}

/** The UUID behind the digits of an id, or null where they are not 26 of the alphabet. */
export function uuidOf(digits: string): string | null {
  if (digits.length !== DIGITS || !/^[0-7]/.test(digits)) return null
  let value = 0n
  for (const char of digits) {
    const digit = ALPHABET.indexOf(char)
    if (digit < 0) return null
    value = (value << BITS_PER_DIGIT) | BigInt(digit)
  }
  const hex = value.toString(16).padStart(32, '0')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
