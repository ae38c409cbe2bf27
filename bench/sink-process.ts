import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import type { SinkStats } from './sink-store.ts'

/** A sink in a process of its own, so that it shares neither the event loop nor the fate of its caller. */
export interface SinkProcess extends AsyncDisposable {
  readonly port: number
  readonly controlPort: number
  readonly pid: number
  stats(): Promise<SinkStats>
  reset(): Promise<void>
  /** `{ rules: [...] }`, see Rule; rejects with the field that is wrong. */
  behave(rules: unknown): Promise<void>
}

function isStats(value: unknown): value is SinkStats {
  return typeof value === 'object' && value !== null && 'messages' in value && 'latency' in value
}

/** Starts `sink.ts` with these arguments on ports that the kernel chooses. Rejects when it ends before it listens. */
export async function startSinkProcess(args: readonly string[] = []): Promise<SinkProcess> {
  const entry = join(import.meta.dirname, 'sink.ts')
  const child = spawn(process.execPath, [entry, '--port', '0', '--control', '0', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const onExit = (): void => void child.kill('SIGKILL')
  process.once('exit', onExit)
  const ended = once(child, 'exit')
  const first = once(createInterface({ input: child.stdout }), 'line')
  const line: unknown = await Promise.race([
    first.then(([text]): unknown => JSON.parse(String(text))),
    ended.then(() => Promise.reject(new Error('the sink ended at start'))),
  ])
  if (typeof line !== 'object' || line === null || !('port' in line) || !('controlPort' in line)) {
    throw new Error('the sink did not say its ports')
  }
  const controlPort = Number(line.controlPort)
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${controlPort}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const answer: unknown = await response.json()
    if (!response.ok) throw new Error(`sink ${path}: ${JSON.stringify(answer)}`)
    return answer
  }
  return {
    port: Number(line.port),
    controlPort,
    pid: child.pid ?? 0,
    stats: async () => {
      const answer = await call('GET', '/stats')
      if (!isStats(answer)) throw new Error('the sink gave no statistics')
      return answer
    },
    reset: async () => void (await call('POST', '/reset')),
    behave: async (rules) => void (await call('POST', '/behave', rules)),
    [Symbol.asyncDispose]: async () => {
      process.off('exit', onExit)
      child.kill('SIGTERM')
      await ended
    },
  }
}
