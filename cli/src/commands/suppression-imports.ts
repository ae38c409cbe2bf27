import { BulkheadError, CHOICES, type Client, type SuppressionImport } from '@bulkhead/sdk'
import { createReadStream } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { argument, choice, instant, text, toggle, type Command, type Context } from '../command.ts'
import { EXIT, UsageError } from '../failure.ts'
import { demandFile, unreadable } from '../files.ts'
import { clock, relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table, type Screen } from '../table.ts'

const FLAGS = CHOICES['suppressionImports.start']
const STDIN_BYTES_MAX = 256 * 1024 * 1024
/** What is sent at a time, and what is read ahead. */
const PART_CHARS = 512 * 1024
const TRIES = 6
const REFUSALS_SHOWN = 100

const file = argument(
  'FILE',
  'CSV with a column email (and reason, scope, note, expiresAt), one address per line, or JSON lines; - for standard input.',
)
const format = choice(
  'format',
  FLAGS.format,
  'Default by the name of the file: csv, unless it ends in .jsonl.',
)
const reason = choice('reason', FLAGS.reason, 'Why, for lines that name no reason. Default manual.')
const scope = choice(
  'scope',
  FLAGS.scope,
  'What is stopped, for lines that do not say. Default by the reason.',
)
const expires = instant('expires', 'future', 'When entries end, for lines that do not say. Default never.')
const dryRun = toggle(
  'dry-run',
  'Suppress nothing; count what would be, and list the lines that would be refused.',
)
const resume = text('resume', 'IMPORT', 'Go on with an import that broke off, imp_…, from the same file.')

const importCommand: Command = {
  path: ['suppressions', 'import'],
  summary: 'Suppress all addresses of a file',
  description:
    'The file is sent in parts, so it may hold millions of lines, and an import that broke off goes on with --resume. What is suppressed already stays as it is, unless the line stops more. Lines that are refused are listed with their number and cause, and the exit code is then 1.',
  operations: ['suppressionImports.start', 'suppressionImports.addLines'],
  arguments: [file],
  flags: [format, reason, scope, expires, dryRun, resume],
  examples: [
    {
      line: 'bulkhead suppressions import unsubscribed.csv --reason unsubscribe',
      says: 'from another provider',
    },
    { line: 'bulkhead suppressions import bounces.csv --dry-run', says: 'what would it do?' },
  ],
  async run(context, given) {
    const client = context.client()
    const path = given.argument(file)
    demandFile(path)
    const asked = given.flag(resume)
    const begun =
      asked === undefined
        ? await client.suppressionImports.start({
            format: given.flag(format) ?? (/\.(?:jsonl|ndjson)$/i.test(path) ? 'jsonl' : 'csv'),
            reason: given.flag(reason),
            scope: given.flag(scope),
            expiresAt: given.flag(expires),
            dryRun: given.flag(dryRun),
          })
        : await client.suppressionImports.get(asked)
    if (begun.state !== 'open') throw new UsageError(`The import ${begun.id} is ${begun.state}.`)
    const done = await sendAll(context, client, begun, path).catch((error: unknown) => {
      context.out.note(`Go on with: bulkhead suppressions import ${path} --resume ${begun.id}`)
      throw error
    })
    await showImport(context, client, done)
    return done.refused === 0 ? EXIT.ok : EXIT.refused
  },
}

/** Sends the file, part by part, from the line at which the import is. Memory holds one part. */
async function sendAll(
  context: Context,
  client: Client,
  begun: SuppressionImport,
  path: string,
): Promise<SuppressionImport> {
  const progress = context.out.progress('Importing', null)
  const source = chunks(context, path)
  let rest = await behindLines(source, begun.nextLine - 1, '')
  let ended = false
  let state = begun
  while (state.state === 'open') {
    while (!ended && rest.length < PART_CHARS) {
      const next = await source.next()
      if (next.done === true) ended = true
      else rest += next.value
    }
    const part = rest.slice(0, PART_CHARS)
    const taken = await sendPart(context, client, state, part, ended && part.length === rest.length)
    progress.advance(taken.import.entries - state.entries)
    rest =
      taken.charsTaken === null
        ? await behindLines(source, taken.import.nextLine - state.nextLine, rest)
        : rest.slice(taken.charsTaken)
    state = taken.import
  }
  progress.end()
  return state
}

/** The lines are taken once, so a busy server is asked again; where an answer was lost, the server says where the import is. */
async function sendPart(
  context: Context,
  client: Client,
  state: SuppressionImport,
  part: string,
  isLast: boolean,
): Promise<{ import: SuppressionImport; charsTaken: number | null }> {
  for (let tries = 1; ; tries++) {
    try {
      return await client.suppressionImports.addLines(state.id, {
        fromLine: state.nextLine,
        text: part,
        isLast,
      })
    } catch (error) {
      if (!(error instanceof BulkheadError)) throw error
      if (error.status === 409) {
        const now = await client.suppressionImports.get(state.id)
        if (now.state === 'cancelled' || (now.state === 'open' && now.nextLine <= state.nextLine)) throw error
        return { import: now, charsTaken: null }
      }
      if ((error.status !== 429 && error.status !== 503) || tries >= TRIES) throw error
      await sleep((error.retryAfterSeconds ?? 2 ** tries / 4) * 1000, undefined, { signal: context.signal })
    }
  }
}

/** What is left of the source behind so many lines. */
async function behindLines(source: AsyncIterator<string>, lines: number, begin: string): Promise<string> {
  let rest = begin
  for (let left = lines; left > 0;) {
    const end = rest.indexOf('\n')
    if (end >= 0) {
      rest = rest.slice(end + 1)
      left -= 1
      continue
    }
    const next = await source.next()
    if (next.done === true) return ''
    rest = next.value
  }
  return rest
}

async function* chunks(context: Context, path: string): AsyncGenerator<string, void> {
  if (path === '-') {
    yield (await context.input.read(STDIN_BYTES_MAX)).toString('utf8')
    return
  }
  try {
    for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 256 * 1024 }))
      yield String(chunk)
  } catch (error) {
    throw unreadable(path, error)
  }
}

async function showImport(context: Context, client: Client, found: SuppressionImport): Promise<void> {
  const refusals =
    found.refused === 0
      ? []
      : (await client.suppressionImports.listRefusals(found.id, { limit: REFUSALS_SHOWN })).data
  context.out.show({ ...found, refusals }, (screen) => renderImport(found, refusals, screen))
}

function renderImport(
  found: SuppressionImport,
  refusals: readonly { readonly line: number; readonly problem: string }[],
  screen: Screen,
): string {
  const taken = found.entries - found.refused
  return [
    found.dryRun ? `Would import ${taken} of ${found.entries}; nothing was suppressed.\n` : '',
    !found.dryRun && found.state === 'done' ? `Imported ${taken} of ${found.entries}.\n` : '',
    facts(
      [
        ['Import', found.id],
        ['State', found.state === 'open' ? `open, goes on with line ${found.nextLine}` : found.state],
        ['Columns', found.columns?.join(', ')],
        ['New', String(found.added)],
        ['Widened', found.widened === 0 ? null : String(found.widened)],
        ['Listed before', String(found.unchanged)],
        ['Refused', String(found.refused)],
        ['Since', `${clock(found.createdAt)} UTC`],
      ],
      screen,
    ),
    refusals.length === 0
      ? ''
      : `\n${table(
          [
            { title: 'LINE', of: (row) => String(row.line), align: 'right' },
            { title: 'REFUSED BECAUSE', of: (row) => row.problem },
          ],
          refusals,
          screen,
        )}`,
    found.refused > refusals.length
      ? `… and ${found.refused - refusals.length} more; all with --json.\n`
      : '',
  ].join('')
}

const importId = argument('IMPORT', 'The import, imp_….')

const list: Command = {
  path: ['suppressions', 'imports'],
  summary: 'List imports of suppressions, newest first',
  operations: ['suppressionImports.list'],
  flags: listFlags,
  examples: [
    { line: 'bulkhead suppressions imports', says: 'which files were imported, and how far they are' },
  ],
  run: (context, given) => {
    const client = context.client()
    return showList(
      context,
      given,
      (page) => client.suppressionImports.list(page),
      (items, screen) =>
        table(
          [
            { title: 'IMPORT', of: (row) => row.id, whole: true },
            { title: 'WHEN', of: (row) => relative(row.createdAt, screen.now) },
            { title: 'STATE', of: (row) => (row.dryRun ? `${row.state} (dry run)` : row.state) },
            { title: 'LINES', of: (row) => String(row.entries), align: 'right' },
            { title: 'NEW', of: (row) => String(row.added), align: 'right' },
            { title: 'REFUSED', of: (row) => String(row.refused), align: 'right' },
          ],
          items,
          screen,
        ),
      'Nothing was imported.',
    )
  },
}

const show: Command = {
  path: ['suppressions', 'import-report'],
  summary: 'Show how far an import is, and the lines it refused',
  operations: ['suppressionImports.get', 'suppressionImports.listRefusals'],
  arguments: [importId],
  examples: [
    { line: 'bulkhead suppressions import-report imp_… --json', says: 'all refused lines, for a program' },
  ],
  async run(context, given) {
    const client = context.client()
    const found = await client.suppressionImports.get(given.argument(importId))
    if (!context.out.json) return showImport(context, client, found)
    const refusals: { line: number; problem: string }[] = []
    for await (const row of client.suppressionImports.listRefusalsAll(found.id, { limit: 100 }))
      refusals.push(row)
    context.out.show({ ...found, refusals }, () => '')
  },
}

const cancel: Command = {
  path: ['suppressions', 'import-cancel'],
  summary: 'Cancel an import: it takes no more lines',
  operations: ['suppressionImports.cancel'],
  arguments: [importId],
  examples: [
    { line: 'bulkhead suppressions import-cancel imp_…', says: 'what it has suppressed stays suppressed' },
  ],
  async run(context, given) {
    const cancelled = await context.client().suppressionImports.cancel(given.argument(importId))
    context.out.show(cancelled, (screen) => renderImport(cancelled, [], screen))
  },
}

export const suppressionImportCommands: readonly Command[] = [importCommand, list, show, cancel]
