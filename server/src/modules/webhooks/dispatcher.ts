import { setTimeout as wait } from 'node:timers/promises'
import { encodeId } from '../../kernel/ids.ts'
import { EgressError } from '../../platform/egress/index.ts'
import type { Egress } from '../../platform/egress/index.ts'
import type { KeyringClient, OpenedKeys } from '../../platform/keyring-client/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { ContainmentWatch } from '../../security/containment/index.ts'
import { createDispatchStore } from './dispatch-store.ts'
import type { ClaimedDelivery, DispatchStore, TryRecord } from './dispatch-store.ts'
import { nothingSent, outgoingOf, toldFrom, type Outgoing } from './formats/formats.ts'
import { createWebhookReading, sourceOf } from './reading.ts'
import { settleTry } from './schedule.ts'
import type { Try, TrySettlement } from './schedule.ts'
import { signatureHeaders } from './signing.ts'
import type { WebhookObserver } from './webhook-observer.ts'
import type { WebhookFormat } from './webhook.ts'

const AT_ONCE = 128
const PER_ENDPOINT = 8
const TIMEOUT_MS = 15_000
const ANSWER_BYTES_MAX = 64 * 1024
const EXCERPT_BYTES_MAX = 2 * 1024
/** Longer than a try can take, with room for opening and settling; a delivery of a dead worker is taken up again after this. */
const LEASE_SECONDS = 60
const POLL_MS = 250
const TROUBLE_MS = 2_000
const KEYRING_AWAY_MS = 10_000
const NIL = '00000000-0000-0000-0000-000000000000'

/**
 * Sends what waits for webhook endpoints. At most 128 requests are under way, eight per endpoint and one to an endpoint that is
 * failing, so that one that hangs holds up itself only. Delivery is at least once: a worker that dies between an endpoint's answer
 * and the settling sends again, with the same webhook-id.
 */
export function createWebhookDispatcher(deps: {
  readonly pool: Queryable
  readonly keyring: Pick<KeyringClient, 'openContentKeys' | 'openSecret'>
  /** Deliveries that were claimed before a switch are looked at again before they are sent. */
  readonly containment: Pick<ContainmentWatch, 'blocking'>
  readonly egress: Egress
  readonly log: Logger
  readonly observer?: WebhookObserver
  /** Multiplies the pauses of the retry schedule. */
  readonly retryScale: number
  readonly clock?: () => number
  readonly timeoutMs?: number
  /** Where the deliveries wait; default: those of events. */
  readonly store?: DispatchStore
}) {
  const clock = deps.clock ?? Date.now
  const store = deps.store ?? createDispatchStore(deps.pool)
  const reading = createWebhookReading({ keyring: deps.keyring, clock })
  const flying = new Map<string, { readonly endpointId: string; readonly done: Promise<void> }>()
  let after = NIL
  let wake: (() => void) | undefined

  async function send(
    delivery: ClaimedDelivery,
    outgoing: Outgoing,
    keys: OpenedKeys,
  ): Promise<{ readonly result: Try; readonly record: TryRecord }> {
    const { body, contentType } = outgoing
    const signed = delivery.signing
      ? signatureHeaders(delivery.format, await reading.secretsOf(delivery), {
          id: encodeId('delivery', delivery.id),
          nowMs: clock(),
          url: delivery.url,
          body,
        })
      : {}
    const startMs = clock()
    try {
      const { excerpt, ...answer } = await deps.egress.post({
        url: delivery.url,
        headers: { 'content-type': contentType, 'user-agent': 'Bulkhead-Webhooks/1', ...signed },
        body,
        timeoutMs: deps.timeoutMs ?? TIMEOUT_MS,
        answerBytesMax: ANSWER_BYTES_MAX,
        excerptBytesMax: EXCERPT_BYTES_MAX,
      })
      const sealed = excerpt === undefined ? null : reading.sealAnswer(delivery, keys, excerpt)
      return {
        result: { kind: 'answer', ...answer },
        record: { durationMs: clock() - startMs, answer: sealed },
      }
    } catch (error) {
      if (!(error instanceof EgressError)) throw error
      // Nothing was answered: an empty excerpt takes the place of that of an earlier try.
      const sealed = reading.sealAnswer(delivery, keys, Buffer.alloc(0))
      return {
        result: { kind: 'no_answer', error: error.message },
        record: { durationMs: clock() - startMs, answer: sealed },
      }
    }
  }

  async function deliver(delivery: ClaimedDelivery, keys: Promise<OpenedKeys>): Promise<void> {
    let sent: Awaited<ReturnType<typeof send>>
    const startMs = clock()
    try {
      const opened = await keys
      const question = {
        workspaceId: delivery.workspace_id,
        actor: null,
        capabilities: ['webhook'] as const,
      }
      if (deps.containment.blocking(question) !== null) {
        await store.release(delivery.id, 0)
        return
      }
      const waitMs =
        (toldFrom(delivery.format, { type: delivery.type, sendAt: delivery.send_at })?.getTime() ?? 0) -
        clock()
      if (waitMs > 0) {
        await store.release(delivery.id, waitMs)
        return
      }
      const outgoing = outgoingOf(delivery.format, delivery.format_events, sourceOf(delivery, opened))
      if (outgoing === null) {
        await store.settle(delivery.id, untold(delivery.format), { durationMs: 0, answer: null })
        return
      }
      sent = await send(delivery, outgoing, opened)
    } catch (error) {
      deps.log.warn(
        { err: error, deliveryId: delivery.id },
        'A webhook could not be prepared; it is tried again',
      )
      await store.release(delivery.id, KEYRING_AWAY_MS)
      return
    }
    const failingForMs = delivery.failing_since === null ? 0 : clock() - delivery.failing_since.getTime()
    const { result, record } = sent
    const end = settleTry(result, {
      triesBefore: delivery.tries,
      failingForMs,
      scale: deps.retryScale,
      random: Math.random(),
    })
    deps.observer?.tried(delivery, result, end, startMs)
    if (end.disable !== null) {
      deps.log.warn({ endpointId: delivery.endpoint_id }, 'A webhook endpoint is switched off')
    }
    await store.settle(delivery.id, end, record)
  }

  /** Claims what there is room for and sets it off. Answers how many were claimed. */
  async function claim(): Promise<number> {
    const claimed = await store.claim({
      limit: AT_ONCE - flying.size,
      perEndpoint: PER_ENDPOINT,
      leaseSeconds: LEASE_SECONDS,
      flying: [...flying.values()].map((item) => item.endpointId),
      after,
    })
    const last = claimed
      .map((delivery) => delivery.endpoint_id)
      .sort()
      .at(-1)
    after = last ?? NIL
    for (const [workspaceId, deliveries] of Map.groupBy(claimed, (delivery) => delivery.workspace_id)) {
      const keys = reading.keysOf(workspaceId, deliveries)
      // Every delivery of the group sees the failure; this copy must not count as unhandled.
      keys.catch(() => undefined)
      for (const delivery of deliveries) fly(delivery, keys)
    }
    return claimed.length
  }

  /** Waits for the next look, or for a request that comes back: it makes room at its endpoint. */
  function rest(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        wake = undefined
        resolve()
      }
      const timer = setTimeout(end, POLL_MS)
      signal.addEventListener('abort', end, { once: true })
      wake = end
    })
  }

  function fly(delivery: ClaimedDelivery, keys: Promise<OpenedKeys>): void {
    const done = deliver(delivery, keys)
      .catch((error: unknown) =>
        deps.log.warn(
          { err: error, deliveryId: delivery.id },
          'A webhook was sent but not settled; it is sent again',
        ),
      )
      .finally(() => {
        flying.delete(delivery.id)
        wake?.()
      })
    flying.set(delivery.id, { endpointId: delivery.endpoint_id, done })
  }

  return {
    /** Runs until the signal aborts, then waits for what is under way. */
    async run(signal: AbortSignal): Promise<void> {
      while (!signal.aborted) {
        const wasBehind = after !== NIL
        try {
          if (flying.size >= AT_ONCE) {
            await rest(signal)
            continue
          }
          const claimed = await claim()
          // Behind the last endpoint there may be others at the beginning: look there at once.
          if (claimed > 0 || wasBehind) continue
          await rest(signal)
        } catch (error) {
          deps.log.warn({ err: error }, 'Webhooks cannot be claimed; trying again')
          // The only failure is the signal's, which the loop's condition sees.
          await wait(TROUBLE_MS, undefined, { signal }).catch(() => undefined)
        }
      }
      await Promise.all([...flying.values()].map((item) => item.done))
    },
  }
}

/** Over without a request: what happened has no name in the format. */
function untold(format: WebhookFormat): TrySettlement {
  return { state: 'delivered', pauseMs: null, status: null, error: nothingSent(format), disable: null }
}
