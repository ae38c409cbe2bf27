import type { KeyObject } from 'node:crypto'
import { Fault } from '../../kernel/faults.ts'
import type { Egress } from '../../platform/egress/index.ts'
import { parsePublicKeys } from './signed-report.ts'

export interface ReportKeys {
  /** The key of an identifier, or null where the list has none. Throws `unavailable` where the list cannot be had. */
  of(identifier: string): Promise<KeyObject | null>
}

const FRESH_MS = 3_600_000
/** An identifier that the list lacks may be a new one; it is asked for this often at most, whoever invents identifiers. */
const AGAIN_MS = 60_000
const TIMEOUT_MS = 5_000
const BYTES_MAX = 64 * 1024

/** The public keys of those who sign reports, kept for an hour. A list that is away leaves the last one in use for a day. */
export function createReportKeys(deps: {
  readonly egress: Pick<Egress, 'get'>
  readonly url: string
  readonly clock?: () => number
}): ReportKeys {
  const clock = deps.clock ?? (() => performance.now())
  let known: { readonly keys: ReadonlyMap<string, KeyObject>; readonly atMs: number } | undefined
  let triedAtMs = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | undefined

  async function load(): Promise<void> {
    triedAtMs = clock()
    const body = await deps.egress.get({
      url: deps.url,
      timeoutMs: TIMEOUT_MS,
      answerBytesMax: BYTES_MAX,
    })
    const keys = parsePublicKeys(body.toString('utf8'))
    if (keys === null) throw new Error('the answer is no list of keys')
    known = { keys, atMs: clock() }
  }

  async function refresh(): Promise<void> {
    asking ??= load().finally(() => {
      asking = undefined
    })
    await asking
  }

  return {
    async of(identifier) {
      const isStale = known === undefined || clock() - known.atMs > FRESH_MS || !known.keys.has(identifier)
      const mayAsk = asking !== undefined || clock() - triedAtMs > AGAIN_MS
      if (isStale && mayAsk) {
        try {
          await refresh()
        } catch (error) {
          if (known === undefined || clock() - known.atMs > 24 * FRESH_MS) throw unavailable(error)
        }
      }
      if (known === undefined) throw unavailable()
      return known.keys.get(identifier) ?? null
    },
  }
}

function unavailable(cause?: unknown): Fault {
  return new Fault('unavailable', {
    detail: 'The keys that sign reports cannot be fetched right now; try again.',
    internal: 'the public keys for leak reports could not be fetched',
    retryAfterSeconds: 60,
    cause,
  })
}
