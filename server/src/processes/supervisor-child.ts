import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import type { Output } from './supervisor-output.ts'
import { readLines } from './supervisor-output.ts'

/**
 * Requests and batches die young, but not within the 16 MiB that Node gives them by default: under load a seventh of the API's
 * time went into collecting what a larger space lets die by itself.
 */
const YOUNG_SPACE = '--max-semi-space-size=32'
const FIRST_BACK_OFF_MS = 100
const LAST_BACK_OFF_MS = 5000
const STABLE_AFTER_MS = 30_000

export interface ChildOptions {
  readonly label: string
  readonly entry: string
  readonly env: Readonly<Record<string, string>>
  readonly output: Output
  /** It ended by itself and starts again. */
  readonly onRestart?: () => void
}

export interface SupervisedChild {
  readonly label: string
  readonly pid: number | undefined
  /** The detail of the first `ready` that this child sent. */
  readonly firstReady: Promise<unknown>
  /** SIGTERM, and SIGKILL after `withinMs`. Resolves when the process is gone. */
  stop(withinMs: number): Promise<void>
  /** SIGKILL. */
  kill(): void
}

/** Runs a process and starts it again whenever it ends, after 100 ms, doubling to 5 s; thirty seconds up count as recovered. */
export function superviseChild(options: ChildOptions): SupervisedChild {
  const { label, entry, env, output } = options
  const ready = Promise.withResolvers<unknown>()
  let current: ChildProcess | null = null
  let stopped = false
  let backOffMs = FIRST_BACK_OFF_MS
  let timer: NodeJS.Timeout | undefined
  let gone = Promise.resolve()

  const start = (): void => {
    const startedMs = performance.now()
    const child = spawn(process.execPath, [YOUNG_SPACE, entry], {
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A session of its own: Ctrl-C reaches the supervisor only, which stops things in order.
      detached: true,
    })
    current = child
    if (child.stdout !== null) readLines(child.stdout, (line) => output.child(label, line))
    if (child.stderr !== null) readLines(child.stderr, (line) => output.child(label, line))
    child.on('message', (message) => {
      const isReady =
        typeof message === 'object' && message !== null && 'type' in message && message.type === 'ready'
      if (isReady) ready.resolve('detail' in message ? message.detail : undefined)
    })
    const end = Promise.withResolvers<void>()
    gone = end.promise
    const onEnd = (reason: string): void => {
      if (current !== child) return
      current = null
      end.resolve()
      if (stopped) return
      if (performance.now() - startedMs > STABLE_AFTER_MS) backOffMs = FIRST_BACK_OFF_MS
      output.warn(`${label} ended (${reason}); it starts again in ${(backOffMs / 1000).toFixed(1)} s`)
      options.onRestart?.()
      timer = setTimeout(start, backOffMs)
      backOffMs = Math.min(backOffMs * 2, LAST_BACK_OFF_MS)
    }
    child.once('error', (error) => onEnd(error.message))
    child.once('exit', (code, signal) => onEnd(signal ?? `exit code ${code}`))
  }
  start()
  return {
    label,
    get pid() {
      return current?.pid
    },
    firstReady: ready.promise,
    stop: async (withinMs) => {
      stopped = true
      clearTimeout(timer)
      current?.kill('SIGTERM')
      const late = setTimeout(() => current?.kill('SIGKILL'), withinMs)
      await gone
      clearTimeout(late)
    },
    kill: () => {
      stopped = true
      clearTimeout(timer)
      current?.kill('SIGKILL')
    },
  }
}
