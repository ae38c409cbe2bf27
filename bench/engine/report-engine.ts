import type { SinkStats } from '../sink-store.ts'
import type { Percentiles } from '../percentiles.ts'

type Providers = SinkStats['providers']

/** How often limits of providers were overstepped, over all of them. */
export function overstepped(providers: Providers): number {
  return Object.values(providers).reduce(
    (sum, { over }) => sum + over.connections + over.perSecond + over.perConnection,
    0,
  )
}

function of(most: number, limit: number | null, over: number): string {
  return `${most} of ${limit ?? 'any'}${over === 0 ? '' : ` (${over} over)`}`
}

/** A line for each provider: what it saw at most, beside what it takes, and what it put off. */
export function keptLimits(providers: Providers): string[] {
  return Object.entries(providers)
    .filter(([, { messages }]) => messages > 0)
    .map(([name, { messages, maxOpen, maxPerSecond, maxPerConnection, limits, over, deferred }]) => {
      const putOff = Object.entries(deferred).map(([text, count]) => `${count} × ${text}`)
      return (
        `${name}: ${messages} messages; connections ${of(maxOpen, limits.connections, over.connections)}, ` +
        `within a second ${of(maxPerSecond, limits.perSecond, over.perSecond)}, ` +
        `on a connection ${of(maxPerConnection, limits.perConnection, over.perConnection)}` +
        (putOff.length === 0 ? '' : `; put off: ${putOff.join(', ')}`)
      )
    })
}

/** The small workspace alone and beside the large one, in one lane. */
export interface FairnessArm {
  readonly lane: string
  readonly alone: { readonly attempt: Percentiles; readonly delivery: Percentiles }
  readonly beside: { readonly attempt: Percentiles; readonly delivery: Percentiles }
}

export interface Fairness {
  readonly bulk: number
  /** Of the large workspace, while the small one was watched. */
  readonly bulkPerSecond: number
  readonly arms: readonly FairnessArm[]
}

const ms = (value: number): string => value.toFixed(value < 10 ? 1 : 0)

function pairOf({ alone, beside }: FairnessArm, name: 'attempt' | 'delivery'): string {
  const [a, b] = [alone[name], beside[name]]
  const ratio = (b.p99Ms / Math.max(a.p99Ms, 1e-9)).toFixed(2)
  return `p50 ${ms(a.p50Ms)} → ${ms(b.p50Ms)} ms, p99 ${ms(a.p99Ms)} → ${ms(b.p99Ms)} ms (× ${ratio})`
}

function armLine(arm: FairnessArm): string {
  const counts = `${arm.alone.delivery.count} and ${arm.beside.delivery.count} messages`
  return `  small workspace in ${arm.lane}: to the first attempt ${pairOf(arm, 'attempt')}; to the delivery ${pairOf(arm, 'delivery')}; ${counts}\n`
}

export function renderFairness({ bulk, bulkPerSecond, arms }: Fairness): string {
  return `Fairness: alone → beside ${bulk} recipients of another workspace in bulk, of which ${bulkPerSecond} a second went meanwhile\n${arms.map(armLine).join('')}`
}

/** The growth of one process. */
export interface MemoryTrend {
  readonly process: string
  readonly firstMb: number
  readonly lastMb: number
  readonly maxMb: number
  /** Least squares over the second half. */
  readonly mbPerHour: number
}

export interface Memory {
  readonly seconds: number
  readonly perSecond: number
  readonly delivered: number
  readonly samples: number
  readonly processes: readonly MemoryTrend[]
}

function trendLine({ process, firstMb, lastMb, maxMb, mbPerHour }: MemoryTrend): string {
  const sign = mbPerHour >= 0 ? '+' : '−'
  const hourly = `${sign}${Math.abs(mbPerHour).toFixed(1)} MB/h over the second half`
  return `  ${process}: ${firstMb.toFixed(0)} MB at the start, ${lastMb.toFixed(0)} at the end, at most ${maxMb.toFixed(0)}; ${hourly}\n`
}

export function renderMemory({ seconds, perSecond, delivered, samples, processes }: Memory): string {
  return `Memory: ${perSecond} messages a second for ${seconds} s, ${delivered} delivered, ${samples} samples of resident memory\n${processes.map(trendLine).join('')}`
}
