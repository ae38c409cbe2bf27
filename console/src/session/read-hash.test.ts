import { describe, expect, it } from 'vitest'
import { readHash } from './read-hash.ts'

const KEY = 'bhk_0123456789ab_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG_Ab3dE6'

describe('the fragment of the console URL', () => {
  it('hands over an API key', () => {
    expect(readHash(`#token=${KEY}`, 'localhost')).toEqual({ token: KEY, path: undefined })
    expect(readHash(`#token=${encodeURIComponent(KEY)}`, 'localhost').token).toBe(KEY)
  })

  it('names a page, alone or behind a key', () => {
    expect(readHash('#/inbox', 'localhost')).toEqual({ token: undefined, path: '/inbox' })
    expect(readHash(`#token=${KEY}/#/inbox`, 'localhost')).toEqual({ token: KEY, path: '/inbox' })
    expect(readHash(`#token=${KEY}#/messages/msg_01`, 'localhost')).toEqual({
      token: KEY,
      path: '/messages/msg_01',
    })
  })

  it('never leads out of the console and never takes a malformed key', () => {
    expect(readHash('#//evil.example', 'localhost').path).toBeUndefined()
    expect(readHash('#/\\evil.example', 'localhost').path).toBeUndefined()
    expect(readHash('#token=a%0d%0ab-1234567', 'localhost').token).toBeUndefined()
    expect(readHash('#token=%zz', 'localhost').token).toBeUndefined()
    expect(readHash('', 'localhost')).toEqual({ token: undefined, path: undefined })
  })

  it('takes no key on another host than this one: a stranger’s link puts nobody into his workspace', () => {
    for (const host of ['console.example', 'localhost.evil.example', '127.0.0.1.evil.example'])
      expect(readHash(`#token=${KEY}/#/inbox`, host)).toEqual({ token: undefined, path: '/inbox' })
    for (const host of ['127.0.0.1', '[::1]']) expect(readHash(`#token=${KEY}`, host).token).toBe(KEY)
  })
})
