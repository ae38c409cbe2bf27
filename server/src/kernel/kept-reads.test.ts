import { describe, expect, it } from 'vitest'
import { createKeptReads } from './kept-reads.ts'

describe('kept reads', () => {
  it('are asked for again when their time is over, when they are forgotten, and after a failure', async () => {
    let now = 0
    let reads = 0
    const kept = createKeptReads<number>({ keptMs: 1_000, keptMax: 10, nowMs: () => now })
    const ask = () => kept.of('key', () => Promise.resolve((reads += 1)))
    await expect(kept.of('key', () => Promise.reject(new Error('away')))).rejects.toThrow('away')
    expect([await ask(), await ask()]).toEqual([1, 1])
    now = 1_000
    expect(await ask()).toBe(2)
    kept.forget('key')
    expect(await ask()).toBe(3)
  })

  it('take bounded memory', async () => {
    let reads = 0
    const kept = createKeptReads<number>({ keptMs: 1_000, keptMax: 2, nowMs: () => 0 })
    for (const key of ['a', 'b', 'c', 'a']) await kept.of(key, () => Promise.resolve((reads += 1)))
    expect(reads).toBe(4)
  })
})
