import { BulkheadError } from './errors.ts'
import { backoffMs, pause } from './retry.ts'
import { createSentEventParser, type SentEvent, type SentEventParser } from './server-sent-events.ts'
import type { CallOptions, Request, Transport } from './transport.ts'

/** An event of a live stream. Keep `id`: with it a later stream goes on behind this event. */
export interface LiveEvent<Data> {
  readonly id: string
  readonly type: string
  readonly data: Data
}

export interface StreamOptions {
  /** Ends the stream; the iteration then ends without an error. */
  readonly signal?: AbortSignal | undefined
  /** Go on behind this event. Default: from now. */
  readonly lastEventId?: string | undefined
  /** Told when the connection is there and when it is lost; the stream comes back by itself. */
  readonly onConnection?: ((state: 'connected' | 'lost') => void) | undefined
  /** A connection that is silent for so long is replaced. The server pings every 15 s. Default 45,000. */
  readonly silenceMsMax?: number | undefined
}

/**
 * A stream of events that survives lost connections: it reconnects and goes on behind the last event it has yielded, so that none
 * is missed and none comes twice. The first connection fails like any request; later ones are tried until they succeed, the signal
 * is aborted or the server refuses (a revoked key).
 */
export async function* streamEvents<Data>(
  transport: Transport,
  request: Request,
  options: StreamOptions = {},
): AsyncGenerator<LiveEvent<Data>, void, undefined> {
  const { signal } = options
  const ended = (): boolean => signal?.aborted === true
  let parser = createSentEventParser(options.lastEventId)
  let failures = 0
  let connectedBefore = false
  while (!ended()) {
    const connection = new AbortController()
    const silence = watchSilence(connection, options.silenceMsMax ?? 45_000)
    try {
      const both = signal === undefined ? connection.signal : AbortSignal.any([signal, connection.signal])
      const response = await transport.open(resumed(request, parser.lastEventId), {
        signal: both,
      } satisfies CallOptions)
      options.onConnection?.('connected')
      connectedBefore = true
      failures = 0
      for await (const event of readEvents(response, parser, silence)) {
        yield { id: event.id, type: event.event, data: parseData(event) }
      }
    } catch (error) {
      if (ended()) return
      if (!connectedBefore || isFinal(error)) throw error
    } finally {
      silence.stop()
      connection.abort()
    }
    options.onConnection?.('lost')
    const waitMs = (parser.retryMs ?? 1_000) / 2 + backoffMs(failures++, Math.random)
    // A half-read event belongs to the lost connection; the place in the stream does not.
    parser = createSentEventParser(parser.lastEventId)
    await pause(waitMs, signal).catch(() => undefined)
  }
}

function resumed(request: Request, lastEventId: string): Request {
  return {
    ...request,
    headers: { accept: 'text/event-stream', ...(lastEventId === '' ? {} : { 'last-event-id': lastEventId }) },
  }
}

/** The server ends a stream it cannot go on with by an event named `error`, which has no id: that is a lost connection. */
async function* readEvents(
  response: Response,
  parser: SentEventParser,
  silence: Silence,
): AsyncGenerator<SentEvent, void, undefined> {
  if (response.body === null) return
  const decoder = new TextDecoder()
  const reader = response.body.getReader()
  for (;;) {
    silence.start()
    const { done, value } = await reader.read()
    silence.stop()
    if (done) return
    for (const event of parser.push(decoder.decode(value, { stream: true }))) {
      if (event.event === 'error') return
      yield event
    }
  }
}

function parseData(event: SentEvent) {
  try {
    return JSON.parse(event.data)
  } catch (error) {
    throw new BulkheadError({
      status: 200,
      code: 'invalid_response',
      title: 'The answer cannot be used',
      detail: `The event ${event.id} is not JSON.`,
      cause: error,
    })
  }
}

function isFinal(error: unknown): boolean {
  if (!(error instanceof BulkheadError)) return false
  return (
    error.code === 'invalid_response' || (error.status >= 400 && error.status < 500 && error.status !== 429)
  )
}

/** Timed only while a read waits: a slow consumer is not a silent server. */
interface Silence {
  start(): void
  stop(): void
}

function watchSilence(connection: AbortController, limitMs: number): Silence {
  let timer: ReturnType<typeof setTimeout> | undefined
  return {
    start() {
      timer = setTimeout(() => connection.abort(), limitMs)
    },
    stop: () => clearTimeout(timer),
  }
}
