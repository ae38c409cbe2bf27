import type { Readable } from 'node:stream'
import { createLogger } from '../platform/telemetry/index.ts'
import type { Mode } from '../platform/config/index.ts'

const MAX_LINE = 64 * 1024
const LEVEL_NAMES: Readonly<Record<number, string>> = {
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
}
const HIDDEN_FIELDS = new Set(['level', 'time', 'pid', 'name', 'msg', 'hostname'])

/** What the supervisor shows: lines for people in development, JSON in production. */
export interface Output {
  /** A step that begins. */
  begin(text: string): void
  /** A step that is done, with its time. */
  done(text: string, startedMs: number): void
  note(text: string): void
  warn(text: string): void
  error(text: string): void
  /** One line that a child wrote. */
  child(label: string, line: string): void
  /** Text for people only, such as the summary. */
  plain(text: string): void
  /** From now on the children's ordinary lines are shown as well; before, they would bury the steps. */
  started(): void
}

export function createOutput(mode: Mode, stream: NodeJS.WriteStream): Output {
  // The terminal may be closed while the children still drain.
  stream.on('error', () => undefined)
  const print = (text: string): void => void stream.write(`${text}\n`)
  return mode === 'production' ? jsonOutput(print) : readableOutput(print, stream.isTTY)
}

function jsonOutput(print: (text: string) => void): Output {
  const log = createLogger({ name: 'supervisor', level: 'info', write: (line) => print(line.trimEnd()) })
  return {
    begin: (text) => log.info(text),
    done: (text, startedMs) => log.info({ tookMs: Math.round(performance.now() - startedMs) }, text),
    note: (text) => log.info(text),
    warn: (text) => log.warn(text),
    error: (text) => log.error(text),
    child: (label, line) =>
      line.startsWith('{') ? print(line) : log.warn({ process: label, line }, 'A process wrote'),
    plain: () => undefined,
    started: () => undefined,
  }
}

function readableOutput(print: (text: string) => void, colours: boolean): Output {
  const paint = (code: number, text: string): string => (colours ? `\u001B[${code}m${text}\u001B[0m` : text)
  let starting = true
  return {
    begin: (text) => print(paint(2, `· ${text}`)),
    done: (text, startedMs) =>
      print(`${paint(32, '✓')} ${text} (${((performance.now() - startedMs) / 1000).toFixed(1)} s)`),
    note: (text) => print(paint(2, `  ${text}`)),
    warn: (text) => print(`${paint(33, '!')} ${text}`),
    error: (text) => print(`${paint(31, '✗')} ${text}`),
    child: (label, line) => {
      const entry = parseEntry(line)
      if (entry === null) {
        print(`${paint(36, label)} ${line}`)
        return
      }
      if (starting && entry.level < 40) return
      const level = LEVEL_NAMES[entry.level] ?? String(entry.level)
      const shown =
        entry.level >= 50 ? paint(31, level) : entry.level >= 40 ? paint(33, level) : paint(2, level)
      print(`${paint(2, entry.time)} ${paint(36, label.padEnd(8))} ${shown} ${entry.text}`)
    },
    plain: print,
    started: () => {
      starting = false
    },
  }
}

function parseEntry(line: string): { level: number; time: string; text: string } | null {
  if (!line.startsWith('{')) return null
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const fields = new Map<string, unknown>(Object.entries(value))
  const time = new Date(Number(fields.get('time')))
  const extras = [...fields]
    .filter(([name]) => !HIDDEN_FIELDS.has(name))
    .map(([name, item]) => `${name}=${showField(item)}`)
  const message = fields.get('msg')
  return {
    level: Number(fields.get('level')),
    time: Number.isNaN(time.getTime()) ? '--:--:--' : time.toISOString().slice(11, 19),
    text: [typeof message === 'string' ? message : '', ...extras].join(' '),
  }
}

function showField(value: unknown): string {
  if (
    typeof value === 'object' &&
    value !== null &&
    'message' in value &&
    typeof value.message === 'string'
  ) {
    return value.message.split('\n')[0] ?? ''
  }
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Calls `onLine` for each line of a stream; longer ones are cut, so that a child cannot fill this process's memory. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = ''
  let skipping = false
  stream.setEncoding('utf8')
  stream.on('error', () => undefined)
  stream.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) {
      if (!skipping && line !== '') onLine(line.slice(0, MAX_LINE))
      skipping = false
    }
    if (rest.length > MAX_LINE) {
      if (!skipping) onLine(rest.slice(0, MAX_LINE))
      skipping = true
      rest = ''
    }
  })
  stream.on('end', () => {
    if (rest !== '' && !skipping) onLine(rest)
  })
}
