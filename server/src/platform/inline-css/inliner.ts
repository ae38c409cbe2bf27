import { fileURLToPath } from 'node:url'
import { createJobPool, startJobProcess, type Stopped } from '../job-pool/index.ts'
import type { Logger } from '../telemetry/index.ts'
import { mayHaveStyles, type InlineLimits } from './limits.ts'

export interface Inlined {
  readonly html: string
}

export interface StyleInliner extends AsyncDisposable {
  /**
   * HTML with the styles of its style elements in its elements, for an owner, such as a workspace. What is too long, too deep or too much comes
   * back as it is. `stoppedBy`: it ended its process or took too long; `busy`: too much waits already, and the same may be asked later.
   */
  inlined(owner: string, html: string): Promise<Inlined | Stopped | 'busy'>
}

export interface InlinerOptions {
  readonly limits: InlineLimits
  readonly log: Logger
  readonly nowMs: () => number
}

const ENTRY = fileURLToPath(new URL('./inline-entry.ts', import.meta.url))
/** One is free for others while an owner's document takes its time. */
const PROCESSES = 2
const HEAP_MB = 256

/** The library is native code, which the processes that render templates may not load: so it has its own. */
export function createStyleInliner({ limits, log, nowMs }: InlinerOptions): StyleInliner {
  const pool = createJobPool<string, Inlined>({
    start: () =>
      startJobProcess({
        entry: ENTRY,
        argument: limits,
        packages: { '@css-inline': '@css-inline/css-inline' },
        flags: ['--allow-addons'],
        heapMb: HEAP_MB,
        timeMs: limits.timeMs,
      }),
    processes: PROCESSES,
    bounds: { charsMax: 64 * 1024 * 1024, charsOfOneMax: 16 * 1024 * 1024 },
    does: 'writes styles into elements',
    log,
    nowMs,
  })
  return {
    inlined: (owner, html) =>
      mayHaveStyles(html, limits) ? pool.run(owner, html, html.length) : Promise.resolve({ html }),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}
