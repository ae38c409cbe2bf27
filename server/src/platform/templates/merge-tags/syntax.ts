import { SourceError } from '../position.ts'
import { unknownLetterOf } from '../php-date.ts'

export const PREFIXES = ['UPPER', 'LOWER', 'TITLE', 'URL', 'HTML'] as const
export type Prefix = (typeof PREFIXES)[number]

export interface Condition {
  readonly name: string
  readonly isNot: boolean
  readonly operator: '=' | '!=' | '>' | '<' | '>=' | '<=' | null
  readonly value: string
}

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'variable'
      readonly name: string
      readonly prefix: Prefix | null
      readonly at: number
      /** `http://` of a link that is a tag alone: editors of HTML put it before every link. */
      readonly scheme: string
    }
  | { readonly kind: 'date'; readonly format: string }
  | { readonly kind: 'unsubscribe' }
  | { readonly kind: 'if'; readonly branches: readonly Branch[]; readonly otherwise: readonly Node[] }

export interface Branch {
  readonly condition: Condition
  readonly at: number
  readonly body: Node[]
}

interface Tag {
  readonly inner: string
  readonly at: number
  readonly end: number
}

interface Open {
  readonly branches: Branch[]
  readonly otherwise: Node[]
  readonly at: number
  /** Where what follows belongs. */
  into: Node[]
  hasElse: boolean
}

/** Anything between the marks: which of it is a tag is decided afterwards. */
const TAGS = /\*\|((?:(?!\*\||\|\*)[^\r\n]){0,1000})\|\*/g
const NAME = /^[A-Za-z0-9_]+(?::[A-Za-z0-9_ ]+)*$/

export interface MergeTree {
  readonly nodes: readonly Node[]
  /** What looks like a tag and is none: it stays text, as the vendor leaves it. */
  readonly odd: readonly { readonly at: number; readonly text: string }[]
}

/** Tools that rewrite HTML encode the bars of tags in links. */
const ENCODED = /(?:\*|%2A)%7C[\w:]{1,100}%7C(?:\*|%2A)/gi

/** Reads a source with merge tags. Throws SourceError where the vendor would print the wrong branch, or something else than is meant. */
export function readMergeTags(
  source: string,
  part: { readonly isSubject: boolean; readonly nestingMax: number },
): MergeTree {
  const root: Node[] = []
  const open: Open[] = []
  const odd: { at: number; text: string }[] = []
  let from = 0

  const into = (): Node[] => open.at(-1)?.into ?? root
  const text = (until: number): void => {
    if (until <= from) return
    const words = source.slice(from, until)
    refuseBroken(words, from)
    into().push({ kind: 'text', text: words })
  }

  for (const tag of tagsOf(source)) {
    const { inner, at, end } = tag
    const scheme = schemeBefore(tag)
    text(at - scheme.length)
    from = end
    const keyword = keywordOf(tag)
    if (keyword !== null) {
      if (part.isSubject) throw new SourceError('conditions do not work in a subject', at, 'unsupported')
      conditional(keyword, tag)
    } else if (NAME.test(inner) || /^(?:DATE|UNSUB):/i.test(inner)) into().push(valueOf(tag, scheme))
    else {
      if (NAME.test(inner.trim()))
        throw new SourceError(
          `"*|${inner}|*" has blanks around its name, which make it text: write *|${inner.trim()}|*`,
          at,
        )
      if (/^\s*[A-Za-z0-9_]+\s*\|/.test(inner))
        throw new SourceError(
          `"*|${inner.slice(0, 40)}|*" has a default, which merge tags have not: write *|IF:NAME|*…*|ELSE:|*…*|END:IF|*`,
          at,
          'unsupported',
        )
      odd.push({ at, text: source.slice(at, end) })
      into().push({ kind: 'text', text: source.slice(at, end) })
    }
  }
  text(source.length)
  for (const match of source.matchAll(ENCODED)) odd.push({ at: match.index, text: match[0] })
  const left = open.pop()
  if (left !== undefined) throw new SourceError('*|IF:…|* has no *|END:IF|*', left.at)
  return { nodes: root, odd }

  /** Only of links to unsubscribe, whose value is whole by itself. */
  function schemeBefore({ inner, at }: Tag): string {
    if (!/^UNSUB(?:SCRIBE)?$/i.test(inner)) return ''
    return /https?:\/\/$/i.exec(source.slice(Math.max(from, at - 8), at))?.[0] ?? ''
  }

  function conditional(keyword: string, tag: Tag): void {
    const { at } = tag
    if (keyword === 'IF' || keyword === 'IFNOT') {
      if (open.length >= part.nestingMax)
        throw new SourceError(`conditions are nested more than ${part.nestingMax} deep`, at)
      const branch: Branch = { condition: conditionOf(tag, keyword === 'IFNOT'), at, body: [] }
      const branches = [branch]
      const otherwise: Node[] = []
      into().push({ kind: 'if', branches, otherwise })
      open.push({ branches, otherwise, at, into: branch.body, hasElse: false })
      return
    }
    const last = open.at(-1)
    if (last === undefined) throw new SourceError(`*|${tag.inner}|* stands outside of *|IF:…|*`, at)
    if (keyword === 'END') {
      open.pop()
      return
    }
    if (last.hasElse) throw new SourceError(`*|${tag.inner}|* stands behind *|ELSE:|*`, at)
    if (keyword === 'ELSE') {
      last.hasElse = true
      last.into = last.otherwise
      return
    }
    const branch: Branch = { condition: conditionOf(tag, false), at, body: [] }
    last.branches.push(branch)
    last.into = branch.body
  }
}

function tagsOf(source: string): Tag[] {
  return [...source.matchAll(TAGS)].map((match) => ({
    inner: match[1] ?? '',
    at: match.index,
    end: match.index + match[0].length,
  }))
}

/** What a tag of a condition does, or null where it is none. Throws for what only looks like one. */
function keywordOf({ inner, at }: Tag): 'IF' | 'IFNOT' | 'ELSEIF' | 'ELSE' | 'END' | null {
  const word = inner.toUpperCase()
  if (word.startsWith('IF:')) return 'IF'
  if (word.startsWith('IFNOT:')) return 'IFNOT'
  if (word.startsWith('ELSEIF:')) return 'ELSEIF'
  if (word === 'ELSE:') return 'ELSE'
  if (word === 'END:IF') return 'END'
  if (/^(?:END:)?INTERESTED\b/.test(word))
    throw new SourceError(
      'groups of an audience (INTERESTED) are not there: compare a value, such as *|IF:GROUP = Gold|*',
      at,
      'unsupported',
    )
  const fix = MISTAKES.find(([pattern]) => pattern.test(word.trim()))?.[1]
  if (fix !== undefined) throw new SourceError(`"*|${inner}|*" is no tag: write ${fix}`, at)
  return null
}

const MISTAKES: readonly (readonly [RegExp, string])[] = [
  [/^ELSE$/, '*|ELSE:|*'],
  [/^(?:ENDIF:?|END:?|END: ?IF|END IF|\/IF)$/, '*|END:IF|*'],
  [/^(?:ELSE ?IF|ELSE: ?IF|ELIF|ELSIF)\b/, '*|ELSEIF:NAME|*'],
  [/^IF NOT\b/, '*|IFNOT:NAME|*'],
  [/^IF\b/, '*|IF:NAME|*'],
  [/^(?:ELSE|END)\b/, '*|ELSE:|* or *|END:IF|*'],
]

/** `*IELSEIF:X|*`, `*|ELSEIF:X*`: the chain goes on as if it were not there. */
const BROKEN = /[*|][Il1!]?(?:IFNOT:|ELSEIF:|IF:|ELSE:|END:IF)/

function refuseBroken(words: string, from: number): void {
  const found = BROKEN.exec(words)
  if (found === null) return
  const shown = words.slice(found.index).split('\n')[0]?.slice(0, 30) ?? ''
  throw new SourceError(`"${shown}" is no tag: it begins with *| and ends with |*`, from + found.index)
}

const CONDITION = /^\s*([A-Za-z0-9_]+(?::[A-Za-z0-9_]+)*)\s*(?:(==?|!=|>=|<=|>|<)\s*(.*?)\s*)?$/

function conditionOf({ inner, at }: Tag, isNot: boolean): Condition {
  // Editors of HTML write the signs of comparisons as entities.
  const words = inner
    .slice(inner.indexOf(':') + 1)
    .replaceAll('&gt;', '>')
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&')
  if (
    /(?:&&|\|\||\s(?:AND|OR)\s).*?(?:[=<>]|$)/.test(words) &&
    /(?:&&|\|\||\s(?:AND|OR)\s+\w+\s*(?:[!=<>]|$))/.test(words)
  )
    throw new SourceError(
      'a condition has no AND and no OR: put one *|IF:…|* into another',
      at,
      'unsupported',
    )
  const [, name, operator, value = ''] = CONDITION.exec(words) ?? []
  if (name === undefined)
    throw new SourceError(`"${words.slice(0, 40)}" is no condition: write NAME, or NAME >= 10`, at)
  if (isNot && operator !== undefined)
    throw new SourceError('*|IFNOT:…|* takes a name alone: write *|IF:NAME != value|*', at, 'unsupported')
  if (/^["'\u201c\u2018].*["'\u201d\u2019]$/.test(value))
    throw new SourceError(`${value} would be compared with its quotes: leave them out`, at, 'unsupported')
  return { name, isNot, operator: operator === undefined ? null : operatorOf(operator), value }
}

function operatorOf(operator: string): Condition['operator'] {
  switch (operator) {
    case '!=':
    case '>':
    case '<':
    case '>=':
    case '<=':
      return operator
    default:
      return '='
  }
}

function valueOf({ inner, at }: Tag, scheme: string): Node {
  const word = inner.toUpperCase()
  if (word === 'CURRENT_YEAR') return { kind: 'date', format: 'Y' }
  if (word.startsWith('DATE:')) {
    const format = inner.slice('DATE:'.length)
    const letter = unknownLetterOf(format)
    if (letter !== undefined) throw new SourceError(`DATE: prints no "${letter}" of PHP`, at, 'unsupported')
    return { kind: 'date', format }
  }
  if (word.startsWith('UNSUB:')) return { kind: 'unsubscribe' }
  const prefix = PREFIXES.find((known) => word.startsWith(`${known}:`))
  const name = prefix === undefined ? inner : inner.slice(prefix.length + 1)
  if (prefix !== undefined && PREFIXES.some((known) => name.toUpperCase().startsWith(`${known}:`)))
    throw new SourceError(`"*|${inner}|*" has two prefixes: one is taken`, at, 'unsupported')
  return { kind: 'variable', name, prefix: prefix ?? null, at, scheme }
}
