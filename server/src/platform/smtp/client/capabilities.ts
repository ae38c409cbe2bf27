/** What the peer announced in its EHLO reply. */
export interface Capabilities {
  readonly pipelining: boolean
  readonly startTls: boolean
  readonly eightBit: boolean
  readonly smtputf8: boolean
  /** Largest message in bytes; 0 where none was announced. */
  readonly size: number
  readonly sizeAnnounced: boolean
  /** SASL mechanisms, upper case. */
  readonly auth: ReadonlySet<string>
  /** All keywords, upper case. */
  readonly keywords: ReadonlySet<string>
}

/** Parses the raw lines of an EHLO reply (RFC 5321 §4.1.1.1). The first line is the greeting and announces nothing. */
export function parseCapabilities(raw: string): Capabilities {
  const keywords = new Set<string>()
  const auth = new Set<string>()
  let size = 0
  for (const line of raw.split('\n').slice(1)) {
    const words = line.slice(4).trim().toUpperCase().split(/\s+/)
    // "AUTH=LOGIN PLAIN" is an old spelling that some servers announce beside or instead of the standard one.
    const [keyword = '', first = ''] = words[0]?.startsWith('AUTH=') ? ['AUTH', words[0].slice(5)] : words
    if (!/^[A-Z0-9][A-Z0-9-]{0,63}$/.test(keyword)) continue
    keywords.add(keyword)
    if (keyword === 'AUTH') for (const mechanism of [first, ...words.slice(1)]) auth.add(mechanism)
    if (keyword === 'SIZE' && /^\d{1,15}$/.test(first)) size = Number(first)
  }
  return {
    pipelining: keywords.has('PIPELINING'),
    startTls: keywords.has('STARTTLS'),
    eightBit: keywords.has('8BITMIME'),
    smtputf8: keywords.has('SMTPUTF8'),
    size,
    sizeAnnounced: keywords.has('SIZE'),
    auth,
    keywords,
  }
}

/** A peer that only speaks HELO announces nothing. */
export const NO_CAPABILITIES: Capabilities = parseCapabilities('')
