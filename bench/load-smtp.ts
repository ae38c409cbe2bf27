import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { mimeFactory } from './message.ts'
import { SmtpConnection } from './smtp-connection.ts'
import type { SmtpTarget, TlsMode } from './smtp-connection.ts'
import { Tally } from './tally.ts'
import type { LoadReport } from './tally.ts'
import { Work } from './work.ts'
import type { Job } from './work.ts'

export interface SmtpLoadOptions {
  readonly host?: string
  readonly port: number
  readonly tls?: TlsMode
  readonly auth?: { readonly username: string; readonly password: string } | null
  readonly connections?: number
  readonly messages: number
  readonly perSecond?: number
  readonly maxSeconds?: number
  /** Ends the load early, in order. */
  readonly signal?: AbortSignal | undefined
  readonly bytes?: number
  readonly from?: string
  /** Recipients per message; default 1. */
  readonly recipients?: number
  /** One for all, or one for each message. */
  readonly recipientDomain?: string | ((index: number) => string)
  /** Tries again what was answered 421, 450, 451 or 452; default true. */
  readonly retryBusy?: boolean
}

const MAX_RECONNECTS_PER_CONNECTION = 100
const BUSY: ReadonlySet<number> = new Set([421, 450, 451, 452])

/** A promise for the next job: waits until it is due; undefined when there are no more. */
async function nextJob(work: Work): Promise<Job | undefined> {
  for (;;) {
    const woken = Promise.withResolvers<void>()
    const job = work.take(woken.resolve)
    if (job !== null) return job
    await woken.promise
  }
}

/**
 * Sends messages over SMTP, one in flight per connection, and reports what was accepted. It stops after `messages`, or after `maxSeconds`
 * (default 300) at the latest. A message whose connection broke before its reply counts as failed.
 */
export async function loadSmtp(options: SmtpLoadOptions): Promise<LoadReport> {
  const { recipients = 1, recipientDomain = 'rcpt.test', retryBusy = true } = options
  const domainOf = typeof recipientDomain === 'string' ? () => recipientDomain : recipientDomain
  const from = options.from ?? 'shop@sender.test'
  const target: SmtpTarget = {
    host: options.host ?? '127.0.0.1',
    port: options.port,
    tls: options.tls ?? 'none',
    auth: options.auth ?? null,
  }
  const work = new Work({
    count: options.messages,
    maxSeconds: options.maxSeconds ?? 300,
    signal: options.signal,
    ...(options.perSecond === undefined ? {} : { perSecond: options.perSecond }),
  })
  const tally = new Tally()
  const make = mimeFactory(options.bytes ?? 5000, randomBytes(6).toString('hex'))

  /** False when the server closed with 421 and there is more to send. */
  const sendAll = async (connection: SmtpConnection): Promise<boolean> => {
    for (let job = await nextJob(work); job !== undefined; job = await nextJob(work)) {
      const { index, dueMs } = job
      const to = Array.from({ length: recipients }, (_, r) => `u${index}-${r}@${domainOf(index)}`)
      const content = make({ index, from, to: to[0] ?? '', sentMs: dueMs })
      let code: number
      try {
        code = (await connection.deliver(from, to, content)).code
      } catch (error) {
        tally.failed()
        throw error
      }
      tally.status(String(code))
      if (code === 250) tally.accepted(dueMs)
      else if (retryBusy && BUSY.has(code) && !work.over) {
        tally.putOff()
        work.giveBack(job)
      } else tally.failed()
      if (code === 421) return false
    }
    return true
  }
  const client = async (): Promise<void> => {
    for (let attempt = 0; attempt <= MAX_RECONNECTS_PER_CONNECTION && !work.over; attempt++) {
      try {
        const connection = await SmtpConnection.open(target)
        try {
          if (await sendAll(connection)) {
            await connection.quit()
            return
          }
          await delay(50)
        } finally {
          connection[Symbol.dispose]()
        }
      } catch (error) {
        tally.status(error instanceof Error ? error.message.slice(0, 120) : String(error))
        await delay(50)
      }
    }
  }
  await Promise.all(Array.from({ length: options.connections ?? 20 }, client))
  return tally.report(options.messages)
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '2525' },
      tls: { type: 'string', default: 'none' },
      user: { type: 'string' },
      password: { type: 'string', default: '' },
      messages: { type: 'string', default: '1000' },
      rate: { type: 'string' },
      seconds: { type: 'string', default: '60' },
      connections: { type: 'string', default: '20' },
      recipients: { type: 'string', default: '1' },
      bytes: { type: 'string', default: '5000' },
      from: { type: 'string', default: 'shop@sender.test' },
    },
  })
  const { tls } = values
  if (tls !== 'none' && tls !== 'starttls' && tls !== 'implicit') {
    throw new Error('--tls must be none, starttls or implicit')
  }
  const report = await loadSmtp({
    host: values.host,
    port: Number(values.port),
    tls,
    auth: values.user === undefined ? null : { username: values.user, password: values.password },
    messages: Number(values.messages),
    maxSeconds: Number(values.seconds),
    connections: Number(values.connections),
    recipients: Number(values.recipients),
    bytes: Number(values.bytes),
    from: values.from,
    ...(values.rate === undefined ? {} : { perSecond: Number(values.rate) }),
  })
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
}

if (import.meta.main) await main()
