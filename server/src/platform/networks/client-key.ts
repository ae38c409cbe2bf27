import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { normaliseAddress } from './address.ts'

/** What an address that is none is limited by: all of them share one key, which is the strict side. */
export const NO_ADDRESS = 'unknown'

/**
 * Who is behind an address, for limits and signals: IPv4 by itself (`203.0.113.7/32`), IPv6 by its /64 (`2001:db8:1:2::/64`), which is what
 * one connection is given (RFC 6177, BCP 157). Every spelling of an address gives the same text (CVE-2026-45364). An IPv4 address inside
 * of an IPv6 one counts as itself: mapped (RFC 4291 §2.5.5.2), compatible (§2.5.5.1), translated (RFC 7915), NAT64 with the well-known prefix
 * (RFC 6052), where the /64 would be the whole IPv4 Internet, 6to4 (RFC 3056), whose owner has 65,536 of these, and Teredo (RFC 4380).
 * Under the local NAT64 prefix (RFC 8215), whose layout nobody outside knows, each address is its own: `/128`.
 */
export function clientKeyOf(address: string): string {
  const bytes = bytesOf(address)
  if (bytes === null) return NO_ADDRESS
  if (bytes.length === 4) return `${bytes.join('.')}/32`
  if (startsWith(bytes, [0x00, 0x64, 0xff, 0x9b, 0x00, 0x01])) return `${textOf(bytes)}/128`
  return `${textOf([...bytes.slice(0, 8), ...EIGHT_ZEROS])}/64`
}

/**
 * The network around a client, the nearest to a place that there is without a geographic data set: /16 of IPv4, /32 of IPv6, about what a
 * provider is given.
 */
export function networkAround(clientKey: string): string {
  const bytes = bytesOf(clientKey.replace(/\/\d+$/, ''))
  if (bytes === null) return NO_ADDRESS
  if (bytes.length === 4) return `${bytes.slice(0, 2).join('.')}.0.0/16`
  return `${textOf([...bytes.slice(0, 4), ...EIGHT_ZEROS, 0, 0, 0, 0])}/32`
}

/**
 * The site of an IPv6 client, /48, null for IPv4: what one customer of a provider may be given, 65,536 times a /64 (RFC 6177).
 */
export function siteOf(clientKey: string): string | null {
  const bytes = bytesOf(clientKey.replace(/\/\d+$/, ''))
  return bytes?.length === 16 ? `${textOf([...bytes.slice(0, 6), ...EIGHT_ZEROS, 0, 0])}/48` : null
}

const EIGHT_ZEROS = [0, 0, 0, 0, 0, 0, 0, 0] as const
/** The longest spelling is 45 characters; a zone may follow. */
const TEXT_MAX = 100

/** Four bytes where the address is, or carries, one of IPv4; sixteen otherwise; null where it is none. */
function bytesOf(text: string): number[] | null {
  const address = text.length > TEXT_MAX ? '' : text.replace(/%.*$/s, '')
  // node:net knows one spelling of IPv4: octal, hexadecimal and missing parts, which are read in different ways, are no addresses.
  if (isIP(address) === 0) return null
  // Without a dotted tail, which ipaddr.js takes for a mapped address wherever it stands.
  const bytes = ipaddr.parse(normaliseAddress(address)).toByteArray()
  return bytes.length === 4 ? bytes : (insideOf(bytes) ?? bytes)
}

/** The IPv4 address that an IPv6 one stands for, as a host and not as a network; null where it is one of its own. */
function insideOf(bytes: readonly number[]): number[] | null {
  const last = bytes.slice(12)
  const mapped = startsWith(bytes, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff])
  const translated = startsWith(bytes, [0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0])
  const nat64 = startsWith(bytes, [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0])
  // :: and ::1 are addresses of their own.
  const compatible = startsWith(bytes, [...EIGHT_ZEROS, 0, 0, 0, 0]) && (last[0] !== 0 || last[1] !== 0)
  if (mapped || translated || nat64 || compatible) return last
  if (startsWith(bytes, [0x20, 0x02])) return bytes.slice(2, 6)
  // Teredo stores it inverted.
  if (startsWith(bytes, [0x20, 0x01, 0, 0])) return last.map((byte) => byte ^ 0xff)
  return null
}

function startsWith(bytes: readonly number[], prefix: readonly number[]): boolean {
  return prefix.every((byte, at) => bytes[at] === byte)
}

/** In the shortest form (RFC 5952). */
function textOf(bytes: readonly number[]): string {
  return new ipaddr.IPv6([...bytes]).toRFC5952String()
}
