import type { FieldProblem } from '../../kernel/faults.ts'

/** NIST SP 800-63B-4 §3.1.1.2: a password that is the only factor has 15 characters, one beside a second factor has 8. */
export const LENGTH_MIN_ALONE = 15
export const LENGTH_MIN_WITH_FACTOR = 8
/** At least 64 have to be allowed; a bound there must be, because normalising and hashing cost. */
export const LENGTH_MAX = 256

/** UTF-16 units that are looked at. One code point is two units at most, and what is longer is over the bound in any form. */
const UNITS_MAX = 2 * LENGTH_MAX
/** Controls, halves of surrogate pairs and what Unicode has not assigned: the latter might normalise differently tomorrow (UAX #15 §12.1). */
const UNSTABLE = /[\p{Cc}\p{Cs}\p{Cn}]/u
/** Words that others know of a person count from this length on; shorter ones occur by chance. */
const WORD_MIN = 3
/** A password that has fewer letters than this besides known words is made of them. */
const OWN_LETTERS_MIN = 4
const SERVICE_WORDS = ['bulkhead']
const FIELD = 'password'

export type PreparedPassword =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: FieldProblem }

/**
 * The form of a password that is hashed: NFKC of a stabilised string (SP 800-63B-4 §3.1.1.2, UAX #15 §12.1), so that the same keys on
 * another keyboard or system give the same password. Nothing is cut off, trimmed or folded. Passwords that were set pass always.
 */
export function preparePassword(password: string): PreparedPassword {
  if (password.length > UNITS_MAX || characters(password) > LENGTH_MAX) return refused(TOO_LONG)
  if (UNSTABLE.test(password))
    return refused({
      problem:
        'holds a character that is not written the same everywhere (a control character, or half of one)',
      fix: 'use letters, digits, spaces, signs or emoji',
    })
  const text = password.normalize('NFKC')
  return characters(text) > LENGTH_MAX ? refused(TOO_LONG) : { ok: true, text }
}

/**
 * What is wrong with a new password, by itself; null where nothing is. `singleFactor`: it will be the only factor. `words`: what others
 * know of the person and the workspace (address, name), which alone make no password. There are no rules of composition and no end of
 * its life (SP 800-63B-4 §3.1.1.2). Whether it is in a known breach is asked of `Breached`.
 */
export function judgePassword(
  password: string,
  facts: { readonly singleFactor: boolean; readonly words: readonly string[] },
): FieldProblem | null {
  const prepared = preparePassword(password)
  if (!prepared.ok) return prepared.problem
  const { text } = prepared
  const min = facts.singleFactor ? LENGTH_MIN_ALONE : LENGTH_MIN_WITH_FACTOR
  // One character may normalise to many, and many to one: neither makes a short password long.
  if (Math.min(characters(password), characters(text)) < min) {
    return {
      field: FIELD,
      problem: `must have ${min} characters or more`,
      fix: facts.singleFactor
        ? 'several words in a row are long and easy to remember'
        : 'add a word or two; length counts more than signs',
    }
  }
  if (isRepetitive(text) || isSequence(text))
    return { field: FIELD, problem: 'repeats itself or counts up, so it is guessed first', fix: OTHERWISE }
  if (isMadeOf(text, [...SERVICE_WORDS, ...facts.words]))
    return {
      field: FIELD,
      problem: 'is made of words that others know of you or of this service',
      fix: OTHERWISE,
    }
  return null
}

const OTHERWISE =
  'choose several words that have nothing to do with each other, or let a password manager choose'
const TOO_LONG = { problem: `has more than ${LENGTH_MAX} characters`, fix: 'choose a shorter one' }

function refused(problem: Omit<FieldProblem, 'field'>): PreparedPassword {
  return { ok: false, problem: { field: FIELD, ...problem } }
}

/** Code points: each counts as one (SP 800-63B-4 §3.1.1.2). */
function characters(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}

/** `aaaaaaaa`, `abcabcab`, `Kornblumekornblume`: the same again and again, or twice, whatever the case. */
function isRepetitive(text: string): boolean {
  const points = Array.from(text.toLowerCase())
  for (let period = 1; period <= points.length / 2; period++) {
    if (points.every((point, at) => at < period || point === points[at - period])) return true
  }
  return false
}

/** `12345678`, `hgfedcba`, `890123`: every step the same, up or down by one; after 9 comes 0. */
function isSequence(text: string): boolean {
  const points = Array.from(text.toLowerCase()).map((point) => point.codePointAt(0) ?? 0)
  const goes = (step: 1 | -1): boolean =>
    points.every((point, at) => {
      const before = points[at - 1]
      if (before === undefined) return true
      const wraps = step === 1 ? before === 0x39 && point === 0x30 : before === 0x30 && point === 0x39
      return point - before === step || wraps
    })
  return goes(1) || goes(-1)
}

/** `ann.smith-2026!` of Ann Smith: known words, digits and signs, and hardly a letter besides. */
function isMadeOf(text: string, words: readonly string[]): boolean {
  const known = words
    .flatMap((word) => [word, ...word.split(/[^\p{L}\p{N}]+/u)])
    .map((word) => word.normalize('NFKC').toLowerCase())
    .filter((word) => characters(word) >= WORD_MIN && /\p{L}/u.test(word))
    // The longest first, so that a part does not break the whole.
    .sort((a, b) => b.length - a.length)
  let rest = text.toLowerCase()
  const before = rest.length
  for (const word of known) rest = rest.replaceAll(word, ' ')
  return rest.length !== before && characters(rest.replace(/\P{L}/gu, '')) < OWN_LETTERS_MIN
}
