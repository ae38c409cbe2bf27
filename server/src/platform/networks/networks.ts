import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Networks of one list. */
export const CIDRS_MAX = 100

export type CidrResult =
  | { readonly ok: true; readonly cidr: string }
  | { readonly ok: false; readonly problem: string; readonly fix: string }

const FORMS = 'Write 192.0.2.0/24, 2001:db8::/48 or one address.'

/**
 * A network in its one spelling. An address alone is a network of one; what is IPv4 in IPv6 clothes (`::ffff:0:0/96`) becomes IPv4, so
 * that one network has one name. Bits behind the prefix are refused: who writes 10.1.2.3/8 means something else than what would hold.
 */
export function parseCidr(text: string): CidrResult {
  const [network = '', prefix, more] = text.split('/')
  // node:net takes the one usual spelling only; ipaddr.js alone would take 0x7f.1 and octal too.
  const family = network.includes('%') ? 0 : isIP(network)
  const widest = family === 6 ? 128 : 32
  if (family === 0 || more !== undefined || (prefix !== undefined && !/^(0|[1-9]\d{0,2})$/.test(prefix)))
    return { ok: false, problem: 'is not a network', fix: FORMS }
  const bits = prefix === undefined ? widest : Number(prefix)
  if (bits > widest) return { ok: false, problem: `has a prefix longer than ${widest}`, fix: FORMS }
  const range = unmapped(parsed(network), bits)
  if (range === null)
    return { ok: false, problem: 'mixes IPv4 and IPv6', fix: 'Write the IPv4 networks as IPv4.' }
  const first = cut(range.address, range.bits)
  if (first.toString() !== range.address.toString()) {
    return {
      ok: false,
      problem: 'has bits behind its prefix',
      fix: `Write ${first.toString()}/${range.bits}.`,
    }
  }
  return { ok: true, cidr: `${first.toString()}/${range.bits}` }
}

/** The network that a text of the settings names, which may have bits behind its prefix. Throws on what is none. */
export function networkAt(text: string): string {
  const [address = '', prefix] = text.split('/')
  const found = unmapped(
    parsed(address),
    prefix === undefined ? (isIP(address) === 6 ? 128 : 32) : Number(prefix),
  )
  if (found === null) throw new Error(`${text} mixes IPv4 and IPv6`)
  return `${cut(found.address, found.bits).toString()}/${found.bits}`
}

/** Whether an address lies in one of the networks; they are as parseCidr answers them. What is no address lies in none. */
export function isInNetworks(address: string | null, cidrs: readonly string[]): boolean {
  const found = address === null ? null : addressOf(address)
  return found !== null && cidrs.some((cidr) => contains(cidr, found.address, found.bits))
}

/** Whether all of `inner` lies in one network of `outer`. Neighbours in `outer` are not joined: name the wider network instead. */
export function coversNetwork(outer: readonly string[], inner: string): boolean {
  const [address, bits] = ipaddr.parseCIDR(inner)
  return outer.some((cidr) => contains(cidr, address, bits))
}

/** The networks that lie in both lists. Networks nest or are strangers, so that these are members of the lists. */
export function networksInBoth(one: readonly string[], other: readonly string[]): string[] {
  const inside = one.filter((cidr) => coversNetwork(other, cidr))
  return [...new Set([...inside, ...other.filter((cidr) => coversNetwork(one, cidr))])]
}

/** The network that stands for an address where the address itself would be a trace of a person: /24, in IPv6 /48. Null for none. */
export function networkOf(address: string | null): string | null {
  const found = address === null ? null : addressOf(address)
  if (found === null) return null
  const bits = found.address.kind() === 'ipv6' ? 48 : 24
  return `${cut(found.address, bits).toString()}/${bits}`
}

type Address = ipaddr.IPv4 | ipaddr.IPv6

function addressOf(text: string): { readonly address: Address; readonly bits: number } | null {
  if (text.includes('%') || isIP(text) === 0) return null
  return unmapped(parsed(text), isIP(text) === 6 ? 128 : 32)
}

/**
 * An address that node:net has taken. IPv6 is given to ipaddr.js without dots: it reads `::192.0.2.9`, a deprecated form with a meaning of its
 * own (RFC 4291 §2.5.5.1), as the IPv4 address in it, and an outsider would be inside (found by replay S-09b).
 */
function parsed(text: string): Address {
  return isIP(text) === 4
    ? ipaddr.parse(text)
    : ipaddr.parse(new URL(`http://[${text}]/`).hostname.slice(1, -1))
}

/** IPv4-mapped IPv6 (RFC 4291 §2.5.5.2) as the IPv4 that it is; null for a network that holds it and others. */
function unmapped(
  address: Address,
  bits: number,
): { readonly address: Address; readonly bits: number } | null {
  if (!(address instanceof ipaddr.IPv6)) return { address, bits }
  if (!address.isIPv4MappedAddress())
    return bits < 96 && cut(MAPPED, bits).toString() === cut(address, bits).toString() && bits > 0
      ? null
      : { address, bits }
  return bits < 96 ? null : { address: address.toIPv4Address(), bits: bits - 96 }
}

const MAPPED = ipaddr.IPv6.parse('::ffff:0:0')

function contains(cidr: string, address: Address, bits: number): boolean {
  const [network, prefix] = ipaddr.parseCIDR(cidr)
  return network.kind() === address.kind() && prefix <= bits && address.match(network, prefix)
}

function cut(address: Address, bits: number): Address {
  const bytes = address
    .toByteArray()
    .map((byte, at) => byte & (0xff00 >> Math.max(0, Math.min(8, bits - 8 * at))) & 0xff)
  return ipaddr.fromByteArray(bytes)
}
