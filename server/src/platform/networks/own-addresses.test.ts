import { describe, expect, it } from 'vitest'
import { readOwnAddresses } from './own-addresses.ts'

describe('the addresses of this host', () => {
  it('are those that a socket can be bound to, in any spelling', () => {
    const own = readOwnAddresses()
    expect(own.has('127.0.0.1')).toBe(true)
    expect(own.has('::ffff:127.0.0.1')).toBe(true)
    expect(own.has('192.0.2.1')).toBe(false)
    expect(own.has('2001:db8::1')).toBe(false)
  })

  it.runIf(process.platform === 'linux')('are all of 127.0.0.0/8 on Linux', () => {
    expect(readOwnAddresses().has('127.9.8.7')).toBe(true)
  })
})
