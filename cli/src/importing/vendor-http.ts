import { setTimeout as sleep } from 'node:timers/promises'
import { UsageError } from '../failure.ts'

export interface VendorRequest {
  readonly method?: 'GET' | 'POST'
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: unknown
}

/** A vendor's API, as far as an import asks it. */
export type VendorHttp = (request: VendorRequest) => Promise<unknown>

const TRIES = 6
/** Between a question and its answer, and between the parts of an answer. */
const IDLE_MS = 30_000
/** For a whole answer, however slowly it comes. */
const ANSWER_MS = 600_000
const ANSWER_BYTES_MAX = 64 * 1024 * 1024
const PAUSE_MS_MAX = 60_000

/**
 * Asks a vendor's API. Busy servers are asked again, after the pause that they name; what else goes wrong is told with the call and the
 * vendor's own words. The key goes to the vendor only.
 */
export function createVendorHttp(deps: {
  readonly vendor: string
  readonly baseUrl: string
  readonly headers: Readonly<Record<string, string>>
  /** What a vendor may not repeat to us: errors are shown, logged and sent on. */
  readonly key: string
  readonly signal: AbortSignal
  /** Scale of pauses; tests take 0. */
  readonly pauseScale?: number
}): VendorHttp {
  const scale = deps.pauseScale ?? 1
  return async ({ method = 'GET', path, query = {}, body }) => {
    const url = new URL(`${deps.baseUrl.replace(/\/+$/, '')}${path}`)
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value))
    const call = `${method} ${path}`
    for (let tries = 1; ; tries++) {
      const answer = await ask(call, url, method, body)
      if (answer.status < 400) return valueOf(call, answer.text)
      const isBusy = answer.status === 429 || answer.status === 502 || answer.status === 503
      if (!isBusy || tries === TRIES) throw refusal(call, answer)
      const named = answer.retryAfterMs ?? 2 ** tries * 250
      await sleep(Math.min(named, PAUSE_MS_MAX) * scale, undefined, { signal: deps.signal })
    }
  }

  async function ask(call: string, url: URL, method: string, body: unknown) {
    const idle = new AbortController()
    const rest = (): void => idle.abort(new Error(`nothing came for ${IDLE_MS / 1_000} seconds`))
    let timer = setTimeout(rest, IDLE_MS)
    const wake = (): void => {
      clearTimeout(timer)
      timer = setTimeout(rest, IDLE_MS)
    }
    const signal = AbortSignal.any([deps.signal, idle.signal, AbortSignal.timeout(ANSWER_MS)])
    try {
      const response = await fetch(url, {
        method,
        redirect: 'error',
        headers: {
          accept: 'application/json',
          'user-agent': 'bulkhead-import/1',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...deps.headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal,
      })
      const text = await textOf(response, call, wake)
      return { status: response.status, text, retryAfterMs: pauseOf(response) }
    } catch (error) {
      if (deps.signal.aborted || error instanceof UsageError) throw error
      throw new UsageError(
        `${deps.vendor} did not answer ${call} at ${url.origin}: ${causeOf(error)}. Is --from right, and the network open?`,
      )
    } finally {
      clearTimeout(timer)
    }
  }

  async function textOf(response: Response, call: string, wake: () => void): Promise<string> {
    const parts: Uint8Array[] = []
    let bytes = 0
    for await (const part of response.body ?? []) {
      wake()
      bytes += part.length
      if (bytes > ANSWER_BYTES_MAX)
        throw new UsageError(`${deps.vendor} answered ${call} with more than ${ANSWER_BYTES_MAX} bytes.`)
      parts.push(part)
    }
    return Buffer.concat(parts).toString('utf8')
  }

  /** What is no JSON is no empty account: it may be the page of a network that wants a log-in. */
  function valueOf(call: string, text: string): unknown {
    try {
      return text === '' ? null : JSON.parse(text)
    } catch {
      throw new UsageError(
        `${deps.vendor} answered ${call} with something that is no JSON: is that ${deps.vendor}, and --from right?`,
      )
    }
  }

  function refusal(call: string, answer: { readonly status: number; readonly text: string }): UsageError {
    const words = answer.text
      .slice(0, 10_000)
      .replaceAll(deps.key, '[the key]')
      .replaceAll(/\s+/g, ' ')
      .slice(0, 300)
    const advice =
      answer.status === 401 || answer.status === 403
        ? ' Is the key right, and may it read this? A key that reads everything is enough; it need not be able to send.'
        : ''
    return new UsageError(`${deps.vendor} refused ${call} with ${answer.status}: ${words}${advice}`)
  }
}

function pauseOf(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1_000
  const reset = Number(response.headers.get('x-ratelimit-reset') ?? Number.NaN)
  return Number.isFinite(reset) && reset > 1e9 ? Math.max(0, reset * 1_000 - Date.now()) : undefined
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
