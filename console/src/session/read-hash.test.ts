import { describe, expect, it } from 'vitest'
import { readHash } from './read-hash.ts'

const KEY = 'bhk_0123456789ab_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG_Ab3dE6'

describe('the fragment of the console URL', () => {
  it('hands over an API key', () => {
    expect(readHash(`#token=${KEY}`)).toEqual({ token: KEY, path: undefined })
    expect(readHash(`#token=${encodeURIComponent(KEY)}`).token).toBe(KEY)
  })

  it('names a page, alone or behind a key', () => {
    expect(readHash('#/inbox')).toEqual({ token: undefined, path: '/inbox' })
    expect(readHash(`#token=${KEY}/#/inbox`)).toEqual({ token: KEY, path: '/inbox' })
    expect(readHash(`#token=${KEY}#/messages/msg_01`)).toEqual({ token: KEY, path: '/messages/msg_01' })
  })

  it('never leads out of the console and never takes a malformed key', () => {
    expect(readHash('#//evil.example').path).toBeUndefined()
    expect(readHash('#/\\evil.example').path).toBeUndefined()
    expect(readHash('#token=a%0d%0ab-1234567').token).toBeUndefined()
    expect(readHash('#token=%zz').token).toBeUndefined()
    expect(readHash('')).toEqual({ token: undefined, path: undefined })
  })
})
