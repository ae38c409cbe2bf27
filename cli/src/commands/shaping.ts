import type { ShapingCheck, ShapingExplained, ShapingOverlay, ShapingResolved } from '@bulkhead/sdk'
import { argument, optionalArgument, text, toggle, type Command } from '../command.ts'
import { EXIT } from '../failure.ts'
import { readInput } from '../files.ts'
import { clock, relative } from '../instants.ts'
import { facts, table, type Screen } from '../table.ts'

const FILE_BYTES_MAX = 524_288

type Waiting = ShapingExplained['recipients'][number]

const file = optionalArgument(
  'FILE',
  'A TOML file, or - for standard input. Default: the one the server goes by.',
)
const domain = argument('DOMAIN', 'Of a recipient.')
const source = text('source', 'NAME', 'Name of a source. Default: the default route.')
const message = argument('MESSAGE', 'Id of the message, msg_….')
const ended = toggle('ended', 'Also what is over, for 30 days.')
const evidence = toggle('evidence', 'With the replies that led to it.')
const overlay = argument('OVERLAY', 'Id, ovl_….')

const check: Command = {
  path: ['shaping', 'check'],
  summary: 'What is wrong with a file of shaping rules; nothing is applied',
  description:
    "For the operator: needs the operator's key. Without FILE: the file that BULKHEAD_SHAPING names on the server, and whether it is in force. Exit code 1 when something is wrong.",
  operations: ['shaping.check'],
  arguments: [file],
  examples: [
    { line: 'bulkhead shaping check my-shaping.toml', says: 'before it is put into its place' },
    { line: 'bulkhead shaping check', says: 'is the file in force?' },
  ],
  async run(context, given) {
    const path = given.argument(file)
    const found = await context
      .operator()
      .shaping.check(
        path === undefined ? {} : { text: (await readInput(context, path, FILE_BYTES_MAX)).toString('utf8') },
      )
    context.out.show(found, (screen) => renderCheck(found, path, screen))
    return found.ok ? EXIT.ok : EXIT.refused
  },
}

function renderCheck(found: ShapingCheck, path: string | undefined, screen: Screen): string {
  const name = path === '-' ? 'standard input' : (path ?? found.file)
  const state = {
    given: 'checked, nothing applied',
    file: `${name ?? ''}, on top of what is shipped`,
    shipped: 'what is shipped',
  }[found.inForce]
  const head = facts(
    [
      ['File', name ?? 'none: BULKHEAD_SHAPING is not set'],
      [found.inForce === 'given' ? 'State' : 'In force', state],
      ['Problems', String(found.problems.length)],
      ['Providers', found.ok ? found.providers.join(', ') : null],
      ['Rules about replies', found.ok ? String(found.automation.length) : null],
    ],
    screen,
  )
  const problems = found.problems
    .map((each) => {
      const shown = each.file === 'given' ? (name ?? each.file) : each.file
      const where = each.line === null ? shown : `${shown}:${each.line}`
      return `${where}: ${each.field === '' ? '' : `${each.field} `}${each.problem}\n  ${each.fix}\n`
    })
    .join('')
  return problems === '' ? head : `${head}\n${problems}`
}

const resolve: Command = {
  path: ['shaping', 'resolve'],
  summary: 'The limits of mail to a domain, and which layer decided each',
  description:
    "For the operator: needs the operator's key. Asks DNS for the domain's MX hosts, as a sender does that delivers to them directly.",
  operations: ['shaping.resolve'],
  arguments: [domain],
  flags: [source],
  examples: [
    { line: 'bulkhead shaping resolve gmail.com', says: 'how fast mail goes there, and why' },
    { line: 'bulkhead shaping resolve gmail.com --source ip1', says: 'from one source' },
  ],
  async run(context, given) {
    const found = await context.operator().shaping.resolve({
      domain: given.argument(domain),
      source: given.flag(source),
    })
    context.out.show(found, (screen) => renderResolved(found, screen))
  },
}

function renderResolved(found: ShapingResolved, screen: Screen): string {
  return [
    facts(
      [
        ['Domain', found.domain],
        ['Site', found.site],
        ['Provider', found.provider ?? 'none'],
        ['Source', found.source ?? 'the default route'],
        ['MX hosts', found.mxHosts.join(', ')],
        ['Holds', found.ofDomain ? 'for this domain alone' : 'for every domain of the site'],
      ],
      screen,
    ),
    '\n',
    renderReasons(found.because, screen),
    found.overlays.length === 0 ? '' : `\n${renderOverlays(found.overlays, screen)}`,
  ].join('')
}

function renderReasons(rows: ShapingResolved['because'], screen: Screen): string {
  return table(
    [
      { title: 'KEY', of: (row) => row.key, whole: true },
      { title: 'VALUE', of: (row) => row.value },
      { title: 'LAYER', of: (row) => row.layer, whole: true },
      { title: 'WRITTEN AT', of: (row) => row.rule },
    ],
    rows,
    screen,
  )
}

const explain: Command = {
  path: ['shaping', 'explain'],
  summary: 'Why the recipients of a message wait, and what happens next',
  description:
    'With the key of the workspace. For each recipient that waits: where it goes, the limits there and which layer decided them, what was learnt from replies, what is stopped, the last replies.',
  operations: ['shaping.explain'],
  arguments: [message],
  examples: [{ line: 'bulkhead shaping explain msg_01…', says: 'why has it not arrived yet?' }],
  async run(context, given) {
    const found = await context.client().shaping.explain(given.argument(message))
    context.out.show(found, (screen) =>
      found.recipients.length === 0
        ? `No recipient waits; ${found.done} are done. See: bulkhead messages show ${found.messageId}.\n`
        : `${found.recipients.map((row) => renderWaiting(row, screen)).join('\n')}${found.done === 0 ? '' : `\n${found.done} more are done.\n`}`,
    )
  },
}

/** Sites are of direct delivery; what was tried and has none went elsewhere. */
function siteUnknown(row: Waiting): string {
  return row.attempts === 0 ? 'not looked up yet' : 'none: the local inbox, the simulator or a relay'
}

function renderWaiting(row: Waiting, screen: Screen): string {
  const decided = row.because.filter((reason) => reason.layer !== 'built-in')
  return [
    facts(
      [
        ['Recipient', `${row.number} ${row.email}`],
        ['Why', row.why],
        ['Next attempt', `${clock(row.nextAttemptAt)} UTC, ${relative(row.nextAttemptAt, screen.now)}`],
        ['Expires', `${clock(row.expiresAt)} UTC, ${relative(row.expiresAt, screen.now)}`],
        ['Attempts', `${row.attempts} (${row.lane})`],
        ['Site', row.site ?? siteUnknown(row)],
        ['Provider', row.provider ?? (row.site === null ? null : 'none')],
        ['TLS policy', row.policy],
        ['Stopped by', row.pause === null ? null : `${row.pause.id}: ${row.pause.reason}`],
      ],
      screen,
    ),
    ...row.overlays.map(
      (each) =>
        `  ${each.kind === 'suspend' ? 'Suspended' : 'Slower'} until ${clock(each.until)} UTC (${each.rule}): ${each.reason}\n`,
    ),
    ...row.lastReplies.map((reply) => `  ${clock(reply.at)}  ${reply.code ?? ''} ${reply.text}\n`),
    decided.length === 0 ? '' : renderReasons(decided, screen),
  ].join('')
}

const overlays: Command = {
  path: ['shaping', 'overlays'],
  summary: 'What was learnt from replies and is in force',
  description:
    "For the operator: needs the operator's key. Newest first. Each ends by itself; bulkhead shaping lift ends one before.",
  operations: ['shaping.listOverlays'],
  flags: [ended, evidence],
  examples: [
    { line: 'bulkhead shaping overlays', says: 'who is suspended where, and what is slower' },
    { line: 'bulkhead shaping overlays --evidence', says: 'with the replies' },
  ],
  async run(context, given) {
    const found = await context
      .operator()
      .shaping.listOverlays({ ended: given.flag(ended) ? 'true' : 'false' })
    context.out.show(found, (screen) => {
      if (found.data.length === 0) return 'Nothing that was learnt is in force.\n'
      const rows = renderOverlays(found.data, screen)
      return given.flag(evidence) ? `${rows}${found.data.map(renderEvidence).join('')}` : rows
    })
  },
}

function renderOverlays(rows: readonly ShapingOverlay[], screen: Screen): string {
  return table(
    [
      { title: 'WHAT', of: (row) => (row.kind === 'suspend' ? 'suspended' : settingsText(row)) },
      { title: 'WHOSE MAIL', of: (row) => row.workspaceId ?? 'everybody', whole: true },
      { title: 'WHERE', of: (row) => `${row.at} ${row.place}` },
      { title: 'FROM', of: (row) => row.source ?? 'default route' },
      { title: 'RULE', of: (row) => row.rule },
      { title: 'REPLIES', of: (row) => String(row.hits), align: 'right' },
      {
        title: 'ENDS',
        of: (row) =>
          row.endedAt === null
            ? relative(row.until, screen.now)
            : `${row.endedBy === null ? 'over' : 'lifted'} ${relative(row.endedAt, screen.now)}`,
      },
      { title: 'ID', of: (row) => row.id, whole: true },
    ],
    rows,
    screen,
  )
}

function settingsText(row: ShapingOverlay): string {
  return Object.entries(row.settings)
    .map(([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ')
}

function renderEvidence(row: ShapingOverlay): string {
  const replies = row.evidence.map(
    (each) => `  ${clock(each.at)}  ${each.stage}  ${each.code} ${each.text}\n`,
  )
  return `\n${row.id}: ${row.reason}\n${replies.join('')}`
}

const lift: Command = {
  path: ['shaping', 'lift'],
  summary: 'End what was learnt before its time',
  description:
    "For the operator: needs the operator's key. Senders hear of it within two seconds. What led to it counts no more; new replies of the same kind make another.",
  operations: ['shaping.liftOverlay'],
  arguments: [overlay],
  examples: [{ line: 'bulkhead shaping lift ovl_01…', says: 'the provider has answered: try again' }],
  async run(context, given) {
    const id = given.argument(overlay)
    await context.operator().shaping.liftOverlay(id)
    context.out.show({ lifted: id }, () => `${id} is lifted.\n`)
  },
}

export const shapingCommands: readonly Command[] = [check, resolve, explain, overlays, lift]
