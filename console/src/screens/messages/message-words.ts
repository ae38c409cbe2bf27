import { LANES, RECIPIENT_STATES, type Lane, type RecipientState } from '../../api/types.ts'
import { oneOf } from '../../search-values.ts'

/** What one types into the search box. */
export interface Words {
  readonly state?: RecipientState
  readonly lane?: Lane
  readonly tag?: string
  readonly recipient?: string
}

export interface ReadWords {
  readonly words: Words
  /** What could not be understood, in words; undefined where all was. */
  readonly problem: string | undefined
}

const ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@.]+$/

/**
 * Reads `recipient:ann@example.com tag:news state:bounced lane:bulk`, in any order; an address alone is a recipient, `#news` a tag. Text of
 * messages is sealed and cannot be searched, which is said.
 */
export function readWords(text: string): ReadWords {
  const words: { -readonly [Name in keyof Words]: Words[Name] } = {}
  let problem: string | undefined
  for (const word of text.trim().split(/\s+/)) {
    if (word === '') continue
    const [, name = '', value = ''] = /^([a-z]+):(.*)$/i.exec(word) ?? ['', ...bare(word)]
    problem ??= put(words, name.toLowerCase(), value, word)
  }
  return { words, problem }
}

function bare(word: string): readonly [string, string] {
  if (word.startsWith('#')) return ['tag', word.slice(1)]
  return word.includes('@') ? ['recipient', word] : ['', word]
}

/** Answers what is wrong with it. */
function put(
  words: { -readonly [Name in keyof Words]: Words[Name] },
  name: string,
  value: string,
  word: string,
): string | undefined {
  switch (name) {
    case 'recipient':
    case 'to':
      if (!ADDRESS.test(value))
        return `${value || name} is no whole address: recipients are found by all of it.`
      words.recipient = value
      return undefined
    case 'tag':
      if (value === '') return 'Write the tag behind tag:.'
      words.tag = value
      return undefined
    case 'state': {
      const state = oneOf(RECIPIENT_STATES, value.toLowerCase())
      if (state === undefined) return `state: is one of ${RECIPIENT_STATES.join(', ')}.`
      words.state = state
      return undefined
    }
    case 'lane': {
      const lane = oneOf(LANES, value.toLowerCase())
      if (lane === undefined) return `lane: is one of ${LANES.join(', ')}.`
      words.lane = lane
      return undefined
    }
    default:
      return `“${word}” is not understood. Subjects and texts are sealed; search by recipient:, tag:, state: or lane:.`
  }
}

/** The words that say what is filtered by. */
export function wordsOf({ recipient, tag, state, lane }: Words): string {
  return [
    recipient === undefined ? '' : `recipient:${recipient}`,
    tag === undefined ? '' : `tag:${tag}`,
    state === undefined ? '' : `state:${state}`,
    lane === undefined ? '' : `lane:${lane}`,
  ]
    .filter((word) => word !== '')
    .join(' ')
}
