// In processes of its own only: a document that the library cannot bear ends the process.
import { inline } from '@css-inline/css-inline'
import { mayHaveStyles, type InlineLimits } from './limits.ts'

const OPTIONS = { loadRemoteStylesheets: false, keepStyleTags: true, keepLinkTags: true }
const TAG = /<[a-z]/gi
const FORMATTING = /<(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[\s/>]/gi

/**
 * HTML with the styles of its style elements in its elements. The style elements stay, because what is for some screens only is said nowhere else.
 * Nothing is fetched. What is too long, too deep or too much comes back as it is.
 *
 * The bounds count whatever looks like a tag, wherever it stands, and believe no end tag: what a browser takes for one depends on comments,
 * quotes and elements around it, and who finds a difference would end the process that it happens in.
 */
export function withInlineStyles(html: string, limits: InlineLimits): string {
  if (!mayHaveStyles(html, limits)) return html
  const tags = count(html, TAG)
  if (tags > limits.tagsMax || tags * (count(html, FORMATTING) + 1) > limits.reopenedMax) return html
  // Only parsed and written again: then every element stands there.
  const elements = count(inline(html, { ...OPTIONS, inlineStyleTags: false }), TAG)
  const styles = stylesIn(html)
  const isTooMuch =
    elements * (count(styles, /[{,;]/g) + 1) > limits.workMax ||
    elements * styles.length > limits.styledCharsMax
  return isTooMuch ? html : inline(html, OPTIONS)
}

/** From the first style element to the end of the last one, and what is between them. */
function stylesIn(html: string): string {
  const lower = html.toLowerCase()
  const end = lower.lastIndexOf('</style')
  return html.slice(lower.indexOf('<style'), end > lower.lastIndexOf('<style') ? end : html.length)
}

function count(text: string, pattern: RegExp): number {
  let found = 0
  for (const _ of text.matchAll(pattern)) found += 1
  return found
}
