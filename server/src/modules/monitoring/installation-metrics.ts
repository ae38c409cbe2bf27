import type { Metrics } from '../../platform/telemetry/index.ts'
import { presentLedger, type LedgerRow } from '../messages/index.ts'
import type { InstallationGauge, QueueDepth } from './monitoring-store.ts'

/** Gauges of the whole installation. Each worker sets them: over several hosts take the largest, not the sum. */
export function createInstallationMetrics(metrics: Metrics) {
  const depth = metrics.gauge({
    name: 'bulkhead_queue_recipients',
    help: 'Recipients that wait: ready, line (their site has enough to do), claimed (in a sender), deferred, scheduled, held. Large lanes are estimated from a sample.',
    labels: ['lane', 'state'],
  })
  const oldest = metrics.gauge({
    name: 'bulkhead_queue_oldest_ready_seconds',
    help: 'For how long the recipient that is longest due waits to be claimed.',
    labels: ['lane'],
  })
  const readAt = metrics.gauge({
    name: 'bulkhead_installation_read_timestamp_seconds',
    help: 'When the gauges of the installation were last read from the database, in seconds since 1970.',
    labels: [],
  })
  const webhooks = metrics.gauge({
    name: 'bulkhead_webhooks_waiting',
    help: 'Webhook deliveries that wait; at most 100,000 are counted.',
    labels: [],
  })
  const webhookAge = metrics.gauge({
    name: 'bulkhead_webhooks_oldest_seconds',
    help: 'For how long the webhook delivery that is longest due waits.',
    labels: [],
  })
  const overlays = metrics.gauge({
    name: 'bulkhead_shaping_overlays',
    help: 'What was learnt from replies and holds now: suspend or set, for a workspace at a site or for all.',
    labels: ['kind'],
  })
  const containments = metrics.gauge({
    name: 'bulkhead_containments',
    help: 'Containments in force, by scope.',
    labels: ['scope'],
  })
  const pauses = metrics.gauge({
    name: 'bulkhead_pauses',
    help: 'Standing pauses of the queue.',
    labels: [],
  })
  const leases = metrics.gauge({
    name: 'bulkhead_leases',
    help: 'Leases of senders that are valid, over all hosts.',
    labels: [],
  })
  const ledger = metrics.gauge({
    name: 'bulkhead_ledger_recipients',
    help: 'The ledger of all workspaces by state; accepted is the sum of the others.',
    labels: ['state'],
  })
  const lost = metrics.gauge({
    name: 'bulkhead_ledger_lost_recipients',
    help: 'Recipients that were accepted and are in no state. Never anything but 0.',
    labels: [],
  })
  const doubled = metrics.gauge({
    name: 'bulkhead_ledger_doubled_recipients',
    help: 'Recipients that have an outcome and still wait. Never anything but 0.',
    labels: [],
  })

  return {
    setQueue(rows: readonly QueueDepth[], nowMs: number): void {
      depth.clear()
      oldest.clear()
      for (const { lane, state, recipients, oldestSeconds } of rows) {
        if (recipients === null) oldest.set([lane], oldestSeconds)
        else depth.set([lane, state], recipients)
      }
      readAt.set([], nowMs / 1_000)
    },
    setGauges(rows: readonly InstallationGauge[]): void {
      overlays.clear()
      containments.clear()
      for (const { name, label, value } of rows) {
        if (name === 'webhooks_waiting') webhooks.set([], value)
        else if (name === 'webhooks_oldest') webhookAge.set([], value)
        else if (name === 'overlays') overlays.set([label], value)
        else if (name === 'containments') containments.set([label], value)
        else if (name === 'pauses') pauses.set([], value)
        else if (name === 'leases') leases.set([], value)
      }
    },
    setLedger(rows: readonly LedgerRow[]): void {
      const { balanced: _, lost: missing, doubled: twice, ...states } = presentLedger(rows)
      for (const [state, recipients] of Object.entries(states)) ledger.set([state], recipients)
      lost.set([], missing)
      doubled.set([], twice)
    },
  }
}

export type InstallationMetrics = ReturnType<typeof createInstallationMetrics>
