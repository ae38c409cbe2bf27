import { setTimeout as wait } from 'node:timers/promises'
import { listen } from '../../platform/postgres/index.ts'
import type { Pool } from '../../platform/postgres/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { AccountsStore, RequestRow } from './accounts-store.ts'

export interface AccountLoop extends AsyncDisposable {
  /** Resolves once a round that begins after the call has ended; for tests and for the end of the process. */
  settle(): Promise<void>
}

const AT_ONCE = 20
/** Who took a request and died leaves it to others after this. */
const HOLD_SECONDS = 30
const POLL_MS = 5_000
/** Work begins at a random moment after the answer, so that its load tells nothing about the answer before it. */
const JITTER_MS = 1_000
const TRIM_EVERY_MS = 3_600_000
const TRIM_ROWS = 5_000

/**
 * Works off what was asked for by address, and what else is due in accounts. Any number of processes may do so at the same time: a request
 * is taken by one, and taken up again by another where that one dies.
 */
export function startAccountLoop(deps: {
  readonly pool: Pool
  readonly log: Logger
  readonly store: Pick<AccountsStore, 'claim' | 'trim'>
  readonly work: (request: RequestRow) => Promise<void>
  readonly swapDue: () => Promise<number>
  readonly watchRecoveries: () => Promise<number>
  readonly jitterMs?: number
}): AccountLoop {
  const stop = new AbortController()
  let wake = new AbortController()
  let trimmedAt = -Infinity
  let failures = 0
  let waiters: (() => void)[] = []

  async function requests(): Promise<void> {
    for (;;) {
      const claimed = await deps.store.claim(AT_ONCE, HOLD_SECONDS)
      await Promise.all(
        claimed.map((request) =>
          deps.work(request).catch((error: unknown) => {
            // Tried again, ever later; no address is in what is logged.
            const level = request.attempts <= 2 ? 'debug' : 'warn'
            deps.log[level](
              { err: error, request: request.id, kind: request.kind, attempts: request.attempts },
              'A request about an account waits; it is tried again',
            )
          }),
        ),
      )
      if (claimed.length < AT_ONCE || stop.signal.aborted) return
    }
  }

  async function round(): Promise<void> {
    await requests()
    await deps.swapDue()
    await deps.watchRecoveries()
    if (performance.now() - trimmedAt < TRIM_EVERY_MS) return
    trimmedAt = performance.now()
    await deps.store.trim(TRIM_ROWS)
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      wake = new AbortController()
      const asked = waiters
      waiters = []
      try {
        await round()
        if (failures > 0) deps.log.info({ loop: 'accounts' }, 'A background loop works again')
        failures = 0
      } catch (error) {
        failures += 1
        if (failures === 1)
          deps.log.warn({ err: error, loop: 'accounts' }, 'A background loop failed; it is tried again')
      }
      for (const resolve of asked) resolve()
      if (waiters.length > 0) continue
      const pauseMs = POLL_MS * 2 ** Math.min(failures, 3)
      await wait(pauseMs, undefined, { signal: AbortSignal.any([stop.signal, wake.signal]) }).catch(
        () => undefined,
      )
    }
    for (const resolve of waiters) resolve()
  }

  const listening = listen(deps.pool, 'bulkhead_account', deps.log, () => {
    const controller = wake
    setTimeout(() => controller.abort(), Math.random() * (deps.jitterMs ?? JITTER_MS)).unref()
  })
  const finished = run()

  return {
    settle: () =>
      new Promise((resolve) => {
        if (stop.signal.aborted) return resolve()
        waiters.push(resolve)
        wake.abort()
      }),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await finished
      await listening[Symbol.asyncDispose]()
    },
  }
}
