import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A small authoritative DNS server (RFC 1035) on UDP and TCP, with scripted answers and misbehaviour. */
export type DnsRecord =
  | { type: 'A' | 'AAAA' | 'CNAME' | 'NS'; value: string; ttl?: number }
  | { type: 'MX'; preference: number; exchange: string; ttl?: number }
  | { type: 'TXT'; strings: string[]; ttl?: number }

/**
 * What a name answers. Records: those of the asked type, or NODATA. `silence` never answers; `truncate` makes UDP say TC so that
 * the client asks over TCP; `garbage` answers bytes that are no message.
 */
export type DnsScript =
  | DnsRecord[]
  | 'NXDOMAIN'
  | 'SERVFAIL'
  | 'REFUSED'
  | 'silence'
  | 'garbage'
  | { truncate: DnsRecord[] }
  | ((type: string) => DnsScript)

export interface DnsQuestion {
  readonly name: string
  readonly type: string
  readonly transport: 'udp' | 'tcp'
}

export interface DnsServer {
  /** `127.0.0.1:port`, as `createResolver({ servers })` takes it. */
  readonly address: string
  readonly port: number
  /** Every question that arrived, in order. */
  readonly questions: DnsQuestion[]
  /** Sets what a name answers from now on. A name that was never set is NXDOMAIN. */
  set(name: string, script: DnsScript): void
  close(): Promise<void>
}

const TYPES = { A: 1, NS: 2, CNAME: 5, MX: 15, TXT: 16, AAAA: 28 } as const
const RCODES = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const

/** Starts on an ephemeral loopback port, the same for UDP and TCP. */
export async function startDnsServer(zone: Record<string, DnsScript> = {}): Promise<DnsServer> {
  const scripts = new Map(Object.entries(zone).map(([name, script]) => [canonical(name), script]))
  const questions: DnsQuestion[] = []
  const sockets = new Set<Socket>()

  const respond = (query: Buffer, transport: 'udp' | 'tcp'): Buffer | null => {
    const asked = readQuestion(query)
    if (asked === null) return null
    questions.push({ name: asked.name, type: asked.type, transport })
    let script = scripts.get(asked.name) ?? 'NXDOMAIN'
    while (typeof script === 'function') script = script(asked.type)
    const header = { id: query.readUInt16BE(0), recursion: query.readUInt16BE(2) & 0x0100 }
    const reply = (rcode: number, records: DnsRecord[] = [], truncated = false) =>
      writeMessage(header, asked.raw, rcode, truncated ? [] : withAliases(asked, records), truncated)
    if (script === 'silence') return null
    if (script === 'garbage') return Buffer.concat([query.subarray(0, 2), Buffer.from('garbage')])
    if (typeof script === 'string') return reply(RCODES[script])
    if (Array.isArray(script)) return reply(RCODES.NOERROR, script)
    return reply(RCODES.NOERROR, script.truncate, transport === 'udp')
  }

  /** The records of the type, or the alias and what it leads to, each with its owner name. */
  const withAliases = (asked: { name: string; type: string }, records: DnsRecord[]) => {
    const answers: { owner: string; record: DnsRecord }[] = []
    let owner = asked.name
    let found = records
    for (let hops = 0; hops < 8; hops++) {
      const matching = found.filter(({ type }) => type === asked.type)
      for (const record of matching) answers.push({ owner, record })
      const alias = found.find(({ type }) => type === 'CNAME')
      if (matching.length > 0 || alias?.type !== 'CNAME') break
      answers.push({ owner, record: alias })
      owner = canonical(alias.value)
      const next = scripts.get(owner)
      found = Array.isArray(next) ? next : []
    }
    return answers
  }

  const tcp = createServer((socket) => {
    sockets.add(socket)
    let buffer: Buffer = Buffer.alloc(0)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      buffer = Buffer.concat([buffer, chunk])
      while (buffer.length >= 2 && buffer.length >= 2 + buffer.readUInt16BE(0)) {
        const length = buffer.readUInt16BE(0)
        const answer = respond(buffer.subarray(2, 2 + length), 'tcp')
        buffer = buffer.subarray(2 + length)
        if (answer !== null) socket.write(Buffer.concat([uint16(answer.length), answer]))
      }
    })
  })
  tcp.listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  const { port } = tcp.address() as AddressInfo
  const udp = createSocket('udp4')
  udp.on('message', (query, from) => {
    const answer = respond(query, 'udp')
    if (answer !== null) udp.send(answer, from.port, from.address)
  })
  udp.bind(port, '127.0.0.1')
  await once(udp, 'listening')

  return {
    address: `127.0.0.1:${port}`,
    port,
    questions,
    set(name, script) {
      scripts.set(canonical(name), script)
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      udp.close()
      tcp.close()
      await once(tcp, 'close')
    },
  }
}

function canonical(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}

function readQuestion(query: Buffer): { name: string; type: string; raw: Buffer } | null {
  if (query.length < 17 || query.readUInt16BE(4) !== 1) return null
  const labels: string[] = []
  let at = 12
  for (;;) {
    const length = query[at++]
    if (length === undefined || length > 63 || at + length > query.length) return null
    if (length === 0) break
    labels.push(query.toString('latin1', at, at + length))
    at += length
  }
  if (at + 4 > query.length) return null
  const code = query.readUInt16BE(at)
  const type = Object.entries(TYPES).find(([, value]) => value === code)?.[0] ?? `TYPE${code}`
  return { name: canonical(labels.join('.')), type, raw: query.subarray(12, at + 4) }
}

function writeMessage(
  header: { id: number; recursion: number },
  question: Buffer,
  rcode: number,
  answers: { owner: string; record: DnsRecord }[],
  truncated: boolean,
): Buffer {
  const flags = 0x8480 | header.recursion | (truncated ? 0x0200 : 0) | rcode
  return Buffer.concat([
    ...[header.id, flags, 1, answers.length, 0, 0].map(uint16),
    question,
    ...answers.map(({ owner, record }) => writeRecord(owner, record)),
  ])
}

function writeRecord(owner: string, record: DnsRecord): Buffer {
  const data = writeData(record)
  const ttl = Buffer.alloc(4)
  ttl.writeUInt32BE(record.ttl ?? 300)
  return Buffer.concat([
    writeName(owner),
    uint16(TYPES[record.type]),
    uint16(1),
    ttl,
    uint16(data.length),
    data,
  ])
}

function writeData(record: DnsRecord): Buffer {
  switch (record.type) {
    case 'A':
      return Buffer.from(record.value.split('.').map(Number))
    case 'AAAA':
      return ipv6(record.value)
    case 'CNAME':
    case 'NS':
      return writeName(record.value)
    case 'MX':
      return Buffer.concat([uint16(record.preference), writeName(record.exchange)])
    case 'TXT':
      return Buffer.concat(
        record.strings.map((text) => {
          const bytes = Buffer.from(text)
          return Buffer.concat([Buffer.from([bytes.length]), bytes])
        }),
      )
  }
}

const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)))

/** Sixteen bytes of an address, `::` and a dotted tail included. */
function ipv6(text: string): Buffer {
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text)
  let plain = text
  if (dotted) {
    const [a = 0, b = 0, c = 0, d = 0] = dotted.slice(1).map(Number)
    plain = text.slice(0, dotted.index) + `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  }
  const [left = '', right] = plain.split('::')
  const [before, after] = [groups(left), groups(right ?? '')]
  const zeros = right === undefined ? 0 : 8 - before.length - after.length
  return Buffer.concat([...before, ...Array.from({ length: zeros }, () => 0), ...after].map(uint16))
}

function writeName(name: string): Buffer {
  const labels = canonical(name).split('.').filter(Boolean)
  return Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')])),
    Buffer.from([0]),
  ])
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff])
}
