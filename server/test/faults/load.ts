import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Installation } from '../constellation/installation.ts'
import { SmtpGone } from '../constellation/smtp.ts'
import type { SmtpWire } from '../constellation/smtp.ts'
import type { Chance } from './random.ts'

/** One request as its client saw it. Each recipient is named in one request only. */
export interface Request {
  readonly via: 'http' | 'http with key' | 'smtp'
  readonly recipients: readonly string[]
  /** `unknown`: the connection ended or a 5xx/4yz came before an answer that decides; the server may have it or not. */
  readonly outcome: 'accepted' | 'refused' | 'unknown'
  readonly messageId: string | undefined
  readonly tries: number
}

export interface Load {
  readonly requests: readonly Request[]
  /** What clients saw that no client should see: other ids for the same key, answers that make no sense. */
  readonly complaints: readonly string[]
  /** Stops new requests and waits for those under way. */
  stop(): Promise<void>
}

export interface LoadOptions {
  readonly chance: Chance
  readonly httpClients?: number
  readonly smtpClients?: number
  /** Between the requests of one client. */
  readonly pauseMs?: number
}

const LANES = ['critical', 'transactional', 'transactional', 'bulk'] as const
const HTTP_TIMEOUT_MS = 20_000
/** A client that has a key tries again until it knows; after the load ended, this long. */
const KEYED_PATIENCE_MS = 30_000

const BOUNCES = 'bounce-'

/** Recipients that a sink of these tests refuses for good. */
export function mayBounce(recipient: string): boolean {
  return recipient.startsWith(BOUNCES)
}

/** Clients that behave as well-made ones do: keyed requests are repeated until answered, others are sent once. */
export function startLoad(installation: Installation, options: LoadOptions): Load {
  const { chance, pauseMs = 15 } = options
  const run = randomUUID().slice(0, 8)
  const requests: Request[] = []
  const complaints: string[] = []
  const stopping = new AbortController()
  let stoppedMs = 0
  let sequence = 0

  const newRecipients = (): string[] => {
    const count = chance.next() < 0.1 ? 3 : 1
    return Array.from({ length: count }, () => {
      sequence += 1
      const kind = chance.next() < 0.02 ? BOUNCES : 'r'
      return `${kind}${run}-${sequence}@load-${sequence % 7}.test`
    })
  }

  async function http(): Promise<void> {
    while (!stopping.signal.aborted) {
      const keyed = chance.next() < 0.5
      const recipients = newRecipients()
      const lane = LANES[Math.floor(chance.next() * LANES.length)]
      const body = JSON.stringify({
        from: installation.from,
        to: recipients,
        subject: `Load ${sequence}`,
        text: 'x'.repeat(500),
        ...(lane === 'critical' && recipients.length === 1 ? { sensitive: chance.next() < 0.5 } : {}),
        lane,
      })
      const headers: Record<string, string> = keyed ? { 'idempotency-key': randomUUID() } : {}
      const via = keyed ? 'http with key' : 'http'
      for (let tries = 1; ; tries++) {
        const answer = await installation.http
          .send(body, { headers, timeoutMs: HTTP_TIMEOUT_MS })
          .catch(() => undefined)
        if (answer?.status === 202) {
          const messageId: string = answer.body.id
          requests.push({ via, recipients, outcome: 'accepted', messageId, tries })
          if (keyed && chance.next() < 0.2) await repeat(body, headers, messageId)
          break
        }
        const decided = answer !== undefined && answer.status >= 400 && answer.status < 500
        if (decided && answer.status !== 429) {
          complaints.push(`${answer.status} ${answer.text}`)
          requests.push({ via, recipients, outcome: 'refused', messageId: undefined, tries })
          break
        }
        const patience = !stopping.signal.aborted || performance.now() - stoppedMs < KEYED_PATIENCE_MS
        if (!keyed || !patience) {
          requests.push({ via, recipients, outcome: 'unknown', messageId: undefined, tries })
          break
        }
        await sleep(200)
      }
      await sleep(pauseMs * (0.5 + chance.next()))
    }
  }

  /** The same key and body again: the same message, whatever happened in between. */
  async function repeat(body: string, headers: Record<string, string>, messageId: string): Promise<void> {
    const again = await installation.http
      .send(body, { headers, timeoutMs: HTTP_TIMEOUT_MS })
      .catch(() => undefined)
    if (again?.status === 202 && again.body.id !== messageId)
      complaints.push(`one Idempotency-Key made ${messageId} and ${again.body.id}`)
    if (again !== undefined && again.status === 409)
      complaints.push(`a repeated request was a conflict: ${again.text}`)
  }

  async function smtp(): Promise<void> {
    let wire: SmtpWire | undefined
    while (!stopping.signal.aborted) {
      wire ??= await installation.openSmtp().catch(() => undefined)
      if (wire === undefined) {
        await sleep(200)
        continue
      }
      const recipients = newRecipients()
      const content =
        `From: ${installation.from}\r\nTo: ${recipients.join(', ')}\r\nSubject: Load ${sequence}\r\n` +
        `X-Bulkhead-Lane: ${chance.next() < 0.5 ? 'bulk' : 'transactional'}\r\n\r\n${'x'.repeat(500)}\r\n`
      const tries = 1
      try {
        const answer = await wire.send(installation.from, recipients, content)
        const messageId = /(msg_\w+)/.exec(answer.text)?.[1]
        if (answer.code === 250)
          requests.push({ via: 'smtp', recipients, outcome: 'accepted', messageId, tries })
        else if (answer.code >= 500) {
          complaints.push(answer.text)
          requests.push({ via: 'smtp', recipients, outcome: 'refused', messageId: undefined, tries })
        } else requests.push({ via: 'smtp', recipients, outcome: 'unknown', messageId: undefined, tries })
        if (answer.code === 421 || answer.code === 354) throw new SmtpGone(answer.text)
      } catch (error) {
        if (requests.at(-1)?.recipients !== recipients)
          requests.push({ via: 'smtp', recipients, outcome: 'unknown', messageId: undefined, tries })
        if (!(error instanceof SmtpGone)) complaints.push(String(error))
        await wire[Symbol.asyncDispose]()
        wire = undefined
      }
      await sleep(pauseMs * (0.5 + chance.next()))
    }
    await wire?.[Symbol.asyncDispose]()
  }

  const clients = [
    ...Array.from({ length: options.httpClients ?? 5 }, http),
    ...Array.from({ length: options.smtpClients ?? 3 }, smtp),
  ]
  return {
    requests,
    complaints,
    async stop() {
      stopping.abort()
      stoppedMs = performance.now()
      await Promise.all(clients)
    },
  }
}
