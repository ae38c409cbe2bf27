/**
 * E-mail addresses (RFC 5321 §4.1.2, RFC 5322 §3.4, internationalised: RFC 6531). Stricter than the RFCs where leniency lets two
 * parsers see two different addresses: no white space inside an address, no source routes, no address literals. Every function is
 * linear in its input and bounded, so hostile input costs no more than honest input.
 */

/** `local@domain` that was parsed: the local part as written, the domain in lower case and A-labels. Only this file makes one. */
export type EmailAddress = string & { readonly __brand: 'EmailAddress' }

export interface ParsedAddress {
  readonly email: EmailAddress
  readonly local: string
  readonly domain: string
  /** The local part is not ASCII: only a server with SMTPUTF8 takes it (RFC 6531). */
  readonly needsSmtpUtf8: boolean
  readonly display?: string
}

export interface AddressProblem {
  readonly ok: false
  readonly problem: string
}
export type AddressResult = { readonly ok: true; readonly address: ParsedAddress } | AddressProblem
export type AddressListResult =
  | { readonly ok: true; readonly addresses: readonly ParsedAddress[]; readonly groups: readonly string[] }
  | AddressProblem

/** RFC 5321 §4.5.3.1: octets of the local part, the domain, and (path less its brackets, erratum 1690) the whole. */
export const MAX_LOCAL_BYTES = 64
export const MAX_DOMAIN_BYTES = 255
export const MAX_ADDRESS_BYTES = 254
/** Our own bounds: characters of a display name, of a header's address list, and addresses and comment depth in it. */
export const MAX_DISPLAY_CHARS = 500
export const MAX_LIST_CHARS = 262_144
export const MAX_LIST_ADDRESSES = 10_000
const MAX_COMMENT_DEPTH = 32

const DOT_ATOM = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const ATEXT = /[\w!#$%&'*+/=?^`{|}~-]/
const ASCII = /^[\u0020-\u007e]*$/
const CONTROL = /\p{Cc}/u
/** Separators, format characters (but for the joiners some scripts need), surrogates and private use: never visible, never typed. */
const INVISIBLE = /[\p{Z}\p{Cf}\p{Cs}\p{Co}\p{Noncharacter_Code_Point}]/u
const QUOTED = /^"(?:[^"\\]|\\[^])*"$/
const encoder = new TextEncoder()

/** Parses one address without a name. Blanks around it are dropped; anything else that is wrong is named in `problem`. */
export function parseAddress(text: string): AddressResult {
  // Four bytes per character at most: whatever is longer than this cannot be valid, and is not looked at.
  if (text.length > 4 * MAX_ADDRESS_BYTES) return bad(`is longer than ${MAX_ADDRESS_BYTES} bytes`)
  const email = trimBlanks(text)
  const at = email.lastIndexOf('@')
  if (at > 0 && email.length <= MAX_ADDRESS_BYTES && at <= MAX_LOCAL_BYTES) {
    const local = email.slice(0, at)
    const domain = email.slice(at + 1).toLowerCase()
    if (DOT_ATOM.test(local) && DOMAIN.test(domain) && !endsInNumber(domain)) {
      return { ok: true, address: made(local, domain, false) }
    }
  }
  return parseUncommon(email, at)
}

/**
 * Parses `Ann <ann@example.com>`, `ann@example.com` or `{email, name}`. A name in a string may be quoted; unquoted it may not hold
 * what separates addresses (`, ; < > " @`), so that a list put into a single field is refused and not misread.
 */
export function parseMailbox(
  input: string | { readonly email: string; readonly name?: string | undefined },
): AddressResult {
  if (typeof input !== 'string') return withName(parseAddress(input.email), input.name)
  if (input.length > 4 * MAX_ADDRESS_BYTES + 2 * MAX_DISPLAY_CHARS) return bad('is too long')
  const text = trimBlanks(input)
  if (!text.endsWith('>')) return parseAddress(text)
  const open = text.lastIndexOf('<')
  if (open < 0) return bad('has a > without a <')
  const written = trimBlanks(text.slice(0, open))
  const address = parseAddress(text.slice(open + 1, -1))
  if (written === '') return address
  if (written.startsWith('"')) {
    if (!QUOTED.test(written)) return bad('has a name with unbalanced quotes')
    return withName(address, unquote(written))
  }
  if (/[",;<>@]/.test(written)) {
    return bad(
      'has a name with one of , ; < > @ or a quote: put the name in double quotes, and one address per field',
    )
  }
  return withName(address, written)
}

/**
 * The form under which an address is looked up (suppressions, blind index): trimmed, NFC, lower case, domain in A-labels, and
 * `"ann"@…` as `ann@…`, so that a spelling does not get past a suppression. For looking up only: mail goes to the address as written.
 */
export function normaliseForIndex(address: string): string {
  const text = address.trim()
  const at = text.lastIndexOf('@')
  if (at < 0) return text.normalize('NFC').toLowerCase().normalize('NFC')
  const written = text.slice(0, at)
  const bare = written.startsWith('"') && QUOTED.test(written) ? unquote(written) : written
  const local = DOT_ATOM.test(bare) || !ASCII.test(bare) ? bare : written
  const domain = text.slice(at + 1)
  if (ASCII.test(text)) return `${local}@${domain}`.toLowerCase()
  const labels = ASCII.test(domain) ? domain : (domainToAscii(domain.normalize('NFC')) ?? domain)
  return `${local}@${labels}`.normalize('NFC').toLowerCase().normalize('NFC')
}

/**
 * Parses the value of an address header (From, To, Cc …; RFC 5322 §3.4), unfolded: names, quoted strings, comments, groups
 * (RFC 6854) and empty elements. Encoded words stay as they are. One wrong address makes the list wrong.
 */
export function parseAddressList(text: string): AddressListResult {
  if (text.length > MAX_LIST_CHARS) return bad(`is longer than ${MAX_LIST_CHARS} characters`)
  if (CONTROL.test(text.replaceAll('\t', ' '))) return bad('contains a control character')
  const addresses: ParsedAddress[] = []
  const groups: string[] = []
  const scan: Scan = { text, at: 0 }
  let inGroup = false
  while (true) {
    const problem = skipComments(scan)
    if (problem !== null) return bad(problem)
    const char = text.charAt(scan.at)
    if (char === '') return inGroup ? bad('has a group without its ;') : { ok: true, addresses, groups }
    if (char === ',') scan.at++
    else if (char === ';' && inGroup) {
      inGroup = false
      scan.at++
    } else {
      const entry = readEntry(scan)
      if (entry.kind === 'problem') return bad(entry.problem)
      if (entry.kind === 'group') {
        if (inGroup) return bad('has a group inside a group')
        inGroup = true
        groups.push(entry.name)
        continue
      }
      if (addresses.length >= MAX_LIST_ADDRESSES) return bad(`has more than ${MAX_LIST_ADDRESSES} addresses`)
      addresses.push(entry.address)
      const next = text.charAt(scan.at)
      if (next !== '' && next !== ',' && !(next === ';' && inGroup)) {
        return bad('has text after an address that is not separated by a comma')
      }
    }
  }
}

interface Scan {
  readonly text: string
  at: number
}
type Entry =
  | { readonly kind: 'address'; readonly address: ParsedAddress }
  | { readonly kind: 'group'; readonly name: string }
  | { readonly kind: 'problem'; readonly problem: string }

/** One element of a list: a bare address, `name <address>`, or the `name:` that opens a group. */
function readEntry(scan: Scan): Entry {
  const words: string[] = []
  let wordStart = -1
  let wordEnd = -1
  while (true) {
    const char = scan.text.charAt(scan.at)
    if (char === '@') {
      // White space before the @ is obsolete syntax (RFC 5322 §4.4) and read differently by different parsers.
      if (words.length !== 1 || wordEnd !== scan.at)
        return wrong('has an @ outside an address: quote the name')
      return finish(scan, wordStart, readDomain(scan), undefined)
    }
    if (char === '<') {
      const display = words.length > 0 ? words.join(' ') : undefined
      return readAngle(scan, display)
    }
    if (char === ':') {
      scan.at++
      return words.length > 0
        ? { kind: 'group', name: words.join(' ') }
        : wrong('has a : without a group name')
    }
    if (char === '' || char === ',' || char === ';') return wrong('has a name without an address')
    wordStart = scan.at
    const word = readWord(scan)
    if (word === null) return wrong(`has a misplaced or unbalanced ${JSON.stringify(char)}`)
    words.push(word)
    wordEnd = scan.at
    const problem = skipComments(scan)
    if (problem !== null) return wrong(problem)
  }
}

function readAngle(scan: Scan, display: string | undefined): Entry {
  scan.at++
  const before = skipComments(scan)
  if (before !== null) return wrong(before)
  const start = scan.at
  if (readWord(scan) === null || scan.text.charAt(scan.at) !== '@')
    return wrong('has no address between < and >')
  const end = readDomain(scan)
  const after = skipComments(scan)
  if (after !== null) return wrong(after)
  if (scan.text.charAt(scan.at) !== '>') return wrong('has a < without its >')
  scan.at++
  return finish(scan, start, end, display)
}

function finish(scan: Scan, start: number, end: number, display: string | undefined): Entry {
  const result = parseAddress(scan.text.slice(start, end))
  if (!result.ok) return wrong(`has an address that ${result.problem}`)
  const problem = skipComments(scan)
  if (problem !== null) return wrong(problem)
  // No bound on the name but the list's: as encoded words a permitted name is several times as long.
  const address = display === undefined || display === '' ? result.address : { ...result.address, display }
  return { kind: 'address', address }
}

/** Moves past `@` and the domain; answers where the domain ends. */
function readDomain(scan: Scan): number {
  scan.at++
  while (isWordChar(scan.text, scan.at)) scan.at++
  return scan.at
}

/** An atom with dots, or a quoted string (answered without its quotes). Null where neither starts or the quote never ends. */
function readWord(scan: Scan): string | null {
  const start = scan.at
  if (scan.text.charAt(start) !== '"') {
    while (isWordChar(scan.text, scan.at)) scan.at++
    return scan.at > start ? scan.text.slice(start, scan.at) : null
  }
  for (let i = start + 1; i < scan.text.length; i++) {
    const char = scan.text.charAt(i)
    if (char === '\\') i++
    else if (char === '"') {
      scan.at = i + 1
      return unquote(scan.text.slice(start, scan.at))
    }
  }
  return null
}

function isWordChar(text: string, at: number): boolean {
  const char = text.charAt(at)
  return char !== '' && (char === '.' || char > '\u009f' || ATEXT.test(char))
}

/** Skips blanks and comments; answers a problem where a comment never ends or nests too deep. */
function skipComments(scan: Scan): string | null {
  let depth = 0
  for (; scan.at < scan.text.length; scan.at++) {
    const char = scan.text.charAt(scan.at)
    if (char === '(') {
      if (++depth > MAX_COMMENT_DEPTH) return 'has comments nested too deep'
    } else if (char === ')' && depth > 0) depth--
    else if (char === '\\' && depth > 0) scan.at++
    else if (depth === 0 && char !== ' ' && char !== '\t') return null
  }
  return depth === 0 ? null : 'has a comment without its )'
}

/** Everything that is not a plain ASCII address: wrong ones (with the reason), quoted local parts and internationalised ones. */
function parseUncommon(email: string, at: number): AddressResult {
  if (email === '') return bad('is empty')
  if (CONTROL.test(email)) return bad('contains a line break or control character')
  if (at < 0) return bad('has no @')
  const local = email.slice(0, at)
  const problem = localProblem(local)
  if (problem !== null) return bad(problem)
  const domain = parseDomain(email.slice(at + 1))
  if (!domain.ok) return domain
  if (byteLength(local) + 1 + domain.domain.length > MAX_ADDRESS_BYTES) {
    return bad(`is longer than ${MAX_ADDRESS_BYTES} bytes`)
  }
  return { ok: true, address: made(local, domain.domain, !ASCII.test(local)) }
}

function localProblem(local: string): string | null {
  if (local === '') return 'has nothing before the @'
  // As half a surrogate pair is read from JSON, too.
  if (local.includes('\ufffd')) return 'contains U+FFFD, which stands for a character that was lost'
  if (byteLength(local) > MAX_LOCAL_BYTES) return `has more than ${MAX_LOCAL_BYTES} bytes before the @`
  if (local.startsWith('"')) {
    if (!QUOTED.test(local)) return 'has unbalanced quotes before the @'
    // ASCII blanks are what quoting is for; any other separator is there to deceive.
    return INVISIBLE.test(local.replaceAll(' ', '')) ? 'contains an invisible character' : null
  }
  if (local.startsWith('.')) return 'starts with a dot'
  if (local.endsWith('.')) return 'has a dot right before the @'
  if (local.includes('..')) return 'has two dots in a row'
  for (const char of local) {
    if (char === '@') return 'has more than one @'
    if (char === ' ') return 'contains a space'
    if (char <= '\u007e' && char !== '.' && !ATEXT.test(char)) {
      return `contains ${JSON.stringify(char)} before the @ without quotes`
    }
  }
  return INVISIBLE.test(local.replaceAll(/[\u200c\u200d]/g, '')) ? 'contains an invisible character' : null
}

/** A domain as mail uses it: at least two labels, lower case, A-labels. The problem reads after "the address" or "the field". */
export function parseDomain(text: string): { readonly ok: true; readonly domain: string } | AddressProblem {
  if (text === '') return bad('has no domain after the @')
  if (text.length > MAX_DOMAIN_BYTES) return bad(`has a domain longer than ${MAX_DOMAIN_BYTES} bytes`)
  if (text.startsWith('[')) return bad('has an address literal as its domain; a domain name is needed')
  let domain = text.toLowerCase()
  if (!ASCII.test(domain)) {
    const ascii = /[^a-z0-9.\-\u0080-\uffff]/.test(domain) ? null : domainToAscii(domain)
    if (ascii === null) return bad('has a domain that is not a valid internationalised name')
    domain = ascii
  }
  if (domain.length > MAX_DOMAIN_BYTES) return bad(`has a domain longer than ${MAX_DOMAIN_BYTES} bytes`)
  const labels = domain.split('.')
  if (labels.some((label) => label === ''))
    return bad('has a domain with an empty label (two dots, or a dot at an end)')
  if (labels.some((label) => label.length > 63)) return bad('has a domain with a label longer than 63 bytes')
  const stray = /[^a-z0-9.-]/.exec(domain)
  if (stray !== null) return bad(`has a domain with ${JSON.stringify(stray[0])} in it`)
  if (labels.some((label) => label.startsWith('-') || label.endsWith('-'))) {
    return bad('has a domain with a label that starts or ends with a hyphen')
  }
  if (labels.length < 2) return bad('has a domain without a dot')
  if (endsInNumber(domain)) return bad('has a domain that ends in a number')
  return { ok: true, domain }
}

/** UTS #46 through the URL parser, the one implementation of it in the language's surroundings. Null where it is not a name. */
function domainToAscii(domain: string): string | null {
  const url = URL.parse(`http://${domain}/`)
  return url === null || url.port !== '' || url.username !== '' || url.pathname !== '/' ? null : url.hostname
}

function endsInNumber(domain: string): boolean {
  return /^\d+$/.test(domain.slice(domain.lastIndexOf('.') + 1))
}

function withName(result: AddressResult, name: string | undefined): AddressResult {
  if (!result.ok || name === undefined) return result
  const display = name.trim()
  if (display === '') return result
  if (display.length > MAX_DISPLAY_CHARS) return bad(`has a name longer than ${MAX_DISPLAY_CHARS} characters`)
  if (CONTROL.test(name)) return bad('has a line break or control character in the name')
  return { ok: true, address: { ...result.address, display } }
}

function made(local: string, domain: string, needsSmtpUtf8: boolean): ParsedAddress {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the parsed edge: the only place where the brand is given
  return { email: `${local}@${domain}` as EmailAddress, local, domain, needsSmtpUtf8 }
}

function unquote(quoted: string): string {
  return quoted.slice(1, -1).replaceAll(/\\([^])/g, '$1')
}

function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return start === 0 && end === text.length ? text : text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

function byteLength(text: string): number {
  return ASCII.test(text) ? text.length : encoder.encode(text).length
}

function bad(problem: string): AddressProblem {
  return { ok: false, problem }
}

function wrong(problem: string): Entry {
  return { kind: 'problem', problem }
}
