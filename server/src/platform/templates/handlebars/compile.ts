import type { Asked, CompiledPart, Remark, RenderRun } from '../dialect.ts'
import { isUnquoted, nameOf, unquotedAt } from '../explain.ts'
import type { RenderedPart, RenderLimits } from '../job.ts'
import { createPositions, lineStarts, MissingVariable, SourceError, ValueError } from '../position.ts'
import { COMPARISON_MARK } from './language.ts'
import type { BlockHelper, Comparison, HandlebarsLanguage, Operand } from './language.ts'
import { eachOf, isTrue, member, print, printed, underNames, within, type Frame, type Run } from './run.ts'
import { checkBlocks, editSource, readTags, type EditedSource } from './source.ts'
import {
  hint,
  isBlock,
  isCall,
  isContent,
  isMustache,
  isPath,
  literalOf,
  parse,
  simpleName,
} from './syntax.ts'

type Print = (run: Run) => void
type Value = (run: Run) => unknown

/** Where paths begin, for what a template asks of the data: null within a list, whose entries are not named. */
type Scope = readonly string[] | null

/** Reads a source of a vendor's Handlebars into functions that print it. */
export function compileHandlebars(
  language: HandlebarsLanguage,
  part: RenderedPart,
  source: string,
  limits: RenderLimits,
): CompiledPart {
  const compiler = new Compiler(language, part, source, limits)
  const body = compiler.compile()
  return {
    render: (given) =>
      render(
        body,
        language.ignoresCase === true
          ? {
              ...given,
              data: underNames(
                given.data,
                compiler.asked.map(({ path }) => String(path[0])),
              ),
            }
          : given,
      ),
    asked: () => compiler.asked,
    remarks: () => compiler.remarks,
  }
}

function render(body: Print, { data, strict, clock, limits }: RenderRun): string {
  const run: Run = {
    root: data,
    scopes: [data],
    frame: undefined,
    strict,
    clock,
    nowMs: Date.now(),
    charsMax: limits.outputCharsMax,
    output: '',
  }
  body(run)
  return run.output
}

class Compiler {
  readonly asked: Asked[] = []
  readonly remarks: Remark[] = []
  readonly #language: HandlebarsLanguage
  readonly #source: string
  readonly #escape: ((text: string) => string) | undefined
  readonly #isMarkup: boolean
  readonly #limits: RenderLimits
  readonly #scopes: Scope[] = [[]]
  readonly #positions: ReturnType<typeof createPositions>
  #edited: EditedSource = editSource('', [])
  #lineStarts: number[] = []
  #comparisons: ReadonlyMap<string, Comparison> = new Map()

  constructor(language: HandlebarsLanguage, part: RenderedPart, source: string, limits: RenderLimits) {
    this.#language = language
    this.#source = source
    this.#positions = createPositions(source)
    this.#escape = language.escapeIn(part)
    this.#isMarkup = part === 'html'
    this.#limits = limits
  }

  compile(): Print {
    const nul = this.#source.indexOf(COMPARISON_MARK)
    if (nul >= 0) throw new SourceError('there is a NUL character in it', nul)
    const tags = readTags(this.#source)
    checkBlocks(tags, this.#limits.nestingMax)
    const { edits, comparisons } = this.#language.rewrite(this.#source, tags)
    this.#comparisons = comparisons
    this.#edited = editSource(this.#source, edits)
    this.#lineStarts = lineStarts(this.#edited.text)
    return this.#body(parse(this.#edited, tags))
  }

  #at(node: hbs.AST.Node): number {
    const { line, column } = node.loc.start
    return this.#edited.originalOf((this.#lineStarts[line - 1] ?? 0) + column)
  }

  #refuse(node: hbs.AST.Node, message: string, code: SourceError['code'] = 'unsupported'): SourceError {
    return new SourceError(message, this.#at(node), code)
  }

  #body(program: hbs.AST.Program | undefined): Print {
    if (program === undefined || program === null) return () => undefined
    if ((program.blockParams?.length ?? 0) > 0)
      throw this.#refuse(
        program,
        `names between bars ("as |x|") are not there in the Handlebars of ${this.#language.vendor}`,
      )
    const prints = program.body.flatMap((node) => this.#statement(node) ?? [])
    return (run) => {
      for (const one of prints) one(run)
    }
  }

  #statement(node: hbs.AST.Statement): Print | undefined {
    if (isContent(node)) {
      const { value } = node
      return value === '' ? undefined : (run) => print(run, value)
    }
    if (isMustache(node)) return this.#mustache(node)
    if (isBlock(node)) return this.#block(node)
    if (node.type === 'CommentStatement') return undefined
    throw this.#refuse(node, 'this is not available')
  }

  #mustache(node: hbs.AST.MustacheStatement): Print {
    const { path, params, escaped: isEscapedHere } = node
    if (!isPath(path)) throw this.#refuse(node, 'a constant is printed here: write it without braces')
    this.#noHash(node, node.hash)
    const name = simpleName(path)
    const helper = name === undefined ? undefined : own(this.#language.inline, name)
    const escape = (isEscapedHere ? this.#escape : undefined) ?? String
    this.#remark(node, name ?? '', params.length, isEscapedHere)
    if (
      name !== undefined &&
      helper !== undefined &&
      !(helper.isVariableAlone === true && params.length === 0)
    ) {
      const value = this.#call(node, name, params)
      return (run) => print(run, escape(printed(value(run))))
    }
    if (params.length > 0) throw this.#unknown(node, path.original, 'helper')
    if (
      name !== undefined &&
      (own(this.#language.blocks, name) ?? own(this.#language.refused, name)) !== undefined
    )
      throw this.#unknown(node, path.original, 'helper')
    const value = this.#path(path, false)
    return (run) => print(run, escape(printed(value(run))))
  }

  #block(node: hbs.AST.BlockStatement): Print {
    const { path, params, program, inverse } = node
    this.#noHash(node, node.hash)
    const name = simpleName(path)
    const helper = name === undefined ? undefined : own(this.#language.blocks, name)
    if (name !== undefined && helper !== undefined) return this.#helped(node, name, helper)
    if (!this.#language.hasSections || params.length > 0)
      throw this.#unknown(node, path.original, 'block helper')
    if (name !== undefined && own(this.#language.inline, name) !== undefined)
      throw this.#refuse(node, `"${name}" is no block: write {{${name} …}}`, 'unknown_helper')
    return this.#section(path, program, inverse)
  }

  /** `{{#items}}`: for each entry of a list, within an object, once for what is true. */
  #section(
    path: hbs.AST.PathExpression,
    program: hbs.AST.Program,
    inverse: hbs.AST.Program | undefined,
  ): Print {
    const value = this.#path(path, true)
    const body = this.#inside(null, program)
    const otherwise = this.#body(inverse)
    return (run) => {
      const held = value(run)
      if (held === true) body(run)
      else if (held === false || held === null || held === undefined) otherwise(run)
      else if (!Array.isArray(held)) within(run, held, body)
      else if (!eachOf(run, held, body)) otherwise(run)
    }
  }

  #helped(node: hbs.AST.BlockStatement, name: string, helper: BlockHelper): Print {
    const { program, inverse } = node
    const params = this.#reduced(node, node.params)
    this.#checkCount(node, name, params.length, helper.kind === 'condition' ? helper.takes : [1, 1])
    this.#checkCall(node, name, node.params)
    const values = params.map((param) => this.#value(param, helper.kind === 'condition'))
    const [value = () => undefined] = values
    const otherwise = this.#body(inverse)
    if (helper.kind === 'condition') {
      const body = this.#body(program)
      return (run) => {
        run.clock.check()
        if (helper.test(values.map((one) => one(run)))) body(run)
        else otherwise(run)
      }
    }
    if (helper.kind === 'each') {
      const body = this.#inside(null, program)
      return (run) => {
        if (!eachOf(run, value(run), body)) otherwise(run)
      }
    }
    const [param] = node.params
    const body = this.#inside(param !== undefined && isPath(param) ? this.#absolute(param) : null, program)
    return (run) => {
      const held = value(run)
      if (held === 0 || isTrue(held)) within(run, held, body)
      else otherwise(run)
    }
  }

  /** Arguments where a bare name of a helper takes the argument after it. */
  #reduced(node: hbs.AST.Node, params: readonly hbs.AST.Expression[]): (hbs.AST.Expression | BareCall)[] {
    const reduced: (hbs.AST.Expression | BareCall)[] = []
    for (let at = 0; at < params.length; at++) {
      const param = params[at]
      if (param === undefined) break
      const name = isPath(param) ? simpleName(param) : undefined
      const next = params[at + 1]
      if (name === undefined || next === undefined || !this.#language.bareHelpers.has(name))
        reduced.push(param)
      else {
        reduced.push({ bare: name, of: next, node })
        at += 1
      }
    }
    return reduced
  }

  #value(param: hbs.AST.Expression | BareCall, isExcused: boolean): Value {
    if ('bare' in param) return this.#call(param.node, param.bare, [param.of], isExcused)
    const literal = literalOf(param)
    if (literal !== undefined) {
      const comparison = typeof literal.value === 'string' ? this.#comparisons.get(literal.value) : undefined
      return comparison === undefined ? () => literal.value : this.#comparison(comparison, this.#at(param))
    }
    if (isPath(param)) return this.#path(param, isExcused)
    if (!isCall(param)) throw this.#refuse(param, 'this argument is not available')
    this.#noHash(param, param.hash)
    const name = simpleName(param.path)
    if (name === undefined || own(this.#language.inline, name)?.isNested !== true)
      throw this.#unknown(param, param.path.original, 'helper to use within another')
    return this.#call(param, name, param.params, isExcused)
  }

  #call(node: hbs.AST.Node, name: string, given: readonly hbs.AST.Expression[], isExcused = false): Value {
    const helper = own(this.#language.inline, name)
    if (helper === undefined) throw this.#unknown(node, name, 'helper')
    const params = this.#reduced(node, given)
    this.#checkCall(node, name, given)
    this.#checkCount(node, name, params.length, helper.takes)
    const values = params.map((param) => this.#value(param, isExcused || helper.isExcusing === true))
    const at = this.#at(node)
    return (run) => {
      run.clock.check()
      const args = values.map((value) => value(run))
      try {
        return helper.run(args, run)
      } catch (error) {
        throw error instanceof ValueError ? new ValueError(error.message, at) : error
      }
    }
  }

  #comparison(comparison: Comparison, at: number): Value {
    const [left, right] = [this.#operand(comparison.left, at), this.#operand(comparison.right, at)]
    return (run) => comparison.test(left(run), right(run))
  }

  #operand(operand: Operand, at: number): Value {
    if ('literal' in operand) return () => operand.literal
    const { path } = operand
    const scope = this.#scopes.at(-1)
    if (scope !== null && scope !== undefined && path.length > 0) this.#ask([...scope, ...path], at, true)
    return (run) => path.reduce<unknown>(member, run.scopes.at(-1))
  }

  /** The value of a path. Where it may not be missing, a strict rendering ends there. */
  #path(path: hbs.AST.PathExpression, isExcused: boolean): Value {
    const at = this.#at(path)
    if (hint(path.original) !== '')
      throw new SourceError(`"${path.original}" is no name${hint(path.original)}`, at)
    const { parts } = path
    if (path.data) return this.#dataValue(path, isExcused)
    if (path.depth >= this.#scopes.length)
      throw this.#refuse(path, `"${path.original}" leads out of the data`)
    const absolute = this.#absolute(path)
    if (absolute !== null && absolute.length > 0) this.#ask(absolute, at, isExcused)
    const down = 1 + path.depth
    return this.#found(path, isExcused, (run) => parts.reduce(member, run.scopes.at(-down)))
  }

  #dataValue(path: hbs.AST.PathExpression, isExcused: boolean): Value {
    const [name = '', ...parts] = path.parts
    if (!this.#language.data.has(name))
      throw this.#refuse(
        path,
        `"${path.original}" is not available: of what begins with @ there is ${[...this.#language.data].map((known) => `@${known}`).join(', ')}`,
      )
    if (name === 'root') {
      if (parts.length > 0) this.#ask(parts, this.#at(path), isExcused)
      return this.#found(path, isExcused, (run) => parts.reduce<unknown>(member, run.root))
    }
    const { depth } = path
    return (run) => {
      let { frame } = run
      for (let up = 0; up < depth; up++) frame = frame?.outer
      return frame === undefined ? undefined : parts.reduce<unknown>(member, frameValue(frame, name))
    }
  }

  #found(path: hbs.AST.PathExpression, isExcused: boolean, read: Value): Value {
    if (isExcused) return read
    const { original } = path
    const at = this.#at(path)
    return (run) => {
      const value = read(run)
      if (value === undefined && run.strict) throw new MissingVariable(original, at)
      return value
    }
  }

  #ask(path: readonly string[], at: number, isExcused: boolean): void {
    this.asked.push({ name: nameOf(path), path, ...this.#positions(at), isExcused })
  }

  /** A path from the root of the data, or null where it begins within a list. */
  #absolute(path: hbs.AST.PathExpression): Scope {
    if (path.data) return path.parts[0] === 'root' ? path.parts.slice(1) : null
    const scope = this.#scopes.at(-1 - path.depth)
    return scope === null || scope === undefined ? null : [...scope, ...path.parts]
  }

  #inside(scope: Scope, program: hbs.AST.Program | undefined): Print {
    this.#scopes.push(scope)
    const body = this.#body(program)
    this.#scopes.pop()
    return body
  }

  #noHash(node: hbs.AST.Node, hash: hbs.AST.Hash | undefined): void {
    const [pair] = hash?.pairs ?? []
    if (pair !== undefined)
      throw this.#refuse(
        node,
        `"${pair.key}=" is an argument by name, which the Handlebars of ${this.#language.vendor} has not`,
      )
  }

  #checkCount(
    node: hbs.AST.Node,
    name: string,
    count: number,
    [fewest, most]: readonly [number, number],
  ): void {
    if (count >= fewest && count <= most) return
    const wanted = fewest === most ? String(most) : `${fewest} to ${most}`
    const variable = count === 0 ? `; a variable of this name is {{this.${name}}}` : ''
    throw this.#refuse(
      node,
      `"${name}" takes ${wanted} argument${most === 1 ? '' : 's'} and has ${count}${variable}`,
      'syntax',
    )
  }

  #checkCall(node: hbs.AST.Node, name: string, params: readonly hbs.AST.Expression[]): void {
    const words = params.map((param) => (isPath(param) ? param.original : ''))
    const why = this.#language.checkCall?.(name, words)
    if (why !== undefined) throw this.#refuse(node, why)
  }

  #unknown(node: hbs.AST.Node, name: string, kind: string): SourceError {
    const why = own(this.#language.refused, name)
    return this.#refuse(
      node,
      why ?? `there is no ${kind} "${name}" in the Handlebars of ${this.#language.vendor}`,
      'unknown_helper',
    )
  }

  #remark(node: hbs.AST.MustacheStatement, name: string, params: number, isEscapedHere: boolean): void {
    const at = this.#at(node)
    if (this.#isMarkup && isUnquoted(this.#source, at)) this.remarks.push(unquotedAt(this.#positions(at)))
    const message = this.#language.remarkOn?.(name, params)
    if (message !== undefined) this.remarks.push({ code: 'suspicious', message, ...this.#positions(at) })
    if (isEscapedHere && this.#escape !== undefined && !this.#isMarkup)
      this.remarks.push({
        code: 'suspicious',
        message: `${this.#language.vendor} escapes here too: an apostrophe arrives as &apos;. Write three braces.`,
        ...this.#positions(at),
      })
  }
}

interface BareCall {
  readonly bare: string
  readonly of: hbs.AST.Expression
  readonly node: hbs.AST.Node
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

function frameValue(frame: Frame, name: string): unknown {
  switch (name) {
    case 'index':
      return frame.index
    case 'key':
      return frame.key
    case 'first':
      return frame.first
    case 'last':
      return frame.last
    default:
      return undefined
  }
}
