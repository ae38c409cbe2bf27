import { SECONDS_OF_WORK, type Metrics, type Tracing } from '../../platform/telemetry/index.ts'
import type { ClaimedDelivery } from './dispatch-store.ts'
import type { Try, TrySettlement } from './schedule.ts'

/** What operators see of webhooks. */
export function createWebhookObserver(deps: {
  readonly metrics: Metrics
  readonly tracing: Tracing
  readonly nowMs: () => number
}) {
  const { metrics, tracing, nowMs } = deps
  const tries = metrics.counter({
    name: 'bulkhead_webhook_tries_total',
    help: 'Requests to webhook endpoints by what became of the delivery (delivered, pending: tried again, failed) and the class of the answer.',
    labels: ['result', 'answer'],
  })
  const seconds = metrics.histogram({
    name: 'bulkhead_webhook_request_seconds',
    help: 'How long endpoints took to answer.',
    labels: [],
    buckets: SECONDS_OF_WORK,
  })
  const lag = metrics.histogram({
    name: 'bulkhead_webhook_lag_seconds',
    help: 'From the event to its delivery.',
    labels: [],
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3_600, 86_400],
  })
  const disabled = metrics.counter({
    name: 'bulkhead_webhook_endpoints_disabled_total',
    help: 'Endpoints that were switched off because they failed for a day or said that they are gone.',
    labels: [],
  })

  return {
    tried(delivery: ClaimedDelivery, result: Try, end: TrySettlement, startMs: number): void {
      const endMs = nowMs()
      const answer = result.kind === 'answer' ? `${Math.trunc(result.status / 100)}xx` : 'none'
      tries.add([end.state, answer])
      seconds.observe([], (endMs - startMs) / 1_000)
      if (end.state === 'delivered') lag.observe([], (endMs - delivery.happened_at.getTime()) / 1_000)
      if (end.disable !== null) disabled.add([])
      if (!tracing.isOn || delivery.message_id === null) return
      tracing.ofMessage(delivery.message_id, {
        name: 'webhook',
        kind: 'client',
        startMs,
        endMs,
        attributes: {
          'bulkhead.event': delivery.type,
          'bulkhead.try': delivery.tries + 1,
          'bulkhead.result': end.state,
          'http.response.status_class': answer,
        },
        ...(end.state === 'delivered' ? {} : { error: `${end.state}: ${answer}` }),
      })
    },
  }
}

export type WebhookObserver = ReturnType<typeof createWebhookObserver>
