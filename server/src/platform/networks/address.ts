import { isIP } from 'node:net'

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
