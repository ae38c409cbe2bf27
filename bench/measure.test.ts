import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fc } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { waitFor } from './clock.ts'
import { groupOf, Meter, parseStat, parseStatusKb, sampleTree, treeOf } from './measure.ts'
import { Latencies, percentile } from './percentiles.ts'

const burn = (ms: number): string => `const end = Date.now() + ${ms}; while (Date.now() < end);`

describe('the meter', () => {
  it('counts the CPU of a process and of children that came and went between two samples', async () => {
    const script = `
      const { spawnSync } = require('node:child_process')
      process.stdin.once('data', () => {
        for (let i = 0; i < 3; i++) spawnSync(process.execPath, ['-e', ${JSON.stringify(burn(200))}])
        ${burn(200)}
        console.log('done')
      })
      console.log('ready')`
    const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
    try {
      await once(child.stdout, 'data')
      const meter = new Meter([child.pid ?? 0], { everyMs: 60_000, group: () => 'all' })
      child.stdin.write('go')
      await once(child.stdout, 'data')
      const usage = meter.stop()
      // Four burns of 200 ms and the start of three Node processes; a loaded machine gives each less CPU than wall time.
      expect(usage.total.cpuSeconds).toBeGreaterThan(0.3)
      expect(usage.total.cpuSeconds).toBeLessThan(5)
      expect(usage.byGroup['all']?.cpuSeconds).toBe(usage.total.cpuSeconds)
      expect(usage.total.peakMb).toBeGreaterThan(20)
    } finally {
      child.kill('SIGKILL')
    }
  })

  it('sees grandchildren and only its own tree', async () => {
    const child = spawn('sh', ['-c', 'sh -c "sleep 30; true" & wait'], { stdio: 'ignore', detached: true })
    try {
      const tree = await waitFor('three processes', 5000, () => {
        const samples = sampleTree([child.pid ?? 0])
        return samples.length === 3 && samples
      })
      expect(tree.map((sample) => groupOf(sample.command)).sort()).toEqual(['sh', 'sh', 'sleep'])
    } finally {
      process.kill(-(child.pid ?? 0), 'SIGKILL')
    }
  })

  it('reads what /proc writes, whatever the process is called', () => {
    const fields = 'S 42 1 1 0 -1 4194560 100 0 0 0 7 5 3 2 20 0 1 0 100'
    expect(parseStat(`99 (a) (b c)) ${fields}`)).toEqual({ parent: 42, ticks: 17 })
    expect(parseStat('')).toBeNull()
    expect(parseStatusKb('VmPeak:\t 9 kB\nVmHWM:\t   1234 kB\n', 'VmHWM')).toBe(1234)
    expect(parseStatusKb('', 'VmHWM')).toBe(0)
  })

  it('survives a cycle in the parents, which a reused process id can make', () => {
    const parents = new Map([
      [1, { parent: 2 }],
      [2, { parent: 1 }],
      [3, { parent: 9 }],
    ])
    expect(treeOf([1], parents).toSorted((a, b) => a - b)).toEqual([1, 2])
  })

  it('names the parts of the system', () => {
    expect(groupOf('/x/node /work/server/src/processes/sender.ts')).toBe('sender')
    expect(groupOf('postgres: io worker 0')).toBe('postgres')
    expect(groupOf('/x/node /work/keyring/src/main.ts')).toBe('keyring')
    expect(groupOf('qmgr -l -t unix -u')).toBe('qmgr')
  })
})

describe('percentiles', () => {
  it('are values that were measured, with at least the share p of them at or below', () => {
    const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 })
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (list, p) => {
        const sorted = Float64Array.from(list).sort()
        const value = percentile(sorted, p)
        expect(sorted).toContain(value)
        expect(sorted.filter((each) => each <= value).length).toBeGreaterThanOrEqual(p * sorted.length)
      }),
    )
  })

  it('of 1 to 100 are 50, 90, 99 and 100', () => {
    const latencies = new Latencies()
    for (let ms = 100; ms > 0; ms--) latencies.add(ms)
    expect(latencies.summary()).toEqual({ count: 100, p50Ms: 50, p90Ms: 90, p99Ms: 99, maxMs: 100 })
  })

  it('grow, and stop keeping at their limit but go on counting', () => {
    const latencies = new Latencies(2000)
    for (let ms = 1; ms <= 5000; ms++) latencies.add(ms)
    expect(latencies.summary()).toMatchObject({ count: 5000, maxMs: 2000 })
    expect(new Latencies().summary()).toEqual({ count: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, maxMs: 0 })
  })
})
