/** Words that a title keeps small, but for its first: `Your Text is Neat` is the vendor's example. */
const SMALL = new Set('a an and as at but by en for if in is of on or the to v via vs'.split(' '))

export function titleCase(written: string): string {
  // Capitals alone are no title.
  const text = /\p{Ll}/u.test(written) ? written : written.toLowerCase()
  let isFirst = true
  return text.replace(/\S+/gu, (word) => {
    const keeps = !isFirst && SMALL.has(word)
    isFirst = false
    return keeps ? word : word.replace(/\p{L}/u, (letter) => letter.toUpperCase())
  })
}

/** For a part of a URL; also what could end a quoted attribute is encoded. */
export function urlEncoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** Text without tags. In linear time, whatever it is. */
export function stripTags(text: string): string {
  let stripped = ''
  let at = 0
  for (;;) {
    const open = text.indexOf('<', at)
    const close = open < 0 ? -1 : text.indexOf('>', open)
    if (close < 0) return stripped + text.slice(at, open < 0 ? undefined : open)
    stripped += text.slice(at, open)
    at = close + 1
  }
}

/** Numbers are compared as numbers, also where they are written in text. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || !/^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(value))
    return undefined
  return Number(value)
}
