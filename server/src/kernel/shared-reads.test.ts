import { describe, expect, it } from 'vitest'
import { createSharedReads } from './shared-reads.ts'

/** Reads that end when they are told to, in the order in which they began. */
function readings() {
  const begun: ((value: number) => void)[] = []
  return { begun, read: () => new Promise<number>((resolve) => begun.push(resolve)) }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('shared reads', () => {
  it('answer many who ask at once with two reads, and nobody with one that had begun before he asked', async () => {
    const share = createSharedReads<number>()
    const { begun, read } = readings()
    const first = share('key', read)
    const others = Array.from({ length: 100 }, () => share('key', read))
    expect(begun).toHaveLength(1)
    begun[0]?.(1)
    expect(await first).toBe(1)
    await settled()
    expect(begun).toHaveLength(2)
    const late = share('key', read)
    begun[1]?.(2)
    expect(new Set(await Promise.all(others))).toEqual(new Set([2]))
    await settled()
    begun[2]?.(3)
    expect(await late).toBe(3)
  })

  it('keep keys apart, and go on after a read that failed', async () => {
    const share = createSharedReads<number>()
    const failing = share('a', () => Promise.reject(new Error('away')))
    const next = share('a', () => Promise.resolve(1))
    const other = share('b', () => Promise.resolve(2))
    await expect(failing).rejects.toThrow('away')
    expect(await Promise.all([next, other])).toEqual([1, 2])
    expect(await share('a', () => Promise.resolve(3))).toBe(3)
  })
})
