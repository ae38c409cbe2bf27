import {
  assert,
  boolean,
  dictionary,
  double,
  integer,
  oneof,
  property,
  string,
  stringMatching,
} from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changesOf, readAttributes, writeAttributes } from './attributes.ts'

describe('attributes of contacts', () => {
  it('are read as they were written, whatever their values are', () => {
    const names = stringMatching(/^[A-Za-z_]\w{0,63}$/)
    const values = oneof(string(), integer(), boolean(), double({ noNaN: true, noDefaultInfinity: true }))
    assert(
      property(dictionary(names, values, { noNullPrototype: true }), (attributes) => {
        const usual = Object.fromEntries(
          // -0 is written 0.
          Object.entries(attributes).map(([name, value]) => [name, Object.is(value, -0) ? 0 : value]),
        )
        expect(readAttributes(writeAttributes(usual)).attributes).toEqual(usual)
      }),
    )
  })

  it('keep text that looks like a number but is none, and say which line is no attribute', () => {
    expect(readAttributes('plan = gold\nzip = 01234\nseats=3\nvip = true\nquoted = "3"').attributes).toEqual({
      plan: 'gold',
      zip: '01234',
      seats: 3,
      vip: true,
      quoted: '3',
    })
    expect(readAttributes('plan gold').problem).toContain('plan gold')
    expect(readAttributes('a = 1\na = 2').problem).toContain('twice')
  })

  it('that are gone are taken away by a change', () => {
    expect(changesOf({ plan: 'gold', seats: 3 }, { seats: 4 })).toEqual({ plan: null, seats: 4 })
  })
})
