import type { Conditions } from './conditions.ts'
import type { FlowResult } from './flow.ts'

/** Lines up the columns; the first is left, the others right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const number = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 2 })
const ms = (value: number): string => value.toFixed(value < 10 ? 1 : 0)

const HEAD = [
  'server, scenario',
  'accepted',
  'accept/s',
  'p50 ms',
  'p99 ms',
  'delivered/s',
  'p50 ms',
  'p99 ms',
  'signed',
  'CPU s/1000',
  'peak MB',
  'MB/1000',
  'lost',
  'dup',
]

function row(result: FlowResult): string[] {
  return [
    `${result.server}, ${result.scenario}`,
    number(result.accepted),
    number(result.acceptedPerSecond),
    ms(result.acceptLatency.p50Ms),
    ms(result.acceptLatency.p99Ms),
    number(result.deliveredPerSecond),
    ms(result.endToEnd.p50Ms),
    ms(result.endToEnd.p99Ms),
    result.signedShare >= 1
      ? 'yes'
      : result.signedShare === 0
        ? 'no'
        : `${Math.round(result.signedShare * 100)} %`,
    number(result.cpuSecondsPer1000),
    number(result.peakMb),
    number(result.delivered === 0 ? 0 : (result.peakMb * 1000) / result.delivered),
    number(result.missing),
    number(result.duplicates),
  ]
}

/** A comparison of two servers at one thing, more than 1 when ours is better. */
export interface Ratio {
  readonly what: string
  readonly ratio: number
}

function best(results: readonly FlowResult[]): FlowResult | null {
  return results.reduce<FlowResult | null>(
    (most, each) => (most === null || each.deliveredPerSecond > most.deliveredPerSecond ? each : most),
    null,
  )
}

function against(label: string, mine: FlowResult, other: FlowResult | null): Ratio[] {
  if (other === null) return []
  const ratio = Math.round((mine.deliveredPerSecond / other.deliveredPerSecond) * 100) / 100
  return [{ what: `${mine.scenario} against ${label}`, ratio }]
}

/**
 * Our flows against each peer, and against the better of the signed ones: the aim is at least 2. Ratios of delivered a second, both
 * from first accept to last arrival.
 */
export function ratios(results: readonly FlowResult[]): Ratio[] {
  const peers = results.filter((each) => each.scenario === 'relay' && each.deliveredPerSecond > 0)
  const mixes = results.filter((each) => each.scenario === 'mix' && each.deliveredPerSecond > 0)
  const mix = mixes.find((each) => each.server === 'Bulkhead')
  // A flow that lost or held back mail has no speed to compare.
  const ours = results.filter(
    (each) => ['http', 'smtp', 'batch'].includes(each.scenario) && each.missing === 0,
  )
  const mixRatios =
    mix === undefined
      ? []
      : mixes
          .filter((each) => each !== mix)
          .flatMap((peer) => against(`${peer.server} (unsigned)`, mix, peer))
  return [
    ...mixRatios,
    ...ours.flatMap((mine) => [
      ...peers.flatMap((peer) =>
        against(`${peer.server}${peer.signedShare > 0 ? '' : ' (unsigned)'}`, mine, peer),
      ),
      ...against('the better signed peer', mine, best(peers.filter((peer) => peer.signedShare >= 1))),
    ]),
  ]
}

/** How much dearer mail gets as the queue grows: CPU per message and end-to-end time against the shallowest depth of the run. */
export function depthGrowth(results: readonly FlowResult[]): string[] {
  const depths = results.filter((each) => each.scenario.startsWith('depth '))
  const base = depths[0]
  if (base === undefined) return []
  return depths.slice(1).map((each) => {
    const cpu = each.cpuSecondsPer1000 / Math.max(base.cpuSecondsPer1000, 1e-9)
    const speed = each.deliveredPerSecond / Math.max(base.deliveredPerSecond, 1e-9)
    return `${each.scenario}: CPU per message × ${cpu.toFixed(2)}, delivered/s × ${speed.toFixed(2)} of ${base.scenario}`
  })
}

/** Delivered a second at each backlog against none: at least 0.9 is wanted. */
export function backlogGrowth(results: readonly FlowResult[]): string[] {
  const backlogs = results.filter((each) => each.scenario.startsWith('backlog'))
  const base = backlogs[0]
  if (base === undefined) return []
  return backlogs.slice(1).map((each) => {
    const speed = each.deliveredPerSecond / Math.max(base.deliveredPerSecond, 1e-9)
    const cpu = each.cpuSecondsPer1000 / Math.max(base.cpuSecondsPer1000, 1e-9)
    return `${each.scenario}: delivered/s × ${speed.toFixed(2)}, CPU per message × ${cpu.toFixed(2)} of ${base.scenario}`
  })
}

const percent = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)} %`

/** What sealing costs, over all rounds of the run: throughput kept, and CPU per message more. Empty where one arm is missing. */
export function sealingCost(results: readonly FlowResult[]): string[] {
  const mean = (scenario: string, of: (result: FlowResult) => number): number => {
    const values = results.filter((each) => each.scenario === scenario).map(of)
    return values.reduce((sum, value) => sum + value, 0) / values.length
  }
  const compare = (of: (result: FlowResult) => number): number =>
    (mean('with sealing', of) / mean('without sealing', of) - 1) * 100
  const speed = compare((each) => each.deliveredPerSecond)
  const cpu = compare((each) => each.cpuSecondsPer1000)
  if (!Number.isFinite(speed) || !Number.isFinite(cpu)) return []
  return [
    `with sealing against without: delivered a second ${percent(speed)}, CPU per message ${percent(cpu)}`,
  ]
}

function byProcess(result: FlowResult): string {
  const parts = Object.entries(result.byProcess)
    .filter(([, each]) => each.cpuSecondsPer1000 >= 0.001)
    .sort(([, a], [, b]) => b.cpuSecondsPer1000 - a.cpuSecondsPer1000)
    .map(([name, each]) => `${name} ${each.cpuSecondsPer1000.toFixed(3)} s ${each.peakMb.toFixed(0)} MB`)
  return `  ${result.server}, ${result.scenario}: ${parts.join(', ')}`
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `\n\n${title}\n${lines.join('\n')}`
}

/** The whole report as a person reads it. */
export function render(conditions: Conditions, results: readonly FlowResult[]): string {
  const notes = results.flatMap((each) => [
    ...each.notes.map((note) => `  ${each.server}, ${each.scenario}: ${note}`),
    ...(each.failed + each.missing === 0
      ? []
      : [
          `  ${each.server}, ${each.scenario}: ${each.missing} accepted but not arrived, ${each.failed} failed: ${JSON.stringify(each.byStatus)}`,
        ]),
  ])
  const compared = ratios(results)
  const growth = depthGrowth(results)
  const summary = [
    `Bulkhead benchmark, ${conditions.time}, commit ${conditions.commit}`,
    `${conditions.cores} × ${conditions.cpu}, ${conditions.memoryGb} GB, kernel ${conditions.kernel}, Node ${conditions.node}`,
    `queues in ${conditions.directory} (${conditions.fileSystem}, fsync ${conditions.fsyncMs} ms); load at start ${conditions.load.join(' ')}`,
    'generator and sink share these cores; accept is from due to 202 or 250, delivered from first accept to last arrival',
    '',
    table([HEAD, ...results.map(row)]),
  ].join('\n')
  const details = [
    section('CPU seconds per 1,000 messages and peak memory, by process', results.map(byProcess)),
    section(
      'Machine: load before and after, share of all cores that was busy',
      results.map(
        (each) =>
          `  ${each.server}, ${each.scenario}: ${each.usage.loadBefore} → ${each.usage.loadAfter}, ${Math.round(each.usage.machineBusy * 100)} % busy for ${each.usage.seconds} s; generator ${each.generatorCpuSeconds.toFixed(1)} s CPU, sink ${each.sinkCpuSeconds.toFixed(1)} s`,
      ),
    ),
    section(
      'Growth with queue depth',
      growth.map((line) => `  ${line}`),
    ),
    section(
      'Throughput beside a backlog',
      backlogGrowth(results).map((line) => `  ${line}`),
    ),
    section(
      'What sealing costs',
      sealingCost(results).map((line) => `  ${line}`),
    ),
    section(
      'Ratios, delivered a second',
      compared.map(({ what, ratio }) => `  ${ratio.toFixed(2)} × ${what}`),
    ),
    section('Notes', notes),
  ].join('')
  return summary + details
}
