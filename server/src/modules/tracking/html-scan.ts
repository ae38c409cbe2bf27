import { decodeAttribute, decodeText } from './html-characters.ts'

/** One `<a>` that has an href: places in the text. */
export interface Anchor {
  /** Where the value of its first href stands, without quotes. */
  readonly start: number
  readonly end: number
  /** The value as a browser reads it; null where it holds a character reference that this scanner does not know. */
  readonly href: string | null
  /** Its visible text, white space collapsed, at most 300 characters of it. */
  readonly text: string
  /** Whether its author asked for it to be left as it is. */
  readonly untracked: boolean
}

export interface HtmlScan {
  readonly anchors: readonly Anchor[]
  /** Where a picture at the end of the body would stand; null where the text ends inside something else. */
  readonly bodyEnd: number | null
}

/** Attributes by which authors ask for a link to be left alone: ours, and those of templates that were written for others. */
const OPT_OUT: readonly (readonly [name: string, value: string | null])[] = [
  ['data-bulkhead-track', 'off'],
  ['ses:no-track', null],
  ['clicktracking', 'off'],
]

/** Elements whose content is text up to their end tag (WHATWG HTML §13.2.5.2 to 13.2.5.4, §13.2.6.4). noscript: where scripts are off it
 * is markup, so it is left alone, which is right for both. */
const OPAQUE: ReadonlySet<string> = new Set([
  'script',
  'style',
  'title',
  'textarea',
  'xmp',
  'iframe',
  'noembed',
  'noframes',
  'noscript',
])
/** From here on parsers read by other rules: what follows is left as it is. */
const FOREIGN: ReadonlySet<string> = new Set(['svg', 'math', 'plaintext'])

const ANCHORS_MAX = 5_000
const TEXT_MAX = 300

/**
 * Finds the links of an HTML text as a browser's tokenizer does (WHATWG HTML §13.2.5), in one pass, and throws at nothing. It changes
 * nothing and builds no tree, so that whoever edits at the places it names leaves every other byte as it was. Where readings could differ
 * (foreign content, scripts with comments, an unfinished tag) it stops, and what follows counts as holding no links.
 */
export function scanHtml(html: string): HtmlScan {
  const scanner = new Scanner(html)
  scanner.run()
  return { anchors: scanner.anchors, bodyEnd: scanner.bodyEnd }
}

interface Attribute {
  readonly name: string
  readonly start: number
  readonly end: number
}

interface Tag {
  readonly name: string
  readonly attributes: readonly Attribute[]
  /** Behind its `>`. */
  readonly end: number
}

class Scanner {
  readonly anchors: Anchor[] = []
  bodyEnd: number | null = null
  readonly #html: string
  #open: Omit<Anchor, 'text'> | null = null
  #text = ''

  constructor(html: string) {
    this.#html = html
  }

  run(): void {
    const html = this.#html
    let at = 0
    let lastEnd: number | null = null
    while (at < html.length) {
      const next = html.indexOf('<', at)
      this.#read(at, next < 0 ? html.length : next)
      if (next < 0) break
      const after = this.#markup(next)
      if (after === null) return
      if (after.endOf === 'body' || (after.endOf === 'html' && lastEnd === null)) lastEnd = next
      at = after.at
    }
    this.#close()
    this.bodyEnd = lastEnd ?? html.length
  }

  /** What begins at a `<`; null: the end of what can be read. */
  #markup(at: number): { readonly at: number; readonly endOf?: string } | null {
    const html = this.#html
    const mark = html.charAt(at + 1)
    if (mark === '!') return html.startsWith('--', at + 2) ? this.#comment(at + 4) : this.#bogus(at + 2)
    if (mark === '?') return this.#bogus(at + 2)
    const isEnd = mark === '/'
    const nameAt = at + (isEnd ? 2 : 1)
    if (!isLetter(html.charCodeAt(nameAt))) {
      if (isEnd && nameAt < html.length) return this.#bogus(nameAt)
      this.#read(at, at + 1)
      return { at: at + 1 }
    }
    const tag = readTag(html, nameAt)
    if (tag === null) return null
    if (isEnd) {
      if (tag.name === 'a') this.#close()
      return { at: tag.end, endOf: tag.name }
    }
    if (tag.name === 'a') this.#begin(tag)
    if (FOREIGN.has(tag.name)) return null
    if (!OPAQUE.has(tag.name)) return { at: tag.end }
    const end = this.#endOfOpaque(tag)
    return end === null ? null : { at: end }
  }

  #comment(at: number): { readonly at: number } | null {
    if (this.#html.startsWith('>', at)) return { at: at + 1 }
    if (this.#html.startsWith('->', at)) return { at: at + 2 }
    COMMENT_END.lastIndex = at
    const found = COMMENT_END.exec(this.#html)
    return found === null ? null : { at: COMMENT_END.lastIndex }
  }

  #bogus(at: number): { readonly at: number } | null {
    const end = this.#html.indexOf('>', at)
    return end < 0 ? null : { at: end + 1 }
  }

  #endOfOpaque(tag: Tag): number | null {
    const html = this.#html
    for (let at = html.indexOf('</', tag.end); at >= 0; at = html.indexOf('</', at + 2)) {
      const nameEnd = at + 2 + tag.name.length
      if (html.slice(at + 2, nameEnd).toLowerCase() !== tag.name) continue
      if (!isNameEnd(html.charCodeAt(nameEnd))) continue
      // The tokenizer has states of its own for scripts in comments in scripts.
      if (tag.name === 'script' && html.slice(tag.end, at).includes('<!--')) return null
      return readTag(html, at + 2)?.end ?? null
    }
    return null
  }

  #begin(tag: Tag): void {
    this.#close()
    if (this.anchors.length >= ANCHORS_MAX) return
    const href = tag.attributes.find(({ name }) => name === 'href')
    if (href === undefined) return
    const { start, end } = href
    this.#open = {
      start,
      end,
      href: decodeAttribute(this.#html.slice(start, end)),
      untracked: tag.attributes.some((attribute) => this.#optsOut(attribute)),
    }
  }

  #optsOut(attribute: Attribute): boolean {
    const value = this.#html.slice(attribute.start, attribute.end).trim().toLowerCase()
    return OPT_OUT.some(([name, wanted]) => name === attribute.name && (wanted === null || wanted === value))
  }

  #close(): void {
    if (this.#open !== null)
      this.anchors.push({ ...this.#open, text: decodeText(this.#text).replaceAll(/\s+/g, ' ').trim() })
    this.#open = null
    this.#text = ''
  }

  #read(from: number, to: number): void {
    if (this.#open === null || this.#text.length >= TEXT_MAX) return
    this.#text += this.#html.slice(from, Math.min(to, from + TEXT_MAX - this.#text.length))
  }
}

const COMMENT_END = /--!?>/g

/** A tag from its name on; null where the text ends before it does: a browser then drops it. */
function readTag(html: string, nameAt: number): Tag | null {
  let at = nameAt
  while (at < html.length && !isNameEnd(html.charCodeAt(at))) at += 1
  const name = html.slice(nameAt, at).toLowerCase()
  const attributes: Attribute[] = []
  for (;;) {
    while (isBlank(html.charCodeAt(at)) || html.charCodeAt(at) === SLASH) at += 1
    if (at >= html.length) return null
    if (html.charCodeAt(at) === GREATER) return { name, attributes, end: at + 1 }
    const start = at
    // A name may begin with an equals sign (§13.2.5.32).
    at += 1
    while (at < html.length && !isNameEnd(html.charCodeAt(at)) && html.charCodeAt(at) !== EQUALS) at += 1
    const attributeName = html.slice(start, at).toLowerCase()
    while (isBlank(html.charCodeAt(at))) at += 1
    if (html.charCodeAt(at) !== EQUALS) {
      attributes.push({ name: attributeName, start: at, end: at })
      continue
    }
    at += 1
    while (isBlank(html.charCodeAt(at))) at += 1
    const quote = html.charAt(at)
    let end: number
    if (quote === '"' || quote === "'") {
      at += 1
      end = html.indexOf(quote, at)
      if (end < 0) return null
      attributes.push({ name: attributeName, start: at, end })
      at = end + 1
    } else {
      end = at
      while (end < html.length && !isBlank(html.charCodeAt(end)) && html.charCodeAt(end) !== GREATER) end += 1
      attributes.push({ name: attributeName, start: at, end })
      at = end
    }
  }
}

const SLASH = 0x2f
const EQUALS = 0x3d
const GREATER = 0x3e

function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0c || code === 0x0d
}

function isNameEnd(code: number): boolean {
  return isBlank(code) || code === SLASH || code === GREATER
}
