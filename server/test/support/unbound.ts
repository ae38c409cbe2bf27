import { spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordHead, TYPE_NUMBERS, uint16 } from './signed-zone.ts'
import type { ResourceSet, Zone } from './signed-zone.ts'
import { createSecureResolver } from '../../src/platform/dns/index.ts'

const PATHS = ['unbound', '/usr/sbin/unbound']

/** The command of Debian's validating resolver; null where it is not installed. */
export const UNBOUND = PATHS.find((path) => spawnSync(path, ['-V']).status === 0) ?? null

export interface ValidatingResolver extends AsyncDisposable {
  readonly host: '127.0.0.1'
  readonly port: number
  /** Ends the authoritative server: what is not cached cannot be resolved any more. */
  silence(): Promise<void>
}

/**
 * Unbound as a validating resolver on loopback, over zones of our own that an authoritative server beside it serves. Zones of `anchors`
 * are trusted; others are as secure as the way from one of these to them.
 */
export async function startUnbound(
  zones: readonly Zone[],
  anchors: readonly Zone[],
): Promise<ValidatingResolver> {
  if (UNBOUND === null) throw new Error('unbound is not installed: apt-get install unbound')
  const server = await serveZones(zones)
  const directory = await mkdtemp(join(tmpdir(), 'bulkhead-unbound-'))
  const port = await freePort()
  await writeFile(
    join(directory, 'unbound.conf'),
    configuration(directory, port, server.port, zones, anchors),
  )
  const child = spawn(UNBOUND, ['-d', '-c', join(directory, 'unbound.conf')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-20_000)
    })
  const exited = once(child, 'exit')
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await exited
    await server.close()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await answering(port, zones[0]?.apex ?? '.', () => child.exitCode)
  } catch (error) {
    await stop()
    throw new Error(`unbound does not answer: ${log}`, { cause: error })
  }
  return { host: '127.0.0.1', port, silence: server.close, [Symbol.asyncDispose]: stop }
}

function configuration(
  directory: string,
  port: number,
  authority: number,
  zones: readonly Zone[],
  anchors: readonly Zone[],
): string {
  return [
    'server:',
    '  interface: 127.0.0.1',
    `  port: ${port}`,
    `  directory: "${directory}"`,
    '  username: ""',
    '  chroot: ""',
    '  pidfile: ""',
    '  use-syslog: no',
    '  logfile: ""',
    '  do-daemonize: no',
    '  do-ip6: no',
    '  num-threads: 1',
    '  do-not-query-localhost: no',
    '  access-control: 127.0.0.0/8 allow',
    '  module-config: "validator iterator"',
    '  local-zone: "test." nodefault',
    '  qname-minimisation: no',
    '  ede: yes',
    '  infra-host-ttl: 1',
    ...anchors.map((zone) => `  trust-anchor: "${zone.trustAnchor}"`),
    'remote-control:',
    '  control-enable: no',
    ...zones.flatMap((zone) => [
      'stub-zone:',
      `  name: "${zone.apex}."`,
      `  stub-addr: 127.0.0.1@${authority}`,
    ]),
    '',
  ].join('\n')
}

async function answering(port: number, apex: string, exitCode: () => number | null): Promise<void> {
  const resolver = createSecureResolver({
    server: { host: '127.0.0.1', port },
    trust: 'loopback',
    timeoutMs: 500,
    tries: 1,
  })
  const endMs = performance.now() + 20_000
  while (performance.now() < endMs && exitCode() === null) {
    if ((await resolver.a(`ready.${apex}`)).kind !== 'failed') return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(exitCode() === null ? 'no answer' : `it ended with ${exitCode()}`)
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}

/** The authoritative side, on UDP and TCP of one port. */
async function serveZones(zones: readonly Zone[]): Promise<{ port: number; close: () => Promise<void> }> {
  const sockets = new Set<Socket>()
  const tcp = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    let buffer: Buffer = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      buffer = Buffer.concat([buffer, chunk])
      while (buffer.length >= 2 && buffer.length >= 2 + buffer.readUInt16BE(0)) {
        const length = buffer.readUInt16BE(0)
        const reply = respond(zones, buffer.subarray(2, 2 + length))
        buffer = buffer.subarray(2 + length)
        socket.write(Buffer.concat([uint16(reply.length), reply]))
      }
    })
  })
  tcp.listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  const { port } = tcp.address() as AddressInfo
  const udp = createSocket('udp4')
  udp.on('message', (query, from) => udp.send(respond(zones, query), from.port, from.address))
  udp.bind(port, '127.0.0.1')
  await once(udp, 'listening')
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    udp.close()
    const closed = once(tcp, 'close')
    tcp.close()
    await closed
  }
  return { port, close: () => (closing ??= close()) }
}

function respond(zones: readonly Zone[], query: Buffer): Buffer {
  let at = 12
  const labels: string[] = []
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const name = labels.join('.').toLowerCase()
  const type = query.readUInt16BE(at + 1)
  const question = query.subarray(12, at + 5)
  // A DS record is the parent's (RFC 4035 §3.1.4.1).
  const inside = (zone: Zone) =>
    (name === zone.apex && type !== TYPE_NUMBERS.DS) || name.endsWith(`.${zone.apex}`)
  const zone = zones.filter(inside).sort((a, b) => b.apex.length - a.apex.length)[0]
  const found = zone?.answer(name, type) ?? { rcode: 5, answer: [], authority: [] }
  const opt = Buffer.concat([Buffer.from([0, 0, 41, 0x10, 0, 0, 0, 0x80, 0, 0, 0])])
  const [answer, authority] = [found.answer.flatMap(records), found.authority.flatMap(records)]
  return Buffer.concat([
    query.subarray(0, 2),
    uint16(0x8400 | (query.readUInt16BE(2) & 0x0110) | found.rcode),
    ...[1, answer.length, authority.length, 1].map(uint16),
    question,
    ...answer,
    ...authority,
    opt,
  ])
}

function records(set: ResourceSet): Buffer[] {
  return set.data.map((data) => Buffer.concat([recordHead(set), uint16(data.length), data]))
}
