import { analyzeSync, Context, Output, toValueSync, TypeGuards, Value, Variable } from 'liquidjs'
import type { Liquid, Template } from 'liquidjs'
import { compile } from './compile.ts'
import { kindOf, type Asked, type DialectEngine, type RenderRun } from './dialect.ts'
import { isUnquoted, nameOf, unquotedAt } from './explain.ts'
import type { RenderLimits } from './job.ts'
import { createLiquid } from './liquid.ts'
import { createBoundedOutput } from './output.ts'
import { createPositions } from './position.ts'

/** Liquid as the dialect of the house. */
export function createLiquidEngine(limits: RenderLimits): DialectEngine {
  const engines = { html: createLiquid('html', limits), plain: createLiquid('plain', limits) }
  return {
    compile(part, source) {
      const engine = engines[kindOf(part)]
      const templates = compile(engine, source, limits)
      return {
        render: (run) => renderTemplates(engine, templates, run),
        asked: () => askedBy(templates),
        remarks: () => (part === 'html' ? unquotedAttributes(source, templates) : []),
      }
    },
    holds,
  }
}

function renderTemplates(engine: Liquid, templates: Template[], run: RenderRun): string {
  const context = new Context(
    run.data,
    engine.options,
    { sync: true, strictVariables: run.strict },
    { liquid: engine },
  )
  context.renderLimit.check = () => run.clock.check()
  const output = createBoundedOutput(run.limits.outputCharsMax)
  toValueSync(engine.renderer.renderTemplates(templates, context, output))
  return output.buffer
}

function askedBy(templates: readonly Template[]): Asked[] {
  const { globals } = analyzeSync([...templates], { partials: false })
  const excused = excusedPlaces(templates)
  return Object.values(globals)
    .flat()
    .map(({ segments, location }) => {
      const open = segments.findIndex((segment) => segment instanceof Variable)
      const path = segments
        .slice(0, open < 0 ? undefined : open)
        .flatMap((part) => (part instanceof Variable ? [] : [part]))
      const { row: line, col: column } = location
      return { name: nameOf(path), path, line, column, isExcused: excused.has(`${line}:${column}`) }
    })
    .filter(({ path }) => path.length > 0)
}

const COMPUTED = new Set(['size', 'first', 'last'])

function holds(data: unknown, path: readonly (string | number)[]): boolean {
  let held = data
  for (const part of path) {
    if (typeof held === 'string') return part === 'size'
    if (typeof held !== 'object' || held === null) return false
    if (Array.isArray(held) && COMPUTED.has(String(part))) {
      held = part === 'size' ? held.length : held.at(part === 'first' ? 0 : -1)
      continue
    }
    const own = Object.getOwnPropertyDescriptor(held, part)
    if (own === undefined) return part === 'size'
    held = own.value
  }
  return true
}

/** Places where a missing variable is meant to be possible: conditions, and what has a default. The engine excuses them too. */
function excusedPlaces(templates: readonly Template[]): Set<string> {
  const places = new Set<string>()
  for (const template of everyTemplate(templates)) {
    for (const argument of template.arguments?.() ?? []) {
      if (!(argument instanceof Value)) continue
      if (template instanceof Output && argument.filters[0]?.name !== 'default') continue
      for (const token of argument.initial.postfix) {
        if (TypeGuards.isPropertyAccessToken(token)) places.add(token.getPosition().join(':'))
      }
    }
  }
  return places
}

function unquotedAttributes(source: string, templates: readonly Template[]) {
  const at = createPositions(source)
  return [...everyTemplate(templates)]
    .filter((template) => template instanceof Output && isUnquoted(source, template.token.begin))
    .map(({ token }) => unquotedAt(at(token.begin)))
}

/** Templates with all that they hold. */
function* everyTemplate(templates: readonly Template[]): Generator<Template> {
  for (const template of templates) {
    yield template
    if (template.children === undefined) continue
    const inner: readonly Template[] = toValueSync(template.children(false, true))
    yield* everyTemplate(inner)
  }
}
