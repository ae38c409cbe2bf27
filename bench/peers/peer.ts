import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { waitFor } from '../clock.ts'

/** Another mail server that runs the same load, in its own directories, on loopback ports, until it is disposed of. */
export interface Peer extends AsyncDisposable {
  readonly name: string
  readonly version: string
  readonly signed: boolean
  /** SMTP in. */
  readonly port: number
  /** The roots of its process trees, for the meter. */
  readonly pids: readonly number[]
  /** What a reader must know to judge the figures. */
  readonly notes: readonly string[]
}

export interface PeerOptions {
  readonly sinkPort: number
  readonly signed: boolean
  /** Domains go to hosts of their own, on `sinkPort`, over TLS: what a DNS server would say, for servers that use the system's. */
  readonly mix?: PeerMix
}

export interface PeerMix {
  readonly routes: Readonly<Record<string, { readonly provider: string; readonly address: string }>>
  /** How many connections a provider takes; null: any number. */
  readonly connections: Readonly<Record<string, number | null>>
}

/** The domain that peers sign for, and the one that the load comes from. */
export const SENDER_DOMAIN = 'sender.test'

/** The path of a program in PATH or where Debian keeps programs for root; null when it is not installed. */
export function findProgram(name: string): string | null {
  const places = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/usr/bin']
  for (const place of places.filter((each) => each.startsWith('/'))) {
    try {
      accessSync(join(place, name), constants.X_OK)
      return join(place, name)
    } catch {
      continue
    }
  }
  return null
}

/** A fresh directory under `parent` (the system's temporary one), removed with everything in it when disposed of. */
export function temporaryDirectory(
  purpose: string,
  parent = tmpdir(),
): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(parent, `bulkhead-bench-${purpose}-`))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) }
}

/** Whether a process is there and not a zombie. */
export function isAlive(pid: number): boolean {
  // A zombie still has an entry; its command line is empty.
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
  } catch {
    return false
  }
}

export interface Running {
  readonly pid: number
  /** The end of what it wrote, for an error message. */
  output(): string
  exited(): boolean
  /** SIGTERM, and SIGKILL to its process group after `graceMs`. */
  stop(graceMs?: number): Promise<void>
}

const KEPT_OUTPUT = 8000

/** Starts a program in its own process group, so that stopping it leaves nothing behind. Throws when it cannot be started. */
export async function startProgram(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Running> {
  const child: ChildProcess = spawn(command, args, {
    ...options,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const keep = (chunk: unknown): void => {
    output = (output + String(chunk)).slice(-KEPT_OUTPUT)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  const pid = child.pid ?? 0
  const exited = (): boolean => child.exitCode !== null || child.signalCode !== null
  const signalGroup = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-pid, signal)
    } catch {
      // The group is gone: that is what was wanted.
    }
  }
  // A benchmark that is interrupted takes its programs with it.
  const onExit = (): void => signalGroup('SIGKILL')
  process.once('exit', onExit)
  return {
    pid,
    output: () => output,
    exited,
    stop: async (graceMs = 10_000) => {
      if (!exited()) child.kill('SIGTERM')
      const timer = setTimeout(() => signalGroup('SIGKILL'), graceMs)
      await ended
      clearTimeout(timer)
      signalGroup('SIGKILL')
      process.off('exit', onExit)
    },
  }
}

/** Waits until something accepts connections on the loopback port; throws with the program's output when it ended or 30 s have passed. */
export async function waitForPort(name: string, port: number, program: Running): Promise<void> {
  try {
    await waitFor(`${name} on port ${port}`, 30_000, () => {
      if (program.exited()) throw new Error(`${name} ended`)
      return new Promise<boolean>((resolve) => {
        const socket = connect({ port, host: '127.0.0.1' })
        socket.once('connect', () => resolve(true))
        socket.once('error', () => resolve(false))
        socket.once('close', () => socket.destroy())
        socket.once('connect', () => socket.end('QUIT\r\n'))
      })
    })
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}: ${program.output()}`, {
      cause: error,
    })
  }
}
