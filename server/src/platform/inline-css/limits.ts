export interface InlineLimits {
  /** Longer documents stay as they are, as with the vendors that offer it. */
  readonly charsMax: number
  /** No document is deeper than it has tags. The library recurses: it ends the process somewhere above 6,000. */
  readonly tagsMax: number
  /** Elements that stay open over the end of their block are begun anew in each block after it: so many elements may come of so few tags. */
  readonly reopenedMax: number
  /** Rules and declarations, times elements. */
  readonly workMax: number
  /** Characters of styles, times elements: what all of them may become where every element gets all. */
  readonly styledCharsMax: number
  /** What one document may work. What the bounds above let through takes 600 ms. */
  readonly timeMs: number
  /** What documents of one owner may work in a turn; the one that passes it is the last. */
  readonly turnMs: number
}

export const INLINE_LIMITS: InlineLimits = {
  charsMax: 256 * 1024,
  tagsMax: 3_000,
  reopenedMax: 200_000,
  workMax: 2_000_000,
  styledCharsMax: 24 * 1024 * 1024,
  timeMs: 2_000,
  turnMs: 250,
}

/** Whether there is anything to do; of most mail there is not, and it never leaves the process. */
export function mayHaveStyles(html: string, limits: Pick<InlineLimits, 'charsMax'>): boolean {
  return html.length <= limits.charsMax && /<style[\s/>]/i.test(html)
}
