import { isIPv6 } from 'node:net'

export interface Admission {
  /** True and counted, or false. Every true needs one `leave` with the same address. */
  enter(address: string | null): boolean
  leave(address: string | null): void
}

/** Counts connections in total and per network. One IPv6 customer has at least a /64, so that is what counts as one address. */
export function createAdmission(limits: {
  readonly connections: number
  readonly connectionsPerAddress: number
}): Admission {
  const perNetwork = new Map<string, number>()
  let total = 0
  return {
    enter(address) {
      if (total >= limits.connections) return false
      if (address !== null) {
        const key = networkOf(address)
        const count = perNetwork.get(key) ?? 0
        if (count >= limits.connectionsPerAddress) return false
        perNetwork.set(key, count + 1)
      }
      total += 1
      return true
    },
    leave(address) {
      total -= 1
      if (address === null) return
      const key = networkOf(address)
      const count = perNetwork.get(key) ?? 0
      if (count > 1) perNetwork.set(key, count - 1)
      else perNetwork.delete(key)
    },
  }
}

export interface BufferShares {
  /** True and counted, or false. What was taken is given back with the same address. */
  readonly reserve: (bytes: number, address: string | null) => boolean
  readonly release: (bytes: number, address: string | null) => void
}

/** Counts content in memory, in total and per network: a dozen slow clients of one network must not take all of it. */
export function createBufferShares(bytesMax: number, bytesPerNetworkMax: number): BufferShares {
  const perNetwork = new Map<string, number>()
  let total = 0
  return {
    reserve(bytes, address) {
      if (total + bytes > bytesMax) return false
      if (address !== null) {
        const key = networkOf(address)
        const held = (perNetwork.get(key) ?? 0) + bytes
        if (held > bytesPerNetworkMax) return false
        perNetwork.set(key, held)
      }
      total += bytes
      return true
    },
    release(bytes, address) {
      total -= bytes
      if (address === null) return
      const key = networkOf(address)
      const held = (perNetwork.get(key) ?? 0) - bytes
      if (held > 0) perNetwork.set(key, held)
      else perNetwork.delete(key)
    },
  }
}

/** `::ffff:192.0.2.1` → `192.0.2.1`; other addresses unchanged, without a zone. */
export function plainAddress(address: string): string {
  const unzoned = address.split('%', 1)[0] ?? address
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(unzoned) ? unzoned.slice(7) : unzoned
}

/** The address itself for IPv4, the first four groups for IPv6. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.toLowerCase().split('::')
  const first = head === '' ? [] : head.split(':')
  if (tail === undefined) return first.slice(0, 4).join(':')
  const last = tail === '' ? [] : tail.split(':')
  // A dotted IPv4 tail stands for two groups; it never reaches into the first four together with "::".
  const width = last.length + (tail.includes('.') ? 1 : 0)
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - width) }, () => '0')
  return [...first, ...zeros, ...last].slice(0, 4).join(':')
}
