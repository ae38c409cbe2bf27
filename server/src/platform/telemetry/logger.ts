import { pino } from 'pino'
import type { Logger } from 'pino'
import type { LogLevel } from '../config/index.ts'

export type { Logger } from 'pino'

export interface LoggerOptions {
  /** Name of the process. */
  readonly name: string
  readonly level: LogLevel
  /** Where lines go; standard output by default. */
  readonly write?: (line: string) => void
}

const ADDRESS = /[^\s"'<>(),;:=]+@[^\s"'<>(),;]+/g

/**
 * A logger of JSON lines. Logs hold ids, never personal data: errors lose everything but type, code, message and stack (PostgreSQL's
 * `detail` quotes rows), and what looks like a mail address in them, or in a field, is masked.
 */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    name: options.name,
    level: options.level,
    base: { pid: process.pid },
    serializers: { err: describeForLog, error: describeForLog },
    formatters: { log: maskTexts },
  }
  if (options.write !== undefined) return pino(settings, { write: options.write })
  const destination = pino.destination({ fd: 1, sync: true })
  // The reader may be gone (a killed supervisor); that must not end a process that drains.
  destination.on('error', () => undefined)
  return pino(settings, destination)
}

/** Fields quote what others said, a reply or a file: an address in them is masked as in errors. */
function maskTexts(fields: Record<string, unknown>): Record<string, unknown> {
  let masked: Record<string, unknown> | undefined
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value !== 'string' || !value.includes('@')) continue
    masked ??= { ...fields }
    masked[name] = mask(value)
  }
  return masked ?? fields
}

/** What a log may hold of an error. */
export function describeForLog(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? mask(error) : { type: typeof error }
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {}
  const cause: { cause?: unknown } = error.cause === undefined ? {} : { cause: describeForLog(error.cause) }
  return {
    type: error.name,
    ...code,
    message: mask(error.message),
    stack: mask(error.stack ?? '').slice(0, 4000),
    ...cause,
  }
}

/** Replaces what looks like a mail address. */
export function mask(text: string): string {
  return text.slice(0, 8000).replaceAll(ADDRESS, '[address]')
}
