import type { MxRecord } from './resolver.ts'
import { DNS_TYPES, readName, WireError } from './wire.ts'
import type { DnsType, WireAnswer, WireRecord } from './wire.ts'

/** One TLSA record (RFC 6698 §2.1). */
export interface TlsaData {
  readonly usage: number
  readonly selector: number
  readonly matchingType: number
  readonly data: Buffer
}

const ALIASES_MAX = 16

/** Where the aliases of a name end, and the records of the asked type there. */
export interface Chain {
  /** The name behind all aliases. */
  readonly canonical: string
  readonly records: readonly WireRecord[]
  /** The least of all records on the way, in seconds. */
  readonly ttlSeconds: number
}

/**
 * Follows the aliases in an answer from the asked name. Records of other names are left alone.
 * @throws WireError where aliases run in a circle.
 */
export function followAliases(message: Buffer, answer: WireAnswer, name: string, type: DnsType): Chain {
  let canonical = name
  let ttlSeconds = Infinity
  for (let hops = 0; hops <= ALIASES_MAX; hops++) {
    const at = canonical
    const records = answer.answers.filter((record) => record.owner === at && record.type === DNS_TYPES[type])
    for (const record of records) ttlSeconds = Math.min(ttlSeconds, record.ttlSeconds)
    const alias =
      type === 'CNAME' || records.length > 0
        ? undefined
        : answer.answers.find((record) => record.owner === at && record.type === DNS_TYPES.CNAME)
    if (alias === undefined) return { canonical, records, ttlSeconds }
    ttlSeconds = Math.min(ttlSeconds, alias.ttlSeconds)
    canonical = READERS.CNAME(message, alias)
  }
  throw new WireError('aliases without an end')
}

/** Readers of record data, by type. Each throws WireError for data of another form. */
export const READERS = {
  A: (message: Buffer, { start, end }: WireRecord): string => {
    if (end - start !== 4) throw new WireError('an A record of another length')
    return message.subarray(start, end).join('.')
  },
  AAAA: (message: Buffer, { start, end }: WireRecord): string => {
    if (end - start !== 16) throw new WireError('an AAAA record of another length')
    const groups = Array.from({ length: 8 }, (_, index) => message.readUInt16BE(start + index * 2))
    return groups.map((group) => group.toString(16)).join(':')
  },
  NS: (message: Buffer, { start, end }: WireRecord): string => exactName(message, start, end),
  CNAME: (message: Buffer, { start, end }: WireRecord): string => exactName(message, start, end),
  MX: (message: Buffer, { start, end }: WireRecord): MxRecord => {
    if (end - start < 3) throw new WireError('an MX record that is cut off')
    return { preference: message.readUInt16BE(start), exchange: exactName(message, start + 2, end) }
  },
  /** The strings of one record are joined (RFC 7208 §3.3). */
  TXT: (message: Buffer, { start, end }: WireRecord): string => {
    const parts: Buffer[] = []
    for (let at = start; at < end;) {
      const length = message.readUInt8(at)
      if (at + 1 + length > end) throw new WireError('a TXT record that is cut off')
      parts.push(message.subarray(at + 1, at + 1 + length))
      at += 1 + length
    }
    return Buffer.concat(parts).toString('utf8')
  },
  TLSA: (message: Buffer, { start, end }: WireRecord): TlsaData => {
    if (end - start < 4) throw new WireError('a TLSA record that is cut off')
    return {
      usage: message.readUInt8(start),
      selector: message.readUInt8(start + 1),
      matchingType: message.readUInt8(start + 2),
      data: Buffer.from(message.subarray(start + 3, end)),
    }
  },
} as const

function exactName(message: Buffer, start: number, end: number): string {
  const { name, next } = readName(message, start)
  if (next !== end) throw new WireError('a name of another length')
  return name
}
