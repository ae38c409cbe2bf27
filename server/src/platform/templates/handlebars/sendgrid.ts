import { SourceError } from '../position.ts'
import { numberOf } from '../words.ts'
import type { BlockHelper, HandlebarsLanguage } from './language.ts'
import { escaped, isTrue, printed } from './run.ts'
import { formatDate } from './sendgrid-date.ts'
import type { Edit, Tag } from './source.ts'

function condition(count: number, test: (args: readonly unknown[]) => boolean): BlockHelper {
  return { kind: 'condition', takes: [count, count], test }
}

/** `{{#equals 3 "3"}}` is true: what is the same number or the same text. */
function isSame(left: unknown, right: unknown): boolean {
  if (left === undefined || left === null || right === undefined || right === null)
    return (left ?? null) === (right ?? null)
  const [first, second] = [numberOf(left), numberOf(right)]
  if (first !== undefined && second !== undefined) return first === second
  return printed(left) === printed(right)
}

/** Numbers by their size, other texts by the alphabet; what cannot be compared is neither more nor less. */
function isLess(left: unknown, right: unknown): boolean {
  const [first, second] = [numberOf(left), numberOf(right)]
  if (first !== undefined && second !== undefined) return first < second
  return typeof left === 'string' && typeof right === 'string' && left < right
}

const IN_SUBJECT: Readonly<Record<string, string>> = { '&': '&amp;', '"': '&quot;', "'": '&apos;' }

/** The vendor's page asks for three braces in subjects with these, because two do this to them; of others it says nothing. */
function escapedInSubject(text: string): string {
  return text.replace(/[&"']/g, (character) => IN_SUBJECT[character] ?? '')
}

const DEFAULT = /^default=/

/** SendGrid's Handlebars: what its page "Using Handlebars" has, and nothing else. */
export const SENDGRID_HANDLEBARS: HandlebarsLanguage = {
  vendor: 'SendGrid',
  inline: {
    length: {
      takes: [1, 1],
      run: ([value]) => (typeof value === 'string' || Array.isArray(value) ? value.length : 0),
      isExcusing: true,
      isNested: true,
    },
    insert: {
      takes: [1, 2],
      run: ([value, fallback]) =>
        value === undefined || value === null || value === ''
          ? printed(fallback).replace(DEFAULT, '')
          : value,
      isExcusing: true,
    },
    formatDate: { takes: [2, 3], run: ([value, format, offset]) => formatDate(value, format, offset) },
  },
  blocks: {
    if: condition(1, ([value]) => isTrue(value)),
    unless: condition(1, ([value]) => !isTrue(value)),
    each: { kind: 'each' },
    equals: condition(2, ([left, right]) => isSame(left, right)),
    notEquals: condition(2, ([left, right]) => !isSame(left, right)),
    greaterThan: condition(2, ([left, right]) => isLess(right, left)),
    lessThan: condition(2, ([left, right]) => isLess(left, right)),
    and: condition(2, (args) => args.every(isTrue)),
    or: condition(2, (args) => args.some(isTrue)),
  },
  data: new Set(['root', 'index', 'key', 'first', 'last']),
  hasSections: false,
  bareHelpers: new Set(['length']),
  escapeIn(part) {
    // Nobody reads a text as HTML.
    if (part === 'text') return undefined
    return part === 'html' ? escaped : escapedInSubject
  },
  rewrite: (_source, tags) => ({ edits: tags.flatMap(rewritten), comparisons: new Map() }),
  refused: {
    elseif: 'SendGrid takes {{elseif}} for a variable and prints the wrong branch: write {{else if …}}',
    elseIf: 'SendGrid takes {{elseIf}} for a variable and prints the wrong branch: write {{else if …}}',
    elsif: 'SendGrid takes {{elsif}} for a variable and prints the wrong branch: write {{else if …}}',
    endif: 'SendGrid takes {{endif}} for a variable: write {{/if}}',
    with: 'SendGrid does not render {{#with}}: write the path whole, such as {{user.name}}',
    lookup: 'SendGrid does not render {{lookup}}: write the path whole',
    log: 'SendGrid has no {{log}}',
    eq: 'SendGrid has no "eq": write {{#equals a b}} … {{/equals}}',
    ne: 'SendGrid has no "ne": write {{#notEquals a b}} … {{/notEquals}}',
    gt: 'SendGrid has no "gt": write {{#greaterThan a b}} … {{/greaterThan}}',
    lt: 'SendGrid has no "lt": write {{#lessThan a b}} … {{/lessThan}}',
    each: 'this stands where a value is printed: write {{#each items}} … {{/each}}',
  },
  checkCall(name, [first]) {
    if (name === 'insert' && first === 'formatDate')
      return 'SendGrid does not render {{insert formatDate …}}: put {{formatDate …}} into {{#if}}'
    return undefined
  },
}

/** `{{first_name | Valued Customer}}`, which the vendor's editor saves as {{insert first_name "default=Valued Customer"}}. */
const FALLBACK = /^\s*([\w@.[\]-]+)\s*\|([^|]*)$/s
const LENGTH_SECOND = /^(\s*(?:#|else\s)\s*)(greaterThan|lessThan)\s+(\S+)\s+length\s+([^\s()]+)\s*$/

function rewritten(tag: Tag): Edit[] {
  const { inner, innerAt: at } = tag
  const [, path, text = ''] = FALLBACK.exec(inner) ?? []
  if (path !== undefined) {
    const quote = text.includes('"') ? "'" : '"'
    if (text.includes(quote))
      throw new SourceError('a default holds both kinds of quotes: leave one out', tag.begin)
    return [{ at, length: inner.length, text: `insert ${path} ${quote}default=${text.trim()}${quote}` }]
  }
  const [, open, name, number, list] = LENGTH_SECOND.exec(inner) ?? []
  if (open === undefined) return []
  if (name === 'lessThan')
    throw new SourceError(
      `it is not known how SendGrid reads {{#lessThan ${number} length ${list}}}: write {{#greaterThan length ${list} ${number}}}`,
      tag.begin,
      'unsupported',
    )
  // The vendor's page: {{#greaterThan 0 length cartItems}} is "true when the cart has items", though 0 is greater than no length.
  return [{ at, length: inner.length, text: `${open}greaterThan (length ${list}) ${number}` }]
}
