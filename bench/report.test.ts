import { describe, expect, it } from 'vitest'
import { readConditions } from './conditions.ts'
import type { FlowResult } from './flow.ts'
import { depthGrowth, ratios, render, table } from './report.ts'

const latency = { count: 1, p50Ms: 1, p90Ms: 2, p99Ms: 3, maxMs: 4 }

function result(part: Partial<FlowResult>): FlowResult {
  const group = { cpuSeconds: 1, peakMb: 100, processes: 1 }
  return {
    providers: {},
    byDomain: {},
    scenario: 'http',
    server: 'Bulkhead',
    accepted: 1000,
    acceptedPerSecond: 2000,
    acceptLatency: latency,
    delivered: 1000,
    deliveredPerSecond: 1000,
    endToEnd: latency,
    missing: 0,
    duplicates: 0,
    signedShare: 1,
    failed: 0,
    putOff: 0,
    byStatus: {},
    cpuSecondsPer1000: 1,
    peakMb: 100,
    byProcess: { api: { cpuSecondsPer1000: 0.5, peakMb: 100 } },
    generatorCpuSeconds: 0.1,
    sinkCpuSeconds: 0.1,
    usage: { seconds: 1, total: group, byGroup: {}, loadBefore: 0, loadAfter: 1, machineBusy: 0.5 },
    notes: [],
    ...part,
  }
}

describe('the report', () => {
  it('compares with each peer and with the better of those that sign', () => {
    const results = [
      result({}),
      result({ server: 'Postfix', scenario: 'relay', deliveredPerSecond: 800, signedShare: 0 }),
      result({ server: 'Postfix + OpenDKIM', scenario: 'relay', deliveredPerSecond: 250 }),
      result({ server: 'Haraka + DKIM', scenario: 'relay', deliveredPerSecond: 500 }),
    ]
    expect(ratios(results)).toEqual([
      { what: 'http against Postfix (unsigned)', ratio: 1.25 },
      { what: 'http against Postfix + OpenDKIM', ratio: 4 },
      { what: 'http against Haraka + DKIM', ratio: 2 },
      { what: 'http against the better signed peer', ratio: 2 },
    ])
    expect(render(readConditions(), results)).toContain('2.00 × http against the better signed peer')
  })

  it('has no ratios without peers, and says what was lost', () => {
    expect(ratios([result({})])).toEqual([])
    const lossy = result({ missing: 3, failed: 2, byStatus: { 202: 1000, 500: 2 } })
    expect(render(readConditions(), [lossy])).toContain(
      '3 accepted but not arrived, 2 failed: {"202":1000,"500":2}',
    )
    expect(ratios([lossy, result({ server: 'Postfix', scenario: 'relay' })])).toEqual([])
  })

  it('shows the growth with depth against the first', () => {
    const results = [
      result({ scenario: 'depth 0' }),
      result({ scenario: 'depth 1000', cpuSecondsPer1000: 1.5, deliveredPerSecond: 900 }),
    ]
    expect(depthGrowth(results)).toEqual([
      'depth 1000: CPU per message × 1.50, delivered/s × 0.90 of depth 0',
    ])
  })

  it('lines up its columns', () => {
    expect(
      table([
        ['a', 'bb'],
        ['ccc', 'd'],
      ]),
    ).toBe('a    bb\nccc   d')
  })
})
