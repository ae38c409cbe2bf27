import { chmodSync, existsSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathDigest } from '../../src/platform/postgres/index.ts'
import { makeDirectory } from '../support/cluster.ts'
import { childrenOf, freeAddresses, lives, startSupervisor } from '../support/supervisor.ts'
import type { RunningSupervisor } from '../support/supervisor.ts'
import { createHttp } from './http.ts'
import type { Http } from './http.ts'
import { openSmtp } from './smtp.ts'
import type { SmtpWire } from './smtp.ts'

export const KINDS = ['api', 'smtp', 'sender', 'worker', 'staff', 'audit', 'keyring', 'postgres'] as const
export type Kind = (typeof KINDS)[number]

export interface Setup {
  readonly apiUrl: string
  readonly workspaceId: string
  readonly apiKey: string
  /** An address of the domain that is verified from the start. */
  readonly from: string
  readonly smtp: {
    readonly host: string
    readonly port: number
    readonly username: string
    readonly password: string
  }
}

export interface Ledger {
  readonly accepted: number
  readonly delivered: number
  readonly bounced: number
  readonly expired: number
  readonly suppressed: number
  readonly cancelled: number
  readonly uncertain: number
  readonly pending: number
  readonly scheduled: number
  readonly held: number
  readonly balanced: boolean
  readonly lost: number
  readonly doubled: number
}

export interface Installation extends Setup, AsyncDisposable {
  readonly dataDirectory: string
  /** PGDATA. */
  readonly clusterDirectory: string
  readonly submissionPort: number
  /** Implicit TLS. */
  readonly submissionsPort: number
  /** Where mail from outside comes in. */
  readonly inboundPort: number
  /** The API of staff, on an address of its own. */
  readonly staffUrl: string
  readonly http: Http
  /** A wire client behind TLS, greeted with EHLO; logged in unless told otherwise. */
  openSmtp(options?: { readonly login?: boolean }): Promise<SmtpWire>
  supervisorPid(): number
  /** The living processes of a kind. */
  pids(kind: Kind): number[]
  /** SIGKILL to every process of a kind; answers how many there were. */
  kill(kind: Kind): number
  /** A signal to the processes of a kind and to all their children: PostgreSQL has one per connection. */
  signal(kind: Kind, name: NodeJS.Signals): void
  /** SIGKILL to the supervisor, every process and PostgreSQL, all at once. */
  killEverything(): Promise<void>
  /** Starts again what `killEverything` ended, on the same data and ports. */
  restart(): Promise<void>
  isReady(): Promise<boolean>
  /** Waits until /readyz says that everything works. */
  untilReady(timeoutMs?: number): Promise<void>
  ledger(): Promise<Ledger>
  /** Waits until nothing is pending and answers the ledger. */
  untilSettled(timeoutMs: number, waiting?: 'pending' | 'pending or scheduled'): Promise<Ledger>
  output(): string
}

export interface InstallationOptions {
  /** BULKHEAD_OUTBOUND; default: the local inbox. */
  readonly outbound?: string
  readonly env?: Readonly<Record<string, string>>
  /** A copy of the product to run instead of this one: the control arm of a replay. */
  readonly root?: string
  /** Called with the data directory before the first start; what it answers is called when all processes are gone. */
  readonly prepare?: (dataDirectory: string) => () => void
}

const READY_MS = 60_000

/** The whole product as `npm start` runs it, in a directory of its own on free ports. Linux only: processes are found in /proc. */
export async function startInstallation(options: InstallationOptions = {}): Promise<Installation> {
  const directory = makeDirectory('constellation')
  chmodSync(directory, 0o755)
  const dataDirectory = join(directory, 'data')
  const setupFile = join(directory, 'setup.json')
  const addresses = await freeAddresses()
  const env = {
    ...addresses,
    BULKHEAD_DATA: dataDirectory,
    BULKHEAD_SETUP_FILE: setupFile,
    // Seconds instead of minutes between attempts.
    BULKHEAD_RETRY_SCALE: '0.02',
    ...(options.outbound === undefined ? {} : { BULKHEAD_OUTBOUND: options.outbound }),
    // The relay of a test stands for the recipients' own servers.
    ...(options.outbound?.startsWith('smtp') === true ? { BULKHEAD_SENSITIVE_VIA_RELAY: 'on' } : {}),
    ...options.env,
  }
  const digest = pathDigest(dataDirectory)
  let supervisor: RunningSupervisor | null = null
  let earlier = ''
  let cleanUp: (() => void) | undefined

  const running = (): RunningSupervisor => {
    if (supervisor === null) throw new Error('the installation does not run')
    return supervisor
  }
  const processes = (): { kind: Kind; pid: number }[] =>
    supervisor === null
      ? []
      : childrenOf(supervisor.pid).flatMap(({ pid, command }) => {
          const kind = kindOf(command)
          return kind === null || !lives(pid) ? [] : [{ kind, pid }]
        })
  const pids = (kind: Kind): number[] =>
    processes()
      .filter((each) => each.kind === kind)
      .map((each) => each.pid)
  const signal = (kind: Kind, name: NodeJS.Signals): void => {
    for (const pid of pids(kind)) {
      send(pid, name)
      for (const child of childrenOf(pid)) send(child.pid, name)
    }
  }

  async function killEverything(): Promise<void> {
    const old = supervisor
    if (old === null) return
    const all = processes().map((each) => each.pid)
    old.child.kill('SIGKILL')
    for (const pid of all) send(pid, 'SIGKILL')
    await old.exited
    await until('the end of all processes', 10_000, () => !all.some(lives))
    earlier += old.output()
    supervisor = null
  }

  async function dispose(): Promise<void> {
    const old = supervisor
    if (old !== null) {
      for (const kind of KINDS) signal(kind, 'SIGCONT')
      old.child.kill('SIGTERM')
      const late = setTimeout(() => void killEverything(), 25_000)
      await old.exited
      clearTimeout(late)
    }
    killOrphans(dataDirectory)
    cleanUp?.()
    rmSync(directory, { recursive: true, force: true })
    rmSync(join(tmpdir(), `bulkhead-${digest}`), { recursive: true, force: true })
    rmSync(join('/var/lib/bulkhead', digest), { recursive: true, force: true })
  }

  const apiUrl = `http://${addresses['BULKHEAD_HTTP']}`
  async function isReady(): Promise<boolean> {
    try {
      const answer = await fetch(`${apiUrl}/readyz`, { signal: AbortSignal.timeout(3_000) })
      await answer.arrayBuffer()
      return answer.ok
    } catch {
      return false
    }
  }
  const untilReady = (timeoutMs = READY_MS): Promise<void> =>
    until('readiness', timeoutMs, isReady, 100, () => running().output().slice(-4_000))

  async function start(): Promise<void> {
    supervisor = startSupervisor(env, options.root)
    const mine = supervisor
    await until(
      'the start',
      READY_MS,
      async () => {
        if (mine.child.exitCode !== null) throw new Error(`The product ended at start:\n${mine.output()}`)
        return existsSync(setupFile) && (await isReady())
      },
      50,
      () => mine.output().slice(-4_000),
    )
  }

  try {
    cleanUp = options.prepare?.(dataDirectory)
    await start()
  } catch (error) {
    await dispose()
    throw error
  }
  const setup: Setup = JSON.parse(readFileSync(setupFile, 'utf8'))
  const http = createHttp(apiUrl, setup.apiKey)
  const ledger = async (): Promise<Ledger> => {
    const answer = await http.call('GET', '/v1/ledger', { timeoutMs: 10_000 })
    if (answer.status !== 200) throw new Error(`ledger: ${answer.status} ${answer.text}`)
    return answer.body
  }
  const submissionsPort = portOf(addresses['BULKHEAD_SUBMISSIONS'])
  const moved = join(dataDirectory, 'postgres.location')
  return {
    ...setup,
    dataDirectory,
    clusterDirectory: existsSync(moved)
      ? join(readFileSync(moved, 'utf8').trim(), 'data')
      : join(dataDirectory, 'postgres'),
    submissionPort: portOf(addresses['BULKHEAD_SUBMISSION']),
    submissionsPort,
    inboundPort: portOf(addresses['BULKHEAD_INBOUND']),
    staffUrl: `http://${addresses['BULKHEAD_STAFF']}`,
    http,
    openSmtp: (how) => openSmtp(submissionsPort, how?.login === false ? undefined : setup.smtp),
    supervisorPid: () => running().pid,
    pids,
    signal,
    kill(kind) {
      const found = pids(kind)
      for (const pid of found) send(pid, 'SIGKILL')
      return found.length
    },
    killEverything,
    restart: start,
    isReady,
    untilReady,
    ledger,
    async untilSettled(timeoutMs, waiting = 'pending') {
      let last: Ledger | undefined
      await until(
        'an empty queue',
        timeoutMs,
        async () => {
          last = await ledger().catch(() => undefined)
          // What goes back because the keyring was away counts as scheduled for some seconds.
          const left = (last?.pending ?? 1) + (waiting === 'pending' ? 0 : (last?.scheduled ?? 1))
          return left === 0
        },
        200,
        () => `${JSON.stringify(last)}\n${running().output().slice(-4_000)}`,
      )
      return ledger()
    },
    output: () => earlier + (supervisor?.output() ?? ''),
    [Symbol.asyncDispose]: dispose,
  }
}

/** Waits for a condition; the error says what was waited for and what `more` knows. */
export async function until(
  what: string,
  timeoutMs: number,
  condition: () => boolean | Promise<boolean>,
  everyMs = 50,
  more: () => string = () => '',
): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${timeoutMs} ms\n${more()}`)
    await sleep(everyMs)
  }
}

function kindOf(command: string): Kind | null {
  if (command.includes('bin/postgres')) return 'postgres'
  if (command.includes('keyring/src/main.ts')) return 'keyring'
  const name = /processes\/(\w+)\.ts/.exec(command)?.[1]
  return KINDS.find((kind) => kind === name) ?? null
}

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It ended by itself.
  }
}

function portOf(address: string | undefined): number {
  return Number(address?.split(':').at(-1))
}

/** Whatever still works on this data directory: what a failed test left behind its supervisor. */
function killOrphans(dataDirectory: string): void {
  for (const name of readdirSync('/proc').filter((item) => /^\d+$/.test(item))) {
    try {
      const environment = readFileSync(`/proc/${name}/environ`, 'latin1').split('\0')
      const command = readFileSync(`/proc/${name}/cmdline`, 'latin1')
      const isOurs =
        environment.includes(`BULKHEAD_DATA=${dataDirectory}`) ||
        (command.includes('bin/postgres') && command.includes(dataDirectory))
      if (isOurs && Number(name) !== process.pid) send(Number(name), 'SIGKILL')
    } catch {
      // It ended meanwhile.
    }
  }
}
