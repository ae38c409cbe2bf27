import { describe, expect, it } from 'vitest'
import type { SendingCredential } from './senders-queries.ts'
import { usersOf } from './used-by.tsx'

const credential = (name: string, allowedSenders: readonly string[]): SendingCredential => ({
  id: name,
  name,
  kind: 'API key',
  allowedSenders,
})

describe('who may send as an address', () => {
  it('is what is bound to it or to its domain, whatever the case, and counts what is bound to nothing', () => {
    const all = [
      credential('address', ['News@Shop.example']),
      credential('domain', ['@shop.example']),
      credential('subdomain', ['@mail.shop.example']),
      credential('other', ['info@shop.example']),
      credential('free', []),
    ]
    const { bound, unbound } = usersOf('news@SHOP.example', all)
    expect(bound.map(({ name }) => name)).toEqual(['address', 'domain'])
    expect(unbound).toBe(1)
  })
})
