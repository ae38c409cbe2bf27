import { LiquidError, UndefinedVariableError } from 'liquidjs'
import { OutOfTime } from './job-clock.ts'
import type { RenderedPart, RenderProblem } from './job.ts'
import { OutputTooLong } from './output.ts'
import { MissingVariable, positionOf, SourceError, ValueError } from './position.ts'

const MESSAGE_CHARS_MAX = 300

/** What a render threw, in words for whoever wrote the template. Nothing of the data is in them but names that the template uses. */
export function problemOf(error: unknown, part: RenderedPart, source: string): RenderProblem {
  const at = placeOf(error, source)
  const cause = error instanceof LiquidError ? (error.originalError ?? error) : error
  const words = (cause instanceof Error ? cause.message : String(cause)).replace(
    /(, file:.*)?, line:\d+, col:\d+$/s,
    '',
  )
  const { code, message } = explained(error, cause, words)
  const hint = code === 'syntax' ? hintAt(error) : ''
  return {
    part,
    severity: 'error',
    code,
    message: sentence(message.slice(0, MESSAGE_CHARS_MAX)) + hint,
    ...at,
  }
}

function explained(error: unknown, cause: unknown, words: string): Pick<RenderProblem, 'code' | 'message'> {
  const name = /"(.*)"|: (.*)$/s.exec(words)
  const quoted = `"${name?.[1] ?? name?.[2] ?? ''}"`
  if (cause instanceof OutOfTime) return { code: 'time_limit', message: words }
  if (words === 'memory alloc limit exceeded')
    return { code: 'memory_limit', message: 'rendering needs too much memory' }
  if (cause instanceof OutputTooLong) return { code: 'output_limit', message: words }
  if (cause instanceof RangeError && words.startsWith('Invalid string length'))
    return { code: 'memory_limit', message: 'rendering needs too much memory' }
  if (cause instanceof RangeError && words.startsWith('Maximum call stack'))
    return { code: 'failed', message: 'the template, or the data it prints, is nested too deeply' }
  if (words.startsWith('undefined filter:'))
    return { code: 'unknown_filter', message: `there is no filter ${quoted}` }
  if (words.startsWith('tag "') && words.endsWith('not found'))
    return { code: 'unknown_tag', message: `there is no tag ${quoted}` }
  if (words.startsWith('the tag "')) return { code: 'unknown_tag', message: words }
  if (error instanceof UndefinedVariableError || words.startsWith('undefined variable:'))
    return { code: 'missing_variable', message: `the data holds no ${quoted}` }
  if (error instanceof MissingVariable) return { code: 'missing_variable', message: words }
  if (error instanceof ValueError) return { code: 'failed', message: words }
  if (error instanceof SourceError) return { code: error.code, message: words }
  // What was parsed without a fault and fails later fails by what it does.
  if (error instanceof LiquidError && error.name === 'RenderError') return { code: 'failed', message: words }
  return { code: 'syntax', message: words }
}

const CURLY = /[\u201c\u201d\u2018\u2019]/
const ENTITY = /&(?:nbsp|quot|lt|gt|amp|#\d+);/

/** Word processors and visual editors change quotes, and write blanks as entities. */
function hintAt(error: unknown): string {
  if (!(error instanceof LiquidError)) return ''
  const { input, begin } = error.token
  const close = input.indexOf('}', begin)
  const text = input.slice(input.lastIndexOf('{', begin), close < 0 ? undefined : close).slice(0, 2_000)
  if (CURLY.test(text)) return ' There are curly quotes in it: use straight ones.'
  const entity = ENTITY.exec(text)?.[0]
  return entity === undefined ? '' : ` There is ${entity} in it: write the character itself.`
}

function placeOf(error: unknown, source: string): Pick<RenderProblem, 'line' | 'column'> {
  if (error instanceof SourceError || error instanceof MissingVariable) return positionOf(source, error.at)
  if (error instanceof ValueError && error.at !== null) return positionOf(source, error.at)
  if (!(error instanceof LiquidError)) return { line: null, column: null }
  const [line, column] = error.token.getPosition()
  return { line: line ?? null, column: column ?? null }
}

function sentence(words: string): string {
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? '' : '.'}`
}
