import type { IncomingHttpHeaders } from 'node:http'
import { isAddress, isInNetworks, networkAt, normaliseAddress } from '../networks/index.ts'

/** Networks whose word about X-Forwarded-For is believed. */
export interface TrustedProxies {
  includes(address: string): boolean
}

/** From `10.0.0.0/8`, `::1` and the like, each checked by the settings' parser. */
export function trustedProxies(cidrs: readonly string[]): TrustedProxies {
  const networks = cidrs.map(networkAt)
  return { includes: (address) => isInNetworks(address, networks) }
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
    if (!isAddress(next)) break
    address = normaliseAddress(next)
  }
  return address
}
