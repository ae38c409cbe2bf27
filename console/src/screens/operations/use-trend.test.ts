import { describe, expect, it } from 'vitest'
import { ratesOf } from './use-trend.ts'

const reading = (atMs: number, counts: Record<string, number>) => ({
  atMs,
  counts: new Map(Object.entries(counts)),
})

describe('the rate of a line', () => {
  it('is what went and came between the first reading and the last, a minute', () => {
    const rates = ratesOf([
      reading(0, { a: 100, b: 5 }),
      reading(10_000, { a: 90, b: 6 }),
      reading(30_000, { a: 40, b: 15 }),
    ])
    expect(rates.get('a')).toBe(-120)
    expect(rates.get('b')).toBe(20)
  })

  it('is not told before there are two readings, and a line that is new grew from nothing', () => {
    expect(ratesOf([reading(0, { a: 1 })]).size).toBe(0)
    expect(ratesOf([reading(0, {}), reading(60_000, { a: 12 })]).get('a')).toBe(12)
  })
})
