import { BulkheadError, CHOICES, type Client, type Suppression } from '@bulkhead/sdk'
import { setTimeout as sleep } from 'node:timers/promises'
import { argument, choice, text, type Command, type Context } from '../command.ts'
import { parseCsv, writeCsvLine } from '../csv.ts'
import { EXIT, UsageError } from '../failure.ts'
import { readInput, writeOutput } from '../files.ts'
import { clock, relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table, type Screen } from '../table.ts'
import { detailText } from '../timeline.ts'

const REASONS = CHOICES['suppressions.add'].reason
const email = argument('ADDRESS', 'The address.')
const reason = choice('reason', REASONS, 'Why. Default manual.')
const note = text('note', 'TEXT', 'A remark for people. Do not put an address here.')
const onlyReason = choice('reason', REASONS, 'Only those suppressed for this reason.')
const onlyEmail = text('email', 'ADDRESS', 'Only this address.')
const suppression = argument('ADDRESS', 'The address, or the id, sup_….')

const add: Command = {
  path: ['suppressions', 'add'],
  summary: 'Suppress an address: nothing more is sent to it',
  operations: ['suppressions.add'],
  arguments: [email],
  flags: [reason, note],
  examples: [
    {
      line: 'bulkhead suppressions add ann@example.com --note "asked by phone"',
      says: 'send no more to one person',
    },
  ],
  async run(context, given) {
    const added = await context
      .client()
      .suppressions.add({ email: given.argument(email), reason: given.flag(reason), note: given.flag(note) })
    context.out.show(added, (screen) => renderSuppression(added, screen))
  },
}

const list: Command = {
  path: ['suppressions', 'list'],
  summary: 'List suppressed addresses, newest first',
  operations: ['suppressions.list'],
  flags: [onlyReason, onlyEmail, ...listFlags],
  examples: [
    { line: 'bulkhead suppressions list --reason complaint', says: 'who complained' },
    { line: 'bulkhead suppressions list --email ann@example.com', says: 'is this address suppressed?' },
  ],
  run: (context, given) => {
    const client = context.client()
    const filter = { reason: given.flag(onlyReason), email: given.flag(onlyEmail) }
    return showList(
      context,
      given,
      (page) => client.suppressions.list({ ...filter, ...page }),
      (items, screen) =>
        table(
          [
            { title: 'ADDRESS', of: (row) => row.email ?? '(erased)' },
            { title: 'REASON', of: (row) => row.reason },
            { title: 'SINCE', of: (row) => relative(row.createdAt, screen.now) },
            { title: 'NOTE', of: (row) => row.note ?? '-' },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No suppressed addresses match.',
    )
  },
}

const show: Command = {
  path: ['suppressions', 'show'],
  summary: 'Show a suppressed address and what caused it',
  operations: ['suppressions.get', 'suppressions.list'],
  arguments: [suppression],
  examples: [{ line: 'bulkhead suppressions show ann@example.com', says: 'why it gets no mail' }],
  async run(context, given) {
    const client = context.client()
    const asked = given.argument(suppression)
    const found = asked.includes('@') ? await byEmail(client, asked) : await client.suppressions.get(asked)
    context.out.show(found, (screen) => renderSuppression(found, screen))
  },
}

async function byEmail(client: Client, address: string): Promise<Suppression> {
  const { data } = await client.suppressions.list({ email: address, limit: 1 })
  const [found] = data
  if (found === undefined) throw new UsageError(`${address} is not suppressed.`)
  return client.suppressions.get(found.id)
}

const remove: Command = {
  path: ['suppressions', 'remove'],
  summary: 'Lift a suppression: mail is sent again',
  operations: ['suppressions.delete', 'suppressions.deleteByEmail'],
  arguments: [suppression],
  examples: [
    { line: 'bulkhead suppressions remove ann@example.com', says: 'a new hard bounce suppresses it again' },
  ],
  async run(context, given) {
    const client = context.client()
    const asked = given.argument(suppression)
    if (asked.includes('@')) await client.suppressions.deleteByEmail({ email: asked })
    else await client.suppressions.delete(asked)
    context.out.show({ removed: asked }, () => `${asked} is no longer suppressed.\n`)
  },
}

const IMPORT_BYTES_MAX = 100 * 1024 * 1024
const AT_ONCE = 8
const TRIES = 6
const file = argument(
  'FILE',
  'CSV with the columns email, reason, note (a line of titles is found out); - for standard input.',
)

const importCommand: Command = {
  path: ['suppressions', 'import'],
  summary: 'Suppress all addresses of a CSV file',
  description:
    'A file with one address per line will do. What is suppressed already stays as it is, so the same file can be imported again. Lines that are refused are listed with their cause, and the exit code is then 1.',
  operations: ['suppressions.add'],
  arguments: [file],
  flags: [reason],
  examples: [
    {
      line: 'bulkhead suppressions import unsubscribed.csv --reason unsubscribe',
      says: 'from another provider',
    },
  ],
  async run(context, given) {
    const rows = readRows(
      await readInput(context, given.argument(file), IMPORT_BYTES_MAX),
      given.flag(reason),
    )
    const client = context.client()
    const progress = context.out.progress('Importing', rows.length)
    const refused: { line: number; email: string; problem: string }[] = []
    let next = 0
    const work = async (): Promise<void> => {
      for (let row = rows[next++]; row !== undefined; row = rows[next++]) {
        const problem = await addPatiently(client, context, row).catch((error: unknown) => {
          // What stops one stops all: nobody takes another row.
          next = rows.length
          throw error
        })
        if (problem !== null) refused.push({ line: row.line, email: row.email, problem })
        progress.advance(1)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    progress.end()
    refused.sort((left, right) => left.line - right.line)
    const imported = rows.length - refused.length
    context.out.show({ imported, refused }, (screen) =>
      [
        `Imported ${imported} of ${rows.length}.\n`,
        refused.length === 0
          ? ''
          : table(
              [
                { title: 'LINE', of: (row) => String(row.line), align: 'right' },
                { title: 'ADDRESS', of: (row) => row.email },
                { title: 'REFUSED BECAUSE', of: (row) => row.problem },
              ],
              refused,
              screen,
            ),
      ].join(''),
    )
    return refused.length === 0 ? EXIT.ok : EXIT.refused
  },
}

interface ImportRow {
  readonly line: number
  readonly email: string
  readonly reason: (typeof REASONS)[number] | undefined
  readonly note: string | undefined
}

function readRows(source: Buffer, defaultReason: ImportRow['reason']): ImportRow[] {
  const records = parseCsv(source.toString('utf8'))
  const titles = records[0]?.fields.map((field) => field.trim().toLowerCase()) ?? []
  const titled = titles.includes('email')
  const column = (name: string, position: number): number => (titled ? titles.indexOf(name) : position)
  const [atEmail, atReason, atNote] = [column('email', 0), column('reason', 1), column('note', 2)]
  return records.slice(titled ? 1 : 0).flatMap(({ line, fields }) => {
    const address = fields[atEmail]?.trim() ?? ''
    if (address === '') return []
    const given = fields[atReason]?.trim() ?? ''
    const known = REASONS.find((item) => item === given)
    if (given !== '' && known === undefined)
      throw new UsageError(
        `Line ${line}: the reason ${JSON.stringify(given)} is not one of ${REASONS.join(', ')}. Nothing was imported.`,
      )
    const remark = fields[atNote]?.trim() ?? ''
    return [
      { line, email: address, reason: known ?? defaultReason, note: remark === '' ? undefined : remark },
    ]
  })
}

/** Adding twice does no harm, so a busy server is asked again. Answers what is wrong with the row, or null. */
async function addPatiently(client: Client, context: Context, row: ImportRow): Promise<string | null> {
  for (let tries = 1; ; tries++) {
    try {
      await client.suppressions.add({ email: row.email, reason: row.reason, note: row.note })
      return null
    } catch (error) {
      if (!(error instanceof BulkheadError)) throw error
      if (error.status === 400) return error.detail
      if ((error.status !== 429 && error.status !== 503) || tries >= TRIES) throw error
      await sleep((error.retryAfterSeconds ?? 2 ** tries / 4) * 1000, undefined, { signal: context.signal })
    }
  }
}

const output = text('output', 'FILE', 'Write to a file (mode 0600) instead of standard output.')

const exportCommand: Command = {
  path: ['suppressions', 'export'],
  summary: 'Write all suppressed addresses as CSV',
  description: 'The file can be imported again. Entries whose address is erased are left out, and counted.',
  operations: ['suppressions.list'],
  flags: [onlyReason, output],
  examples: [{ line: 'bulkhead suppressions export --output suppressions.csv', says: 'a copy of the list' }],
  async run(context, given) {
    const progress = context.out.progress('Exporting', null)
    const lines = [writeCsvLine(['email', 'reason', 'note', 'createdAt'])]
    const entries: Suppression[] = []
    let erased = 0
    for await (const item of context
      .client()
      .suppressions.listAll({ reason: given.flag(onlyReason), limit: 100 })) {
      progress.advance(1)
      if (item.email === null) erased += 1
      else if (context.out.json) entries.push(item)
      else lines.push(writeCsvLine([item.email, item.reason, item.note ?? '', item.createdAt]))
    }
    progress.end()
    if (context.out.json) context.out.show({ data: entries, erased }, () => '')
    else writeOutput(context, given.flag(output), lines.join(''))
    if (erased > 0) context.out.note(`${erased} entries have no readable address and are not in it.`)
  },
}

function renderSuppression(found: Suppression, screen: Screen): string {
  return facts(
    [
      ['Address', found.email ?? '(erased: it came from a sensitive message)'],
      ['Reason', found.reason],
      ['Since', `${clock(found.createdAt)} UTC`],
      ['Note', found.note],
      ['Message', found.messageId],
      ['Evidence', found.evidence === null ? null : detailText(found.evidence)],
      ['Id', found.id],
    ],
    screen,
  )
}

export const suppressionCommands: readonly Command[] = [add, list, show, remove, importCommand, exportCommand]
