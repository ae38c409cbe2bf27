import type { IncomingHttpHeaders } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** Networks whose word about X-Forwarded-For is believed. */
export interface TrustedProxies {
  includes(address: string): boolean
}

/** From `10.0.0.0/8`, `::1` and the like, each checked by the settings' parser. */
export function trustedProxies(cidrs: readonly string[]): TrustedProxies {
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [network = '', prefix] = cidr.split('/')
    const family = isIP(network) === 6 ? 'ipv6' : 'ipv4'
    list.addSubnet(network, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family)
  }
  return { includes: (address) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4') }
}

const FORWARDED_MAX = 20

/**
 * Who is at the other end, as text in its shortest form, IPv4-mapped IPv6 as IPv4. X-Forwarded-For is read from its right end, past
 * trusted proxies only: what a client writes into it itself stands further left and is never reached (S-09).
 */
export function clientAddress(
  peer: string | undefined,
  headers: IncomingHttpHeaders,
  proxies: TrustedProxies,
): string {
  let address = normaliseAddress(peer ?? '')
  const header = headers['x-forwarded-for']
  const chain = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',')
  for (let hop = chain.length - 1; hop >= Math.max(0, chain.length - FORWARDED_MAX); hop--) {
    if (!proxies.includes(address)) break
    const next = (chain[hop] ?? '').trim()
    if (isIP(next) === 0) break
    address = normaliseAddress(next)
  }
  return address
}

/** One text for each address; `::` for what is none, as on a socket that is gone. */
export function normaliseAddress(text: string): string {
  const zone = text.indexOf('%')
  const bare = zone < 0 ? text : text.slice(0, zone)
  const family = isIP(bare)
  if (family === 0) return '::'
  if (family === 4) return bare
  const short = new URL(`http://[${bare}]/`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short)
  if (mapped === null) return short
  const number = (Number.parseInt(mapped[1] ?? '0', 16) << 16) | Number.parseInt(mapped[2] ?? '0', 16)
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.')
}

/** Whether a text is an IP address: that of a client may be unknown. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0
}
