import { generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** Record data in wire form; names in it are not compressed and lower case, which is their canonical form (RFC 4034 §6.2). */
export type ZoneRecord =
  | { type: 'A'; value: string }
  | { type: 'CNAME' | 'NS'; value: string }
  | { type: 'MX'; preference: number; exchange: string }
  | { type: 'TXT'; strings: string[] }
  | { type: 'TLSA'; usage: number; selector: number; matchingType: number; data: Buffer }

export const TYPE_NUMBERS = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  DS: 43,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  TLSA: 52,
} as const

export interface ResourceSet {
  readonly owner: string
  readonly type: number
  readonly ttl: number
  readonly data: readonly Buffer[]
}

const TTL = 60
const ALGORITHM = 13 // ECDSAP256SHA256, RFC 6605
const DAY_S = 86_400

/** What a zone says to a question: sections of sets, the signatures among them. */
export interface ZoneAnswer {
  readonly rcode: 0 | 2 | 3
  readonly answer: readonly ResourceSet[]
  readonly authority: readonly ResourceSet[]
}

export interface ZoneOptions {
  /** Without: the zone is not signed. */
  readonly signed: boolean
  readonly records: Readonly<Record<string, readonly ZoneRecord[]>>
  /** `name TYPE` whose signatures are wrong. */
  readonly bogus?: readonly string[]
  /** `name TYPE` that is answered with SERVFAIL. */
  readonly servfail?: readonly string[]
}

export interface Zone {
  readonly apex: string
  /** As unbound's `trust-anchor` takes it. */
  readonly trustAnchor: string
  answer(name: string, type: number): ZoneAnswer
}

/** A zone whose answers are signed with ECDSA P-256 and whose absences are proven with NSEC (RFC 4034, RFC 4035). */
export function makeZone(apex: string, options: ZoneOptions): Zone {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = dnskey(publicKey)
  const sets = new Map<string, ResourceSet[]>()
  const put = (set: ResourceSet) => sets.set(set.owner, [...(sets.get(set.owner) ?? []), set])
  for (const [owner, records] of Object.entries({ [apex]: [], ...options.records })) {
    const byType = Map.groupBy(records, (record) => record.type)
    for (const [type, same] of byType)
      put({ owner, type: TYPE_NUMBERS[type], ttl: TTL, data: same.map(recordData) })
  }
  const soa = Buffer.concat([
    nameBytes(`ns.${apex}`),
    nameBytes(`host.${apex}`),
    ...[1, 3600, 600, 86400, 5].map(uint32),
  ])
  put({ owner: apex, type: TYPE_NUMBERS.SOA, ttl: TTL, data: [soa] })
  if (!(sets.get(apex) ?? []).some((set) => set.type === TYPE_NUMBERS.NS))
    put({ owner: apex, type: TYPE_NUMBERS.NS, ttl: TTL, data: [nameBytes(`ns.${apex}`)] })
  if (options.signed) put({ owner: apex, type: TYPE_NUMBERS.DNSKEY, ttl: TTL, data: [key] })

  const owners = [...sets.keys()].sort(canonicalOrder)
  const isDelegation = (owner: string) =>
    owner !== apex && (sets.get(owner) ?? []).some((set) => set.type === TYPE_NUMBERS.NS)

  const nsec = (owner: string): ResourceSet => {
    const next = owners[(owners.indexOf(owner) + 1) % owners.length] ?? apex
    const types = [...(sets.get(owner) ?? []).map((set) => set.type), TYPE_NUMBERS.RRSIG, TYPE_NUMBERS.NSEC]
    return { owner, type: TYPE_NUMBERS.NSEC, ttl: 5, data: [Buffer.concat([nameBytes(next), bitmap(types)])] }
  }
  /** The owner whose NSEC covers a name that is not there. */
  const before = (name: string) =>
    owners.findLast((owner) => canonicalOrder(owner, name) < 0) ?? owners.at(-1) ?? apex

  const withSignatures = (list: readonly ResourceSet[]): ResourceSet[] =>
    list.flatMap((set) => {
      const unsigned = !options.signed || (set.type === TYPE_NUMBERS.NS && isDelegation(set.owner))
      return unsigned ? [set] : [set, signature(set)]
    })

  const signature = (set: ResourceSet): ResourceSet => {
    const nowS = Math.floor(Date.now() / 1000)
    const labels = set.owner.split('.').length
    const head = Buffer.concat([
      uint16(set.type),
      Buffer.from([ALGORITHM, labels]),
      ...[set.ttl, nowS + DAY_S, nowS - DAY_S].map(uint32),
      uint16(keyTag(key)),
      nameBytes(apex),
    ])
    const rows = set.data
      .toSorted((one, other) => Buffer.compare(one, other))
      .map((data) => Buffer.concat([recordHead(set), uint16(data.length), data]))
    const made = sign('sha256', Buffer.concat([head, ...rows]), {
      key: privateKey,
      dsaEncoding: 'ieee-p1363',
    })
    const name = Object.entries(TYPE_NUMBERS).find(([, number]) => number === set.type)?.[0]
    if (options.bogus?.includes(`${set.owner} ${name}`)) made[0] = (made[0] ?? 0) ^ 0xff
    return { owner: set.owner, type: TYPE_NUMBERS.RRSIG, ttl: set.ttl, data: [Buffer.concat([head, made])] }
  }

  const soaSet = (): ResourceSet => ({ owner: apex, type: TYPE_NUMBERS.SOA, ttl: 5, data: [soa] })
  const proofs = (names: readonly string[]) =>
    options.signed ? [...new Set(names)].map((owner) => nsec(owner)) : []

  function look(name: string, type: number): ZoneAnswer {
    const here = sets.get(name)
    const typeName = Object.entries(TYPE_NUMBERS).find(([, number]) => number === type)?.[0]
    if (options.servfail?.includes(`${name} ${typeName}`)) return { rcode: 2, answer: [], authority: [] }
    if (here !== undefined) {
      const found = here.filter((set) => set.type === type)
      if (found.length > 0) return { rcode: 0, answer: withSignatures(found), authority: [] }
      const alias = here.find((set) => set.type === TYPE_NUMBERS.CNAME)
      if (alias !== undefined) return { rcode: 0, answer: withSignatures([alias]), authority: [] }
      return { rcode: 0, answer: [], authority: withSignatures([soaSet(), ...proofs([name])]) }
    }
    if (owners.some((owner) => owner.endsWith(`.${name}`)))
      return { rcode: 0, answer: [], authority: withSignatures([soaSet(), ...proofs([before(name)])]) }
    const wildcard = `*.${closestEncloser(name)}`
    return {
      rcode: 3,
      answer: [],
      authority: withSignatures([soaSet(), ...proofs([before(name), before(wildcard)])]),
    }
  }

  function closestEncloser(name: string): string {
    for (let at = name; at !== apex;) {
      at = at.slice(at.indexOf('.') + 1)
      if (sets.has(at) || owners.some((owner) => owner.endsWith(`.${at}`))) return at
    }
    return apex
  }

  return {
    apex,
    trustAnchor: `${apex}. IN DNSKEY 257 3 ${ALGORITHM} ${key.subarray(4).toString('base64')}`,
    answer: look,
  }
}

export function recordHead(set: Pick<ResourceSet, 'owner' | 'type' | 'ttl'>): Buffer {
  return Buffer.concat([nameBytes(set.owner), uint16(set.type), uint16(1), uint32(set.ttl)])
}

export function nameBytes(name: string): Buffer {
  const labels = name.split('.').filter(Boolean)
  return Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')])),
    Buffer.from([0]),
  ])
}

export function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

function recordData(record: ZoneRecord): Buffer {
  switch (record.type) {
    case 'A':
      return Buffer.from(record.value.split('.').map(Number))
    case 'CNAME':
    case 'NS':
      return nameBytes(record.value)
    case 'MX':
      return Buffer.concat([uint16(record.preference), nameBytes(record.exchange)])
    case 'TXT':
      return Buffer.concat(
        record.strings.map((text) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)])),
      )
    case 'TLSA':
      return Buffer.concat([Buffer.from([record.usage, record.selector, record.matchingType]), record.data])
  }
}

function dnskey(publicKey: KeyObject): Buffer {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  return Buffer.concat([
    Buffer.from([1, 1, 3, ALGORITHM]),
    Buffer.from(x, 'base64url'),
    Buffer.from(y, 'base64url'),
  ])
}

/** RFC 4034 appendix B. */
function keyTag(key: Buffer): number {
  let sum = 0
  for (const [at, byte] of key.entries()) sum += at % 2 === 0 ? byte << 8 : byte
  return (sum + (sum >> 16)) & 0xffff
}

/** RFC 4034 §4.1.2, window 0 alone. */
function bitmap(types: readonly number[]): Buffer {
  const bits = Buffer.alloc(Math.floor(Math.max(...types) / 8) + 1)
  for (const type of types) bits[type >> 3] = (bits[type >> 3] ?? 0) | (0x80 >> (type & 7))
  return Buffer.concat([Buffer.from([0, bits.length]), bits])
}

/** RFC 4034 §6.1. */
function canonicalOrder(one: string, other: string): number {
  const [left, right] = [one.split('.').reverse(), other.split('.').reverse()]
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const order = Buffer.compare(Buffer.from(left[at] ?? ''), Buffer.from(right[at] ?? ''))
    if (order !== 0) return order
  }
  return left.length - right.length
}
