import { describe, expect, it } from 'vitest'
import { normaliseAddress } from '../networks/index.ts'
import { clientAddress, trustedProxies } from './client-address.ts'

const none = trustedProxies([])
const ours = trustedProxies(['10.0.0.0/8', '::1'])
const from = (peer: string, forwarded: string | undefined, proxies = ours): string =>
  clientAddress(peer, forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }, proxies)

describe('who a request is from', () => {
  it('is the other end of the connection, whatever it writes into X-Forwarded-For (S-09)', () => {
    expect(from('192.0.2.7', '10.1.1.1', none)).toBe('192.0.2.7')
    expect(from('192.0.2.7', '198.51.100.1', ours)).toBe('192.0.2.7')
  })

  it('is what the last trusted proxy saw, and never what stands left of that', () => {
    expect(from('10.0.0.2', '203.0.113.9')).toBe('203.0.113.9')
    expect(from('10.0.0.2', '127.0.0.1, 203.0.113.9')).toBe('203.0.113.9')
    expect(from('::ffff:10.0.0.2', '1.1.1.1, 203.0.113.9, 10.9.9.9')).toBe('203.0.113.9')
    expect(from('::1', 'nonsense')).toBe('::1')
  })

  it('has one text for each address', () => {
    for (const [text, short] of [
      ['::ffff:192.0.2.1', '192.0.2.1'],
      ['::FFFF:c000:201', '192.0.2.1'],
      ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
      ['fe80::1%eth0', 'fe80::1'],
      ['0:0:0:0:0:0:0:1', '::1'],
      ['not an address', '::'],
    ] as const)
      expect(normaliseAddress(text)).toBe(short)
  })
})
