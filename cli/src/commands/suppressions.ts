import {
  BulkheadError,
  CHOICES,
  type Client,
  type Suppression,
  type SuppressionExplanation,
} from '@bulkhead/sdk'
import { setTimeout as sleep } from 'node:timers/promises'
import { argument, choice, instant, text, toggle, type Command, type Context } from '../command.ts'
import { writeCsvLine } from '../csv.ts'
import { UsageError } from '../failure.ts'
import { writeOutput } from '../files.ts'
import { clock, relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table, type Screen } from '../table.ts'
import { eventText } from '../timeline.ts'
import { exemptions } from './suppression-exemptions.ts'
import { withdraw } from './suppression-withdrawals.ts'

const REASONS = CHOICES['suppressions.add'].reason
const SCOPES = CHOICES['suppressions.add'].scope
const email = argument('ADDRESS', 'The address.')
const scope = choice('scope', SCOPES, 'all mail, or bulk mail only. Default all; for unsubscribe bulk.')
const expires = instant('expires', 'future', 'When the entry ends by itself. Default never.')
const onlyScope = choice('scope', SCOPES, 'Only those that stop all mail, or bulk mail only.')
const since = instant('since', 'past', 'Only those made since then.')
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
  flags: [reason, scope, expires, note],
  examples: [
    {
      line: 'bulkhead suppressions add ann@example.com --note "asked by phone"',
      says: 'send no more to one person',
    },
  ],
  async run(context, given) {
    const added = await context.client().suppressions.add({
      email: given.argument(email),
      reason: given.flag(reason),
      scope: given.flag(scope),
      expiresAt: given.flag(expires),
      note: given.flag(note),
    })
    context.out.show(added, (screen) => renderSuppression(added, screen))
  },
}

const list: Command = {
  path: ['suppressions', 'list'],
  summary: 'List suppressed addresses, newest first',
  operations: ['suppressions.list'],
  flags: [onlyReason, onlyScope, since, onlyEmail, ...listFlags],
  examples: [
    { line: 'bulkhead suppressions list --reason complaint', says: 'who complained' },
    { line: 'bulkhead suppressions list --email ann@example.com', says: 'is this address suppressed?' },
  ],
  run: (context, given) => {
    const client = context.client()
    const filter = {
      reason: given.flag(onlyReason),
      scope: given.flag(onlyScope),
      since: given.flag(since),
      email: given.flag(onlyEmail),
    }
    return showList(
      context,
      given,
      (page) => client.suppressions.list({ ...filter, ...page }),
      (items, screen) =>
        table(
          [
            { title: 'ADDRESS', of: (row) => row.email ?? '(erased)' },
            { title: 'REASON', of: (row) => row.reason },
            { title: 'STOPS', of: (row) => row.scope },
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

const explain: Command = {
  path: ['suppressions', 'explain'],
  summary: 'Explain why an address gets no mail, and what to do',
  operations: ['suppressions.explain'],
  arguments: [email],
  examples: [
    {
      line: 'bulkhead suppressions explain ann@example.com',
      says: 'why, what it does not get, until when, and what to do',
    },
  ],
  async run(context, given) {
    const found = await context.client().suppressions.explain({ email: given.argument(email) })
    context.out.show(found, (screen) => renderExplanation(found, screen))
  },
}

function renderExplanation(found: SuppressionExplanation, screen: Screen): string {
  const { suppression: entry } = found
  return [
    facts(
      [
        ['Address', found.email],
        ['Suppressed', found.suppressed ? 'yes' : 'no'],
        ['Why', found.why],
        ['Stops', found.suppressed ? found.stops.join(', ') : null],
        [
          'Until',
          found.suppressed ? (found.until === null ? 'it is lifted' : `${clock(found.until)} UTC`) : null,
        ],
        ['Afterwards', found.afterwards],
        ['Message', entry?.messageId],
        ['Evidence', entry === null || entry.evidence === null ? null : eventText(entry.evidence)],
        ['Id', entry?.id],
      ],
      screen,
    ),
    '\nWhat to do:\n',
    ...found.whatToDo.map((step) => `  - ${step}\n`),
  ].join('')
}

const noNote = toggle('no-note', 'Take the note away.')
const neverExpires = toggle('never-expires', 'The entry does not end by itself any more.')

const change: Command = {
  path: ['suppressions', 'change'],
  summary: 'Change what a suppression stops, when it ends, or its note',
  operations: ['suppressions.update', 'suppressions.list'],
  arguments: [suppression],
  flags: [scope, expires, neverExpires, note, noNote],
  examples: [
    { line: 'bulkhead suppressions change ann@example.com --scope bulk', says: 'receipts go there again' },
    { line: 'bulkhead suppressions change ann@example.com --expires 30d', says: 'for a month only' },
  ],
  async run(context, given) {
    const client = context.client()
    const asked = given.argument(suppression)
    const id = asked.includes('@') ? (await byEmail(client, asked)).id : asked
    const changed = await client.suppressions.update(id, {
      scope: given.flag(scope),
      expiresAt: given.flag(neverExpires) ? null : given.flag(expires),
      note: given.flag(noNote) ? null : given.flag(note),
    })
    context.out.show(changed, (screen) => renderSuppression(changed, screen))
  },
}

const why = text('why', 'TEXT', 'The reason, for the audit log. Do not put an address here.')

const remove: Command = {
  path: ['suppressions', 'remove'],
  summary: 'Lift a suppression: mail is sent again',
  operations: ['suppressions.delete', 'suppressions.deleteByEmail'],
  arguments: [suppression],
  flags: [why],
  examples: [
    { line: 'bulkhead suppressions remove ann@example.com', says: 'a new hard bounce suppresses it again' },
  ],
  async run(context, given) {
    const client = context.client()
    const asked = given.argument(suppression)
    const reasoned = given.flag(why)
    // An address with a reason is looked up first: the reason is written beside the entry.
    const id = asked.includes('@') && reasoned !== undefined ? (await byEmail(client, asked)).id : asked
    if (id.includes('@')) await client.suppressions.deleteByEmail({ email: id })
    else await client.suppressions.delete(id, { why: reasoned })
    context.out.show({ removed: asked }, () => `${asked} is no longer suppressed.\n`)
  },
}

const output = text('output', 'FILE', 'Write to a file (mode 0600) instead of standard output.')

const PART = 5_000

const exportCommand: Command = {
  path: ['suppressions', 'export'],
  summary: 'Write all suppressed addresses as CSV',
  description:
    'The file can be imported again. With --json the entries are JSON lines, with their evidence. Entries whose address is erased are left out, and counted.',
  operations: ['suppressions.export'],
  flags: [onlyReason, onlyScope, since, output],
  examples: [{ line: 'bulkhead suppressions export --output suppressions.csv', says: 'a copy of the list' }],
  async run(context, given) {
    const client = context.client()
    const progress = context.out.progress('Exporting', null)
    const parts = context.out.json ? [] : [writeCsvLine(TITLES)]
    let erased = 0
    let cursor: string | undefined
    do {
      const query = {
        reason: given.flag(onlyReason),
        scope: given.flag(onlyScope),
        since: given.flag(since),
        limit: PART,
        cursor,
      }
      const bytes = await waiting(context, () => client.suppressions.export(query))
      const lines = Buffer.from(bytes).toString('utf8').trimEnd().split('\n')
      const end = objectOf(lines.pop())
      parts.push(...lines.map((line) => (context.out.json ? `${line}\n` : csvOf(objectOf(line)))))
      progress.advance(lines.length)
      erased += Number(end['erased'])
      cursor = typeof end['next'] === 'string' ? end['next'] : undefined
    } while (cursor !== undefined)
    progress.end()
    writeOutput(context, given.flag(output), parts.join(''))
    if (erased > 0) context.out.note(`${erased} entries have no readable address and are not in it.`)
  },
}

/** A long list is more than may be read in an hour: an export goes on when more may be. */
async function waiting<Answer>(context: Context, ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      const isBudget = error instanceof BulkheadError && error.code === 'too_many_requests'
      const seconds = isBudget ? error.retryAfterSeconds : undefined
      if (seconds === undefined) throw error
      context.out.note(`No more may be read for now: going on in ${seconds} seconds.`)
      await sleep(seconds * 1_000, undefined, { signal: context.signal })
    }
  }
}

const TITLES = ['email', 'reason', 'scope', 'note', 'expiresAt', 'createdAt'] as const

function csvOf(entry: Readonly<Record<string, unknown>>): string {
  return writeCsvLine(
    TITLES.map((title) => {
      const value = entry[title]
      return typeof value === 'string' ? value : ''
    }),
  )
}

function objectOf(line: string | undefined): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(line ?? '{}')
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function renderSuppression(found: Suppression, screen: Screen): string {
  return facts(
    [
      ['Address', found.email ?? '(erased: it came from a sensitive message)'],
      ['Reason', found.reason],
      ['Stops', found.scope === 'all' ? 'all mail' : 'bulk mail'],
      ['Until', found.expiresAt === null ? null : `${clock(found.expiresAt)} UTC`],
      ['Since', `${clock(found.createdAt)} UTC`],
      ['Note', found.note],
      ['Message', found.messageId],
      ['Import', found.importId],
      ['Evidence', found.evidence === null ? null : eventText(found.evidence)],
      ['Id', found.id],
    ],
    screen,
  )
}

export const suppressionCommands: readonly Command[] = [
  add,
  list,
  show,
  explain,
  change,
  remove,
  withdraw,
  exportCommand,
  ...exemptions,
]
