import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Queryable } from '../platform/postgres/index.ts'
import { hasUnpepperedCredentials, pepperOldCredentials } from '../security/access/index.ts'
import type { Pepperer } from '../security/access/index.ts'

const AGAIN_MS = 500
const CONTAINED_AGAIN_MS = 10_000

/** In the data directory. On the host and not in the database: whose owner could enter plain digests at any time, and have them bound. */
const DONE_FILE = 'credentials.peppered'

export interface PepperingDependencies {
  readonly pool: Queryable
  readonly keyring: Pepperer
  readonly log: Logger
  readonly signal: AbortSignal
  readonly dataDirectory: string
}

/**
 * Before the first request: credentials of an older version are peppered, once in the life of this data directory. The keyring may still
 * be starting. Where `credential` is contained they wait for the lift, and the api does not wait for them: `finished` does. Plain
 * digests that turn up after all were done open nothing, and raise an alarm.
 */
export async function startPeppering(
  deps: PepperingDependencies,
): Promise<{ readonly finished: Promise<void> }> {
  const { pool, log, signal, dataDirectory } = deps
  const path = join(dataDirectory, DONE_FILE)
  if (existsSync(path)) {
    const isForged = await patiently(deps, () => hasUnpepperedCredentials(pool))
    if (isForged === true) log.error({ alarm: 'credential.forged', file: path }, FORGED)
    return { finished: Promise.resolve() }
  }
  const contained = await pepper()
  return { finished: pepperContained(contained) }

  /** How many wait; null where the process ends first. */
  async function pepper(): Promise<number | null> {
    const done = await patiently(deps, () => pepperOldCredentials(deps))
    if (done === null) return null
    if (done.peppered > 0)
      log.info({ count: done.peppered }, 'Credentials of an older version are peppered now')
    if (done.contained === 0) noteDone()
    return done.contained
  }

  async function pepperContained(count: number | null): Promise<void> {
    if (count !== null && count > 0)
      log.warn(
        { count },
        'Credentials of an older version are contained; they work once they are peppered, after the lift',
      )
    for (let left = count; left !== null && left > 0 && !signal.aborted;) {
      await wait(CONTAINED_AGAIN_MS, undefined, { signal }).catch(() => undefined)
      left = await pepper()
    }
  }

  function noteDone(): void {
    try {
      mkdirSync(dataDirectory, { recursive: true })
      writeFileSync(path, `${new Date().toISOString()}\n`, { mode: 0o600 })
    } catch (error) {
      log.warn({ err: error }, `${path} cannot be written: plain digests are peppered at the next start too`)
    }
  }
}

const FORGED =
  'There are credentials from before the pepper, and all of those were peppered long ago: somebody wrote to the database past Bulkhead, or an old backup was restored. They open nothing; remove the file only where you restored one'

/** The answer once there is one; null where the process ends first. */
async function patiently<T>(
  { log, signal }: PepperingDependencies,
  work: () => Promise<T>,
): Promise<T | null> {
  for (let tries = 1; !signal.aborted; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries === 1) log.warn({ err: error }, 'Old credentials cannot be peppered yet; trying again')
      await wait(AGAIN_MS, undefined, { signal }).catch(() => undefined)
    }
  }
  return null
}
