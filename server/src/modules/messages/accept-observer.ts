import { Fault } from '../../kernel/faults.ts'
import { BATCH_SIZES, SECONDS_OF_WORK, type Metrics, type Tracing } from '../../platform/telemetry/index.ts'
import type { PreparedMessage } from './message.ts'

/** What operators see of accepting. A repetition that an idempotency key recognised counts as a message of its own kind, `repeated`. */
export function createAcceptObserver(deps: {
  readonly metrics: Metrics
  readonly tracing: Tracing
  readonly nowMs: () => number
}) {
  const { metrics, tracing } = deps
  const messages = metrics.counter({
    name: 'bulkhead_accepted_messages_total',
    help: 'Messages that were accepted, by how they came: api, batch, mime, smtp, dsn. `repeated` counts what an idempotency key recognised.',
    labels: ['lane', 'source'],
  })
  const recipients = metrics.counter({
    name: 'bulkhead_accepted_recipients_total',
    help: 'Recipients of accepted messages, suppressed ones included.',
    labels: ['lane'],
  })
  const refused = metrics.counter({
    name: 'bulkhead_refused_messages_total',
    help: 'Messages that were well formed and not accepted, by the code of the error.',
    labels: ['lane', 'code'],
    seriesMax: 200,
  })
  const seconds = metrics.histogram({
    name: 'bulkhead_accept_seconds',
    help: 'From a checked message to its commit: sealing, waiting for the batch, and the batch.',
    labels: ['lane'],
    buckets: SECONDS_OF_WORK,
  })
  const commitSeconds = metrics.histogram({
    name: 'bulkhead_accept_commit_seconds',
    help: 'How long the commit of a batch of messages took.',
    labels: [],
    buckets: SECONDS_OF_WORK,
  })
  const batch = metrics.histogram({
    name: 'bulkhead_accept_batch_messages',
    help: 'Messages in one commit.',
    labels: [],
    buckets: BATCH_SIZES,
  })
  const waiting = metrics.gauge({
    name: 'bulkhead_accept_waiting_messages',
    help: 'Messages that wait for a commit.',
    labels: [],
  })

  return {
    accepted(message: PreparedMessage, fresh: boolean, beganMs: number): void {
      const { lane } = message
      messages.add([lane, fresh ? message.source : 'repeated'])
      if (fresh) recipients.add([lane], message.recipients.length)
      const nowMs = deps.nowMs()
      seconds.observe([lane], (nowMs - beganMs) / 1_000)
      if (!tracing.isOn || !fresh) return
      const request = tracing.current()
      if (request?.sampled !== true && !tracing.samples(message.id)) return
      tracing.ofMessage(message.id, {
        name: 'accept',
        root: true,
        startMs: beganMs,
        endMs: nowMs,
        attributes: {
          'bulkhead.lane': lane,
          'bulkhead.source': message.source,
          'bulkhead.recipients': message.recipients.length,
          'bulkhead.bytes': message.raw.length,
        },
        ...(request === null || !request.sampled ? {} : { links: [request] }),
      })
    },
    refused({ lane }: PreparedMessage, error: unknown): void {
      refused.add([lane, error instanceof Fault ? error.code : 'internal'])
    },
    committed(count: number, elapsedMs: number): void {
      batch.observe([], count)
      commitSeconds.observe([], elapsedMs / 1_000)
    },
    watch(count: () => number): void {
      metrics.onRead(() => waiting.set([], count()))
    },
  }
}

export type AcceptObserver = ReturnType<typeof createAcceptObserver>
