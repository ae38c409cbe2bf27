import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const MAIN = resolve(import.meta.dirname, '../../../../keyring/src/main.ts')

/** One token per kind of process. */
export const TEST_TOKENS = {
  api: 'token-of-the-api-process',
  smtp: 'token-of-the-smtp-process',
  sender: 'token-of-the-sender-process',
  worker: 'token-of-the-worker-process',
  staff: 'token-of-the-staff-process',
  audit: 'token-of-the-audit-process',
} as const

export interface TestKeyring extends AsyncDisposable {
  readonly socketPath: string
  readonly rootPath: string
  /** Starts the process, with `env` on top of its environment, and waits until it listens. Throws with its output where it ends instead. */
  start(env?: Readonly<Record<string, string>>): Promise<void>
  /** kill -9, and waits for the end. */
  kill(): Promise<void>
  /** Closes the IPC channel as a dying supervisor does, and waits for the end; returns the exit code. */
  abandon(): Promise<number | null>
  output(): string
}

/** The real keyring process on a socket and a root key file of its own. Not started yet. */
export async function makeTestKeyring(options: {
  readonly databaseUrl: string
  /** The root key file of another keyring; without it one of its own. */
  readonly rootPath?: string
  readonly env?: Readonly<Record<string, string>>
}): Promise<TestKeyring> {
  const directory = await mkdtemp(join(tmpdir(), 'bulkhead-keyring-'))
  const socketPath = join(directory, 'keyring.sock')
  const rootPath = options.rootPath ?? join(directory, 'secrets/root.key')
  let child: ChildProcess | undefined
  let output = ''

  async function kill(): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  return {
    socketPath,
    rootPath,
    async start(env = {}) {
      const clients = Object.fromEntries(Object.entries(TEST_TOKENS).map(([kind, token]) => [token, kind]))
      const started = spawn(process.execPath, [MAIN], {
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        env: {
          BULKHEAD_KEYRING_SOCKET: socketPath,
          BULKHEAD_KEYRING_ROOT: rootPath,
          BULKHEAD_KEYRING_CLIENTS: JSON.stringify(clients),
          BULKHEAD_INTERNAL_DATABASE_URL: options.databaseUrl,
          UV_THREADPOOL_SIZE: '2',
          ...options.env,
          ...env,
        },
      })
      child = started
      const collect = (chunk: Buffer): void => {
        output += chunk.toString()
      }
      started.stdout?.on('data', collect)
      started.stderr?.on('data', collect)
      const ready = once(started, 'message').then(() => true)
      const ended = once(started, 'close').then(() => false)
      if (!(await Promise.race([ready, ended]))) throw new Error(`The keyring ended:\n${output}`)
    },
    kill,
    async abandon() {
      if (child === undefined) return null
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
      return child.exitCode
    },
    output: () => output,
    async [Symbol.asyncDispose]() {
      await kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
