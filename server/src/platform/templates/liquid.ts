import { CaptureTag, Liquid, Tag } from 'liquidjs'
import type { Context, FilterImplOptions } from 'liquidjs'
import type { RenderLimits } from './job.ts'
import { createBoundedOutput } from './output.ts'
import { escapeHtml, Markup, textOf } from './text-of.ts'

/** Tags that would read other templates. */
const ALONE = ['include', 'render', 'layout', 'block']
/** Filters whose answer is chance: what is previewed would not be what is sent. */
const BY_CHANCE = ['sample']

/**
 * An engine that renders one kind of part. `html`: what is printed is escaped, unless `raw` is its last filter. It has no files, no other
 * templates and no way past the data's own properties.
 */
export function createLiquid(kind: 'html' | 'plain', limits: RenderLimits): Liquid {
  const engine = new Liquid({
    strictFilters: true,
    lenientIf: true,
    ownPropertyOnly: true,
    dynamicPartials: false,
    relativeReference: false,
    cache: false,
    templates: {},
    // The same on every host: a preview is made where it is asked for, a message where it is accepted.
    timezoneOffset: 0,
    locale: 'en-US',
    memoryLimit: limits.memoryUnitsMax,
    ...(kind === 'html' ? { outputEscape: escapeHtml } : {}),
  })
  for (const name of ALONE) engine.registerTag(name, tagThatStandsAlone(name))
  for (const name of BY_CHANCE) engine.unregisterFilter(name)
  registerFilters(engine)
  if (kind === 'html') keepMarkup(engine, limits)
  return engine
}

function tagThatStandsAlone(name: string) {
  return class extends Tag {
    constructor(...given: ConstructorParameters<typeof Tag>) {
      super(...given)
      throw new Error(`the tag "${name}" is not available: a template stands alone`)
    }

    render(): void {}
  }
}

/**
 * What was escaped once is not escaped again: a captured block, and what the filters answer that escape. Where such a text goes through another
 * filter it is text again, and escaped when it is printed.
 */
function keepMarkup(engine: Liquid, limits: RenderLimits): void {
  engine.registerTag(
    'capture',
    class extends CaptureTag {
      override *render(context: Context): Generator<unknown, void, string> {
        const output = createBoundedOutput(limits.outputCharsMax)
        yield this.liquid.renderer.renderTemplates(this.templates, context, output)
        Object.assign(context.bottom(), { [this.variable]: new Markup(output.buffer) })
      }
    },
  )
  engine.registerFilter(
    'escape',
    escaping((html) => html),
  )
  engine.registerFilter(
    'xml_escape',
    escaping((html) => html),
  )
  engine.registerFilter(
    'newline_to_br',
    escaping((html) => html.replace(/\r?\n/g, '<br>\n')),
  )
  const { escape_once: escapeOnce } = engine.filters
  engine.registerFilter('escape_once', function (value: unknown, ...rest: unknown[]) {
    if (value instanceof Markup || typeof escapeOnce !== 'function') return value
    return new Markup(textOf(escapeOnce.call(this, value, ...rest)))
  })
}

function escaping(work: (html: string) => string): FilterImplOptions {
  return function (value: unknown) {
    const html = escapeHtml(value)
    this.context.memoryLimit.use(html.length)
    return new Markup(work(html))
  }
}

function registerFilters(engine: Liquid): void {
  engine.registerFilter('titlecase', (value: unknown) =>
    textOf(value).replace(
      /(^|[\s-])(\p{L})/gu,
      (_all, before: string, letter: string) => before + letter.toUpperCase(),
    ),
  )
  engine.registerFilter('pluralize', (value: unknown, one: unknown, many: unknown) => {
    const number = Number(textOf(value))
    const word = number === 1 ? textOf(one) : many === undefined ? `${textOf(one)}s` : textOf(many)
    return `${textOf(value)} ${word}`
  })
  engine.registerFilter('format_number', (value: unknown, locale: unknown) =>
    formatted(value, locale, { maximumFractionDigits: 6 }),
  )
  engine.registerFilter('currency', (value: unknown, code: unknown, locale: unknown) =>
    formatted(value, locale, { style: 'currency', currency: code === undefined ? 'USD' : textOf(code) }),
  )
}

/** A number as people of a place write it; what is no number stays as it is. */
function formatted(value: unknown, locale: unknown, options: Intl.NumberFormatOptions): string {
  const text = textOf(value)
  const number = Number(text)
  if (text.trim() === '' || !Number.isFinite(number)) return text
  return new Intl.NumberFormat(locale === undefined ? 'en-US' : textOf(locale), options).format(number)
}
