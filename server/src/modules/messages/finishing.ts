import { z } from 'zod'
import { invalidField } from '../../kernel/faults.ts'
import { literalReplacer } from '../../kernel/replace-literals.ts'
import { UNSUBSCRIBE_PLACEHOLDER } from '../../platform/templates/index.ts'

const PARTS_CHARS_MAX = 100_000
/** By so much a part may grow; what would grow more is stopped before it fills the memory. */
const GROWTH_CHARS_MAX = 2 * 1024 * 1024
const REPLACEMENTS_MAX = 50

const Replacements = z
  .record(z.string().min(1).max(200), z.string().max(2_000))
  .refine((entries) => Object.keys(entries).length <= REPLACEMENTS_MAX, {
    error: `holds more than ${REPLACEMENTS_MAX} entries`,
  })

/** What happens to html and text once they are filled: the same for a template and for what a message brings itself. */
export const Finish = z
  .strictObject({
    replace: z
      .strictObject({ html: Replacements.optional(), text: Replacements.optional() })
      .optional()
      .describe('Literal texts and what stands in their place.'),
    append: z
      .strictObject({
        html: z.string().max(PARTS_CHARS_MAX).optional(),
        text: z.string().max(PARTS_CHARS_MAX).optional(),
      })
      .optional()
      .describe('At the end of what there is; in HTML before </body>.'),
    linkParameters: z
      .record(z.string().min(1).max(100), z.string().max(500))
      .refine((entries) => Object.keys(entries).length <= 20, { error: 'holds more than 20 entries' })
      .optional()
      .describe('Added to the query of http and https links of html that do not have them.'),
    linkDomains: z
      .array(z.string().min(1).max(253))
      .max(50)
      .optional()
      .describe('linkParameters are added to links of these domains, and of names below them, alone.'),
    inlineCss: z
      .boolean()
      .optional()
      .describe(
        'Writes what style elements say into the elements that it is about as well. HTML of more than 256 Ki characters stays as it is.',
      ),
  })
  .meta({ id: 'Finish' })
export type Finish = z.output<typeof Finish>

export interface Parts {
  readonly html?: string | undefined
  readonly text?: string | undefined
}

export interface Finishing {
  readonly finish: Finish | undefined
  readonly sensitive: boolean
  /** The page on which the recipient unsubscribes. */
  readonly unsubscribePage: () => string
}

/** The parts of a message as they are sent, links not yet tracked; and whether they say how to unsubscribe. Styles are in their elements already: styling.ts. */
export function finished(parts: Parts, finishing: Finishing): Parts & { readonly offersLeaving: boolean } {
  try {
    return finishedParts(parts, finishing)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw invalidField(
      'finish',
      `makes a part of the message more than ${GROWTH_CHARS_MAX} characters longer`,
    )
  }
}

function finishedParts(
  { html, text }: Parts,
  { finish = {}, sensitive, unsubscribePage }: Finishing,
): Parts & { readonly offersLeaving: boolean } {
  const { replace = {}, append = {}, linkParameters = {}, linkDomains } = finish
  const inHtml = literalReplacer(replace.html ?? {}, GROWTH_CHARS_MAX)
  const inText = literalReplacer(replace.text ?? {}, GROWTH_CHARS_MAX)
  const markup = html === undefined ? undefined : withEnd(inHtml(html), append.html)
  const plain = text === undefined ? undefined : `${inText(text)}${append.text ?? ''}`
  const linked = markup === undefined ? undefined : withParameters(markup, linkParameters, linkDomains)
  const offersLeaving = [linked, plain].some((part) => part?.includes(UNSUBSCRIBE_PLACEHOLDER) === true)
  if (!offersLeaving) return { html: linked, text: plain, offersLeaving }
  if (sensitive)
    throw invalidField(
      'html',
      'holds the link to unsubscribe, and a sensitive message has none',
      'Leave it out.',
    )
  const put = literalReplacer({ [UNSUBSCRIBE_PLACEHOLDER]: unsubscribePage() }, GROWTH_CHARS_MAX)
  return {
    html: linked === undefined ? undefined : put(linked),
    text: plain === undefined ? undefined : put(plain),
    offersLeaving,
  }
}

function withEnd(html: string, end: string | undefined): string {
  if (end === undefined || end === '') return html
  let at = html.length
  for (const { index } of html.matchAll(/<\/body>/gi)) at = index
  return `${html.slice(0, at)}${end}${html.slice(at)}`
}

const HREF = /(\shref\s*=\s*)(?:"(https?:\/\/[^"]*)"|'(https?:\/\/[^']*)')/i
const TAG_CHARS_MAX = 4_000

/** Each `<a …>` is looked at once, so that this is linear in what a sender may write. */
function withParameters(
  html: string,
  parameters: Readonly<Record<string, string>>,
  domains: readonly string[] | undefined,
): string {
  const added = Object.entries(parameters)
  if (added.length === 0) return html
  const pieces: string[] = []
  let chars = 0
  let at = 0
  for (let open = nextLink(html, 0); open >= 0; open = nextLink(html, at)) {
    const close = html.indexOf('>', open)
    if (close < 0) break
    pieces.push(html.slice(at, open))
    const tag = html.slice(open, close)
    const made = tag.length > TAG_CHARS_MAX ? tag : withParametersInTag(tag, added, domains)
    chars += made.length - tag.length
    if (chars > GROWTH_CHARS_MAX) throw new RangeError('too many links with too many parameters')
    pieces.push(made)
    at = close
  }
  return pieces.length === 0 ? html : `${pieces.join('')}${html.slice(at)}`
}

const LINK = /<a[\s/]/gi

function nextLink(html: string, from: number): number {
  LINK.lastIndex = from
  return LINK.exec(html)?.index ?? -1
}

function withParametersInTag(
  tag: string,
  added: readonly (readonly [string, string])[],
  domains: readonly string[] | undefined,
): string {
  return tag.replace(HREF, (all, before: string, double?: string, single?: string) => {
    const quote = double === undefined ? "'" : '"'
    if (domains !== undefined && !isOf(double ?? single ?? '', domains)) return all
    return `${before}${quote}${urlWith(double ?? single ?? '', added)}${quote}`
  })
}

function isOf(url: string, domains: readonly string[]): boolean {
  const host = URL.parse(url)?.hostname ?? ''
  return domains.some((domain) => {
    const wanted = domain.toLowerCase()
    return host === wanted || host.endsWith(`.${wanted}`)
  })
}

function urlWith(written: string, added: readonly (readonly [string, string])[]): string {
  if (written.startsWith(UNSUBSCRIBE_PLACEHOLDER)) return written
  const hash = written.indexOf('#')
  const address = hash < 0 ? written : written.slice(0, hash)
  const fragment = hash < 0 ? '' : written.slice(hash)
  const [, query = ''] = address.split('?', 2)
  const names = new Set(query.split(/&amp;|&/).map((pair) => pair.split('=', 1)[0]))
  const more = added
    .filter(([name]) => !names.has(encodeURIComponent(name)))
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value.toWellFormed())}`)
  if (more.length === 0) return written
  const joint = address.includes('?') ? (/[?&]$/.test(address) ? '' : '&amp;') : '?'
  return `${address}${joint}${more.join('&amp;')}${fragment}`
}
