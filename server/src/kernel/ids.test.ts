import { describe, expect, it } from 'vitest'
import { createIdGenerator, decodeId, encodeId, firstIdAt } from './ids.ts'

describe('ids', () => {
  it('are strictly increasing, also when the clock stands still or goes back', () => {
    let ms = 1_700_000_000_000
    const next = createIdGenerator(() => ms)
    let last = ''
    for (let i = 0; i < 10_000; i++) {
      if (i === 5_000) ms -= 60_000
      const id = next()
      expect(id > last).toBe(true)
      last = id
    }
  })

  it('survive the way out and back, and only under their own prefix', () => {
    const next = createIdGenerator()
    for (let i = 0; i < 100; i++) {
      const id = next()
      expect(decodeId('message', encodeId('message', id))).toBe(id)
      expect(decodeId('domain', encodeId('message', id))).toBeNull()
    }
    expect(decodeId('message', 'msg_zzzzzzzzzzzzzzzzzzzzzzzzzz')).toBeNull()
    expect(decodeId('message', "msg_' or 1=1 --aaaaaaaaaaaaaaa")).toBeNull()
  })

  it('start at the bound of their millisecond', () => {
    const id = createIdGenerator(() => 1_700_000_000_000)()
    expect(id >= firstIdAt(1_700_000_000_000)).toBe(true)
    expect(id < firstIdAt(1_700_000_000_001)).toBe(true)
  })
})
