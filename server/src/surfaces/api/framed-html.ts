export type ColorScheme = 'light' | 'dark'

/**
 * Makes the HTML of a captured mail ready for its frame. The frame's policy is what contains it; this only makes it look right:
 * inline images by their data, the light or dark variant that the reader chose, and links that open nothing (a new window, which the
 * sandbox refuses; navigating the frame itself is refused by the console's frame-src).
 */
export function framedHtml(html: string, images: ReadonlyMap<string, string>, scheme: ColorScheme): string {
  const body = html
    .replaceAll(CID, (whole, id: string) => images.get(normaliseCid(id)) ?? whole)
    .replaceAll(ASKS_SCHEME, (_whole, asked: string) => (asked.toLowerCase() === scheme ? ALWAYS : NEVER))
  const doctype = /^[\s\ufeff]*(?:<!--[^]{0,2000}?-->\s*)?<!doctype[^>]{0,300}>/i.exec(body)?.[0] ?? ''
  return doctype + PREAMBLE + body.slice(doctype.length)
}

/** The content ids that the HTML shows, in their order, each once. */
export function shownContentIds(html: string): string[] {
  return [...new Set([...html.matchAll(CID)].map((match) => normaliseCid(match[1] ?? '')))]
}

/** How many things the HTML would fetch from elsewhere if it were let: each address once. Counts at most 1,000, in the first 500,000 characters. */
export function countRemote(html: string): number {
  const found = new Set<string>()
  for (const match of html.slice(0, COUNTED_CHARS).matchAll(REMOTE)) {
    found.add(match[1] ?? '')
    if (found.size === 1_000) break
  }
  return found.size
}

/** A data: address for an inline image; undefined for what is not an image. */
export function imageData(contentType: string, content: Buffer): string | undefined {
  const type = contentType.toLowerCase()
  return /^image\/[a-z0-9.+-]{1,40}$/.test(type)
    ? `data:${type};base64,${content.toString('base64')}`
    : undefined
}

/** The form in which a content id is compared: without angle brackets and percent encoding (RFC 2392 §2). */
export function normaliseCid(id: string): string {
  try {
    return decodeURIComponent(id)
  } catch {
    return id
  }
}

/** A frame without an origin sees the system's colour scheme, not that of the page; so the mail's question is answered in its text. */
const ASKS_SCHEME = /\(\s{0,20}prefers-color-scheme\s{0,20}:\s{0,20}(dark|light)\s{0,20}\)/gi
const ALWAYS = '(min-width:0)'
const NEVER = '(max-width:0)'
/** Far beyond what mail clients show before they clip. */
const COUNTED_CHARS = 500_000
const CID = /\bcid:([^\s"'<>()]{1,500})/gi
const REMOTE =
  /(?:\b(?:src|background|poster)\s{0,20}=\s{0,20}(?:["']\s{0,20})?|\burl\(\s{0,20}["']?|<link\b[^>]{0,300}\bhref\s{0,20}=\s{0,20}["']?)((?:https?:)?\/\/[^\s"'<>()]{1,2000})/gi
const PREAMBLE =
  '<base target="_blank"><style>:root{color-scheme:light;color:#111}body{font-family:system-ui,sans-serif}</style>'
