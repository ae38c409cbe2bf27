import {
  findHeader,
  headerValue,
  parseHeaderBlock,
  withHeaders,
  withoutHeaders,
} from '../../platform/mime/index.ts'
import type { LinkReference } from '../../security/references/index.ts'
import { LINKS_MAX } from './html-edits.ts'
import type { Edit } from './html-edits.ts'
import { editHtmlPart } from './mime-edits.ts'

/** What becomes of the links of a message that is sent again under another id. */
export interface Relinking {
  /** What a reference in a link on this host says; null: we did not write it for the message that is sent again. */
  readonly read: (text: string, host: string) => LinkReference | null
  /** The address in the place of a tracked link; null: it is not tracked any more and leads to its target again. */
  readonly click: ((reference: LinkReference & { readonly kind: 'click' }) => string) | null
  /** The address of the picture; null: there is none any more. */
  readonly open: string | null
  /** In the place of a List-Unsubscribe that we had written. */
  readonly unsubscribe: readonly { readonly name: string; readonly value: string }[]
}

/** A link of ours, as html-edits.ts and message-links.ts write them: nothing in it needs to be escaped in HTML. */
const OURS =
  /https?:\/\/([A-Za-z0-9.-]{1,253})(?::\d{1,5})?\/(?:t\/[co]|u)\/([A-Za-z0-9_-]{40,4000})(?:\.gif)?/g
/** What stands around the address of a picture. */
const PICTURE = {
  before: '<img src="',
  after: '" width="1" height="1" alt="" style="display:block;border:0">',
}
/**
 * Texts that look like links of ours and are looked at; what is beyond stays as it is. We write at most LINKS_MAX and a picture; each that is
 * read costs a MAC, and a message has room for half a million forged ones.
 */
const LOOKED_AT_MAX = 4 * LINKS_MAX

/**
 * A message with links that say of which message they are: those of an earlier one become its own, so that opens, clicks and unsubscribing
 * of the new message are told of the new one. What we did not write stays byte for byte.
 */
export function relinked(raw: Buffer, relinking: Relinking): Buffer {
  return inHeader(
    editHtmlPart(raw, (html) => editsOf(html, relinking)),
    relinking,
  )
}

function editsOf(html: string, relinking: Relinking): Edit[] {
  return referencesIn(html, relinking).flatMap(({ start, end, reference }): Edit[] => {
    switch (reference.kind) {
      case 'open':
        return relinking.open === null
          ? withoutPicture(html, start, end)
          : [{ start, end, text: relinking.open }]
      case 'click':
        return [{ start, end, text: relinking.click?.(reference) ?? escaped(reference.url) }]
      case 'unsubscribe':
        return []
    }
  })
}

/** Takes out the whole picture whose address stands there; an address elsewhere is the customer's own text. */
function withoutPicture(html: string, start: number, end: number): Edit[] {
  const from = start - PICTURE.before.length
  if (from < 0 || !html.startsWith(PICTURE.before, from) || !html.startsWith(PICTURE.after, end)) return []
  return [{ start: from, end: end + PICTURE.after.length, text: '' }]
}

interface Found {
  readonly start: number
  readonly end: number
  readonly reference: LinkReference
}

function referencesIn(text: string, { read }: Relinking): Found[] {
  const found: Found[] = []
  let looked = 0
  for (const match of text.matchAll(OURS)) {
    looked += 1
    if (looked > LOOKED_AT_MAX) break
    const [url, host = '', written = ''] = match
    const reference = read(written, host.toLowerCase())
    if (reference !== null) found.push({ start: match.index, end: match.index + url.length, reference })
  }
  return found
}

/** Addresses that a customer wrote may hold what ends an attribute; bytes above ASCII never stood in a tracked one. */
function escaped(url: string): string {
  return url
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
}

const UNSUBSCRIBE: ReadonlySet<string> = new Set(['list-unsubscribe', 'list-unsubscribe-post'])

function inHeader(raw: Buffer, relinking: Relinking): Buffer {
  const block = parseHeaderBlock(raw)
  if (!block.ok) return raw
  const field = findHeader(block, 'list-unsubscribe')
  if (field === undefined) return raw
  const isOurs = referencesIn(headerValue(raw, field), relinking).some(
    ({ reference }) => reference.kind === 'unsubscribe',
  )
  if (!isOurs) return raw
  return withHeaders(
    withoutHeaders(raw, (name) => UNSUBSCRIBE.has(name)),
    relinking.unsubscribe.map(({ name, value }) => `${name}: ${value.replaceAll(', ', ',\r\n ')}`),
  )
}
