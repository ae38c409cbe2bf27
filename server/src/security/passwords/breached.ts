import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { Fault } from '../../kernel/faults.ts'
import {
  BreachedFileError,
  SHIPPED_FILE,
  createRangeClient,
  keyOf,
  openBreachedFile,
} from '../../platform/breached/index.ts'
import type { BreachedHeader, RangeClient } from '../../platform/breached/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'

/** Name of the imported list in the data directory. */
export const IMPORTED_FILE = 'breached.filter'
/** A damaged file is told of once in this time, not with every log-in. */
const COMPLAIN_EVERY_MS = 60_000

export interface Breached {
  /**
   * Whether the password stands in a list of breached ones, word for word: the shipped list, the imported one, then the range service
   * where there is one. Ask when a password is set and at every log-in, for unknown people too. A damaged imported list and a service that
   * does not answer are told to the log, and the rest decides. Throws `unavailable` where the shipped list cannot be read.
   */
  has(password: string): Promise<boolean>
  /** The lists that are in use now. Throws as `has`. */
  lists(): Promise<{ readonly shipped: BreachedHeader; readonly imported: BreachedHeader | null }>
}

/** `directory` is BULKHEAD_DATA; `rangeUrl` is BULKHEAD_BREACHED_RANGE_URL. An imported list counts from the next look-up on. */
export function createBreached(deps: {
  readonly directory: string
  readonly log: Logger
  readonly rangeUrl?: string | null
  readonly shippedFile?: string
  readonly clock?: () => number
}): Breached {
  const clock = deps.clock ?? (() => performance.now())
  const shippedFile = deps.shippedFile ?? SHIPPED_FILE
  const importedFile = join(deps.directory, IMPORTED_FILE)
  const ranges = createRanges(deps)
  let complainedAt = -Infinity

  /** The imported list may be damaged; then it is as if there were none, and somebody hears of it. */
  async function imported<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof BreachedFileError)) throw error
      if (clock() - complainedAt >= COMPLAIN_EVERY_MS) {
        complainedAt = clock()
        deps.log.error(
          { alarm: 'breached.damaged', reason: error.message },
          'The imported list of breached passwords cannot be used; the shipped one decides alone',
        )
      }
      return otherwise
    }
  }

  return {
    async has(password) {
      const digests = formsOf(password).map((form) => createHash('sha1').update(form, 'utf8').digest())
      if (await inShipped(shippedFile, digests)) return true
      if (await imported(() => inFile(importedFile, digests), false)) return true
      if (ranges === null) return false
      const answers = await Promise.all(digests.map((digest) => ranges.has(digest)))
      return answers.includes(true)
    },

    async lists() {
      const shipped = await orUnavailable(headerOf(shippedFile))
      if (shipped === null) throw noShippedList(shippedFile)
      return { shipped, imported: await imported(() => headerOf(importedFile), null) }
    },
  }
}

/** The lists hold what people typed; we hash the normalised form. Both are looked up where they differ. */
function formsOf(password: string): string[] {
  return [...new Set([password, password.normalize('NFKC')])]
}

async function inFile(path: string, digests: readonly Buffer[]): Promise<boolean> {
  await using file = await openBreachedFile(path)
  if (file === null) return false
  for (const digest of digests) if (await file.has(keyOf(digest))) return true
  return false
}

async function inShipped(path: string, digests: readonly Buffer[]): Promise<boolean> {
  await using file = await orUnavailable(openBreachedFile(path))
  if (file === null) throw noShippedList(path)
  for (const digest of digests) if (await orUnavailable(file.has(keyOf(digest)))) return true
  return false
}

async function headerOf(path: string): Promise<BreachedHeader | null> {
  await using file = await openBreachedFile(path)
  return file?.header ?? null
}

function createRanges({
  rangeUrl,
  log,
}: {
  readonly rangeUrl?: string | null
  readonly log: Logger
}): RangeClient | null {
  if (rangeUrl === null || rangeUrl === undefined) return null
  return createRangeClient({
    url: rangeUrl,
    onFailure: (reason) =>
      log.warn(
        { reason },
        'The range service for breached passwords does not answer; the lists on this host decide alone',
      ),
  })
}

/** The shipped list is part of the installation: without it nothing is known to be safe. */
async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw new Fault('unavailable', {
      detail: 'Passwords cannot be checked right now; try again.',
      internal: error instanceof Error ? error.message : 'the shipped list cannot be read',
      retryAfterSeconds: 30,
      cause: error,
    })
  }
}

function noShippedList(path: string): Fault {
  return new Fault('unavailable', {
    detail: 'Passwords cannot be checked right now; try again.',
    internal: `${path} is missing: it comes with Bulkhead`,
    retryAfterSeconds: 30,
  })
}
