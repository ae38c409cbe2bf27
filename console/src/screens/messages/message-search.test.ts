import { assert, dictionary, jsonValue, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseMessageSearch } from './message-search.ts'

describe('the address of one message', () => {
  it('says what of it is shown', () => {
    const search = {
      tab: 'content',
      state: 'bounced',
      recipient: 7,
      group: 'recipient',
      width: 'phone',
      scheme: 'dark',
    } as const
    expect(parseMessageSearch(search)).toEqual(search)
    expect(parseMessageSearch({ tab: 'story', recipient: 0 })).toEqual({})
  })

  it('is stable, whatever it says', () => {
    assert(
      property(dictionary(string(), jsonValue()), (search) => {
        const once = parseMessageSearch(search)
        expect(parseMessageSearch({ ...once })).toEqual(once)
      }),
    )
  })
})
