import { readFileSync } from 'node:fs'
import { groupOf, parseStatusKb, sampleTree } from '../measure.ts'
import { loadHttp } from '../load-http.ts'
import { startSinkProcess } from '../sink-process.ts'
import { sayOnce, start } from '../scenarios.ts'
import type { Progress, Sizes } from '../scenarios.ts'
import { renderMemory } from './report-engine.ts'
import type { Memory } from './report-engine.ts'
import { MemorySamples } from './memory-samples.ts'

const SAMPLES = 360
const SHORTEST_MS = 500

/** A fixed rate for `memorySeconds`, with the resident memory of every process sampled: it must not grow with what was sent. */
export async function runMemory(sizes: Sizes, progress: Progress): Promise<Memory> {
  const { memorySeconds: seconds, memoryPerSecond: perSecond, signal } = sizes
  await using sink = await startSinkProcess(['--tls'])
  progress.say('memory: starting Bulkhead')
  await using product = await start(sizes, sink)
  const samples = new MemorySamples()
  const startMs = performance.now()
  const everyMs = Math.max(SHORTEST_MS, (seconds * 1000) / SAMPLES)
  const timer = setInterval(() => {
    samples.add((performance.now() - startMs) / 1000, residentKb(product.pids))
  }, everyMs)
  try {
    progress.say(`memory: ${perSecond} a second for ${seconds} s`)
    const load = await loadHttp({
      port: product.httpPort,
      apiKey: product.apiKey,
      messages: seconds * perSecond,
      perSecond,
      bytes: sizes.bytes,
      connections: sizes.connections,
      maxSeconds: seconds,
      signal,
      onRefusal: sayOnce(progress),
    })
    if (load.failed > 0) progress.say(`memory: ${load.failed} messages were refused`)
  } finally {
    clearInterval(timer)
  }
  const result: Memory = {
    seconds,
    perSecond,
    delivered: (await sink.stats()).messages,
    samples: samples.count,
    processes: samples.trends(),
  }
  progress.say(renderMemory(result).trimEnd())
  return result
}

/** Resident memory by kind of process, in kB; what PostgreSQL's processes share is counted once. */
function residentKb(roots: readonly number[]): Map<string, number> {
  const own = new Map<string, number>()
  const shared = new Map<string, number>()
  for (const { pid, command } of sampleTree(roots)) {
    const name = groupOf(command)
    const status = statusOf(pid)
    const sharedKb = parseStatusKb(status, 'RssShmem')
    own.set(name, (own.get(name) ?? 0) + Math.max(0, parseStatusKb(status, 'VmRSS') - sharedKb))
    shared.set(name, Math.max(shared.get(name) ?? 0, sharedKb))
  }
  return new Map([...own].map(([name, kb]) => [name, kb + (shared.get(name) ?? 0)]))
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}
