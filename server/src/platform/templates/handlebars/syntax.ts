import Handlebars from 'handlebars'
import { SourceError } from '../position.ts'
import type { EditedSource, Tag } from './source.ts'

type Node = hbs.AST.Node

/** The tree of a source, by the parser of handlebars.js. Throws SourceError where it has none. */
export function parse(edited: EditedSource, tags: readonly Tag[]): hbs.AST.Program {
  try {
    return Handlebars.parse(edited.text)
  } catch (error) {
    if (error instanceof RangeError) throw error
    const at = edited.originalOf(failedAt(edited.text))
    const tag = tags.findLast(({ begin }) => begin <= at) ?? tags[0]
    if (tag === undefined) throw new SourceError('this cannot be read', at)
    const shown = tag.inner.trim().replace(/\s+/g, ' ').slice(0, 40)
    throw new SourceError(
      `"{{${shown}}}" is no expression that can be read${hint(tag.inner) || place(tag.inner)}`,
      tag.begin,
    )
  }
}

const CURLY = /[\u201c\u201d\u2018\u2019]/

/** Word processors and visual editors change quotes, and write blanks as entities. */
export function hint(inner: string): string {
  if (CURLY.test(inner)) return ': there are curly quotes in it, use straight ones'
  const entity = /&(?:nbsp|quot|lt|gt|amp|apos|#\w+);/.exec(inner)?.[0]
  return entity === undefined ? '' : `: there is ${entity} in it, write the character itself`
}

function place(inner: string): string {
  return /\.\d/.test(inner) ? ': a place in a list is written as items.[0]' : ''
}

/** The parser tells a line and a picture; its lexer knows the place. */
function failedAt(text: string): number {
  const lexer = memberOf(memberOf(Handlebars, 'Parser'), 'lexer')
  const matched = memberOf(lexer, 'matched')
  const match = memberOf(lexer, 'match')
  if (typeof matched !== 'string' || typeof match !== 'string') return 0
  return Math.min(text.length, Math.max(0, matched.length - match.length))
}

function memberOf(value: unknown, name: string): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined
  const held: unknown = Reflect.get(value, name)
  return held
}

export function isMustache(node: Node): node is hbs.AST.MustacheStatement {
  return node.type === 'MustacheStatement'
}

export function isBlock(node: Node): node is hbs.AST.BlockStatement {
  return node.type === 'BlockStatement'
}

export function isContent(node: Node): node is hbs.AST.ContentStatement {
  return node.type === 'ContentStatement'
}

export function isPath(node: Node): node is hbs.AST.PathExpression {
  return node.type === 'PathExpression'
}

export function isCall(node: Node): node is hbs.AST.SubExpression {
  return node.type === 'SubExpression'
}

/** The value of a literal, or undefined where the node is none. */
export function literalOf(node: Node): { readonly value: unknown } | undefined {
  if (node.type === 'UndefinedLiteral') return { value: undefined }
  if (node.type === 'NullLiteral') return { value: null }
  if (!/^(?:String|Number|Boolean)Literal$/.test(node.type)) return undefined
  return { value: memberOf(node, 'value') }
}

/** A path of one word that may name a helper: not `this.x`, not `../x`. */
export function simpleName(path: hbs.AST.PathExpression): string | undefined {
  const [name] = path.parts
  const isScoped = /^\.|this\b/.test(path.original)
  return path.parts.length === 1 && path.depth === 0 && !path.data && !isScoped ? name : undefined
}
