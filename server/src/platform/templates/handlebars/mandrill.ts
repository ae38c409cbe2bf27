import { phpDate, unknownLetterOf } from '../php-date.ts'
import { SourceError, ValueError } from '../position.ts'
import { unsubscribeLink } from '../unsubscribe-link.ts'
import { numberOf, stripTags, titleCase, urlEncoded } from '../words.ts'
import { COMPARISON_MARK } from './language.ts'
import type { Comparison, HandlebarsLanguage, InlineHelper, Operand, Rewriting } from './language.ts'
import { escaped, isTrue, printed } from './run.ts'
import type { Edit, Tag } from './source.ts'

function textHelper(work: (text: string) => string): InlineHelper {
  return { takes: [1, 1], run: ([value]) => work(printed(value)), isNested: true, isVariableAlone: true }
}

/** Mandrill's Handlebars: what its page "Using Handlebars for Dynamic Content" has. */
export const MANDRILL_HANDLEBARS: HandlebarsLanguage = {
  vendor: 'Mandrill',
  inline: {
    upper: textHelper((text) => text.toUpperCase()),
    lower: textHelper((text) => text.toLowerCase()),
    title: textHelper(titleCase),
    url: textHelper(urlEncoded),
    striptags: textHelper(stripTags),
    date: { takes: [0, 1], run: ([format], run) => printedDate(format, run.nowMs) },
    unsub: { takes: [0, 1], run: ([redirect]) => unsubscribeLink(printed(redirect)), isExcusing: true },
  },
  blocks: {
    if: { kind: 'condition', takes: [1, 1], test: ([value]) => isTrue(value) },
    unless: { kind: 'condition', takes: [1, 1], test: ([value]) => !isTrue(value) },
    each: { kind: 'each' },
    with: { kind: 'with' },
  },
  data: new Set(['root', 'index', 'key', 'first', 'last']),
  hasSections: true,
  // The reference of messages/send: "Merge variable names are case-insensitive".
  ignoresCase: true,
  bareHelpers: new Set(),
  escapeIn: (part) => (part === 'html' ? escaped : undefined),
  rewrite,
  refused: {
    elsif: 'Mandrill takes {{elsif}} for a variable: write {{elseif …}}',
    endif: 'Mandrill takes {{endif}} for a variable: write {{/if}}',
    lookup: 'Mandrill has no {{lookup}}: write the path whole',
    log: 'Mandrill has no {{log}}',
  },
  remarkOn(name, params) {
    if (params > 0) return undefined
    if (name === 'date') return '{{date}} prints today. A variable of this name is {{this.date}}.'
    return undefined
  },
}

function printedDate(format: unknown, nowMs: number): string {
  const wanted = format === undefined ? 'd/m/Y' : printed(format)
  const letter = unknownLetterOf(wanted)
  if (letter !== undefined) throw new ValueError(`date prints no "${letter}" of PHP`)
  return phpDate(wanted, new Date(nowMs))
}

/** `{{elseif x}}` becomes `{{else if x}}`, and comparisons in backticks become strings that stand for them. */
function rewrite(_source: string, tags: readonly Tag[]): Rewriting {
  const edits: Edit[] = []
  const comparisons = new Map<string, Comparison>()
  for (const tag of tags) {
    const { inner, innerAt } = tag
    const elseif = /^(\s*)else\s*if\b/i.exec(inner)
    if (elseif !== null) {
      const at = innerAt + (elseif[1]?.length ?? 0)
      edits.push({ at, length: elseif[0].length - (elseif[1]?.length ?? 0), text: 'else if' })
    }
    const tick = inner.indexOf('`')
    if (tick < 0) continue
    const [, words = '', after = ''] = /^`([^`]*)`(.*)$/s.exec(inner.slice(tick)) ?? []
    if (!/^\s*(?:#\s*(?:if|unless)|else\s*if)\s*$/i.test(inner.slice(0, tick)) || after.trim() !== '')
      throw new SourceError(
        'backticks hold a comparison in {{#if}} and {{elseif}} alone',
        innerAt + tick,
        'unsupported',
      )
    const key = `${COMPARISON_MARK}${comparisons.size}`
    comparisons.set(key, comparisonOf(words, innerAt + tick))
    edits.push({ at: innerAt + tick, length: words.length + 2, text: `"${key}"` })
  }
  return { edits, comparisons }
}

const OPERATORS = /^\s*("[^"]*"|[^\s"=!<>]+)\s*(?:(==|!=|<=|>=|<|>)\s*("[^"]*"|[^\s"=!<>]+)\s*)?$/

function comparisonOf(words: string, at: number): Comparison {
  const [, left, operator, right] = OPERATORS.exec(words) ?? []
  if (left === undefined)
    throw new SourceError(`"${words.slice(0, 40)}" is no comparison${whyNot(words)}`, at)
  if (operator === undefined || right === undefined)
    return { left: operandOf(left, at), operator: '', right: { literal: undefined }, test: isTrue }
  return { left: operandOf(left, at), operator, right: operandOf(right, at), test: testOf(operator) }
}

function whyNot(words: string): string {
  if (words.includes("'")) return ': Mandrill takes texts in double quotes alone'
  if (/[\u201c\u201d\u2018\u2019]/.test(words)) return ': there are curly quotes in it, use straight ones'
  const entity = /&\w+;/.exec(words)?.[0]
  if (entity !== undefined) return `: there is ${entity} in it, write the character itself`
  if (/&&|\|\||\band\b|\bor\b/i.test(words))
    return ': it compares two things once; put one {{#if}} into another'
  return ': write it as `purchases > 3`'
}

const LITERALS: Readonly<Record<string, unknown>> = { true: true, false: false, null: null, undefined }

function operandOf(word: string, at: number): Operand {
  if (word.startsWith('"')) return { literal: word.slice(1, -1) }
  const number = numberOf(word)
  if (number !== undefined) return { literal: number }
  if (Object.hasOwn(LITERALS, word)) return { literal: LITERALS[word] }
  const path = word.replace(/^this\./, '')
  if (!/^[\p{L}\p{N}_$-]+(?:\.[\p{L}\p{N}_$-]+)*$/u.test(path))
    throw new SourceError(`"${word.slice(0, 40)}" is no name and no value${whyNot(word)}`, at)
  return { path: path === 'this' ? [] : path.split('.') }
}

function testOf(operator: string): Comparison['test'] {
  return (left, right) => {
    const order = orderOf(left, right)
    switch (operator) {
      case '==':
        return order === 0
      case '!=':
        return order !== 0
      case '<':
        return order === -1
      case '>':
        return order === 1
      case '<=':
        return order === -1 || order === 0
      default:
        return order === 1 || order === 0
    }
  }
}

/** Numbers by their size, also in text; else texts by the alphabet; undefined where there is no order. */
function orderOf(left: unknown, right: unknown): -1 | 0 | 1 | undefined {
  const [first, second] = [numberOf(left), numberOf(right)]
  if (first !== undefined && second !== undefined) return signOf(first, second)
  if (left === null || left === undefined || right === null || right === undefined)
    return (left ?? null) === (right ?? null) ? 0 : undefined
  if (typeof left === 'boolean' || typeof right === 'boolean')
    return isTrue(left) === isTrue(right) ? 0 : undefined
  if (typeof left === 'object' || typeof right === 'object') return undefined
  return signOf(printed(left), printed(right))
}

function signOf<T extends string | number>(left: T, right: T): -1 | 0 | 1 | undefined {
  if (left === right) return 0
  if (left < right) return -1
  return left > right ? 1 : undefined
}
