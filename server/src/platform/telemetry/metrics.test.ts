import { describe, expect, it } from 'vitest'
import { createMetrics } from './metrics.ts'
import { observePool, observeRuntime } from './runtime-metrics.ts'

describe('metrics', () => {
  it('count, set and spread, and are written in the text format', async () => {
    const metrics = createMetrics()
    const sent = metrics.counter({ name: 'sent_total', help: 'Sent.', labels: ['lane', 'outcome'] })
    sent.add(['bulk', 'delivered'])
    sent.add(['bulk', 'delivered'], 2)
    sent.add(['bulk', 'bounced'], -5)
    metrics.gauge({ name: 'waiting', help: 'Waiting.', labels: [] }).set([], 7)
    const seconds = metrics.histogram({ name: 'seconds', help: 'S.', labels: ['lane'], buckets: [0.1, 1] })
    for (const value of [0.05, 0.1, 0.5, 20, Number.NaN]) seconds.observe(['bulk'], value)
    const lines = (await metrics.read()).split('\n')
    expect(lines).toEqual(
      expect.arrayContaining([
        '# TYPE sent_total counter',
        'sent_total{lane="bulk",outcome="delivered"} 3',
        'waiting 7',
        '# TYPE seconds histogram',
        'seconds_bucket{lane="bulk",le="0.1"} 2',
        'seconds_bucket{lane="bulk",le="1"} 3',
        'seconds_bucket{lane="bulk",le="+Inf"} 4',
        'seconds_sum{lane="bulk"} 20.65',
        'seconds_count{lane="bulk"} 4',
      ]),
    )
    expect(lines.filter((line) => line.includes('bounced'))).toEqual([])
    // Reading changes nothing.
    expect((await metrics.read()).split('\n')).toEqual(lines)
  })

  it('are bounded, whatever labels are used', async () => {
    const metrics = createMetrics()
    const requests = metrics.counter({ name: 'r_total', help: 'R.', labels: ['route'], seriesMax: 3 })
    for (let i = 0; i < 10_000; i++) requests.add([`route ${i} ${'x'.repeat(10_000)}`])
    const samples = (await metrics.read()).split('\n').filter((line) => line.startsWith('r_total{'))
    expect(samples).toHaveLength(4)
    expect(samples.at(-1)).toBe('r_total{route="other"} 9997')
    expect(Math.max(...samples.map((line) => line.length))).toBeLessThan(200)
  })

  it('write label values so that nobody breaks out of them', async () => {
    const metrics = createMetrics()
    metrics.counter({ name: 'r_total', help: 'R.', labels: ['a'] }).add(['x"} 1\ny_total 5\\'])
    const text = await metrics.read()
    expect(text).toContain('r_total{a="x\\"} 1\\ny_total 5\\\\"} 1')
  })

  it('forget series that are cleared, so that a site that has nothing to do is not shown for ever', async () => {
    const metrics = createMetrics()
    const sites = metrics.gauge({ name: 'site', help: 'S.', labels: ['site'] })
    metrics.onRead(() => sites.clear())
    sites.set(['old'], 1)
    expect(await metrics.read()).not.toContain('old')
  })

  it('say nothing of what nobody knows yet: a gauge that was never set is not 0, a counter is', async () => {
    const metrics = createMetrics()
    const leases = metrics.gauge({ name: 'leases', help: 'L.', labels: [] })
    metrics.counter({ name: 'lost_total', help: 'L.', labels: [] })
    const samples = async () => (await metrics.read()).split('\n').filter((line) => /^\w/.test(line))
    expect(await samples()).toEqual(['lost_total 0'])
    leases.set([], 0)
    expect(await samples()).toEqual(['leases 0', 'lost_total 0'])
  })

  it('are read although one of them cannot be told', async () => {
    const metrics = createMetrics()
    metrics.onRead(() => {
      throw new Error('not now')
    })
    metrics.counter({ name: 'r_total', help: 'R.', labels: [] }).add([])
    expect(await metrics.read()).toContain('r_total 1')
  })

  it('are refused with a name that is none, twice the same name, or a counter that does not say so', () => {
    const metrics = createMetrics()
    const make = (name: string) => () => metrics.counter({ name, help: 'R.', labels: [] })
    expect(make('Bad Name_total')).toThrow(/not a name/)
    expect(make('requests')).toThrow(/_total/)
    make('r_total')()
    expect(make('r_total')).toThrow(/already been registered/)
  })

  it('tell of the process and of its pool', async () => {
    const metrics = createMetrics()
    observeRuntime(metrics)
    observePool(metrics, () => ({ total: 5, idle: 2, waiting: 1 }))
    const text = await metrics.read()
    for (const name of ['process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds'])
      expect(text).toMatch(new RegExp(`^${name} `, 'm'))
    expect(text).toContain('bulkhead_pg_pool_connections{state="used"} 3')
  })
})
