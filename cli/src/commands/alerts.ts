import type { AlertsListOutput } from '@bulkhead/sdk'
import { argument, choice, text, toggle, type Command } from '../command.ts'
import { clock, relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table, type Screen } from '../table.ts'

type Alert = AlertsListOutput['data'][number]

const installation = toggle(
  'installation',
  "Those of the installation, for the operator: needs the operator's key.",
)
const state = choice('state', ['open', 'all'], 'open: only those that nobody has acknowledged. Default all.')
const severity = choice('severity', ['medium', 'high', 'critical'], 'Only those of this severity.')
const note = text('note', 'TEXT', 'What others shall know: whether it was you, who looks after it.')
const which = argument('ALERT', 'Id of the alert, alr_….')

const list: Command = {
  path: ['alerts', 'list'],
  summary: 'List security alerts, newest first',
  description:
    'What was noticed around the accounts of people: enumeration, tried passwords, resets, honey accounts.',
  operations: ['alerts.list', 'alerts.listInstallation'],
  flags: [state, severity, installation, ...listFlags],
  examples: [
    { line: 'bulkhead alerts list --state open', says: 'what somebody has to look at' },
    { line: 'bulkhead alerts list --installation', says: 'is somebody attacking this installation?' },
  ],
  run(context, given) {
    const filter = { state: given.flag(state), severity: given.flag(severity) }
    const read = given.flag(installation)
      ? (page: { limit: number; cursor: string | undefined }) =>
          context.operator().alerts.listInstallation({ ...filter, ...page })
      : (page: { limit: number; cursor: string | undefined }) =>
          context.client().alerts.list({ ...filter, ...page })
    return showList(context, given, read, renderList, 'No alerts.')
  },
}

function renderList(items: readonly Alert[], screen: Screen): string {
  return table(
    [
      { title: 'SEVERITY', of: (row) => row.severity },
      { title: 'KIND', of: (row) => row.kind },
      { title: 'SINCE', of: (row) => relative(row.createdAt, screen.now) },
      { title: 'LAST', of: (row) => relative(row.lastAt, screen.now) },
      { title: 'SEEN', of: (row) => (row.acknowledgedAt === null ? 'no' : 'yes') },
      { title: 'ID', of: (row) => row.id, whole: true },
    ],
    items,
    screen,
  )
}

const show: Command = {
  path: ['alerts', 'show'],
  summary: 'Show a security alert and what to do about it',
  operations: ['alerts.get'],
  arguments: [which],
  examples: [{ line: 'bulkhead alerts show alr_01…', says: 'what was seen, and the next step' }],
  async run(context, given) {
    const alert = await context.client().alerts.get(given.argument(which))
    context.out.show(alert, (screen) =>
      facts(
        [
          ['Alert', alert.kind],
          ['Severity', alert.severity],
          ['Seen', alert.text],
          ['Done', alert.response],
          ['Do', alert.advice],
          ['Command', alert.command],
          ['Person', alert.personId],
          ['Facts', JSON.stringify(alert.detail)],
          ['Times', String(alert.occurrences)],
          ['Since', `${clock(alert.createdAt)} UTC`],
          ['Last', `${clock(alert.lastAt)} UTC`],
          ['Acknowledged', alert.acknowledgedAt === null ? 'no' : `${clock(alert.acknowledgedAt)} UTC`],
          ['By', alert.acknowledgedBy],
          ['Note', alert.note],
        ],
        screen,
      ),
    )
  },
}

const acknowledge: Command = {
  path: ['alerts', 'acknowledge'],
  summary: 'Say that a security alert was seen',
  operations: ['alerts.acknowledge', 'alerts.acknowledgeInstallation'],
  arguments: [which],
  flags: [note, installation],
  examples: [
    { line: 'bulkhead alerts acknowledge alr_01…', says: 'others see who has it' },
    { line: 'bulkhead alerts acknowledge alr_01… --note "it was our load test"', says: 'and why' },
  ],
  async run(context, given) {
    const id = given.argument(which)
    const said = { note: given.flag(note) }
    if (given.flag(installation)) await context.operator().alerts.acknowledgeInstallation(id, said)
    else await context.client().alerts.acknowledge(id, said)
    context.out.show({ acknowledged: id }, () => `${id} is acknowledged.\n`)
  },
}

export const alertCommands: readonly Command[] = [list, show, acknowledge]
