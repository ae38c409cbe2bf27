import type { InstallationQueueGetOutput, LedgerGetOutput, QueueGetOutput } from '@bulkhead/sdk'
import { toggle, type Command } from '../command.ts'
import { EXIT } from '../failure.ts'
import { relative } from '../instants.ts'
import { table, type Screen } from '../table.ts'
import { pad } from '../text.ts'

const installation = toggle('installation', 'Of the whole installation, with the operator’s key.')

export const queueCommand: Command = {
  path: ['queue'],
  summary: 'What waits to be sent, by lane, state and site',
  operations: ['queue.get', 'installationQueue.get'],
  flags: [installation],
  examples: [
    { line: 'bulkhead queue', says: 'is there a backlog, and how old is it?' },
    { line: 'bulkhead queue --installation', says: 'of all workspaces, with the operator’s key' },
  ],
  async run(context, given) {
    if (!given.flag(installation)) {
      const queue = await context.client().queue.get()
      context.out.show(queue, (screen) => `${renderQueue(queue, screen)}${renderSites(queue, screen)}`)
      return
    }
    const queue = await context.operator().installationQueue.get()
    context.out.show(
      queue,
      (screen) =>
        `${renderQueue(queue, screen)}${renderSites(queue, screen)}${renderWorkspaces(queue, screen)}`,
    )
  },
}

/** The queue as a table. `DUE` tells how long the oldest has been waiting past its time. */
export function renderQueue(queue: QueueGetOutput, screen: Screen): string {
  if (queue.data.length === 0) return 'Nothing waits.\n'
  const rows = table(
    [
      { title: 'LANE', of: (row) => row.lane },
      { title: 'STATE', of: (row) => row.state },
      { title: 'RECIPIENTS', of: (row) => String(row.recipients), align: 'right' },
      { title: 'OLDEST DUE', of: (row) => relative(row.oldestDue, screen.now) },
    ],
    queue.data,
    screen,
  )
  // Held mail does not move by itself: who holds it is elsewhere.
  return queue.data.some((row) => row.state === 'held')
    ? `${rows}${screen.paint.dim('Who holds it, and why: bulkhead queue acts --open')}\n`
    : rows
}

function renderSites({ sites, complete }: QueueGetOutput, screen: Screen): string {
  const known = sites.filter((row) => row.site !== null)
  const rows =
    known.length === 0
      ? ''
      : `\n${table(
          [
            { title: 'LANE', of: (row) => row.lane },
            { title: 'PROVIDER', of: (row) => row.provider ?? '-' },
            { title: 'SITE', of: (row) => row.site ?? '-' },
            { title: 'RECIPIENTS', of: (row) => String(row.recipients), align: 'right' },
            { title: 'OLDEST DUE', of: (row) => relative(row.oldestDue, screen.now) },
          ],
          known,
          screen,
        )}`
  return `${rows}${complete ? '' : 'There is more than could be counted at once: these are the least.\n'}`
}

function renderWorkspaces({ workspaces }: InstallationQueueGetOutput, screen: Screen): string {
  if (workspaces.length === 0) return ''
  return `\n${table(
    [
      { title: 'LANE', of: (row) => row.lane },
      { title: 'WORKSPACE', of: (row) => row.workspaceId, whole: true },
      { title: 'RECIPIENTS', of: (row) => String(row.recipients), align: 'right' },
      { title: 'OLDEST DUE', of: (row) => relative(row.oldestDue, screen.now) },
    ],
    workspaces,
    screen,
  )}`
}

/** The terms of the ledger equation, in the order in which it is written. */
const TERMS = [
  'delivered',
  'bounced',
  'expired',
  'suppressed',
  'cancelled',
  'uncertain',
  'pending',
  'scheduled',
  'held',
] as const

export const ledgerCommand: Command = {
  path: ['ledger'],
  summary: 'What became of every accepted recipient, and whether it adds up',
  description:
    'Counted from the rows themselves in one snapshot. Every recipient that was ever accepted is in exactly one state; when the sum is wrong the exit code is 1.',
  operations: ['ledger.get', 'installationLedger.get'],
  flags: [installation],
  examples: [
    { line: 'bulkhead ledger', says: 'the equation with numbers' },
    { line: 'bulkhead ledger --installation', says: 'of all workspaces, as it was counted some seconds ago' },
    { line: 'bulkhead ledger --json > ledger.json || alarm', says: 'in a watchdog' },
  ],
  async run(context, given) {
    if (given.flag(installation)) {
      const all = await context.operator().installationLedger.get()
      context.out.show(
        all,
        (screen) => `${renderLedger(all, screen)}Counted ${relative(all.countedAt, screen.now)}.\n`,
      )
      return all.balanced ? EXIT.ok : EXIT.refused
    }
    const ledger = await context.client().ledger.get()
    context.out.show(ledger, (screen) => renderLedger(ledger, screen))
    return ledger.balanced ? EXIT.ok : EXIT.refused
  },
}

function renderLedger(ledger: LedgerGetOutput, screen: Screen): string {
  const { paint } = screen
  const digits = String(ledger.accepted).length + 1
  return [
    `${pad(String(ledger.accepted), digits, 'right')}  accepted\n`,
    ...TERMS.map(
      (term, index) =>
        `${paint.dim(index === 0 ? '=' : '+')}${pad(String(ledger[term]), digits - 1, 'right')}  ${term}\n`,
    ),
    '\n',
    ledger.balanced
      ? paint.green('The ledger balances: nothing is lost and nothing is counted twice.\n')
      : paint.red(
          `The ledger does not balance: ${ledger.lost} lost, ${ledger.doubled} counted twice. Stop and look before anything is changed.\n`,
        ),
  ].join('')
}

/** The equation on one line. */
export function ledgerLine(ledger: LedgerGetOutput): string {
  const terms = TERMS.filter((term) => ledger[term] > 0).map((term) => `${ledger[term]} ${term}`)
  const sum = terms.length === 0 ? '0' : terms.join(' + ')
  return `${ledger.accepted} accepted ${ledger.balanced ? '=' : '≠'} ${sum}`
}
