import type { Quotas, QuotasSetInput } from '@bulkhead/sdk'
import { argument, text, texts, toggle, type Command, type Context, type Given } from '../command.ts'
import { UsageError } from '../failure.ts'
import { relative } from '../instants.ts'
import { table } from '../table.ts'

type Limits = QuotasSetInput['limits']
type Limit = Limits[number]

const LANES = ['all', 'critical', 'transactional', 'bulk', 'internal'] as const
const PERIODS = ['minute', 'hour', 'day', 'month'] as const

const limit = texts(
  'limit',
  '[LANE:]N/PERIOD[,burst=N]',
  'Recipients a minute, hour, day or month, of one lane or of all that have none of their own.',
)
const none = toggle('none', 'Take all of them away.')

/** `bulk:60/minute,burst=120`. Throws UsageError. */
export function readLimit(written: string): Limit {
  const parts = /^(?:([a-z]+):)?([1-9]\d{0,9})\/([a-z]+)(?:,burst=([1-9]\d{0,9}))?$/.exec(written)
  const lane = LANES.find((each) => each === (parts?.[1] ?? 'all'))
  const period = PERIODS.find((each) => each === parts?.[3])
  if (parts === null || lane === undefined || period === undefined)
    throw new UsageError(
      `--limit ${written}: write it such as 10000/day, critical:500/day or 60/minute,burst=120. Lanes: ${LANES.join(', ')}.`,
    )
  return {
    lane,
    period,
    amount: Number(parts[2]),
    ...(parts[4] === undefined ? {} : { burst: Number(parts[4]) }),
  }
}

/** All limits that are to be; they take the place of those that are. */
function readLimits(given: Given): Limits {
  const written = given.flag(limit)
  if (given.flag(none) !== (written.length === 0))
    throw new UsageError('Write --limit for each limit that is to be, or --none. What is not written ends.')
  return written.map(readLimit)
}

function show(context: Context, quotas: Quotas): void {
  context.out.show(quotas, (screen) =>
    quotas.data.length === 0
      ? 'Nothing is limited.\n'
      : table(
          [
            { title: 'LIMIT', of: (row) => row.name, whole: true },
            {
              title: 'OF',
              of: (row) => row.credential?.name ?? (row.scope === 'workspace' ? 'own' : 'server'),
            },
            { title: 'LANE', of: (row) => row.lane },
            { title: 'ALLOWED', of: (row) => `${row.amount} a ${row.period}`, align: 'right' },
            { title: 'USED', of: (row) => String(row.used), align: 'right' },
            { title: 'LEFT', of: (row) => String(row.remaining), align: 'right' },
            {
              title: 'RESETS',
              of: (row) => (row.used === 0 ? '-' : relative(row.resetsAt, screen.now)),
            },
          ],
          quotas.data,
          screen,
        ),
  )
}

const workspace = argument('WORKSPACE', 'Id of the workspace, ws_….')
const anyWorkspace = text('workspace', 'ID', 'For the operator: of this workspace, ws_….')

const read: Command = {
  path: ['quotas'],
  summary: 'Limits of sending, and what is used of them',
  description:
    'Of the own workspace and its keys; with --workspace, for the operator, of that one. Recipients are counted. LEFT: what fits now.',
  operations: ['quotas.get', 'quotas.getForWorkspace'],
  flags: [anyWorkspace],
  examples: [
    { line: 'bulkhead quotas', says: 'what is left today' },
    { line: 'bulkhead quotas --json', says: 'for programs' },
  ],
  async run(context, given) {
    const id = given.flag(anyWorkspace)
    show(
      context,
      id === undefined
        ? await context.client().quotas.get()
        : await context.operator().quotas.getForWorkspace(id),
    )
  },
}

const set: Command = {
  path: ['quotas', 'set'],
  summary: 'Limit what the own workspace sends',
  description:
    'All limits that are to be: what is not written ends. Never above those of whoever runs the server. In force within two seconds.',
  operations: ['quotas.set'],
  flags: [limit, none],
  examples: [
    {
      line: 'bulkhead quotas set --limit 50000/day --limit critical:2000/day',
      says: 'password resets have an allowance of their own',
    },
    { line: 'bulkhead quotas set --none', says: 'no limits of its own' },
  ],
  async run(context, given) {
    show(context, await context.client().quotas.set({ limits: readLimits(given) }))
  },
}

const setWorkspace: Command = {
  path: ['quotas', 'set-workspace'],
  summary: 'Limit what a workspace sends, as the operator',
  description:
    "For the operator: needs the operator's key. All limits that are to be: what is not written ends. In force within two seconds.",
  operations: ['quotas.setForWorkspace'],
  arguments: [workspace],
  flags: [limit, none],
  examples: [
    {
      line: 'bulkhead quotas set-workspace ws_01… --limit 100000/month --limit 60/minute,burst=120',
      says: 'a plan, and no more than 120 at once',
    },
  ],
  async run(context, given) {
    show(
      context,
      await context
        .operator()
        .quotas.setForWorkspace(given.argument(workspace), { limits: readLimits(given) }),
    )
  },
}

const credential = argument('CREDENTIAL', 'Id of an API key, key_…, or an SMTP credential, smtp_….')

const setCredential: Command = {
  path: ['quotas', 'set-credential'],
  summary: 'Limit what one API key or SMTP credential sends',
  description:
    'All limits that are to be: what is not written ends. Never above those of the workspace, which hold besides.',
  operations: ['quotas.setForApiKey', 'quotas.setForSmtpCredential'],
  arguments: [credential],
  flags: [limit, none],
  examples: [
    { line: 'bulkhead quotas set-credential key_01… --limit 1000/hour', says: 'a key for one program' },
  ],
  async run(context, given) {
    const id = given.argument(credential)
    const limits = readLimits(given)
    const { quotas } = context.client()
    if (id.startsWith('key_')) show(context, await quotas.setForApiKey(id, { limits }))
    else if (id.startsWith('smtp_')) show(context, await quotas.setForSmtpCredential(id, { limits }))
    else throw new UsageError(`${id} is no credential: ids begin with key_ or smtp_.`)
  },
}

export const quotaCommands: readonly Command[] = [set, setWorkspace, setCredential, read]
