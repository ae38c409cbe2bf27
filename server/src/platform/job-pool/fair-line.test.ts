import { describe, expect, it } from 'vitest'
import { createFairLine } from './fair-line.ts'

const bounds = { itemsMax: 6, itemsOfOneMax: 4, charsMax: 100, charsOfOneMax: 50 }

describe('a line', () => {
  it('lets owners take turns, whatever each has waiting', () => {
    const line = createFairLine<number>(bounds)
    for (const item of [1, 2, 3]) line.add('a', item, 1)
    line.add('b', 10, 1)
    const order = Array.from({ length: 5 }, () => line.take(() => true, 1)?.items[0])
    expect(order).toEqual([1, 10, 2, 3, undefined])
    expect(line.size).toBe(0)
  })

  it('passes over who may not', () => {
    const line = createFairLine<number>(bounds)
    line.add('a', 1, 1)
    line.add('b', 2, 1)
    expect(line.take((owner) => owner !== 'a', 5)).toEqual({ owner: 'b', items: [2] })
    expect(line.take((owner) => owner !== 'a', 5)).toBeUndefined()
    expect(line.size).toBe(1)
  })

  it('gives several of one owner in their order, and takes them back before his others, at the end of the turns', () => {
    const line = createFairLine<number>(bounds)
    for (const item of [1, 2, 3]) line.add('a', item, 1)
    line.add('b', 10, 1)
    expect(line.take(() => true, 2)).toEqual({ owner: 'a', items: [1, 2] })
    line.putBack('a', [2])
    expect(line.size).toBe(3)
    expect(line.take(() => true, 16)).toEqual({ owner: 'b', items: [10] })
    expect(line.take(() => true, 16)).toEqual({ owner: 'a', items: [2, 3] })
    expect(line.size).toBe(0)
  })

  it('takes no more of one, or of all, than its bounds, and takes again once something left', () => {
    const line = createFairLine<number>(bounds)
    expect([1, 2, 3, 4, 5].map((item) => line.add('a', item, 1))).toEqual([true, true, true, true, false])
    expect([1, 2, 3].map((item) => line.add('b', item, 1))).toEqual([true, true, false])
    expect(line.remove('a', 3)).toBe(true)
    expect(line.remove('a', 3)).toBe(false)
    expect(line.add('b', 4, 1)).toBe(true)
    const wide = createFairLine<number>(bounds)
    expect([wide.add('a', 1, 51), wide.add('a', 1, 50), wide.add('a', 2, 1)]).toEqual([false, true, false])
    expect([wide.add('b', 1, 50), wide.add('c', 1, 1)]).toEqual([true, false])
  })
})
