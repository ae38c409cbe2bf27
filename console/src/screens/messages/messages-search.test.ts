import { assert, dictionary, jsonValue, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { filtersOf, parseMessagesSearch, requestOf } from './messages-search.ts'

describe('filters in the address', () => {
  it('keeps every filter of a link', () => {
    const filters = {
      state: 'bounced',
      lane: 'bulk',
      tag: 'news',
      recipient: 'ann@example.com',
      range: '24h',
    } as const
    const search = { ...filters, tail: 'off' } as const
    expect(parseMessagesSearch(search)).toEqual(search)
    expect(filtersOf(search)).toEqual(filters)
    expect(requestOf(filters, Date.parse('2026-01-02T00:00:00Z'))).toEqual({
      state: 'bounced',
      lane: 'bulk',
      tag: 'news',
      recipient: 'ann@example.com',
      since: '2026-01-01T00:00:00.000Z',
    })
  })

  it('keeps a time of its own, in UTC, unless a range is there', () => {
    const time = { since: '2026-01-01T01:00:00+01:00', until: '2026-01-02T00:00:00Z' }
    const read = { since: '2026-01-01T00:00:00.000Z', until: '2026-01-02T00:00:00.000Z' }
    expect(parseMessagesSearch(time)).toEqual(read)
    expect(requestOf(read, 0)).toEqual(read)
    expect(parseMessagesSearch({ ...time, range: '1h' })).toEqual({ range: '1h' })
  })

  it('takes a tag that looks like a number as text', () => {
    expect(parseMessagesSearch({ tag: 2026 })).toEqual({ tag: '2026' })
  })

  it('drops what is no filter, whatever an address says, and is stable', () => {
    assert(
      property(dictionary(string(), jsonValue()), (search) => {
        const once = parseMessagesSearch(search)
        expect(parseMessagesSearch({ ...once })).toEqual(once)
      }),
    )
    expect(
      parseMessagesSearch({ state: 'gone', lane: 'x', tag: '  ', range: '9y', since: 'soon', other: 1 }),
    ).toEqual({})
  })
})
