import { waitFor } from './clock.ts'
import { Meter } from './measure.ts'
import type { Usage } from './measure.ts'
import type { Percentiles } from './percentiles.ts'
import type { SinkProcess } from './sink-process.ts'
import type { SinkStats } from './sink-store.ts'
import type { LoadReport } from './tally.ts'

/** One load through one server to the sink, and what it took. */
export interface FlowResult {
  readonly scenario: string
  readonly server: string
  readonly accepted: number
  readonly acceptedPerSecond: number
  /** From due to 202 or 250. */
  readonly acceptLatency: Percentiles
  readonly delivered: number
  /** First accept to last arrival. */
  readonly deliveredPerSecond: number
  /** From due to the arrival of the final dot at the sink. */
  readonly endToEnd: Percentiles
  readonly missing: number
  readonly duplicates: number
  readonly signedShare: number
  readonly failed: number
  readonly putOff: number
  readonly byStatus: Readonly<Record<string, number>>
  readonly cpuSecondsPer1000: number
  readonly peakMb: number
  /** By process: CPU seconds per 1,000 messages and peak memory. */
  readonly byProcess: Readonly<
    Record<string, { readonly cpuSecondsPer1000: number; readonly peakMb: number }>
  >
  readonly generatorCpuSeconds: number
  readonly sinkCpuSeconds: number
  readonly usage: Usage
  /** Of a sink with doors: what each provider saw. */
  readonly providers: SinkStats['providers']
  readonly byDomain: SinkStats['byDomain']
  readonly notes: readonly string[]
}

export interface FlowOptions {
  readonly scenario: string
  readonly server: string
  readonly sink: SinkProcess
  readonly pids: readonly number[]
  readonly notes?: readonly string[]
  load(): Promise<LoadReport>
  readonly signal?: AbortSignal | undefined
  /** What is counted as arrived; default all messages. */
  readonly arrivals?: 'messages' | 'stamped'
  /** Delivered a second is counted until this share had arrived; default all. Retries of what was put off are the rest. */
  readonly share?: number
}

/** Nothing more arrives when nothing did for this long. */
const STALLED_MS = 20_000
const LONGEST_DRAIN_MS = 300_000

/** Waits until the sink has `wanted` messages, or until none came for 20 s, or for 5 min. */
async function drain(
  wanted: number,
  arrived: () => Promise<number>,
  signal: AbortSignal | undefined,
): Promise<void> {
  let last = -1
  let movedAt = performance.now()
  await waitFor(
    'all arrivals',
    LONGEST_DRAIN_MS,
    async () => {
      const now = await arrived()
      if (now !== last) movedAt = performance.now()
      last = now
      return now >= wanted || performance.now() - movedAt > STALLED_MS
    },
    { everyMs: 50, signal },
  ).catch(() => false)
}

const perThousand = (value: number, messages: number): number =>
  messages === 0 ? 0 : Math.round((value / messages) * 1e6) / 1000

/** Runs one load, waits until it has arrived, and adds up. */
export async function runFlow(options: FlowOptions): Promise<FlowResult> {
  const { sink } = options
  await sink.reset()
  using meter = new Meter(options.pids)
  const load = await options.load()
  const stamped = options.arrivals === 'stamped'
  const arrived = async (): Promise<number> => {
    const stats = await sink.stats()
    return stamped ? stats.latency.count : stats.messages
  }
  await drain(load.accepted, arrived, options.signal)
  options.signal?.throwIfAborted()
  const usage = meter.stop()
  const stats = await sink.stats()
  const delivered = stamped ? stats.latency.count : stats.messages
  const counted = options.share === undefined ? delivered : Math.floor(delivered * options.share)
  const { stride, atMs } = stats.arrivals
  const lastMs = stamped ? stats.lastStampedMs : stats.lastMs
  const untilMs = options.share === undefined ? lastMs : atMs[Math.floor(counted / stride) - 1]
  const spanMs = (untilMs ?? lastMs) - load.firstAcceptMs
  return {
    scenario: options.scenario,
    server: options.server,
    accepted: load.accepted,
    acceptedPerSecond: load.acceptedPerSecond,
    acceptLatency: load.latency,
    delivered,
    deliveredPerSecond: counted === 0 || spanMs <= 0 ? 0 : Math.round((counted * 1000) / spanMs),
    endToEnd: stats.latency,
    missing: Math.max(0, load.accepted - delivered),
    duplicates: stats.duplicates,
    signedShare: stats.messages === 0 ? 0 : stats.signedMessages / stats.messages,
    failed: load.failed,
    putOff: load.putOff,
    byStatus: load.byStatus,
    cpuSecondsPer1000: perThousand(usage.total.cpuSeconds, delivered),
    peakMb: usage.total.peakMb,
    byProcess: Object.fromEntries(
      Object.entries(usage.byGroup).map(([name, group]) => [
        name,
        { cpuSecondsPer1000: perThousand(group.cpuSeconds, delivered), peakMb: group.peakMb },
      ]),
    ),
    generatorCpuSeconds: load.cpuSeconds,
    sinkCpuSeconds: stats.cpuMs / 1000,
    usage,
    providers: stats.providers,
    byDomain: stats.byDomain,
    notes: options.notes ?? [],
  }
}
