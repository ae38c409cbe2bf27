/** Asks a service for the breached hashes that begin with five digits (k-anonymity): it learns one of 1,048,576 ranges, no password. */
export interface RangeClient {
  /** Whether the SHA-1 is in the service's list; null where it cannot be told. Never throws. */
  has(sha1: Buffer): Promise<boolean | null>
}

/** For everything: connecting, asking, the whole answer. A log-in waits for it. */
const TIMEOUT_MS = 1_500
/** After a failure nothing is asked for so long: a service that is away slows one log-in down, not all. */
const PAUSE_MS = 30_000
/** An answer has about 1,900 lines of 40 bytes, padding included. */
const ANSWER_BYTES_MAX = 1024 * 1024
const PREFIX_DIGITS = 5

/**
 * A client of the range API of Have I Been Pwned, or of a mirror: `GET <url>/<five digits>`, answered by lines `SUFFIX:COUNT`. It asks for
 * padding (`Add-Padding: true`), so that the length of an answer says nothing to who listens; lines with the count 0 are padding.
 * `onFailure` hears why it could not be told, at most once in a pause.
 */
export function createRangeClient(options: {
  readonly url: string
  readonly onFailure: (reason: string) => void
  readonly timeoutMs?: number
  readonly pauseMs?: number
  readonly clock?: () => number
}): RangeClient {
  const clock = options.clock ?? (() => performance.now())
  let pausedUntil = -Infinity

  async function ask(prefix: string): Promise<string> {
    const answer = await fetch(`${options.url}/${prefix}`, {
      headers: { 'add-padding': 'true', 'user-agent': 'Bulkhead', accept: 'text/plain' },
      redirect: 'error',
      signal: AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS),
    })
    if (!answer.ok || answer.body === null) {
      await answer.body?.cancel()
      throw new Error(`the range service answered ${answer.status}`)
    }
    const pieces: Uint8Array[] = []
    let bytes = 0
    for await (const piece of answer.body) {
      bytes += piece.length
      if (bytes > ANSWER_BYTES_MAX) throw new Error('the range service answered too much')
      pieces.push(piece)
    }
    return Buffer.concat(pieces).toString('latin1')
  }

  return {
    async has(sha1) {
      if (clock() < pausedUntil) return null
      const digits = sha1.toString('hex').toUpperCase()
      try {
        return isIn(await ask(digits.slice(0, PREFIX_DIGITS)), digits.slice(PREFIX_DIGITS))
      } catch (error) {
        const isFirst = clock() >= pausedUntil
        pausedUntil = clock() + (options.pauseMs ?? PAUSE_MS)
        if (isFirst) options.onFailure(reasonOf(error))
        return null
      }
    },
  }
}

const LINE = /^([0-9A-F]{35}):(\d{1,12})$/i

/** Throws where the answer is not what a range is: a captive portal must not count as `not breached`. */
function isIn(answer: string, suffix: string): boolean {
  let found = false
  let lines = 0
  for (const line of answer.replace(/^\ufeff|^\xef\xbb\xbf/, '').split('\n')) {
    const text = line.trim()
    if (text === '') continue
    const match = LINE.exec(text)
    if (match === null) throw new Error('the range service answered something else than a range')
    lines += 1
    if (match[1]?.toUpperCase() === suffix && Number(match[2]) > 0) found = true
  }
  if (lines === 0) throw new Error('the range service answered an empty range')
  return found
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return `${error.message}${cause}`
}
