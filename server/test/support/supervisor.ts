import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../../..')

export interface RunningSupervisor {
  readonly child: ChildProcess
  readonly pid: number
  /** Everything it printed so far. */
  output(): string
  /** Resolves when the output, from `after` on, matches; fails when the process ends first or after 40 s. */
  saw(pattern: RegExp, after?: number): Promise<string>
  readonly exited: Promise<number | null>
}

/** Below the range from which the kernel takes ports for outgoing connections: one of those could be there before a restart. */
const PORTS = { first: 15_000, last: 31_999 } as const

/** Free ports as settings, so that several installations fit on one host. */
export async function freeAddresses(): Promise<Record<string, string>> {
  const names = [
    'BULKHEAD_HTTP',
    'BULKHEAD_SUBMISSION',
    'BULKHEAD_SUBMISSIONS',
    'BULKHEAD_INBOUND',
    'BULKHEAD_STAFF',
    'BULKHEAD_METRICS',
  ]
  const servers: Server[] = []
  while (servers.length < names.length) {
    const server = createServer().listen(randomInt(PORTS.first, PORTS.last + 1), '127.0.0.1')
    const listens = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (listens) servers.push(server)
  }
  const entries = names.map((name, index) => [
    name,
    `127.0.0.1:${(servers[index]!.address() as AddressInfo).port}`,
  ])
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return Object.fromEntries(entries) as Record<string, string>
}

/** Runs the real supervisor as `npm start` does; `root` is a copy of the repository, see altered-product.ts. */
export function startSupervisor(env: Readonly<Record<string, string>>, root = ROOT): RunningSupervisor {
  const child = spawn(process.execPath, [join(root, 'server/src/processes/supervisor.ts')], {
    env: { PATH: process.env['PATH'], TMPDIR: process.env['TMPDIR'], HOME: process.env['HOME'], ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      child.emit('printed')
    })
  }
  const exited = once(child, 'exit').then(([code]: unknown[]) => (typeof code === 'number' ? code : null))
  const saw = (pattern: RegExp, after = 0): Promise<string> =>
    new Promise((done, fail) => {
      const settle = (error: Error | null): void => {
        clearTimeout(timer)
        child.off('printed', look)
        if (error === null) done(output.slice(after))
        else fail(error)
      }
      const look = (): void => {
        if (pattern.test(output.slice(after))) settle(null)
      }
      const timer = setTimeout(() => settle(new Error(`Did not see ${pattern} in:\n${output}`)), 80_000)
      child.on('printed', look)
      void exited.then(() =>
        settle(pattern.test(output.slice(after)) ? null : new Error(`Ended before ${pattern}:\n${output}`)),
      )
      look()
    })
  return { child, pid: child.pid!, output: () => output, saw, exited }
}

/** Process numbers of the direct children, with what they run. Linux only, as the tests of kills are. */
export function childrenOf(pid: number): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const parent = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1])
        if (parent !== pid) return []
        return [
          { pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ') },
        ]
      } catch {
        return []
      }
    })
}

/** Does the process live? A zombie that nobody has waited for yet does not. */
export function lives(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false
  try {
    readlinkSync(`/proc/${pid}/exe`)
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
