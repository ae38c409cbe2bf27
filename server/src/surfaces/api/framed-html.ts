/**
 * Makes the HTML of a captured mail ready for its frame. The frame's policy is what contains it; this only makes it look right:
 * inline images by their data, a white ground as mail clients have, and links that open nothing (a new window, which the
 * sandbox refuses; navigating the frame itself is refused by the console's frame-src).
 */
export function framedHtml(html: string, images: ReadonlyMap<string, string>): string {
  const body = html.replaceAll(CID, (whole, id: string) => images.get(normaliseCid(id)) ?? whole)
  const doctype = /^[\s\ufeff]*(?:<!--[^]{0,2000}?-->\s*)?<!doctype[^>]{0,300}>/i.exec(body)?.[0] ?? ''
  return doctype + PREAMBLE + body.slice(doctype.length)
}

/** The content ids that the HTML shows, in their order, each once. */
export function shownContentIds(html: string): string[] {
  return [...new Set([...html.matchAll(CID)].map((match) => normaliseCid(match[1] ?? '')))]
}

/** How many things the HTML would fetch from elsewhere if it were let: each address once. Counts at most 1,000. */
export function countRemote(html: string): number {
  const found = new Set<string>()
  for (const match of html.matchAll(REMOTE)) {
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

const CID = /\bcid:([^\s"'<>()]{1,500})/gi
const REMOTE =
  /(?:\b(?:src|background|poster)\s*=\s*["']?\s*|\burl\(\s*["']?|<link\b[^>]{0,300}\bhref\s*=\s*["']?)((?:https?:)?\/\/[^\s"'<>()]{1,2000})/gi
const PREAMBLE =
  '<base target="_blank"><style>html{background:#fff;color:#111;color-scheme:light}body{font-family:system-ui,sans-serif}</style>'
