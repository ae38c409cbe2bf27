import { join } from 'node:path'
import { BulkheadError, type LedgerGetOutput, type QueueGetOutput, type Readiness } from '@bulkhead/sdk'
import type { Command } from '../command.ts'
import { EXIT } from '../failure.ts'
import { duration } from '../instants.ts'
import { table, type Screen } from '../table.ts'
import { ledgerLine, renderQueue } from './accounting.ts'

const SUPERVISOR = join(import.meta.dirname, '../../../server/src/processes/supervisor.ts')

export const startCommand: Command = {
  path: ['start'],
  summary: 'Start an installation on this host and keep it running',
  description:
    'The same as npm start: installs what is missing, starts PostgreSQL and all processes, and prints addresses, a key and a first mail to paste. Ctrl-C stops it cleanly. Settings are environment variables; docs/configuration.md lists them.',
  operations: [],
  examples: [
    { line: 'bulkhead start', says: 'in development: no mail leaves this host' },
    {
      line: 'BULKHEAD_DATA=/var/lib/bulkhead BULKHEAD_HTTP=127.0.0.1:9600 bulkhead start',
      says: 'elsewhere',
    },
  ],
  run: (context) => context.spawn(process.execPath, [SUPERVISOR]),
}

interface Status {
  readonly readiness: Readiness
  readonly queue: QueueGetOutput | null
  readonly ledger: LedgerGetOutput | null
}

export const statusCommand: Command = {
  path: ['status'],
  summary: 'Whether the installation works: processes, queue and ledger',
  description:
    'Exit code 1 when something does not work or the ledger does not balance, 3 when nothing answers. Without a key only the processes are shown.',
  operations: ['queue.get', 'ledger.get'],
  examples: [
    { line: 'bulkhead status', says: 'one look' },
    { line: 'bulkhead status --json | jq -r .readiness.status', says: 'for a monitor' },
  ],
  async run(context) {
    const { client, hasKey } = context.anyone()
    const readiness = await client.readiness()
    const [queue, ledger] = hasKey
      ? await Promise.all([orNull(client.queue.get()), orNull(client.ledger.get())])
      : [null, null]
    const status: Status = { readiness, queue, ledger }
    context.out.show(status, (screen) => renderStatus(status, screen))
    return readiness.status === 'ready' && ledger?.balanced !== false ? EXIT.ok : EXIT.refused
  },
}

/** A server in trouble may not answer these; that it is in trouble is already said. */
async function orNull<Result>(asked: Promise<Result>): Promise<Result | null> {
  return asked.catch((error: unknown) => {
    if (error instanceof BulkheadError && error.status >= 500) return null
    throw error
  })
}

function renderContainments({ containments }: Readiness, { paint }: Screen): string {
  if (containments === undefined || containments.inForce === 0) return ''
  const whole =
    containments.installation.length === 0
      ? ''
      : ` The whole installation is cut off from ${containments.installation.join(', ')}.`
  const count = containments.inForce === 1 ? '1 containment is' : `${containments.inForce} containments are`
  return `  ${paint.yellow(`${count} in force.${whole} See bulkhead containments list.`)}\n`
}

function renderStatus({ readiness, queue, ledger }: Status, screen: Screen): string {
  const { paint } = screen
  const ready = readiness.status === 'ready'
  return [
    ready ? paint.green('Ready: every process does its work.\n') : paint.red('Not ready.\n'),
    ...readiness.problems.map((problem) => `  ${paint.red(problem)}\n`),
    renderContainments(readiness, screen),
    ...(readiness.warnings ?? []).map((warning) => `  ${paint.yellow(warning)}\n`),
    '\n',
    table(
      [
        { title: 'PROCESS', of: (row) => row.process },
        {
          title: 'STATE',
          of: (row) => (row.ready ? 'ready' : 'not ready'),
          paint: (cell, row) => (row.ready ? paint.green(cell) : paint.red(cell)),
        },
        { title: 'PID', of: (row) => (row.pid === undefined ? '-' : String(row.pid)), align: 'right' },
        { title: 'HOST', of: (row) => row.host ?? '-' },
        {
          title: 'UP',
          of: (row) => (row.uptimeSeconds === undefined ? '-' : duration(row.uptimeSeconds * 1000)),
          align: 'right',
        },
        {
          title: 'HEARTBEAT',
          of: (row) => (row.heartbeatAgeMs === undefined ? '-' : `${duration(row.heartbeatAgeMs)} ago`),
        },
      ],
      readiness.processes,
      screen,
    ),
    queue === null ? '' : `\n${paint.bold('Queue')}\n${renderQueue(queue, screen)}`,
    ledger === null
      ? ''
      : `\n${paint.bold('Ledger')}\n${ledger.balanced ? ledgerLine(ledger) : paint.red(ledgerLine(ledger))}\n`,
  ].join('')
}
