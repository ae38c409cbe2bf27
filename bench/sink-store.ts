import { writeSync } from 'node:fs'
import { wallMs } from './clock.ts'
import type { GateReport } from './engine/gate.ts'
import { Latencies } from './percentiles.ts'
import type { Percentiles } from './percentiles.ts'
import { glance, unstuff } from './sink-message.ts'
import type { Received } from './sink-session.ts'

export interface SinkStats {
  readonly messages: number
  readonly recipients: number
  readonly bytes: number
  readonly connections: number
  readonly openConnections: number
  readonly maxOpenConnections: number
  readonly tlsConnections: number
  readonly injectedCommands: number
  readonly refused: number
  /** Messages that carry at least one DKIM-Signature, and signatures in all. */
  readonly signedMessages: number
  readonly dkimSignatures: number
  /** Recipients that had already got a message with the same Message-ID (the same X-Bulkhead-Message when it has none). */
  readonly duplicates: number
  /** False once more than MAX_SEEN pairs came: `duplicates` is then a lower bound. */
  readonly duplicatesComplete: boolean
  readonly firstMs: number
  readonly lastMs: number
  /** The last one with an X-Bench-Sent stamp. */
  readonly lastStampedMs: number
  /** When every `stride`th message came: at most MAX_MARKS of them, the stride grows. */
  readonly arrivals: { readonly stride: number; readonly atMs: readonly number[] }
  /** From the X-Bench-Sent stamp to the arrival of the final dot. */
  readonly latency: Percentiles
  /** The same for messages to each of the first MAX_DOMAINS domains; `attempt` ends at the MAIL command of the transaction that was accepted. */
  readonly byDomain: Readonly<
    Record<string, { readonly latency: Percentiles; readonly attempt: Percentiles }>
  >
  /** What each provider saw; empty where the sink has no doors. */
  readonly providers: Readonly<Record<string, GateReport>>
  readonly cpuMs: number
  readonly ruleActed: readonly number[]
}

export interface KeptMessage {
  readonly timeMs: number
  readonly from: string
  readonly recipients: readonly string[]
  readonly tls: boolean
  /** As the sender composed it: dots unstuffed. */
  readonly raw: Buffer
}

const MAX_SEEN = 5_000_000
const MAX_KEEP_BYTES = 1024 * 1024 * 1024
/** The header is looked for in this much of a message at most. */
const MAX_GLANCE = 64 * 1024
const MAX_DOMAINS = 8
const MAX_MARKS = 2000

/** Counts, journals and keeps what was accepted. */
export class Store {
  readonly #journal: number | null
  readonly #keep: number
  #kept: KeptMessage[] = []
  #keptBytes = 0
  #seen = new Set<string>()
  #latency = new Latencies()
  #domains = new Map<string, { readonly latency: Latencies; readonly attempt: Latencies }>()
  #stride = 1
  #marks: number[] = []
  #cpu = process.cpuUsage()
  counts = Store.#zero()

  constructor(journal: number | null, keep: number) {
    this.#journal = journal
    this.#keep = keep
  }

  static #zero() {
    return {
      messages: 0,
      recipients: 0,
      bytes: 0,
      connections: 0,
      openConnections: 0,
      maxOpenConnections: 0,
      tlsConnections: 0,
      injectedCommands: 0,
      refused: 0,
      signedMessages: 0,
      dkimSignatures: 0,
      duplicates: 0,
      duplicatesComplete: true,
      firstMs: 0,
      lastMs: 0,
      lastStampedMs: 0,
    }
  }

  reset(): void {
    this.counts = { ...Store.#zero(), openConnections: this.counts.openConnections }
    this.#kept = []
    this.#keptBytes = 0
    this.#seen = new Set()
    this.#latency = new Latencies()
    this.#domains = new Map()
    this.#stride = 1
    this.#marks = []
    this.#cpu = process.cpuUsage()
  }

  accept(message: Received): void {
    const now = wallMs()
    const { counts } = this
    const seen = glance(message.stuffed.subarray(0, MAX_GLANCE))
    if (this.#journal !== null) {
      const lines = message.recipients.map((to) => `${now.toFixed(3)}\t${seen.id}\t${to}\n`).join('')
      writeSync(this.#journal, lines)
    }
    counts.messages++
    this.#mark(now)
    counts.recipients += message.recipients.length
    counts.bytes += message.stuffed.length
    counts.dkimSignatures += seen.dkimSignatures
    if (seen.dkimSignatures > 0) counts.signedMessages++
    if (counts.firstMs === 0) counts.firstMs = now
    counts.lastMs = now
    if (seen.sentMs > 0) {
      counts.lastStampedMs = now
      this.#latency.add(now - seen.sentMs)
      const to = message.recipients[0] ?? ''
      const domain = this.#domain(to.slice(to.lastIndexOf('@') + 1))
      domain?.latency.add(now - seen.sentMs)
      domain?.attempt.add(message.startedMs - seen.sentMs)
    }
    const identity = seen.messageId || seen.id
    if (identity !== '-') for (const to of message.recipients) this.#note(`${identity}\n${to}`)
    if (this.#keep > 0) this.#keepMessage(now, message)
  }

  #mark(now: number): void {
    if (this.counts.messages % this.#stride !== 0) return
    this.#marks.push(now)
    if (this.#marks.length < MAX_MARKS) return
    this.#stride *= 2
    this.#marks = this.#marks.filter((_, at) => at % 2 === 1)
  }

  #domain(name: string) {
    const known = this.#domains.get(name)
    if (known !== undefined || this.#domains.size >= MAX_DOMAINS) return known
    const domain = { latency: new Latencies(), attempt: new Latencies() }
    this.#domains.set(name, domain)
    return domain
  }

  #note(pair: string): void {
    if (this.#seen.has(pair)) this.counts.duplicates++
    else if (this.#seen.size < MAX_SEEN) this.#seen.add(pair)
    else this.counts.duplicatesComplete = false
  }

  #keepMessage(timeMs: number, { from, recipients, tls, stuffed }: Received): void {
    const raw = unstuff(stuffed)
    this.#kept.push({ timeMs, from, recipients, tls, raw })
    this.#keptBytes += raw.length
    while (this.#kept.length > this.#keep || this.#keptBytes > MAX_KEEP_BYTES) {
      this.#keptBytes -= this.#kept.shift()?.raw.length ?? 0
    }
  }

  messages(count: number): KeptMessage[] {
    return count <= 0 ? [] : this.#kept.slice(-count)
  }

  stats(ruleActed: readonly number[], providers: Readonly<Record<string, GateReport>>): SinkStats {
    const cpu = process.cpuUsage(this.#cpu)
    return {
      ...this.counts,
      latency: this.#latency.summary(),
      byDomain: Object.fromEntries(
        [...this.#domains].map(([name, { latency, attempt }]) => [
          name,
          { latency: latency.summary(), attempt: attempt.summary() },
        ]),
      ),
      providers,
      arrivals: { stride: this.#stride, atMs: this.#marks },
      cpuMs: Math.round((cpu.user + cpu.system) / 1000),
      ruleActed,
    }
  }
}
