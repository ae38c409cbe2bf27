import { setTimeout as delay } from 'node:timers/promises'
import { wallMs } from '../clock.ts'
import { loadHttp } from '../load-http.ts'
import type { Percentiles } from '../percentiles.ts'
import { startSinkProcess } from '../sink-process.ts'
import type { SinkProcess } from '../sink-process.ts'
import { fillBulk, sayOnce, start } from '../scenarios.ts'
import type { Progress, Sizes } from '../scenarios.ts'
import { renderFairness } from './report-engine.ts'
import type { Fairness } from './report-engine.ts'

/** The small workspace sends one message a second in each of these: one lane that it shares with the large one, and one that it does not. */
const LANES = ['bulk', 'transactional'] as const
const FILL_PER_SECOND = 8000
const DRAIN_MS = 20_000

/**
 * A small workspace, one message a second in each lane: first alone, then beside a workspace whose `fairnessBulk` bulk recipients are due and
 * are being sent over the same relay.
 */
export async function runFairness(sizes: Sizes, progress: Progress): Promise<Fairness> {
  const { signal, fairnessBulk, fairnessSeconds } = sizes
  await using sink = await startSinkProcess(['--tls'])
  progress.say('fairness: starting Bulkhead')
  await using product = await start(sizes, sink)
  const small = await product.addWorkspace('small')
  const watch = (seconds: number) =>
    watchSmall({ key: small, port: product.httpPort, seconds, sink, sizes, progress })
  await watch(3)
  progress.say(`fairness: the small workspace alone, ${fairnessSeconds} s`)
  const alone = await watch(fairnessSeconds)

  const due = new Date(wallMs() + (Math.ceil(fairnessBulk / FILL_PER_SECOND) + 2) * 1000)
  const bulk = await fillBulk(product, fairnessBulk, due, progress, signal)
  await delay(Math.max(0, due.getTime() - wallMs()) + 1000, undefined, { signal })
  progress.say(`fairness: beside ${bulk} bulk recipients, ${fairnessSeconds} s`)
  const startMs = wallMs()
  const beside = await watch(fairnessSeconds)
  const seconds = (wallMs() - startMs) / 1000
  const result: Fairness = {
    bulk,
    bulkPerSecond: Math.round((beside.recipients - LANES.length * fairnessSeconds) / seconds),
    arms: LANES.map((lane) => ({ lane, alone: alone.byLane[lane], beside: beside.byLane[lane] })),
  }
  progress.say(renderFairness(result).trimEnd())
  return result
}

type Times = { readonly attempt: Percentiles; readonly delivery: Percentiles }

async function watchSmall(options: {
  readonly key: string
  readonly port: number
  readonly seconds: number
  readonly sink: SinkProcess
  readonly sizes: Sizes
  readonly progress: Progress
}): Promise<{
  readonly recipients: number
  readonly byLane: Readonly<Record<(typeof LANES)[number], Times>>
}> {
  const { sink, seconds, sizes } = options
  await sink.reset()
  const loads = LANES.map((lane) =>
    loadHttp({
      port: options.port,
      apiKey: options.key,
      messages: seconds,
      perSecond: 1,
      connections: 2,
      maxSeconds: seconds + 30,
      signal: sizes.signal,
      bytes: sizes.bytes,
      recipientDomain: `small-${lane}.test`,
      extra: { lane },
      onRefusal: sayOnce(options.progress),
    }),
  )
  const accepted = (await Promise.all(loads)).reduce((sum, load) => sum + load.accepted, 0)
  if (accepted < LANES.length * seconds && sizes.signal?.aborted !== true)
    throw new Error(`of the small workspace only ${accepted} messages were accepted`)
  const arrived = (stats: Awaited<ReturnType<SinkProcess['stats']>>): number =>
    LANES.reduce((sum, lane) => sum + (stats.byDomain[`small-${lane}.test`]?.latency.count ?? 0), 0)
  const endMs = performance.now() + DRAIN_MS
  let stats = await sink.stats()
  while (arrived(stats) < accepted && performance.now() < endMs) {
    await delay(50, undefined, { signal: sizes.signal })
    stats = await sink.stats()
  }
  if (arrived(stats) < accepted)
    throw new Error(`of the small workspace only ${arrived(stats)} of ${accepted} arrived`)
  const times = (lane: string): Times => {
    const found = stats.byDomain[`small-${lane}.test`]
    if (found === undefined) throw new Error(`nothing arrived in ${lane}`)
    return { attempt: found.attempt, delivery: found.latency }
  }
  return {
    recipients: stats.recipients,
    byLane: { bulk: times('bulk'), transactional: times('transactional') },
  }
}
