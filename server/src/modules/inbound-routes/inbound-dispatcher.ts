import { z } from 'zod'
import { EgressError, type Egress } from '../../platform/egress/index.ts'
import { Redacted } from '../../kernel/redacted.ts'
import { KeyringShredded, type KeyringClient } from '../../platform/keyring-client/index.ts'
import { runLoop } from '../../platform/loop/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import { open, sealedKeyId } from '../../platform/sealing/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { ContainmentWatch } from '../../security/containment/index.ts'
import { sendgridHeaders } from '../webhooks/index.ts'
import { createInboundDispatchStore, type ClaimedMail } from './dispatch-store.ts'
import { multipartOf } from './multipart.ts'
import { parseForm } from './parse-form.ts'
import { settleTry, type Try } from './schedule.ts'
import { contentPlace, envelopePlace, routeSecretContext } from './sealed-places.ts'

/** Each may hold ten megabytes, sealed, open and as a form. */
const AT_ONCE = 6
const PER_ROUTE = 2
const TIMEOUT_MS = 60_000
const ANSWER_BYTES_MAX = 64 * 1024
/** Longer than a try can take; a mail of a dead worker is taken up again after this. */
const LEASE_SECONDS = 180
const EVERY_MS = 500
const AWAY_MS = 10_000
const TRIM_EVERY_MS = 60_000
const TRIM_BATCH = 1_000

const Envelope = z.object({
  from: z.string(),
  to: z.string(),
  client: z.object({ address: z.string().nullable(), helo: z.string().nullable(), tls: z.boolean() }),
})

export interface InboundDispatchDeps {
  readonly pool: Queryable
  readonly keyring: Pick<KeyringClient, 'openContentKeys' | 'openSecret'>
  /** What was claimed before a switch is looked at again before it is sent. */
  readonly containment: Pick<ContainmentWatch, 'blocking'>
  readonly egress: Pick<Egress, 'post'>
  readonly log: Logger
  readonly signal: AbortSignal
  /** Multiplies the pauses of the schedule. */
  readonly retryScale: number
  readonly clock?: () => number
}

/**
 * Posts mail from outside to the programs that want it. At least once: a worker that dies between the answer and the settling posts again.
 * Resolves when the signal has aborted and what was under way has ended.
 */
export async function startInboundDispatch(deps: InboundDispatchDeps): Promise<void> {
  const { log, signal } = deps
  const clock = deps.clock ?? Date.now
  const store = createInboundDispatchStore(deps.pool)
  const flying = new Map<string, { readonly routeId: string; readonly done: Promise<void> }>()

  async function formOf(mail: ClaimedMail) {
    const { workspace_id: workspaceId, envelope, sealed } = mail
    const ids = [...new Set([envelope, sealed].map(sealedKeyId))]
    const keys = await deps.keyring.openContentKeys(workspaceId, ids, 'inbound mail')
    const read: unknown = JSON.parse(open(keys, envelopePlace(workspaceId, mail.id), envelope).toString())
    const raw = open(keys, contentPlace(workspaceId, mail.content_id), sealed)
    return multipartOf(parseForm(raw, Envelope.parse(read), mail.unparsed))
  }

  async function keyOf({ workspace_id, route_id, secret }: ClaimedMail): Promise<Redacted<string>> {
    const context = routeSecretContext(route_id)
    const plain = await deps.keyring.openSecret(workspace_id, 'webhook', context, secret, 'inbound mail')
    const key = new Redacted(plain.toString())
    plain.fill(0)
    return key
  }

  async function post(mail: ClaimedMail): Promise<Try> {
    const [{ contentType, body }, key] = await Promise.all([formOf(mail), keyOf(mail)])
    try {
      const answer = await deps.egress.post({
        url: mail.url,
        headers: {
          'content-type': contentType,
          'user-agent': 'Bulkhead-Inbound/1',
          ...sendgridHeaders(key, { nowMs: clock(), body }),
        },
        body,
        timeoutMs: TIMEOUT_MS,
        answerBytesMax: ANSWER_BYTES_MAX,
      })
      return { kind: 'answer', status: answer.status, retryAfterSeconds: answer.retryAfterSeconds }
    } catch (error) {
      if (!(error instanceof EgressError)) throw error
      return { kind: 'no_answer', error: error.message }
    }
  }

  async function deliver(mail: ClaimedMail): Promise<void> {
    const question = {
      workspaceId: mail.workspace_id,
      actor: null,
      capabilities: ['webhook'] as const,
    }
    if (deps.containment.blocking(question) !== null) return store.release(mail, AWAY_MS)
    let result: Try
    try {
      result = await post(mail)
    } catch (error) {
      if (error instanceof KeyringShredded)
        return store.settle(mail, {
          state: 'expired',
          pauseMs: null,
          status: null,
          error: 'The workspace was shredded.',
        })
      log.warn({ err: error, mailId: mail.id }, 'Mail for a route could not be prepared; it is tried again')
      return store.release(mail, AWAY_MS)
    }
    const end = settleTry(result, {
      triesBefore: mail.attempts,
      expiresInMs: mail.expires_at.getTime() - clock(),
      scale: deps.retryScale,
      random: Math.random(),
    })
    await store.settle(mail, end)
  }

  async function round(): Promise<number | undefined> {
    if (flying.size >= AT_ONCE) return undefined
    const claimed = await store.claim({
      limit: AT_ONCE - flying.size,
      perRoute: PER_ROUTE,
      leaseSeconds: LEASE_SECONDS,
      flying: [...flying.values()].map((item) => item.routeId),
    })
    for (const mail of claimed) {
      const done = deliver(mail)
        .catch((error: unknown) =>
          log.warn({ err: error, mailId: mail.id }, 'Mail was posted but not settled; it is posted again'),
        )
        .finally(() => flying.delete(mail.id))
      flying.set(mail.id, { routeId: mail.route_id, done })
    }
    return claimed.length > 0 ? 50 : undefined
  }

  await Promise.all([
    runLoop({ name: 'post mail from outside', everyMs: EVERY_MS, log, signal, round }),
    runLoop({
      name: 'trim mail from outside',
      everyMs: TRIM_EVERY_MS,
      log,
      signal,
      round: async () => ((await store.trim(TRIM_BATCH)) >= TRIM_BATCH ? 0 : undefined),
    }),
  ])
  await Promise.all([...flying.values()].map((item) => item.done))
}
