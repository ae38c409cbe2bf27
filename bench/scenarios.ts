import { setTimeout as delay } from 'node:timers/promises'
import { measureAuditLag, renderAuditLag } from './parts/audit-lag.ts'
import type { AuditLag } from './parts/audit-lag.ts'
import { wallMs } from './clock.ts'
import { runFlow } from './flow.ts'
import type { FlowResult } from './flow.ts'
import { loadHttp } from './load-http.ts'
import { loadSmtp } from './load-smtp.ts'
import { harakaMissing, startHaraka } from './peers/haraka.ts'
import type { Peer, PeerOptions } from './peers/peer.ts'
import { postfixMissing, startPostfix } from './peers/postfix.ts'
import { startProduct } from './product.ts'
import type { Product } from './product.ts'
import { startSinkProcess } from './sink-process.ts'
import type { SinkProcess } from './sink-process.ts'

/** How large the run is. */
export interface Sizes {
  /** Messages of the flows http, smtp, batch and of each peer. */
  readonly messages: number
  readonly bytes: number
  readonly connections: number
  readonly warmUp: number
  /** Queue depths, in recipients that wait in the bulk lane. */
  readonly depths: readonly number[]
  /** Messages that are sent beside each depth. */
  readonly depthMessages: number
  /** Bulk recipients that are due while critical mail is sent. */
  readonly criticalBacklog: number
  readonly criticalPerSecond: number
  readonly criticalSeconds: number
  /** Pairs of runs with and without sealing. */
  readonly sealingRounds: number
  /** Acts of the scenario audit, and how many a second. */
  readonly auditActs: number
  readonly auditPerSecond: number
  /** Messages to the mix of destinations: by the shipped rules, and as a sender whom the providers know. */
  readonly mixShippedMessages: number
  readonly mixMessages: number
  /** Bulk recipients of the large workspace, and how long the small one is watched with and without it. */
  readonly fairnessBulk: number
  readonly fairnessSeconds: number
  /** Rows that wait for their time, and recipients that wait in the line of a slow site. */
  readonly backlogs: readonly number[]
  readonly backlogSlow: number
  readonly backlogMessages: number
  readonly memorySeconds: number
  readonly memoryPerSecond: number
  /** Messages of the scenario console. */
  readonly consoleMessages: number
  /** No load runs longer than this. */
  readonly maxSeconds: number
  readonly parent?: string
  /** Directory for CPU profiles of sender and keyring. */
  readonly profile?: string | undefined
  /** Ends the run early, in order: servers stopped, directories removed. */
  readonly signal?: AbortSignal | undefined
}

export interface Progress {
  say(text: string): void
  done(result: FlowResult): void
}

export const BULKHEAD = 'Bulkhead'
const RECIPIENTS_PER_BULK_MESSAGE = 1000
const BULK_BYTES = 1000

/** Starts the product with this sink as its relay, or as where `more` says. */
export function start(
  sizes: Sizes,
  sink: SinkProcess,
  more: Partial<Parameters<typeof startProduct>[0]> = {},
): Promise<Product> {
  return startProduct({
    ...more,
    profile: sizes.profile,
    sinkPort: sink.port,
    signal: sizes.signal,
    ...(sizes.parent === undefined ? {} : { parent: sizes.parent }),
  })
}

/** Reports the first refusal in full: a benchmark that fails should say why. */
export function sayOnce(progress: Progress): (status: number, body: string) => void {
  let said = false
  return (status, body) => {
    if (!said) progress.say(`refused: ${status} ${body.slice(0, 500)}`)
    said = true
  }
}

/** The flows http, smtp and batch: as fast as the connections allow, from accept to the sink. */
export async function runFlows(
  which: readonly ('http' | 'smtp' | 'batch')[],
  sizes: Sizes,
  progress: Progress,
): Promise<void> {
  await using sink = await startSinkProcess()
  progress.say('starting Bulkhead')
  await using product = await start(sizes, sink)
  const { messages, bytes, connections, maxSeconds, signal } = sizes
  const http = (count: number, batch: number) =>
    loadHttp({
      port: product.httpPort,
      apiKey: product.apiKey,
      messages: count,
      bytes,
      maxSeconds,
      signal,
      // A few connections with large requests carry as much as many with single ones.
      connections: batch > 0 ? 4 : connections,
      batch,
      onRefusal: sayOnce(progress),
    })
  const smtp = (count: number) =>
    loadSmtp({
      port: product.submissionPort,
      tls: 'starttls',
      auth: product.smtp,
      messages: count,
      bytes,
      connections,
      maxSeconds,
      signal,
    })
  const loads = {
    http: { load: (n: number) => http(n, 0), notes: ['POST /v1/messages, one message per request'] },
    smtp: { load: smtp, notes: ['submission with STARTTLS and AUTH'] },
    batch: {
      load: (n: number) => http(n, 100),
      notes: ['POST /v1/messages/batch, 100 messages per request'],
    },
  }
  for (const scenario of which) {
    const { load, notes } = loads[scenario]
    progress.say(`${scenario}: warming up`)
    const flow = { scenario, server: BULKHEAD, sink, pids: product.pids, signal }
    await runFlow({ ...flow, load: () => load(sizes.warmUp) })
    progress.say(`${scenario}: ${messages} messages of ${bytes} bytes`)
    progress.done(await runFlow({ ...flow, notes, load: () => load(messages) }))
  }
}

/**
 * What sealing costs: the same load over HTTP with and without it, in turns, each turn on a fresh product. The arm without exists
 * only here (bench/unsealed).
 */
export async function runSealing(sizes: Sizes, progress: Progress): Promise<void> {
  for (let round = 1; round <= sizes.sealingRounds; round++) {
    // Who goes first changes with the round, so that a machine that gets warmer or busier favours neither.
    for (const unsealed of round % 2 === 0 ? [true, false] : [false, true]) {
      await using sink = await startSinkProcess()
      const scenario = unsealed ? 'without sealing' : 'with sealing'
      progress.say(`${scenario}, round ${round}: starting Bulkhead`)
      await using product = await start(sizes, sink, { unsealed })
      const load = (messages: number) =>
        loadHttp({
          port: product.httpPort,
          apiKey: product.apiKey,
          messages,
          bytes: sizes.bytes,
          connections: sizes.connections,
          maxSeconds: sizes.maxSeconds,
          signal: sizes.signal,
          onRefusal: sayOnce(progress),
        })
      const flow = { scenario, server: BULKHEAD, sink, pids: product.pids, signal: sizes.signal }
      await runFlow({ ...flow, load: () => load(sizes.warmUp) })
      progress.done(await runFlow({ ...flow, notes: [`round ${round}`], load: () => load(sizes.messages) }))
    }
  }
}

/** How far the audit log is behind at a fixed rate of acts. */
export async function runAudit(sizes: Sizes, progress: Progress): Promise<AuditLag> {
  await using sink = await startSinkProcess()
  progress.say('audit: starting Bulkhead')
  await using product = await start(sizes, sink)
  const { data } = product
  const { signal, auditActs, auditPerSecond } = sizes
  await measureAuditLag({ data, acts: auditPerSecond, perSecond: auditPerSecond, signal })
  const result = await measureAuditLag({ data, acts: auditActs, perSecond: auditPerSecond, signal })
  progress.say(renderAuditLag(result).trimEnd())
  return result
}

/** Queues `recipients` in the bulk lane, a thousand to a message, not to be sent before `sendAt`. */
export async function fillBulk(
  product: Pick<Product, 'httpPort' | 'apiKey'>,
  recipients: number,
  sendAt: Date,
  progress: Progress,
  signal: AbortSignal | undefined,
  recipientDomain = 'bulk.test',
): Promise<number> {
  const report = await loadHttp({
    port: product.httpPort,
    apiKey: product.apiKey,
    messages: Math.ceil(recipients / RECIPIENTS_PER_BULK_MESSAGE),
    recipients: Math.min(recipients, RECIPIENTS_PER_BULK_MESSAGE),
    recipientDomain,
    bytes: BULK_BYTES,
    connections: 4,
    maxSeconds: 600,
    signal,
    stamp: false,
    extra: { lane: 'bulk', sendAt: sendAt.toISOString() },
    onRefusal: sayOnce(progress),
  })
  const filled = report.accepted * Math.min(recipients, RECIPIENTS_PER_BULK_MESSAGE)
  progress.say(`queued ${filled} bulk recipients in ${report.seconds} s`)
  if (filled < recipients) progress.say(`wanted ${recipients}: ${JSON.stringify(report.byStatus)}`)
  return filled
}

/** What transactional mail costs beside a bulk queue that waits for its time, at growing depth. */
export async function runDepths(sizes: Sizes, progress: Progress): Promise<void> {
  await using sink = await startSinkProcess()
  progress.say('depth: starting Bulkhead')
  await using product = await start(sizes, sink)
  const tomorrow = new Date(wallMs() + 20 * 3_600_000)
  const load = (messages: number) =>
    loadHttp({
      port: product.httpPort,
      apiKey: product.apiKey,
      messages,
      bytes: sizes.bytes,
      connections: sizes.connections,
      maxSeconds: sizes.maxSeconds,
      signal: sizes.signal,
      onRefusal: sayOnce(progress),
    })
  let depth = 0
  for (const wanted of sizes.depths) {
    if (wanted > depth) depth += await fillBulk(product, wanted - depth, tomorrow, progress, sizes.signal)
    const flow = { server: BULKHEAD, sink, pids: product.pids, signal: sizes.signal }
    await runFlow({ ...flow, scenario: 'warm-up', load: () => load(sizes.warmUp) })
    progress.say(`depth ${depth}: ${sizes.depthMessages} messages`)
    progress.done(
      await runFlow({
        ...flow,
        scenario: `depth ${depth}`,
        notes: [`${depth} bulk recipients wait in the queue`],
        load: () => load(sizes.depthMessages),
      }),
    )
  }
}

/** How long critical mail takes while a bulk queue is due and is being sent. */
export async function runCritical(sizes: Sizes, progress: Progress): Promise<void> {
  // Critical mail is never sent in clear text, so this sink speaks TLS.
  await using sink = await startSinkProcess(['--tls'])
  progress.say('critical: starting Bulkhead')
  await using product = await start(sizes, sink)
  const fillSeconds = Math.ceil(sizes.criticalBacklog / 5000) + 5
  const due = new Date(wallMs() + fillSeconds * 1000)
  const filled = await fillBulk(product, sizes.criticalBacklog, due, progress, sizes.signal)
  const waitMs = due.getTime() - wallMs()
  if (waitMs > 0) await delay(waitMs, undefined, { signal: sizes.signal })
  progress.say(`critical: ${sizes.criticalPerSecond} a second for ${sizes.criticalSeconds} s`)
  const before = await sink.stats()
  const startMs = wallMs()
  const result = await runFlow({
    scenario: `critical beside ${filled} bulk`,
    server: BULKHEAD,
    sink,
    pids: product.pids,
    arrivals: 'stamped',
    signal: sizes.signal,
    load: () =>
      loadHttp({
        port: product.httpPort,
        apiKey: product.apiKey,
        messages: sizes.criticalPerSecond * sizes.criticalSeconds,
        perSecond: sizes.criticalPerSecond,
        bytes: sizes.bytes,
        connections: 10,
        maxSeconds: sizes.criticalSeconds + 30,
        signal: sizes.signal,
        extra: { lane: 'critical' },
        onRefusal: sayOnce(progress),
      }),
  })
  const after = await sink.stats()
  const bulk = after.recipients - result.delivered
  const bulkPerSecond = Math.round((bulk * 1000) / Math.max(1, wallMs() - startMs))
  progress.done({
    ...result,
    notes: [
      `fixed rate; ${before.recipients} bulk recipients had gone before; ${bulkPerSecond} bulk recipients a second beside it`,
      'end to end is from due to the final dot at the sink, which bounds accept to first attempt from above',
    ],
  })
}

/** Postfix and Haraka with the same load, unsigned and signed, where they are installed. */
export async function runPeers(sizes: Sizes, progress: Progress): Promise<void> {
  const peers: {
    name: string
    missing: string | null
    start: (options: PeerOptions) => Promise<Peer>
    signed: boolean
  }[] = [false, true].flatMap((signed) => [
    { name: 'Postfix', missing: postfixMissing(signed), start: startPostfix, signed },
    { name: 'Haraka', missing: harakaMissing(signed), start: startHaraka, signed },
  ])
  for (const { name, missing, start: startPeer, signed } of peers) {
    const label = `${name} ${signed ? 'signed' : 'unsigned'}`
    if (missing !== null) {
      progress.say(`${label}: left out, ${missing}`)
      continue
    }
    await using sink = await startSinkProcess()
    progress.say(`${label}: starting`)
    await using peer = await startPeer({ sinkPort: sink.port, signed })
    const load = (messages: number) =>
      loadSmtp({
        port: peer.port,
        messages,
        bytes: sizes.bytes,
        connections: sizes.connections,
        maxSeconds: Math.min(60, sizes.maxSeconds),
        signal: sizes.signal,
      })
    const flow = {
      server: peer.name,
      sink,
      pids: peer.pids,
      notes: [peer.version, ...peer.notes],
      signal: sizes.signal,
    }
    await runFlow({ ...flow, scenario: 'warm-up', load: () => load(Math.min(200, sizes.warmUp)) })
    progress.say(`${label}: up to ${sizes.messages} messages`)
    progress.done(await runFlow({ ...flow, scenario: 'relay', load: () => load(sizes.messages) }))
  }
}
