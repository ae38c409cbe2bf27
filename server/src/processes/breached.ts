// `bulkhead breached …`: the lists of breached passwords of this host. A program of the host and no operation of the API: a list of 45 GB
// is a file here, and whoever may write to the data directory decides what it is.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { SETTINGS } from '../platform/config/index.ts'
import {
  BreachedFileError,
  SHIPPED_FILE,
  describeProgress,
  grouped,
  importBreached,
  openBreachedFile,
  verifyBreachedFile,
} from '../platform/breached/index.ts'
import type { BreachedHeader, ImportProgress } from '../platform/breached/index.ts'
import { createLogger } from '../platform/telemetry/index.ts'
import { IMPORTED_FILE, createBreached } from '../security/passwords/index.ts'
import { readPassword } from './breached-prompt.ts'

const EXIT = { ok: 0, refused: 1, usage: 2 } as const
const REDRAW_MS = 200
const REPORT_MS = 10_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string' },
    json: { type: 'boolean', default: false },
    partial: { type: 'boolean', default: false },
    verify: { type: 'boolean', default: false },
  },
})
const directory = dataDirectory()
const importedFile = join(directory, IMPORTED_FILE)

try {
  process.exitCode = await run()
} catch (error) {
  if (!(error instanceof BreachedFileError)) throw error
  fail(error.message)
}

async function run(): Promise<number> {
  const [verb = '', from] = positionals
  switch (verb) {
    case 'import':
      if (from === undefined) return usage('Name the list: bulkhead breached import LIST.')
      return runImport(from)
    case 'status':
      return showStatus()
    case 'check':
      return check()
    default:
      return usage('Write bulkhead breached import, status or check.')
  }
}

function runImport(from: string): number {
  // A data directory that is not there is a slip of the pen: nobody would ever read what is written there.
  if (!existsSync(directory))
    throw new BreachedFileError(
      `There is no data directory ${directory}: name it with --data or BULKHEAD_DATA, or start the installation once.`,
    )
  const startedAt = performance.now()
  const report = createReport()
  const result = importBreached({
    from,
    to: importedFile,
    allowMissing: values.partial,
    madeAt: new Date(),
    onProgress: report,
  })
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10
  say({ ...result, file: importedFile, seconds }, () => [
    `${grouped(result.keys)} breached passwords are in use from ${importedFile}.`,
    `Read ${grouped(result.lines)} hashes in ${seconds} s${result.padding === 0 ? '' : `, and ${grouped(result.padding)} lines of padding`}.`,
    ...(result.missingRanges === 0 ? [] : [`${grouped(result.missingRanges)} ranges were missing.`]),
  ])
  return EXIT.ok
}

/** On a terminal one line that changes, elsewhere a line now and then. */
function createReport(): (progress: ImportProgress) => void {
  const isTerminal = process.stderr.isTTY
  let stage: ImportProgress['stage'] | null = null
  let stageAt = 0
  let shownAt = -Infinity
  return (progress) => {
    const now = performance.now()
    const isNew = progress.stage !== stage
    if (isNew) {
      if (isTerminal && stage !== null) process.stderr.write('\n')
      stage = progress.stage
      stageAt = now
    }
    const isDone = progress.done === progress.total
    if (!isNew && !isDone && now - shownAt < (isTerminal ? REDRAW_MS : REPORT_MS)) return
    shownAt = now
    const line = describeProgress(progress, now - stageAt)
    process.stderr.write(isTerminal ? `\r\u001b[K${line}` : `${line}\n`)
    if (isTerminal && isDone && progress.stage === 'filter') process.stderr.write('\n')
  }
}

async function showStatus(): Promise<number> {
  const shipped = await look(SHIPPED_FILE)
  const imported = await look(importedFile)
  say({ shipped, imported }, () => [
    ...lines('Shipped', shipped),
    ...(imported === null
      ? [`Imported: none. Make ${importedFile} with bulkhead breached import LIST.`]
      : lines('Imported', imported)),
  ])
  return shipped === null || 'problem' in shipped || (imported !== null && 'problem' in imported)
    ? EXIT.refused
    : EXIT.ok
}

type Look =
  | (BreachedHeader & { readonly file: string; readonly bytes: number })
  | { readonly problem: string }

async function look(path: string): Promise<Look | null> {
  try {
    await using file = await openBreachedFile(path)
    if (file === null) return null
    if (values.verify) verifyBreachedFile(path)
    return { ...file.header, file: path, bytes: file.bytes }
  } catch (error) {
    if (!(error instanceof BreachedFileError)) throw error
    return { problem: error.message }
  }
}

function lines(name: string, list: Look | null): string[] {
  if (list === null) return [`${name}: missing. It comes with Bulkhead: install it again.`]
  if ('problem' in list) return [`${name}: not in use. ${list.problem}`]
  const megabytes = (list.bytes / 1e6).toFixed(1)
  return [
    `${name}: ${grouped(list.keys)} passwords of ${list.source}, ${list.madeAt.slice(0, 10)}, ${megabytes} MB${values.verify ? ', every part checked' : ''}.`,
    `  ${list.file}`,
  ]
}

async function check(): Promise<number> {
  const password = await readPassword()
  if (password === null) return usage('Type a password, or give one line on standard input.')
  const log = createLogger({
    name: 'breached',
    level: 'error',
    write: (line) => process.stderr.write(line),
  })
  const isBreached = await createBreached({ directory, log }).has(password)
  say({ breached: isBreached }, () => [
    isBreached
      ? 'Breached: it is in a list of this host. Bulkhead refuses it.'
      : 'Not in the lists of this host.',
  ])
  return isBreached ? EXIT.refused : EXIT.ok
}

/** Only this setting: an import must not need the certificates of production. */
function dataDirectory(): string {
  const { name, parser, defaultText } = SETTINGS.dataDirectory
  const given = values.data ?? process.env[name]
  return parser.parse(given === undefined || given === '' ? String(defaultText) : given)
}

function say(data: unknown, text: () => readonly string[]): void {
  process.stdout.write(values.json ? `${JSON.stringify(data)}\n` : `${text().join('\n')}\n`)
}

function usage(text: string): number {
  process.stderr.write(`${text}\n`)
  return EXIT.usage
}

function fail(text: string): void {
  process.stderr.write(values.json ? `${JSON.stringify({ error: text })}\n` : `${text}\n`)
  process.exitCode = EXIT.refused
}
