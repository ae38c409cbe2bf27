import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { renderAuditLag } from './parts/audit-lag.ts'
import type { AuditLag } from './parts/audit-lag.ts'
import { readConditions } from './conditions.ts'
import { renderConsole, runConsole } from './console/run-console.ts'
import type { ConsoleResult } from './console/run-console.ts'
import { renderProfiles, summariseProfiles } from './engine/profile.ts'
import { renderFairness, renderMemory } from './engine/report-engine.ts'
import type { Fairness, Memory } from './engine/report-engine.ts'
import { runBacklog } from './engine/run-backlog.ts'
import { runFairness } from './engine/run-fairness.ts'
import { runMemory } from './engine/run-memory.ts'
import { runMix } from './engine/run-mix.ts'
import { runMixPeers } from './engine/run-mix-peers.ts'
import type { FlowResult } from './flow.ts'
import { ratios, render } from './report.ts'
import { runAudit, runCritical, runDepths, runFlows, runPeers, runSealing } from './scenarios.ts'
import type { Progress, Sizes } from './scenarios.ts'

const SCENARIOS = [
  'http',
  'smtp',
  'batch',
  'depth',
  'critical',
  'peers',
  'sealing',
  'audit',
  'mix',
  'mix-peers',
  'fairness',
  'backlog',
  'memory',
  'console',
] as const
type Scenario = (typeof SCENARIOS)[number]

const FULL: Sizes = {
  messages: 20_000,
  bytes: 5000,
  connections: 20,
  warmUp: 1000,
  depths: [0, 100_000, 1_000_000],
  depthMessages: 10_000,
  criticalBacklog: 1_000_000,
  criticalPerSecond: 20,
  criticalSeconds: 60,
  sealingRounds: 3,
  auditActs: 60_000,
  auditPerSecond: 1_000,
  mixShippedMessages: 3_000,
  mixMessages: 30_000,
  fairnessBulk: 1_000_000,
  fairnessSeconds: 50,
  backlogs: [1_000_000, 10_000_000],
  backlogSlow: 200_000,
  backlogMessages: 10_000,
  memorySeconds: 170,
  memoryPerSecond: 300,
  consoleMessages: 1_000_000,
  maxSeconds: 120,
}

const QUICK: Sizes = {
  ...FULL,
  messages: 1000,
  warmUp: 100,
  depths: [0, 10_000],
  depthMessages: 1000,
  criticalBacklog: 10_000,
  criticalSeconds: 5,
  sealingRounds: 1,
  auditActs: 5_000,
  mixShippedMessages: 300,
  mixMessages: 1000,
  fairnessBulk: 50_000,
  fairnessSeconds: 5,
  backlogs: [50_000, 200_000],
  backlogSlow: 2_000,
  backlogMessages: 1000,
  memorySeconds: 6,
  memoryPerSecond: 50,
  consoleMessages: 20_000,
  maxSeconds: 5,
}

const USAGE = `Measures Bulkhead from accept to a sink on the loopback, and Postfix and Haraka beside it where they are installed.
  npm run bench -- [--quick] [--json FILE] [--scenario ${SCENARIOS.join('|')} …] [--messages N] [--bytes N]
                   [--connections N] [--depth N …] [--backlog N] [--directory DIR]
                   [--long] [--profile]
  --quick       small counts, a few minutes
  --json FILE   writes conditions, results and ratios as JSON
  --scenario    only these; may be given several times
  --depth       queue depths for the scenario depth; may be given several times
  --backlog     bulk recipients that are due in the scenario critical
  --long        memory: an hour instead of three minutes
  --profile     CPU profiles of sender and keyring, with the top self times; names the directory, which stays
  --directory   where the queues are kept while it runs (default: the temporary directory)
Haraka: BULKHEAD_BENCH_HARAKA=directory that has it in node_modules, or npm install Haraka in bench/peers.`

const HOUR_SECONDS = 3600

function parseCount(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0 || value > 10_000_000) {
    throw new Error(`--${name} must be a whole number from 0 to 10,000,000, not ${text}`)
  }
  return value
}

function parseScenarios(names: readonly string[] | undefined): readonly Scenario[] {
  if (names === undefined) return SCENARIOS
  return names.map((name) => {
    const known = SCENARIOS.find((each) => each === name)
    if (known === undefined) throw new Error(`--scenario must be one of ${SCENARIOS.join(', ')}, not ${name}`)
    return known
  })
}

async function main(signal: AbortSignal): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      scenario: { type: 'string', multiple: true },
      messages: { type: 'string' },
      bytes: { type: 'string' },
      connections: { type: 'string' },
      depth: { type: 'string', multiple: true },
      backlog: { type: 'string' },
      directory: { type: 'string' },
      long: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(`${USAGE}\n`)
    return
  }
  const base = values.quick ? QUICK : FULL
  const profile = values.profile ? mkdtempSync(join(tmpdir(), 'bulkhead-bench-profile-')) : undefined
  const sizes: Sizes = {
    ...base,
    profile,
    memorySeconds: values.long ? HOUR_SECONDS : base.memorySeconds,
    signal,
    messages: parseCount('messages', values.messages, base.messages),
    bytes: Math.max(1000, parseCount('bytes', values.bytes, base.bytes)),
    connections: Math.max(1, parseCount('connections', values.connections, base.connections)),
    criticalBacklog: parseCount('backlog', values.backlog, base.criticalBacklog),
    depths: values.depth?.map((depth) => parseCount('depth', depth, 0)) ?? base.depths,
    ...(values.directory === undefined ? {} : { parent: values.directory }),
  }
  const scenarios = parseScenarios(values.scenario)
  const conditions = readConditions(values.directory)
  const results: FlowResult[] = []
  const startMs = performance.now()
  const progress: Progress = {
    say: (text) => {
      process.stderr.write(`${((performance.now() - startMs) / 1000).toFixed(0).padStart(5)} s  ${text}\n`)
    },
    done: (result) => {
      results.push(result)
      progress.say(
        `${result.server}, ${result.scenario}: accepted ${result.acceptedPerSecond}/s, delivered ${result.deliveredPerSecond}/s`,
      )
    },
  }
  // A scenario that fails says so and does not take the figures of the others with it.
  const attempt = async (name: string, run: () => Promise<void>): Promise<void> => {
    if (signal.aborted) return
    try {
      await run()
    } catch (error) {
      process.exitCode ??= 1
      progress.say(`${name} failed: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const flows = (['http', 'smtp', 'batch'] as const).filter((flow) => scenarios.includes(flow))
  if (flows.length > 0) await attempt(flows.join(', '), () => runFlows(flows, sizes, progress))
  if (scenarios.includes('peers')) await attempt('peers', () => runPeers(sizes, progress))
  if (scenarios.includes('depth')) await attempt('depth', () => runDepths(sizes, progress))
  if (scenarios.includes('critical')) await attempt('critical', () => runCritical(sizes, progress))
  if (scenarios.includes('sealing')) await attempt('sealing', () => runSealing(sizes, progress))
  const audit: AuditLag[] = []
  if (scenarios.includes('audit'))
    await attempt('audit', async () => {
      audit.push(await runAudit(sizes, progress))
    })
  if (scenarios.includes('mix')) await attempt('mix', () => runMix(sizes, progress))
  if (scenarios.includes('mix-peers')) await attempt('mix-peers', () => runMixPeers(sizes, progress))
  const fairness: Fairness[] = []
  if (scenarios.includes('fairness'))
    await attempt('fairness', async () => {
      fairness.push(await runFairness(sizes, progress))
    })
  if (scenarios.includes('backlog')) await attempt('backlog', () => runBacklog(sizes, progress))
  const memory: Memory[] = []
  if (scenarios.includes('memory'))
    await attempt('memory', async () => {
      memory.push(await runMemory(sizes, progress))
    })
  const consoles: ConsoleResult[] = []
  if (scenarios.includes('console'))
    await attempt('console', async () => {
      consoles.push(await runConsole(sizes, progress))
    })
  const profiles = profile === undefined ? [] : summariseProfiles(profile)
  process.stdout.write(`\n${render(conditions, results)}\n`)
  for (const result of audit) process.stdout.write(renderAuditLag(result))
  for (const result of fairness) process.stdout.write(renderFairness(result))
  for (const result of memory) process.stdout.write(renderMemory(result))
  for (const result of consoles) process.stdout.write(renderConsole(result))
  process.stdout.write(renderProfiles(profiles))
  if (values.json !== undefined) {
    const { signal: _, ...counts } = sizes
    const document = {
      conditions,
      sizes: counts,
      results,
      ratios: ratios(results),
      audit,
      fairness,
      memory,
      consoles,
      profiles,
    }
    writeFileSync(values.json, `${JSON.stringify(document, null, 2)}\n`)
  }
}

// The first signal winds down: servers are stopped and their directories removed. The second ends at once.
// timeout(1) sends its signal twice, to the process and to its group: what comes within a second is the same one.
const interruption = new AbortController()
let interruptedMs = 0
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    const sinceMs = performance.now() - interruptedMs
    if (interruption.signal.aborted) {
      if (sinceMs > 1000) process.exit(130)
      return
    }
    interruptedMs = performance.now()
    process.exitCode = 130
    process.stderr.write('stopping; once more ends at once\n')
    interruption.abort(new Error('interrupted'))
  })
}
await main(interruption.signal)
