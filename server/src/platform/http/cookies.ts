import type { FastifyReply } from 'fastify'

/**
 * Cookies of people. The prefix makes a browser refuse them over an unsafe connection, for other hosts and for a part of the paths
 * (RFC 6265bis §4.1.3.2); browsers take 127.0.0.1 and localhost for safe.
 */
export const COOKIES = { session: '__Host-bulkhead-session', device: '__Host-bulkhead-device' } as const
export type CookieName = keyof typeof COOKIES

const HEADER_MAX = 8_192
const VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{1,512}$/

/** The value of a cookie; null where it is absent, sent twice or no cookie value. */
export function readCookie(header: string | undefined, name: CookieName): string | null {
  if (header === undefined || header.length > HEADER_MAX) return null
  const found = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${COOKIES[name]}=`))
    .map((pair) => pair.slice(COOKIES[name].length + 1))
  const [value] = found
  return found.length === 1 && value !== undefined && VALUE.test(value) ? value : null
}

/** Sets a cookie, or with null takes it away. */
export function setCookie(
  reply: FastifyReply,
  name: CookieName,
  value: string | null,
  maxAgeSeconds: number,
): void {
  if (value !== null && !VALUE.test(value)) throw new TypeError('not a cookie value')
  const age = value === null ? 0 : Math.max(0, Math.floor(maxAgeSeconds))
  const cookie = `${COOKIES[name]}=${value ?? ''}; Path=/; Max-Age=${age}; Secure; HttpOnly; SameSite=Strict`
  const before = reply.getHeader('set-cookie')
  const others = (Array.isArray(before) ? before : before === undefined ? [] : [String(before)]).filter(
    (other) => !other.startsWith(`${COOKIES[name]}=`),
  )
  // The framework adds to what is there.
  void reply.removeHeader('set-cookie')
  void reply.header('set-cookie', [...others, cookie])
}
