import { domainToASCII } from 'node:url'

/** What a DKIM key may sign for. */
export interface SigningIdentity {
  readonly domain: string
  readonly selector: string
  readonly algorithm: 'rsa' | 'ed25519'
}

const ALGORITHM_TAG = { rsa: 'rsa-sha256', ed25519: 'ed25519-sha256' } as const
const MAX_BLOCK_BYTES = 64 * 1024

/**
 * Checks a canonicalised header block (RFC 6376 §3.7) before it is signed, so that whoever holds the sender process can sign with
 * a key only what that key's domain may say. Returns null where it may be signed, or the reason why not.
 *
 * Asked for: one DKIM-Signature, last and with an empty b=, whose d=, s= and a= are the key's; From signed, once, and every address
 * in it inside the key's domain; i= inside it too; no l=, because a body length lets anybody append to the body (§8.2).
 */
export function refusalToSign(block: Buffer, identity: SigningIdentity): string | null {
  if (block.length > MAX_BLOCK_BYTES) return `the header block is longer than ${MAX_BLOCK_BYTES} bytes`
  const text = block.toString('utf8')
  // A receiver that takes a bare CR or LF as a line end would read other headers than we check here.
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  if (/\0|\r(?!\n)|(?<!\r)\n/.test(text)) return 'the header block holds a bare CR, a bare LF or a NUL'
  const headers = text.replace(/\r\n(?=[ \t])/g, '').split('\r\n')
  let from: string | undefined
  for (const [i, header] of headers.entries()) {
    const colon = header.indexOf(':')
    if (colon < 1) return 'the header block holds a line that is not a header'
    const name = header.slice(0, colon).trimEnd().toLowerCase()
    const isLast = i === headers.length - 1
    if ((name === 'dkim-signature') !== isLast) return 'DKIM-Signature must be there once, as the last header'
    if (name !== 'from') continue
    if (from !== undefined) return 'there is more than one From'
    from = header.slice(colon + 1)
  }
  const last = headers.at(-1) ?? ''
  return refusedTags(last.slice(last.indexOf(':') + 1), identity) ?? refusedFrom(from, identity.domain)
}

function refusedTags(value: string, identity: SigningIdentity): string | null {
  const tags = new Map<string, string>()
  for (const part of value.split(';')) {
    if (part.trim() === '') continue
    const equals = part.indexOf('=')
    const name = part.slice(0, Math.max(equals, 0)).trim()
    if (name === '' || tags.has(name)) return 'the DKIM-Signature is malformed'
    tags.set(name, part.slice(equals + 1).trim())
  }
  if (tags.get('v') !== '1') return 'v= must be 1'
  if (tags.get('d')?.toLowerCase() !== identity.domain) return `d= is not the key's domain ${identity.domain}`
  if (tags.get('s')?.toLowerCase() !== identity.selector)
    return `s= is not the key's selector ${identity.selector}`
  if (tags.get('a') !== ALGORITHM_TAG[identity.algorithm])
    return `a= is not ${ALGORITHM_TAG[identity.algorithm]}`
  if (tags.get('b') !== '') return 'b= must be there and empty'
  if (tags.has('l')) return 'l= is not allowed'
  const agent = tags.get('i')
  if (
    agent !== undefined &&
    !isInside(agent.slice(agent.lastIndexOf('@') + 1).toLowerCase(), identity.domain)
  ) {
    return "i= is outside the key's domain"
  }
  const signed = (tags.get('h') ?? '').split(':').map((name) => name.trim().toLowerCase())
  return signed.includes('from') ? null : 'h= does not list From'
}

function refusedFrom(value: string | undefined, domain: string): string | null {
  if (value === undefined) return 'From is not signed'
  const domains = addressDomains(value)
  if (domains === null) return 'From cannot be read'
  const foreign = domains.find((name) => !isInside(name, domain))
  return foreign === undefined ? null : `From names ${foreign}, which is outside ${domain}`
}

/**
 * The domains of all addresses in a From value, or null where any part of it is not plainly an address (RFC 5322 §3.4). Stricter
 * than a reader needs to be: what two parsers may read differently is not signed.
 */
function addressDomains(value: string): string[] | null {
  const plain = withoutQuotes(value)
  if (plain === null) return null
  const domains: string[] = []
  for (const mailbox of plain.split(',')) {
    const match =
      /^[^<>@:;]*<[^<>@:;\s,]+@([^<>@:;\s,]+)>\s*$/.exec(mailbox) ??
      /^\s*[^<>@:;\s,]+@([^<>@:;\s,]+)\s*$/.exec(mailbox)
    // Without this a host would be read like that of a URL: up to a slash, with escapes resolved.
    const isPlain = match?.[1] !== undefined && /^(?:[A-Za-z0-9.-]|[^\p{ASCII}])+$/u.test(match[1])
    const name = isPlain ? domainToASCII(match[1] ?? '') : ''
    if (name === '') return null
    domains.push(name.toLowerCase())
  }
  return domains
}

/**
 * Replaces each quoted string by a letter and each comment by a space; null where one of them does not end, and where a quoted string
 * with an address in it is part of an address.
 */
function withoutQuotes(value: string): string | null {
  let out = ''
  let depth = 0
  let quoted = false
  let hasAddress = false
  for (let i = 0; i < value.length; i++) {
    const char = value.charAt(i)
    if (char === '\\') {
      if (!quoted && depth === 0) return null
      i += 1
      if (/[@<>,]/.test(value.charAt(i))) hasAddress = true
    } else if (quoted) {
      if (char === '"') quoted = false
      if (/[@<>,]/.test(char)) hasAddress = true
      if (!quoted && hasAddress && value.charAt(i + 1) === '@') return null
    } else if (char === '(') {
      depth += 1
      out += ' '
    } else if (depth > 0) {
      if (char === ')') depth -= 1
    } else if (char === '"') {
      quoted = true
      hasAddress = false
      out += 'q'
    } else out += char
  }
  return quoted || depth > 0 ? null : out
}

function isInside(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`)
}
