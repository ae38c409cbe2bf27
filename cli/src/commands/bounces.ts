import type { Bounce } from '@bulkhead/sdk'
import { argument, choice, text, type Command } from '../command.ts'
import { writeOutput } from '../files.ts'
import { bytes, clock, relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table, type Screen } from '../table.ts'
import { cleanLines } from '../text.ts'

const KINDS = [
  'bounce',
  'notice',
  'complaint',
  'auto_reply',
  'challenge',
  'receipt',
  'other',
  'mail',
] as const

const report = argument('REPORT', 'Id of the report, bnc_….')
const message = text('message', 'MESSAGE', 'Only what came back for this message, msg_….')
const kind = choice('kind', KINDS, 'Only reports of this kind.')
const output = text('output', 'FILE', 'Write to a file instead of standard output.')

const list: Command = {
  path: ['bounces', 'list'],
  summary: 'List what came back: bounces, complaints, replies of machines, newest first',
  operations: ['bounces.list'],
  flags: [message, kind, ...listFlags],
  examples: [
    { line: 'bulkhead bounces list', says: 'what came back lately' },
    { line: 'bulkhead bounces list --message msg_01jq…', says: 'what came back for one message' },
  ],
  run: (context, given) => {
    const client = context.client()
    return showList(
      context,
      given,
      (page) => client.bounces.list({ messageId: given.flag(message), kind: given.flag(kind), ...page }),
      (items, screen) =>
        table(
          [
            { title: 'REPORT', of: (row) => row.id, whole: true },
            { title: 'CAME', of: (row) => relative(row.receivedAt, screen.now) },
            { title: 'KIND', of: (row) => row.kind },
            { title: 'CLASS', of: (row) => row.recipients.find((item) => item.class !== null)?.class ?? '-' },
            { title: 'REASON', of: (row) => row.recipients[0]?.reason ?? '-' },
            { title: 'MESSAGE', of: (row) => row.messageId ?? '-' },
          ],
          items,
          screen,
        ),
      'Nothing came back.',
    )
  },
}

const show: Command = {
  path: ['bounces', 'show'],
  summary: 'Show what a report said of each recipient, by which rule it was judged, and what came of it',
  operations: ['bounces.get'],
  arguments: [report],
  examples: [{ line: 'bulkhead bounces show bnc_01jq…', says: 'why an address was suppressed' }],
  async run(context, given) {
    const found = await context.client().bounces.get(given.argument(report))
    context.out.show(found, (screen) => rendered(found, screen))
  },
}

function rendered(found: Bounce, screen: Screen): string {
  return [
    facts(
      [
        ['Report', found.id],
        ['Kind', `${found.kind} (${found.format})`],
        ['Message', found.messageId],
        ['Came', `${clock(found.receivedAt)} UTC`],
        ['Reported by', found.reportingMta ?? found.reporter],
        ['Feedback', found.feedbackType],
        ['Size', bytes(found.sizeBytes)],
      ],
      screen,
    ),
    ...found.recipients.map(
      (item) =>
        `\n${facts(
          [
            ['Recipient', item.number === null ? 'none of the message' : String(item.number)],
            ['Action', [item.action, item.status].filter((part) => part !== null).join(' ')],
            [
              'Class',
              item.class === null ? null : `${item.class}, ${item.permanent ? 'permanent' : 'temporary'}`,
            ],
            ['Reason', item.reason],
            ['Rule', item.rule],
            ['Said', cleanLines(item.diagnostic)],
            ['Event', item.effect === 'none' ? 'none' : `message.${item.effect}`],
            ['Suppressed', item.suppressed ? 'yes' : 'no'],
            ['Note', item.note],
          ],
          screen,
        )}`,
    ),
  ].join('')
}

const source: Command = {
  path: ['bounces', 'source'],
  summary: 'Print a report as it came, with its envelope',
  description:
    'The evidence. On a terminal, control characters are replaced; a file or pipe gets every byte.',
  operations: ['bounces.source'],
  arguments: [report],
  flags: [output],
  examples: [{ line: 'bulkhead bounces source bnc_01jq… --output bounce.eml', says: 'save it' }],
  async run(context, given) {
    const content = await context.client().bounces.source(given.argument(report))
    const path = given.flag(output)
    if (path === undefined && context.out.toTerminal)
      context.out.raw(cleanLines(new TextDecoder().decode(content)))
    else writeOutput(context, path, content)
  },
}

const quarantine: Command = {
  path: ['quarantine', 'list'],
  summary: 'List mail from outside that belongs to no workspace, newest first',
  description:
    "For the operator: needs the operator's key. Mail to postmaster and abuse, and reports that match no message.",
  operations: ['quarantine.list'],
  flags: [kind, ...listFlags],
  examples: [{ line: 'bulkhead quarantine list --kind mail', says: 'who wrote to postmaster and abuse' }],
  run: (context, given) => {
    const client = context.operator()
    return showList(
      context,
      given,
      (page) => client.quarantine.list({ kind: given.flag(kind), ...page }),
      (items, screen) =>
        table(
          [
            { title: 'REPORT', of: (row) => row.id, whole: true },
            { title: 'CAME', of: (row) => relative(row.receivedAt, screen.now) },
            { title: 'KIND', of: (row) => row.kind },
            { title: 'WHY', of: (row) => row.why ?? '-' },
            { title: 'SIZE', of: (row) => bytes(row.sizeBytes), align: 'right' },
          ],
          items,
          screen,
        ),
      'The quarantine is empty.',
    )
  },
}

const quarantined: Command = {
  path: ['quarantine', 'source'],
  summary: 'Print mail of the quarantine as it came, with its envelope',
  description:
    "For the operator: needs the operator's key. Strangers wrote it. On a terminal, control characters are replaced.",
  operations: ['quarantine.source'],
  arguments: [report],
  flags: [output],
  examples: [{ line: 'bulkhead quarantine source bnc_01jq… --output abuse.eml', says: 'save it' }],
  async run(context, given) {
    const content = await context.operator().quarantine.source(given.argument(report))
    const path = given.flag(output)
    if (path === undefined && context.out.toTerminal)
      context.out.raw(cleanLines(new TextDecoder().decode(content)))
    else writeOutput(context, path, content)
  },
}

export const bounceCommands: readonly Command[] = [list, show, source, quarantine, quarantined]
