import type { DialectEngine } from '../dialect.ts'
import type { RenderLimits } from '../job.ts'
import { compileHandlebars } from './compile.ts'
import type { HandlebarsLanguage } from './language.ts'
import { member, underNames } from './run.ts'

/** A vendor's Handlebars as a dialect. */
export function createHandlebarsEngine(language: HandlebarsLanguage, limits: RenderLimits): DialectEngine {
  return {
    compile: (part, source) => compileHandlebars(language, part, source, limits),
    holds: (data, path) =>
      path.reduce<unknown>(
        (held, part) => member(held, String(part)),
        language.ignoresCase === true && isRecord(data) ? underNames(data, [String(path[0])]) : data,
      ) !== undefined,
  }
}

function isRecord(data: unknown): data is Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null && !Array.isArray(data)
}
