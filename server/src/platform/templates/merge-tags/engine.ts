import type { Asked, CompiledPart, DialectEngine, Remark, RenderRun } from '../dialect.ts'
import { isUnquoted, unquotedAt } from '../explain.ts'
import { isTrue, printed } from '../handlebars/run.ts'
import type { RenderedPart, RenderLimits } from '../job.ts'
import { phpDate } from '../php-date.ts'
import { createPositions, MissingVariable, type Position } from '../position.ts'
import { Printing } from '../printing.ts'
import { escapeHtml } from '../text-of.ts'
import { unsubscribeLink } from '../unsubscribe-link.ts'
import { numberOf, titleCase, urlEncoded } from '../words.ts'
import { readMergeTags, type Condition, type MergeTree, type Node, type Prefix } from './syntax.ts'

/** Merge tags of Mailchimp, as Mandrill fills them: `*|FNAME|*`. Names are told apart without regard to case. */
export function createMergeTagsEngine(limits: RenderLimits): DialectEngine {
  return {
    compile: (part, source) => compile(part, source, limits),
    holds: (data, [name]) =>
      typeof data === 'object' &&
      data !== null &&
      Object.keys(data).some((key) => isSameName(key, String(name))),
  }
}

function isSameName(left: string, right: string): boolean {
  return left.toUpperCase() === right.toUpperCase()
}

function compile(part: RenderedPart, source: string, limits: RenderLimits): CompiledPart {
  const tree = readMergeTags(source, { isSubject: part === 'subject', nestingMax: limits.nestingMax })
  return {
    render: (run) => render(tree.nodes, part, run),
    asked: () => askedBy(tree.nodes, createPositions(source)),
    remarks: () => remarksOn(tree, part, source),
  }
}

interface Filling {
  readonly printing: Printing
  readonly values: ReadonlyMap<string, unknown>
  readonly isMarkup: boolean
  readonly strict: boolean
  readonly now: Date
}

function render(nodes: readonly Node[], part: RenderedPart, run: RenderRun): string {
  const filling: Filling = {
    printing: new Printing(run),
    values: new Map(Object.entries(run.data).map(([name, value]) => [name.toUpperCase(), value])),
    isMarkup: part === 'html',
    strict: run.strict,
    now: new Date(),
  }
  printAll(nodes, filling)
  return filling.printing.text
}

function printAll(nodes: readonly Node[], filling: Filling): void {
  for (const node of nodes) {
    switch (node.kind) {
      case 'text':
        filling.printing.add(node.text)
        break
      case 'variable':
        filling.printing.add(valueOf(node, filling))
        break
      case 'date':
        filling.printing.add(phpDate(node.format, filling.now))
        break
      case 'unsubscribe':
        filling.printing.add(unsubscribeLink())
        break
      case 'if': {
        const branch = node.branches.find(({ condition }) => holds(condition, filling))
        printAll(branch === undefined ? node.otherwise : branch.body, filling)
        break
      }
    }
  }
}

/** What Mandrill fills in itself, where the data says nothing. */
const UNSUBSCRIBE_NAMES = new Set(['UNSUB', 'UNSUBSCRIBE'])

function valueOf(
  { name, prefix, at, scheme }: Extract<Node, { kind: 'variable' }>,
  filling: Filling,
): string {
  const key = name.toUpperCase()
  const value = filling.values.get(key)
  if (value === undefined && UNSUBSCRIBE_NAMES.has(key)) return unsubscribeLink()
  if (value === undefined && filling.strict) throw new MissingVariable(key, at)
  const whole = /^https?:\/\//i.test(printed(value)) ? printed(value) : `${scheme}${printed(value)}`
  const text = changed(whole, prefix)
  return filling.isMarkup && prefix !== 'HTML' ? escapeHtml(text) : text
}

function changed(text: string, prefix: Prefix | null): string {
  switch (prefix) {
    case 'UPPER':
      return text.toUpperCase()
    case 'LOWER':
      return text.toLowerCase()
    case 'TITLE':
      return titleCase(text)
    case 'URL':
      return urlEncoded(text)
    case 'HTML':
    case null:
      return text
  }
}

function holds({ name, isNot, operator, value }: Condition, { values }: Filling): boolean {
  const held = values.get(name.toUpperCase())
  if (operator === null) return isTrue(held === '0' ? 0 : held) !== isNot
  // Absent is like nothing, and unlike everything else.
  const [left, right] = [numberOf(held), numberOf(value)]
  const isSame = left !== undefined && right !== undefined ? left === right : printed(held) === value
  if (operator === '=') return isSame
  if (operator === '!=') return !isSame
  if (left === undefined || right === undefined) return false
  switch (operator) {
    case '>':
      return left > right
    case '<':
      return left < right
    case '>=':
      return left >= right
    case '<=':
      return left <= right
  }
}

type Positions = (at: number) => Position

function askedBy(nodes: readonly Node[], positions: Positions): Asked[] {
  return nodes.flatMap((node): Asked[] => {
    if (node.kind === 'variable') {
      const isGiven = UNSUBSCRIBE_NAMES.has(node.name.toUpperCase())
      return isGiven ? [] : [askedAt(node.name, positions(node.at), false)]
    }
    if (node.kind !== 'if') return []
    return [
      ...node.branches.flatMap(({ condition, at, body }) => [
        askedAt(condition.name, positions(at), true),
        ...askedBy(body, positions),
      ]),
      ...askedBy(node.otherwise, positions),
    ]
  })
}

function askedAt(name: string, position: Position, isExcused: boolean): Asked {
  return { name: name.toUpperCase(), path: [name], ...position, isExcused }
}

function remarksOn({ nodes, odd }: MergeTree, part: RenderedPart, source: string): Remark[] {
  const positions = createPositions(source)
  return [
    ...odd.map(({ at, text }): Remark => ({
      code: 'suspicious',
      message: `"${text.slice(0, 60)}" is no merge tag; it is printed as it stands.`,
      ...positions(at),
    })),
    ...(part === 'html' ? placesOf(nodes).filter((at) => isUnquoted(source, at)) : []).map((at) =>
      unquotedAt(positions(at)),
    ),
  ]
}

function placesOf(nodes: readonly Node[]): number[] {
  return nodes.flatMap((node): number[] => {
    if (node.kind === 'variable') return [node.at]
    if (node.kind !== 'if') return []
    return [...node.branches.flatMap(({ body }) => placesOf(body)), ...placesOf(node.otherwise)]
  })
}
