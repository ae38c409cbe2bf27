import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { jsonFactory } from './message.ts'
import { Tally } from './tally.ts'
import type { LoadReport } from './tally.ts'
import { Work } from './work.ts'
import type { Job } from './work.ts'

export interface HttpLoadOptions {
  readonly host?: string
  readonly port: number
  /** Default `/v1/messages`, and `/v1/messages/batch` when `batch` is set. */
  readonly path?: string
  readonly apiKey: string
  readonly connections?: number
  /** How many messages in all. */
  readonly messages: number
  readonly perSecond?: number
  readonly maxSeconds?: number
  /** Ends the load early, in order. */
  readonly signal?: AbortSignal | undefined
  /** About the size of one composed message; default 5,000. */
  readonly bytes?: number
  readonly from?: string
  /** Messages per request; 0 sends single ones. */
  readonly batch?: number
  /** Recipients per message, all in To; default 1. */
  readonly recipients?: number
  /** One for all, or one for each message. */
  readonly recipientDomain?: string | ((index: number) => string)
  /** Further top-level fields of each message, such as `lane`. */
  readonly extra?: Readonly<Record<string, unknown>>
  /** False leaves out the X-Bench-Sent header, so that the sink's latency is about other messages only. */
  readonly stamp?: boolean
  /** Makes the body of a batch request from the JSON of its messages. */
  readonly wrapBatch?: (messages: readonly string[]) => string
  /** Tries again what was answered 429 or 503; default true. */
  readonly retryBusy?: boolean
  /** Told of each answer that is not 2xx: a benchmark that fails should say why. */
  readonly onRefusal?: (status: number, body: string) => void
}

const MAX_RESPONSE = 64 * 1024 * 1024
const MAX_RECONNECTS_PER_CONNECTION = 100

/** One keep-alive connection with one request in flight. */
class HttpConnection {
  readonly #socket: Socket
  readonly #onAnswer: (status: number, body: string) => void
  #chunks: Buffer[] = []
  #length = 0
  #need = -1
  #headEnd = 0
  #status = 0
  #close = false

  constructor(
    address: { host: string; port: number },
    on: {
      ready: () => void
      answer: (status: number, body: string) => void
      closed: (reason: string) => void
    },
  ) {
    this.#onAnswer = on.answer
    this.#socket = connect({ ...address, noDelay: true })
    let reason = 'closed'
    this.#socket.on('connect', on.ready)
    this.#socket.on('data', (chunk) => this.#data(chunk))
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      reason = error.code ?? error.message
    })
    this.#socket.on('close', () => on.closed(reason))
    this.#socket.setTimeout(60_000, () => this.#socket.destroy(new Error('timeout')))
  }

  send(request: string): void {
    this.#socket.write(request)
  }

  end(): void {
    this.#socket.end()
  }

  #data(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    if (this.#need < 0 && !this.#head()) return
    if (this.#length < this.#need) return
    const all = Buffer.concat(this.#chunks)
    const body = all.toString('utf8', this.#headEnd, this.#need)
    this.#chunks = []
    this.#length = 0
    this.#need = -1
    const close = this.#close
    this.#close = false
    this.#onAnswer(this.#status, body)
    if (close) this.#socket.end()
  }

  #head(): boolean {
    const all = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks)
    const end = all?.indexOf('\r\n\r\n') ?? -1
    if (all === undefined || end < 0) {
      if (this.#length > 65_536) this.#socket.destroy(new Error('endless header'))
      return false
    }
    const head = all.toString('latin1', 0, end)
    this.#chunks = [all]
    this.#status = Number(head.slice(9, 12))
    this.#close = /\r\nconnection:\s*close/i.test(head)
    const length = /\r\ncontent-length:\s*(\d{1,12})/i.exec(head)
    if (length === null && this.#status !== 204) {
      this.#socket.destroy(new Error('answer without content-length'))
      return false
    }
    this.#headEnd = end + 4
    this.#need = end + 4 + Number(length?.[1] ?? 0)
    if (this.#need > MAX_RESPONSE) this.#socket.destroy(new Error('answer too large'))
    return true
  }
}

/**
 * Sends messages to POST /v1/messages over keep-alive connections, one request in flight on each, and reports what was accepted. It stops
 * after `messages`, or after `maxSeconds` (default 300) at the latest. Of a batch the answer's `accepted` is counted.
 */
export function loadHttp(options: HttpLoadOptions): Promise<LoadReport> {
  const { batch = 0, recipients = 1, recipientDomain = 'rcpt.test', retryBusy = true } = options
  const host = options.host ?? '127.0.0.1'
  const perRequest = Math.max(1, batch)
  const requests = Math.ceil(options.messages / perRequest)
  const work = new Work({
    count: requests,
    maxSeconds: options.maxSeconds ?? 300,
    signal: options.signal,
    ...(options.perSecond === undefined ? {} : { perSecond: options.perSecond / perRequest }),
  })
  const tally = new Tally()
  const make = jsonFactory({
    bytes: options.bytes ?? 5000,
    from: options.from ?? 'shop@sender.test',
    stamp: options.stamp ?? true,
    ...(options.extra === undefined ? {} : { extra: options.extra }),
  })
  const path = options.path ?? (batch > 0 ? '/v1/messages/batch' : '/v1/messages')
  const head = `POST ${path} HTTP/1.1\r\nHost: ${host}:${options.port}\r\nAuthorization: Bearer ${options.apiKey}\r\nContent-Type: application/json\r\nContent-Length: `
  const wrap = options.wrapBatch ?? ((messages) => `{"messages":[${messages.join(',')}]}`)
  const domainOf = typeof recipientDomain === 'string' ? () => recipientDomain : recipientDomain
  const to = (index: number): string => {
    const domain = domainOf(index)
    return recipients === 1
      ? `"u${index}@${domain}"`
      : `[${Array.from({ length: recipients }, (_, r) => `"u${index}-${r}@${domain}"`).join(',')}]`
  }
  const sizeOf = (job: Job): number => Math.min(perRequest, options.messages - job.index * perRequest)
  const request = (job: Job): string => {
    const first = job.index * perRequest
    const one = (index: number): string => make({ index, to: to(index), sentMs: job.dueMs })
    const body = batch > 0 ? wrap(Array.from({ length: sizeOf(job) }, (_, i) => one(first + i))) : one(first)
    return `${head}${Buffer.byteLength(body)}\r\n\r\n${body}`
  }

  return new Promise((resolve) => {
    let open = 0
    const closed = (): void => {
      if (--open === 0) resolve(tally.report(options.messages))
    }
    const run = (reconnects: number): void => {
      let job: Job | null = null
      let done = false
      open++
      const settle = (status: number, body: string): void => {
        if (job === null) return
        tally.status(String(status))
        if (status >= 200 && status < 300) {
          const count = batch > 0 ? Number(/"accepted":\s*(\d{1,6})/.exec(body)?.[1] ?? 0) : 1
          const accepted = Math.min(count, sizeOf(job))
          tally.accepted(job.dueMs, accepted)
          if (accepted < sizeOf(job)) tally.failed(sizeOf(job) - accepted)
        } else {
          options.onRefusal?.(status, body)
          if (retryBusy && (status === 429 || status === 503) && !work.over) {
            tally.putOff(sizeOf(job))
            work.giveBack(job)
          } else tally.failed(sizeOf(job))
        }
        job = null
        next()
      }
      const next = (): void => {
        if (done) return
        const taken = work.take(next)
        if (taken === undefined) {
          done = true
          connection.end()
        } else if (taken !== null) {
          job = taken
          connection.send(request(taken))
        }
      }
      const connection = new HttpConnection(
        { host, port: options.port },
        {
          ready: next,
          answer: settle,
          closed: (reason) => {
            if (job !== null) tally.failed(sizeOf(job))
            if (!done) {
              done = true
              tally.status(reason)
              if (reconnects < MAX_RECONNECTS_PER_CONNECTION && !work.over) {
                setTimeout(() => {
                  run(reconnects + 1)
                  closed()
                }, 20)
                return
              }
            }
            closed()
          },
        },
      )
    }
    for (let i = 0; i < (options.connections ?? 20); i++) run(0)
  })
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '8600' },
      key: { type: 'string', default: process.env['BULKHEAD_API_KEY'] ?? '' },
      messages: { type: 'string', default: '1000' },
      rate: { type: 'string' },
      seconds: { type: 'string', default: '60' },
      connections: { type: 'string', default: '20' },
      batch: { type: 'string', default: '0' },
      recipients: { type: 'string', default: '1' },
      bytes: { type: 'string', default: '5000' },
      from: { type: 'string', default: 'shop@sender.test' },
      lane: { type: 'string' },
    },
  })
  const report = await loadHttp({
    host: values.host,
    port: Number(values.port),
    apiKey: values.key,
    messages: Number(values.messages),
    maxSeconds: Number(values.seconds),
    connections: Number(values.connections),
    batch: Number(values.batch),
    recipients: Number(values.recipients),
    bytes: Number(values.bytes),
    from: values.from,
    ...(values.rate === undefined ? {} : { perSecond: Number(values.rate) }),
    ...(values.lane === undefined ? {} : { extra: { lane: values.lane } }),
  })
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
}

if (import.meta.main) await main()
