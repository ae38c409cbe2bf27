/**
 * Identifiers are UUIDv7 (RFC 9562 §5.7) in the database, so that they sort by time and tables can be partitioned by id, and
 * `<prefix>_<26 characters>` outside (Crockford base32 of the same 128 bits): a person sees what a thing is.
 */
export const ID_PREFIXES = {
  workspace: 'ws',
  message: 'msg',
  batch: 'bat',
  domain: 'dom',
  sender: 'snd',
  suppression: 'sup',
  webhook: 'wh',
  delivery: 'whd',
  event: 'evt',
  apiKey: 'key',
  smtpCredential: 'smtp',
  captured: 'cap',
  process: 'prc',
  containment: 'ctm',
  staffMember: 'stf',
  person: 'per',
  session: 'ses',
  member: 'mem',
  permissionSet: 'pst',
  factor: 'fac',
  federationRule: 'fdr',
  recovery: 'rcv',
  invitation: 'inv',
  change: 'chg',
  alert: 'alr',
  queueAct: 'qac',
  bounce: 'bnc',
  import: 'imp',
  linkDomain: 'lnk',
  overlay: 'ovl',
  inboundRoute: 'inr',
  inboundMail: 'inm',
  template: 'tpl',
  templateVersion: 'tpv',
  contact: 'con',
  list: 'lst',
  broadcast: 'brd',
  topic: 'top',
  topicSuppression: 'tsp',
  subaccount: 'sba',
  exemption: 'exm',
} as const

export type IdKind = keyof typeof ID_PREFIXES

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const VALUES: ReadonlyMap<string, bigint> = new Map(
  ALPHABET.split('').map((char, value) => [char, BigInt(value)]),
)

const POOL_BYTES = 10 * 512

/** Makes UUIDv7 strings; ids made by one generator are strictly increasing, also within a millisecond (RFC 9562 §6.2, method 1). */
export function createIdGenerator(now: () => number = Date.now): () => string {
  const pool = Buffer.alloc(POOL_BYTES)
  let used = POOL_BYTES
  let lastMs = 0
  let counter = 0
  return () => {
    if (used + 10 > POOL_BYTES) {
      crypto.getRandomValues(pool)
      used = 0
    }
    const ms = now()
    if (ms > lastMs) {
      lastMs = ms
      counter = pool.readUInt16BE(used) & 0x07ff
    } else if (++counter > 0x0fff) {
      lastMs += 1
      counter = 0
    }
    const time = lastMs.toString(16).padStart(12, '0')
    const sequence = counter.toString(16).padStart(3, '0')
    const variant = (0x8000 | (pool.readUInt16BE(used + 2) & 0x3fff)).toString(16)
    const random = pool.toString('hex', used + 4, used + 10)
    used += 10
    return `${time.slice(0, 8)}-${time.slice(8)}-7${sequence}-${variant}-${random}`
  }
}

/** `0190…-…` → `msg_01j…`. */
export function encodeId(kind: IdKind, uuid: string): string {
  let value = BigInt(`0x${uuid.replaceAll('-', '')}`)
  let text = ''
  for (let i = 0; i < 26; i++) {
    text = ALPHABET.charAt(Number(value & 31n)) + text
    value >>= 5n
  }
  return `${ID_PREFIXES[kind]}_${text}`
}

/** `msg_01j…` → UUID, or null where it is not an id of that kind. */
export function decodeId(kind: IdKind, text: string): string | null {
  const prefix = `${ID_PREFIXES[kind]}_`
  if (!text.startsWith(prefix) || text.length !== prefix.length + 26) return null
  let value = 0n
  for (const char of text.slice(prefix.length)) {
    const digit = VALUES.get(char)
    if (digit === undefined) return null
    value = (value << 5n) | digit
  }
  if (value >> 128n) return null
  return uuidFromHex(value.toString(16).padStart(32, '0'))
}

/** The smallest UUIDv7 of an instant: the lower bound of a time range over ids. */
export function firstIdAt(ms: number): string {
  return uuidFromHex(`${ms.toString(16).padStart(12, '0')}70008000000000000000`)
}

/** 32 hexadecimal digits as a UUID. */
export function uuidFromHex(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
