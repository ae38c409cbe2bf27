const BLOCKS = new Set(
  'address article aside blockquote center dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tr ul'.split(
    ' ',
  ),
)
/** What stands between these is not shown. */
const UNSEEN = new Set(['head', 'script', 'style', 'title', 'template'])
const HEADINGS = new Set(['p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6'])
/** Where markup, or a template language, begins. Any other `<` is text: looked for at once, so that a run of them costs what text costs. */
const OPEN = /<(?=[a-z/!?%])/gi
const TAG = /<(\/?)([a-z][a-z0-9]{0,38})/iy
/** Whitespace that one blank stands for; a single blank does already. */
const WIDE = /[^\S ]\s*| \s+/g
const HREF = /\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/i
const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  copy: '©',
  reg: '®',
  hellip: '…',
  ndash: '–',
  mdash: '—',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  euro: '€',
}

/**
 * HTML as text, for mail whose author wrote HTML only: blocks are lines, links are followed by where they lead. One pass; what a template
 * language holds (`{{…}}`, `<%…%>`) stays as it is, so that the text is a template as well.
 */
export function textOfHtml(html: string): string {
  const parts: string[] = []
  const links: { readonly at: number; readonly href: string }[] = []
  let unseen: string | null = null
  let at = 0
  while (at < html.length) {
    OPEN.lastIndex = at
    const open = OPEN.test(html) ? OPEN.lastIndex - 1 : -1
    const end = open < 0 ? html.length : open
    if (unseen === null && end > at) parts.push(html.slice(at, end).replaceAll(WIDE, ' '))
    if (open < 0) break
    const { until, tag } = markup(html, open)
    if (tag === undefined) {
      if (unseen === null && html.startsWith('<%', open)) parts.push(html.slice(open, until))
    } else if (unseen !== null) {
      if (tag.isEnd && tag.name === unseen) unseen = null
    } else if (UNSEEN.has(tag.name)) {
      if (!tag.isEnd) unseen = tag.name
    } else write(tag, parts, links)
    at = until
  }
  return readable(parts.join(''))
}

interface Tag {
  readonly name: string
  readonly isEnd: boolean
  readonly href: string | undefined
}

/** What begins at a `<`: a tag, or something that is skipped or printed. */
function markup(html: string, open: number): { readonly until: number; readonly tag?: Tag } {
  if (html.startsWith('<%', open)) return { until: closedBy(html, open, '%>') }
  if (html.startsWith('<!--', open)) return { until: closedBy(html, open, '-->') }
  const until = closedBy(html, open, '>')
  TAG.lastIndex = open
  const named = TAG.exec(html)
  if (named === null) return { until }
  const name = named[2]?.toLowerCase() ?? ''
  const href = name === 'a' ? HREF.exec(html.slice(open, Math.min(until, open + 4_000))) : null
  return { until, tag: { name, isEnd: named[1] === '/', href: href?.[1] ?? href?.[2] ?? href?.[3] } }
}

function closedBy(html: string, open: number, mark: string): number {
  const found = html.indexOf(mark, open)
  return found < 0 ? html.length : found + mark.length
}

function write(tag: Tag, parts: string[], links: { readonly at: number; readonly href: string }[]): void {
  const { name, isEnd, href } = tag
  if (name === 'br') parts.push('\n')
  else if (BLOCKS.has(name)) parts.push(name === 'li' && !isEnd ? '\n* ' : HEADINGS.has(name) ? '\n\n' : '\n')
  else if (name === 'td' || name === 'th') parts.push(' ')
  else if (name === 'a' && !isEnd) links.push({ at: parts.length, href: href ?? '' })
  else if (name === 'a') {
    const link = links.pop()
    if (link === undefined || link.href === '' || link.href.startsWith('#')) return
    // Bounded: links that nobody closes would make each end read everything again.
    const said = parts
      .slice(link.at, link.at + 20)
      .join('')
      .trim()
    if (said !== link.href) parts.push(` ( ${link.href} )`)
  }
}

function readable(text: string): string {
  return text
    .replaceAll(/[ \t]{2,}/g, ' ')
    .replaceAll(/[ \t]?\n[ \t]?/g, '\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .replaceAll(/&(#x?[0-9a-f]{1,6}|[a-z]{2,8});/gi, characterOf)
    .trim()
}

function characterOf(whole: string, name: string): string {
  if (!name.startsWith('#')) return NAMED[name.toLowerCase()] ?? whole
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10)
  return code > 0 && code <= 0x10_ff_ff && !(code >= 0xd8_00 && code <= 0xdf_ff)
    ? String.fromCodePoint(code)
    : whole
}
