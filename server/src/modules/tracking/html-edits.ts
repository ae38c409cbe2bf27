import { isFollowable, TARGET_BYTES_MAX } from '../../security/references/index.ts'
import { scanHtml } from './html-scan.ts'
import type { Anchor } from './html-scan.ts'

/** What stands from `start` to `end` becomes `text`. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

export interface LinkWriter {
  /** The address that takes the place of `url`; null: clicks are not tracked. `link` counts from 0. */
  readonly click: ((url: string, link: number, links: number) => string) | null
  /** The address of the picture; null: opens are not tracked. */
  readonly open: string | null
  /** Hosts, lower case, whose links are never tracked: our own. */
  readonly ownHosts: readonly string[]
  /** Addresses that the message's own List-Unsubscribe names. */
  readonly unsubscribe: readonly string[]
  /** The text is bytes of an encoding that is not looked into: only addresses in ASCII are read for certain. */
  readonly asciiOnly?: boolean
}

/** Where it stands in HTML the picture that tells of opens takes its place, the first time; else the picture stands at the end. */
export const OPEN_MARK = '<!--bulkhead-open-->'

/** Links of a message that are tracked; further ones are left as they are. */
export const LINKS_MAX = 1_000

/** The edits that make an HTML text tracked, in their order and without overlap; none where nothing is to be done. */
export function htmlEdits(html: string, writer: LinkWriter): Edit[] {
  if (writer.click === null && writer.open === null) return []
  const scan = scanHtml(html)
  const edits: Edit[] = []
  const { click } = writer
  if (click !== null) {
    const tracked = scan.anchors.flatMap((anchor) => {
      if (writer.asciiOnly === true && !/^[\x20-\x7e]*$/.test(html.slice(anchor.start, anchor.end))) return []
      const url = targetOf(anchor, writer)
      return url === null ? [] : [{ anchor, url }]
    })
    const chosen = tracked.slice(0, LINKS_MAX)
    chosen.forEach(({ anchor, url }, link) => {
      edits.push({ start: anchor.start, end: anchor.end, text: click(url, link, chosen.length) })
    })
  }
  if (writer.open !== null) {
    const place = placeOfPicture(html, scan.bodyEnd, edits)
    if (place !== null)
      edits.push({
        ...place,
        text: `<img src="${writer.open}" width="1" height="1" alt="" style="display:block;border:0">`,
      })
  }
  return edits.sort((a, b) => a.start - b.start)
}

function placeOfPicture(
  html: string,
  bodyEnd: number | null,
  edits: readonly Edit[],
): { readonly start: number; readonly end: number } | null {
  const start = html.indexOf(OPEN_MARK)
  const end = start + OPEN_MARK.length
  if (start >= 0 && !edits.some((edit) => edit.start < end && start < edit.end)) return { start, end }
  return bodyEnd === null ? null : { start: bodyEnd, end: bodyEnd }
}

export function applyEdits(html: string, edits: readonly Edit[]): string {
  let at = 0
  let text = ''
  for (const edit of edits) {
    text += html.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return text + html.slice(at)
}

/**
 * Where a link leads that may be tracked; null where it is left as it is: what is no web address, what its author keeps out, what leads to
 * us or ends a subscription, and links whose text shows an address, because a text that says shop.example above an address of another host
 * is what readers and filters are told to take for phishing.
 */
export function targetOf(
  anchor: Anchor,
  writer: Pick<LinkWriter, 'ownHosts' | 'unsubscribe'>,
): string | null {
  const { href, untracked, text } = anchor
  if (href === null || untracked || href === '') return null
  if (hasControl(href) || Buffer.byteLength(href, 'utf8') > TARGET_BYTES_MAX) return null
  if (!/^https?:\/\//i.test(href) || !isFollowable(href)) return null
  if (writer.ownHosts.includes(new URL(href).hostname.toLowerCase())) return null
  if (writer.unsubscribe.includes(href) || UNSUBSCRIBE.test(href) || looksLikeAddress(text)) return null
  return href
}

/** Browsers take line breaks and tabs out of an address and we would not; a lone surrogate has no bytes in UTF-8. */
function hasControl(href: string): boolean {
  return /[\p{Cc}]/u.test(href) || !href.isWellFormed()
}

const UNSUBSCRIBE = /unsubscri|opt[-_]?out|abmelde|desabonn|desinscri/i

/** `https://shop.example/x`, `www.shop.example`, `shop.example`: with a scheme, or a name with a dot and nothing else. */
export function looksLikeAddress(text: string): boolean {
  return /^\W*(?:https?:\/\/|www\.)\S/i.test(text) || /^[^\s@]{1,200}\.[a-z]{2,24}(?:[:/?#]\S*)?$/i.test(text)
}
