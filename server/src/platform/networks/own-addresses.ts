import { networkInterfaces } from 'node:os'
import { normaliseAddress } from './address.ts'

/**
 * Says which addresses sockets of this host may be bound to, as it is now: those of its interfaces, and with a loopback interface all of
 * 127.0.0.0/8 (Linux, ip-address(8): the whole network is local). Addresses are compared in shortest form.
 */
export function readOwnAddresses(): { has(address: string): boolean } {
  const own = new Set<string>()
  for (const addresses of Object.values(networkInterfaces()))
    for (const item of addresses ?? []) own.add(normaliseAddress(item.address))
  const hasLoopback = own.has('127.0.0.1') && process.platform === 'linux'
  return {
    has: (text) => {
      const address = normaliseAddress(text)
      return own.has(address) || (hasLoopback && address.startsWith('127.'))
    },
  }
}
