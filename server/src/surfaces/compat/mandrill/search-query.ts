/** What a search looks at in a mail. */
export interface Searchable {
  readonly email: string
  readonly sender: string
  readonly subject: string
  readonly tags: readonly string[]
  readonly state: string
  readonly subaccount: string
}

export type Matcher = (mail: Searchable) => boolean

const QUERY_CHARS_MAX = 2_000
const TERMS_MAX = 100

const FIELDS: Readonly<Record<string, (mail: Searchable) => readonly string[]>> = {
  email: ({ email }) => [email],
  full_email: ({ email }) => [email],
  to: ({ email }) => [email],
  sender: ({ sender }) => [sender],
  from: ({ sender }) => [sender],
  subject: ({ subject }) => [subject],
  tags: ({ tags }) => tags,
  tag: ({ tags }) => tags,
  state: ({ state }) => [state],
  subaccount: ({ subaccount }) => [subaccount],
}

const TOKEN = /\(|\)|(-|\+)?(?:(\w+):)?(?:"([^"]*)"|([^\s()"]+))/g

interface Token {
  readonly kind: 'open' | 'close' | 'and' | 'or' | 'not' | 'term'
  readonly matches?: Matcher
}

/**
 * The part of Lucene's language that the vendor documents: words and phrases, with a field before them or without, AND, OR, NOT, parentheses and
 * wildcards. Words that stand beside each other without an operator are both wanted.
 */
export function readQuery(query: string): Matcher {
  const tokens = tokensOf(query.slice(0, QUERY_CHARS_MAX))
  if (tokens.length === 0) return () => true
  let at = 0

  const anyOf = (): Matcher => {
    let left = allOf()
    while (tokens[at]?.kind === 'or') {
      at += 1
      const [one, other] = [left, allOf()]
      left = (mail) => one(mail) || other(mail)
    }
    return left
  }
  const allOf = (): Matcher => {
    let left = single()
    while (at < tokens.length && tokens[at]?.kind !== 'or' && tokens[at]?.kind !== 'close') {
      if (tokens[at]?.kind === 'and') at += 1
      const [one, other] = [left, single()]
      left = (mail) => one(mail) && other(mail)
    }
    return left
  }
  const single = (): Matcher => {
    const token = tokens[at]
    at += 1
    if (token?.kind === 'not') {
      const inner = single()
      return (mail) => !inner(mail)
    }
    if (token?.kind === 'open') {
      const inner = anyOf()
      if (tokens[at]?.kind === 'close') at += 1
      return inner
    }
    return token?.matches ?? (() => true)
  }

  const matchers: Matcher[] = []
  while (at < tokens.length) {
    matchers.push(anyOf())
    // A parenthesis that closes nothing is passed over.
    if (tokens[at]?.kind === 'close') at += 1
  }
  return (mail) => matchers.every((matches) => matches(mail))
}

/** An address that alone is searched for: it is found without looking at other mail. */
export function onlyAddressOf(query: string): string | undefined {
  return /^\s*(?:(?:email|full_email|to):)?"?([^\s"*?:()@]+@[^\s"*?:()@]+)"?\s*$/i.exec(query)?.[1]
}

function tokensOf(query: string): Token[] {
  const tokens: Token[] = []
  for (const [whole, sign, field, phrase, word] of query.matchAll(TOKEN)) {
    if (tokens.length >= TERMS_MAX) break
    if (whole === '(') tokens.push({ kind: 'open' })
    else if (whole === ')') tokens.push({ kind: 'close' })
    else if (phrase === undefined && field === undefined && sign === undefined && isOperator(word))
      tokens.push({ kind: OPERATORS[word] })
    else {
      if (sign === '-') tokens.push({ kind: 'not' })
      tokens.push({ kind: 'term', matches: matcherOf(field, phrase ?? word ?? '') })
    }
  }
  return tokens
}

const OPERATORS = { AND: 'and', '&&': 'and', OR: 'or', '||': 'or', NOT: 'not', '!': 'not' } as const

function isOperator(word: string | undefined): word is keyof typeof OPERATORS {
  return word !== undefined && Object.hasOwn(OPERATORS, word)
}

function matcherOf(field: string | undefined, wanted: string): Matcher {
  const named = field === undefined ? undefined : FIELDS[field.toLowerCase()]
  // A word with a colon that is no field is searched for as it stands.
  const text = named === undefined && field !== undefined ? `${field}:${wanted}` : wanted
  if (text === '*') return () => true
  const fits = fitting(text)
  if (named !== undefined) return (mail) => named(mail).some(fits)
  return ({ email, sender, subject, tags }) => [email, sender, subject, ...tags].some(fits)
}

/** A word is one that begins in the value; one with wildcards fits a whole word of it. */
function fitting(wanted: string): (value: string) => boolean {
  const lower = wanted.toLowerCase()
  if (!/[*?]/.test(lower)) return (value) => beginsIn(value.toLowerCase(), lower)
  return (value) =>
    value
      .toLowerCase()
      .slice(0, 2_000)
      .split(/[\s,;"<>()]+/)
      .some((word) => globs(word, lower))
}

/** Whether a word fits a pattern with `*` and `?`; at most as many steps as their lengths multiplied. */
function globs(word: string, pattern: string): boolean {
  let [at, wanted] = [0, 0]
  let star = -1
  let mark = 0
  while (at < word.length) {
    const char = pattern.charAt(wanted)
    if (char === '*') {
      star = wanted
      wanted += 1
      mark = at
    } else if (char !== '' && (char === '?' || char === word.charAt(at))) {
      at += 1
      wanted += 1
    } else if (star >= 0) {
      mark += 1
      at = mark
      wanted = star + 1
    } else return false
  }
  return /^\**$/.test(pattern.slice(wanted))
}

function beginsIn(value: string, wanted: string): boolean {
  for (let at = value.indexOf(wanted); at >= 0; at = value.indexOf(wanted, at + 1)) {
    if (at === 0 || !/[\p{L}\p{N}]/u.test(value.charAt(at - 1))) return true
  }
  return false
}
