/** The record types that are asked for, and their numbers (IANA DNS parameters). */
export const DNS_TYPES = { A: 1, NS: 2, CNAME: 5, MX: 15, TXT: 16, AAAA: 28, TLSA: 52 } as const
export type DnsType = keyof typeof DNS_TYPES

const SOA = 6
const OPT = 41
const CLASS_IN = 1
const HEADER_BYTES = 12
/** RFC 1035 §2.3.4. */
const NAME_BYTES_MAX = 255
/** Far above what a name needs: each jump goes back, and a name has at most 127 labels. */
const JUMPS_MAX = 64
const RECORDS_MAX = 1_024
/** The answer that the resolver may send in one datagram: what passes everywhere without fragments (DNS flag day 2020). */
export const UDP_BYTES_MAX = 1_232
const DO_BIT = 0x8000
const FLAG = {
  response: 0x8000,
  opcode: 0x7800,
  truncated: 0x0200,
  recursion: 0x0100,
  authentic: 0x0020,
} as const
const EXTENDED_ERROR = 15

/** One record of the asked name or its alias, its data unread. */
export interface WireRecord {
  readonly owner: string
  readonly type: number
  readonly ttlSeconds: number
  /** Where its data begins and ends in the message: names in it may be compressed. */
  readonly start: number
  readonly end: number
}

/** A message that answers the question. */
export interface WireAnswer {
  readonly rcode: number
  readonly truncated: boolean
  /** The AD flag as it came; whether to believe it is for the caller to decide. */
  readonly authentic: boolean
  readonly answers: readonly WireRecord[]
  /** How long a negative answer holds (RFC 2308 §5), in seconds; null without SOA. */
  readonly negativeTtlSeconds: number | null
  /** RFC 8914 info codes, where the resolver says more. */
  readonly extendedErrors: readonly number[]
}

/** Breaks what is not a message of DNS, or not an answer to the question. */
export class WireError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'WireError'
  }
}

/** A question with recursion desired, EDNS0 (RFC 6891), DO (RFC 3225) and AD (RFC 6840 §5.7). `name`: canonical, without a final dot. */
export function writeQuestion(question: {
  readonly id: number
  readonly name: string
  readonly type: DnsType
}): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt16BE(question.id, 0)
  header.writeUInt16BE(FLAG.recursion | FLAG.authentic, 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(1, 10)
  const tail = Buffer.alloc(4)
  tail.writeUInt16BE(DNS_TYPES[question.type], 0)
  tail.writeUInt16BE(CLASS_IN, 2)
  const opt = Buffer.alloc(11)
  opt.writeUInt16BE(OPT, 1)
  opt.writeUInt16BE(UDP_BYTES_MAX, 3)
  opt.writeUInt16BE(DO_BIT, 7)
  return Buffer.concat([header, writeName(question.name), tail, opt])
}

/**
 * Reads an answer. Bounded: names of at most 255 bytes, pointers only backwards, 1,024 records.
 * @throws WireError where the bytes are no message, or answer something else: another id, name, type or class.
 */
export function readAnswer(
  message: Buffer,
  question: { readonly id: number; readonly name: string; readonly type: DnsType },
): WireAnswer {
  if (message.length < HEADER_BYTES) throw new WireError('shorter than a header')
  const flags = message.readUInt16BE(2)
  if (message.readUInt16BE(0) !== question.id) throw new WireError('another id')
  if ((flags & FLAG.response) === 0 || (flags & FLAG.opcode) !== 0) throw new WireError('not an answer')
  if (message.readUInt16BE(4) !== 1) throw new WireError('not one question')
  const asked = readName(message, HEADER_BYTES)
  const behind = asked.next
  need(message, behind, 4)
  if (
    asked.name !== question.name ||
    message.readUInt16BE(behind) !== DNS_TYPES[question.type] ||
    message.readUInt16BE(behind + 2) !== CLASS_IN
  )
    throw new WireError('an answer to another question')
  const truncated = (flags & FLAG.truncated) !== 0
  const base = { rcode: flags & 0x0f, truncated, authentic: (flags & FLAG.authentic) !== 0 }
  // What a truncated message holds is not used: it is asked again over TCP.
  if (truncated) return { ...base, answers: [], negativeTtlSeconds: null, extendedErrors: [] }
  return { ...base, ...readSections(message, behind + 4, base.rcode) }
}

function readSections(
  message: Buffer,
  from: number,
  rcodeLow: number,
): Pick<WireAnswer, 'rcode' | 'answers' | 'negativeTtlSeconds' | 'extendedErrors'> {
  const counts = [6, 8, 10].map((at) => message.readUInt16BE(at))
  if (counts.reduce((sum, count) => sum + count, 0) > RECORDS_MAX) throw new WireError('too many records')
  const [answerCount = 0, authorityCount = 0, additionalCount = 0] = counts
  const answers: WireRecord[] = []
  let at = from
  let rcode = rcodeLow
  let negativeTtlSeconds: number | null = null
  let extendedErrors: readonly number[] = []
  for (let index = 0; index < answerCount + authorityCount + additionalCount; index++) {
    const { record, classOf, next } = readRecord(message, at)
    at = next
    if (index < answerCount) {
      if (classOf === CLASS_IN) answers.push(record)
    } else if (index < answerCount + authorityCount) {
      if (record.type === SOA && classOf === CLASS_IN)
        negativeTtlSeconds = Math.min(record.ttlSeconds, soaMinimum(message, record))
    } else if (record.type === OPT) {
      // RFC 6891 §6.1.3: the upper bits of the code are where the TTL of other records is.
      rcode |= (message.readUInt32BE(record.start - 6) >>> 24) << 4
      extendedErrors = readExtendedErrors(message, record)
    }
  }
  return { rcode, answers, negativeTtlSeconds, extendedErrors }
}

function readRecord(
  message: Buffer,
  at: number,
): { readonly record: WireRecord; readonly classOf: number; readonly next: number } {
  const owner = readName(message, at)
  need(message, owner.next, 10)
  const type = message.readUInt16BE(owner.next)
  const classOf = message.readUInt16BE(owner.next + 2)
  const ttl = message.readUInt32BE(owner.next + 4)
  const length = message.readUInt16BE(owner.next + 8)
  const start = owner.next + 10
  need(message, start, length)
  return {
    // RFC 2181 §8: a TTL with the top bit set is zero.
    record: { owner: owner.name, type, ttlSeconds: ttl > 0x7fffffff ? 0 : ttl, start, end: start + length },
    classOf,
    next: start + length,
  }
}

function soaMinimum(message: Buffer, { start, end }: WireRecord): number {
  const primary = readName(message, start)
  const mailbox = readName(message, primary.next)
  if (mailbox.next + 20 !== end) throw new WireError('an SOA of another length')
  return message.readUInt32BE(mailbox.next + 16)
}

function readExtendedErrors(message: Buffer, { start, end }: WireRecord): number[] {
  const codes: number[] = []
  for (let at = start; at + 4 <= end;) {
    const code = message.readUInt16BE(at)
    const length = message.readUInt16BE(at + 2)
    if (at + 4 + length > end) throw new WireError('an option that is cut off')
    if (code === EXTENDED_ERROR && length >= 2) codes.push(message.readUInt16BE(at + 4))
    at += 4 + length
  }
  return codes
}

/**
 * A name, lower case, without a final dot. Bytes that are no part of host names are written `\DDD` (RFC 1035 §5.1), so that no two
 * names look alike and none of them passes as a host.
 */
export function readName(message: Buffer, at: number): { readonly name: string; readonly next: number } {
  const labels: string[] = []
  let cursor = at
  let lowest = at
  let next = -1
  let bytes = 1
  for (let jumps = 0; ;) {
    need(message, cursor, 1)
    const length = message.readUInt8(cursor)
    if (length >= 0xc0) {
      need(message, cursor, 2)
      if (next === -1) next = cursor + 2
      const target = message.readUInt16BE(cursor) & 0x3fff
      // Only to what came before: a loop cannot be written this way.
      if (target >= lowest || ++jumps > JUMPS_MAX) throw new WireError('a pointer that does not go back')
      lowest = target
      cursor = target
    } else if (length > 63) throw new WireError('a label of an unknown kind')
    else if (length === 0) {
      if (next === -1) next = cursor + 1
      return { name: labels.join('.'), next }
    } else {
      bytes += length + 1
      if (bytes > NAME_BYTES_MAX) throw new WireError('a name that is too long')
      need(message, cursor + 1, length)
      labels.push(readLabel(message.subarray(cursor + 1, cursor + 1 + length)))
      cursor += length + 1
    }
  }
}

function readLabel(bytes: Buffer): string {
  return Array.from(bytes, (byte) => {
    const char = String.fromCharCode(byte).toLowerCase()
    return /[a-z0-9_-]/.test(char) ? char : `\\${String(byte).padStart(3, '0')}`
  }).join('')
}

function writeName(name: string): Buffer {
  const labels = name === '' ? [] : name.split('.')
  return Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')])),
    Buffer.from([0]),
  ])
}

function need(message: Buffer, at: number, bytes: number): void {
  if (at < 0 || at + bytes > message.length) throw new WireError('a message that is cut off')
}
