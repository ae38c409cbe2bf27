/**
 * What counting costs on the way of mail, in nanoseconds of CPU per message of one recipient: accepting, the attempt, and its settlement.
 *   node bench/parts/telemetry.ts [--messages 300000]
 * Tracing is measured off, as it is by default, and with a sample of 1 % into a sink that only counts.
 */
import { parseArgs } from 'node:util'
import { createIdGenerator } from '../../server/src/kernel/ids.ts'
import { createDeliveryObserver } from '../../server/src/modules/delivery/observer.ts'
import type { Job, Settlement } from '../../server/src/modules/delivery/job.ts'
import { createAcceptObserver } from '../../server/src/modules/messages/accept-observer.ts'
import type { PreparedMessage } from '../../server/src/modules/messages/message.ts'
import { createMetrics } from '../../server/src/platform/telemetry/metrics.ts'
import { createTracing, NO_TRACING } from '../../server/src/platform/telemetry/traces.ts'
import type { Tracing } from '../../server/src/platform/telemetry/traces.ts'

const { values } = parseArgs({ options: { messages: { type: 'string', default: '300000' } } })
const MESSAGES = Number(values.messages)
const PROVIDERS = ['google', 'microsoft', 'yahoo', 'apple', 'gmx', null]
const ROUNDS = 5

interface Case {
  readonly message: PreparedMessage
  readonly job: Job
  readonly settlement: Settlement
}

function cases(): Case[] {
  const newId = createIdGenerator()
  const nothing = Buffer.alloc(0)
  return Array.from({ length: 10_000 }, () => {
    const messageId = newId()
    const row = {
      lane: 'transactional' as const,
      messageId,
      number: 1,
      workspaceId: messageId,
      destination: 1n,
      attempts: 0,
      due: new Date(),
      expiresAt: new Date(),
      createdAt: new Date(),
      sizeBytes: 5_000,
      sensitive: false,
      fromDomain: 'shop.example',
      summary: nothing,
      address: nothing,
      addressIndex: nothing,
      suppressed: null,
      actor: 'api_key:x',
    }
    const place = { lane: row.lane, lease: '1', messageId, number: 1 }
    return {
      message: {
        id: messageId,
        workspaceId: messageId,
        lane: row.lane,
        source: 'api',
        sensitive: false,
        fromDomain: row.fromDomain,
        tags: [],
        sendAt: undefined,
        expiresAt: row.expiresAt,
        recipients: [{ kind: 'to', email: 'x' }],
        raw: nothing,
        actor: row.actor,
        idempotency: undefined,
        summary: {
          from: { email: 'x' },
          to: [],
          messageIdHeader: '',
          envelopeFrom: '',
          eightBit: false,
          smtputf8: false,
        },
      },
      job: {
        row,
        lease: '1',
        envelopeFrom: '',
        returnPath: null,
        email: 'x',
        domain: 'x',
        chunks: [],
        bytes: 0,
        eightBit: false,
        smtputf8: false,
        tlsFloor: 'none',
        dsn: undefined,
        connectionFailures: 0,
      },
      settlement: {
        ...place,
        state: 'delivered',
        attempted: true,
        due: undefined,
        type: undefined,
        detail: {},
        suppress: false,
      },
    }
  })
}

function nanosecondsPerMessage(items: readonly Case[], tracing: Tracing): number {
  const metrics = createMetrics()
  const seen = { metrics, tracing, nowMs: Date.now }
  const accept = createAcceptObserver(seen)
  const delivery = createDeliveryObserver(seen)
  const reply = { code: 250, text: 'ok' }
  const before = process.cpuUsage()
  for (let i = 0; i < MESSAGES; i++) {
    const item = items[i % items.length]
    if (item === undefined) break
    accept.accepted(item.message, true, Date.now())
    const place = { provider: PROVIDERS[i % PROVIDERS.length] ?? null, source: 'default' }
    delivery.attempted(item.job, place, { kind: 'delivered', stage: 'dot', reply }, undefined, 12)
    delivery.settled([item.settlement])
  }
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1_000) / MESSAGES
}

const items = cases()
let spans = 0
const sampled = createTracing({
  sink: { ended: () => (spans += 1), close: () => Promise.resolve() },
  share: 0.01,
  nowMs: Date.now,
})
for (const [name, tracing] of [
  ['tracing off', NO_TRACING],
  ['tracing 1 %', sampled],
] as const) {
  const rounds = Array.from({ length: ROUNDS }, () => nanosecondsPerMessage(items, tracing))
  process.stdout.write(
    `${name}: ${Math.round(Math.min(...rounds))} ns per message (best of ${ROUNDS}; worst ${Math.round(Math.max(...rounds))})\n`,
  )
}
process.stdout.write(`${spans} spans\n`)
