import { assert, dictionary, jsonValue, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { filterOf, parseMessagesSearch } from './messages-search.ts'

describe('filters in the address', () => {
  it('keeps every filter of a link', () => {
    const search = {
      state: 'bounced',
      lane: 'bulk',
      tag: 'news',
      recipient: 'ann@example.com',
      range: '24h',
    } as const
    expect(parseMessagesSearch(search)).toEqual(search)
    expect(filterOf(search)).toEqual({
      state: 'bounced',
      lane: 'bulk',
      tag: 'news',
      recipient: 'ann@example.com',
    })
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
    expect(parseMessagesSearch({ state: 'gone', lane: 'x', tag: '  ', range: '9y', other: 1 })).toEqual({})
  })
})
