/**
 * Addresses in texts of strangers. A text is cut into words first and a word is looked at once: a pattern with an address in it begins anew at each
 * character of a word that has no @, and a report of 1 MB then took ten seconds of the process that also takes submissions.
 */
const WORD = /[^\s<>"'(),;:[\]]+/g
/** Local part, @ and domain; no address that anybody accepts is longer (RFC 5321 §4.5.3.1). */
const WORD_CHARS_MAX = 320 + 1 + 260

/** Something, an @, something. */
function isAddress(word: string): boolean {
  const at = word.indexOf('@', 1)
  return at !== -1 && at < word.length - 1
}

/** Addresses in a text, as written, each once, at most `max`; closing dots belong to the sentence. */
export function addressesIn(
  text: string,
  max: number,
): readonly { readonly address: string; readonly at: number }[] {
  const found = new Map<string, number>()
  for (const match of text.matchAll(WORD)) {
    if (match[0].length > WORD_CHARS_MAX || !isAddress(match[0])) continue
    const address = match[0].replace(/^(?:mailto|rfc822):/i, '').replace(/[.…!?]+$/, '')
    if (address.includes('@') && !address.endsWith('@') && !found.has(address))
      found.set(address, match.index)
    if (found.size >= max) break
  }
  return [...found].map(([address, at]) => ({ address, at }))
}

/** The text with `<address>` for every word that is one, with the angle brackets around it. */
export function withoutAddressWords(text: string): string {
  if (!text.includes('@')) return text
  return text
    .replaceAll(WORD, (word) => (isAddress(word) ? '<address>' : word))
    .replaceAll(/<?<address>>?/g, '<address>')
}
