import { z } from 'zod'
import { encodeId } from '../../kernel/ids.ts'
import { LANES } from '../../kernel/lane.ts'
import { Instant } from '../../platform/http/listing.ts'
import { FilterView, StoredFilter, shownFilter } from './queue-filter.ts'
import { ACT_KINDS } from './preview-token.ts'
import type { Counted, Tally } from './queue-count.ts'
import type { ActRow } from './queue-store.ts'

const LINES_MAX = 100

export const QUEUE_STATES = [
  'ready',
  'line',
  'deferred',
  'scheduled',
  'in flight',
  'held',
  'contained',
] as const
const Count = z.int().min(0)
const Lane = z.enum(LANES)
const tally = { recipients: Count, oldestDue: Instant.nullable() }

const StateLine = z.object({
  lane: Lane,
  state: z
    .string()
    .describe(
      '`ready`, `line` (its site takes no more at the moment), `deferred`, `scheduled`, `in flight`, `held`, or `contained` where it may not leave.',
    ),
  ...tally,
})
const SiteLine = z.object({
  lane: Lane,
  site: z.string().nullable().describe('Null: nothing has gone there yet.'),
  provider: z.string().nullable(),
  ...tally,
})
const QueueLine = z
  .object({
    lane: Lane,
    site: z.string().nullable().describe('Null: nothing has gone there yet.'),
    provider: z.string().nullable(),
    pool: z.string().describe('Where it leaves from.'),
    state: z.enum(QUEUE_STATES),
    ...tally,
    oldestAcceptedAt: Instant.describe('When the oldest of it was accepted.'),
    why: z.string().nullable().describe('Why it waits, in one sentence; null where nothing keeps it.'),
    heldBy: z
      .object({
        actId: z.string(),
        kind: z.enum(ACT_KINDS),
        by: z.enum(['workspace', 'operator', 'staff']),
        reason: z.string(),
        until: Instant.nullable(),
      })
      .nullable(),
    overlays: z
      .array(
        z.object({
          id: z.string(),
          kind: z.enum(['suspend', 'set']),
          rule: z.string(),
          reason: z.string(),
          source: z.string().nullable(),
          until: Instant,
          settings: z.record(z.string(), z.unknown()),
          reply: z.string().nullable().describe('The last reply that led to it; the operator sees it.'),
        }),
      )
      .describe('What was learnt from replies and is in force there.'),
    limits: z
      .array(z.object({ key: z.string(), value: z.string(), layer: z.string(), rule: z.string() }))
      .describe('Of a line: how much its site is given.'),
  })
  .meta({ id: 'QueueLine' })
const WorkspaceLine = z.object({ lane: Lane, workspaceId: z.string(), ...tally })
const Complete = z
  .boolean()
  .describe('False: the queue is too long to count at once, and every number is the least that it can be.')

/** What waits. */
export const Overview = z.object({
  data: z.array(StateLine).describe('By lane and state.'),
  sites: z.array(SiteLine).describe('By lane and site, the longest first; at most 100.'),
  lines: z
    .array(QueueLine)
    .describe('By lane, site, pool, state and holder, the longest first; at most 100.'),
  rest: z
    .object({ lines: Count, recipients: Count })
    .describe('What is in no line above, because there are more than 100.'),
  complete: Complete,
})

/** What waits in the installation. */
export const InstallationOverview = Overview.extend({
  workspaces: z.array(WorkspaceLine).describe('By lane and workspace, the longest first; at most 100.'),
})

/** What an act would do. */
export const Preview = z.object({
  token: z.string().describe('Give it to the act within ten minutes. It stands for exactly this.'),
  act: z.enum(ACT_KINDS),
  expected: Count.describe('How many recipients it would touch. The act names this number.'),
  complete: Complete,
  oldestDue: Instant.nullable(),
  states: z.array(StateLine),
  sites: z.array(SiteLine),
  workspaces: z.array(WorkspaceLine),
  inFlight: Count.describe('Of them being attempted now: a hold takes them when they come back.'),
  spared: z
    .array(z.object({ state: z.string(), ...tally }))
    .describe('What the filter names and this act leaves alone.'),
  examples: z
    .array(
      z.object({
        messageId: z.string(),
        workspaceId: z.string(),
        recipient: z.int(),
        lane: Lane,
        site: z.string().nullable(),
        state: z.string(),
        dueAt: Instant,
        attempts: Count,
      }),
    )
    .describe('Up to 5 of them, without addresses.'),
  notes: z.array(z.string()),
  expiresAt: Instant.describe('Until when the token is taken.'),
})

/** An act and how far it is. */
export const QueueAct = z.object({
  id: z.string(),
  kind: z.enum(ACT_KINDS),
  by: z
    .enum(['workspace', 'operator', 'staff'])
    .describe('Who made it. What the installation made, it alone ends.'),
  workspaceId: z.string().nullable().describe('Whose mail; null: that of all.'),
  actor: z.string().nullable().describe('Null: somebody of the installation.'),
  reason: z.string(),
  filter: FilterView,
  state: z
    .enum(['taking', 'standing', 'returning', 'ending', 'ended'])
    .describe('`standing`: it holds; a pause stops what comes, expire waits for its time of grace.'),
  outcome: z.enum(['done', 'resumed', 'lapsed', 'undone', 'empty', 'cancelled']).nullable(),
  madeAt: Instant,
  until: Instant.nullable(),
  graceUntil: Instant.nullable().describe('Of expire: nothing has ended before.'),
  spreadSeconds: z.int(),
  endedAt: Instant.nullable(),
  cancelledAt: Instant.nullable().describe('When it was stopped at work.'),
  startedAt: Instant.describe('When its present step began.'),
  done: Count.describe('Recipients done in the present step.'),
  total: Count.describe('Of so many, as far as is known.'),
  isAtWork: z.boolean(),
  canCancel: z.boolean().describe('Cancelling stops it where it is; what it did by then can be undone.'),
  result: z.string().describe('What came of it so far, in one sentence.'),
  undoes: z.string().nullable(),
  undoneBy: z.string().nullable(),
  canUndo: z.boolean(),
  undoNote: z.string().describe('What undo would do, and what it cannot.'),
  shown: Count.describe('What the preview counted.'),
  scanned: Count.describe('Rows looked at so far.'),
  taken: Count.describe('Recipients held, released or moved so far.'),
  heldBefore: Count.describe('Of them held by something else as well.'),
  inFlight: Count.describe('Being attempted; taken when they come back.'),
  givenBack: Count,
  expired: Count,
  gone: Count.describe('Were in flight or attempted, and ended meanwhile.'),
  perSecond: z.number().nullable().describe('Recipients per second in the present step.'),
  secondsLeft: z.int().nullable(),
  waitsFor: z
    .string()
    .nullable()
    .describe('`containment`: whoever made it, or whose mail it is, is contained.'),
})

function lines<T extends Tally>(of: ReadonlyMap<string, T>): T[] {
  return [...of.values()].sort((a, b) => b.recipients - a.recipients).slice(0, LINES_MAX)
}

/** States in the order of lanes. */
export function stateLines(counted: Counted) {
  return [...counted.byState.values()].sort(
    (a, b) => LANES.indexOf(a.lane) - LANES.indexOf(b.lane) || (a.state < b.state ? -1 : 1),
  )
}

export const siteLines = (counted: Counted) => lines(counted.bySite)

export function workspaceLines(counted: Counted) {
  return lines(counted.byWorkspace).map((line) => ({
    ...line,
    workspaceId: encodeId('workspace', line.workspaceId),
  }))
}

/** Recipients that an act would touch, without addresses. */
export function exampleLines(counted: Counted) {
  return counted.examples.map((row) => ({
    messageId: encodeId('message', row.message),
    workspaceId: encodeId('workspace', row.workspace),
    recipient: row.number,
    lane: row.lane,
    site: row.site,
    state: row.state,
    dueAt: new Date(row.due).toISOString(),
    attempts: row.attempts,
  }))
}

/** An act as its caller sees it. `isOwn` false: one of the whole installation, whose numbers and people are not a workspace's to know. */
export function viewAct(row: ActRow, isOwn: boolean): z.input<typeof QueueAct> {
  const done = row.state === 'returning' ? row.given_back : row.state === 'ending' ? row.ended : row.taken
  const total = row.state === 'returning' || row.state === 'ending' ? row.taken : row.shown
  const tookSeconds =
    row.step_began === null || row.worked_at === null
      ? 0
      : (row.worked_at.getTime() - row.step_began.getTime()) / 1_000
  const isAtWork = row.state === 'taking' || row.state === 'returning' || row.state === 'ending'
  const perSecond = isOwn && isAtWork && tookSeconds > 0 ? Math.round((done / tookSeconds) * 10) / 10 : null
  const number = (count: number): number => (isOwn ? count : 0)
  return QueueAct.parse({
    id: encodeId('queueAct', row.id),
    kind: row.kind,
    by: row.origin,
    workspaceId: row.workspace_id === null ? null : encodeId('workspace', row.workspace_id),
    actor: isOwn ? row.actor : null,
    reason: row.reason,
    filter: shownFilter(isOwn ? StoredFilter.parse(row.filter) : {}, isOwn ? row.sites : null),
    state: row.state,
    outcome: row.outcome,
    madeAt: row.made_at.toISOString(),
    until: row.until?.toISOString() ?? null,
    graceUntil: row.grace_until?.toISOString() ?? null,
    spreadSeconds: row.spread_seconds,
    endedAt: row.ended_at?.toISOString() ?? null,
    cancelledAt: row.cancelled_at?.toISOString() ?? null,
    startedAt: (row.step_began ?? row.made_at).toISOString(),
    done: number(done),
    total: number(Math.max(total, done)),
    isAtWork,
    canCancel: isOwn && isAtWork && row.kind !== 'pause',
    result: isOwn ? resultOf(row) : '',
    undoes: row.undoes === null ? null : encodeId('queueAct', row.undoes),
    undoneBy: row.undone_by === null ? null : encodeId('queueAct', row.undone_by),
    canUndo: isOwn && row.undoable,
    undoNote: undoNote(row),
    shown: number(row.shown),
    scanned: number(row.scanned),
    taken: number(row.taken),
    heldBefore: number(row.also),
    inFlight: number(row.awaited),
    givenBack: number(row.given_back),
    expired: number(row.ended),
    gone: number(row.gone),
    perSecond,
    secondsLeft:
      perSecond === null || perSecond === 0 ? null : Math.ceil(Math.max(0, total - done) / perSecond),
    waitsFor: row.waits_for,
  })
}

function undoNote(row: ActRow): string {
  if (!row.undoable) {
    if (row.kind === 'expire' && row.ended > 0) return 'What has expired cannot be brought back.'
    return row.undone_by === null ? 'There is nothing left to take back.' : 'It was taken back.'
  }
  switch (row.kind) {
    case 'pause':
      return 'Resume: what it holds goes on in its old order, and nothing new is stopped.'
    case 'hold':
      return 'What it holds goes on in its old order, but for what something else holds too.'
    case 'expire':
      return row.ended > 0
        ? `What it still holds goes on; ${row.ended} have expired and cannot be brought back.`
        : 'What it holds goes on as if nothing had been.'
    case 'release':
      return 'What it released and still waits is held again; what was sent meanwhile is not called back.'
    default:
      return 'What was not attempted since gets its old time back.'
  }
}

const recipients = (count: number): string => `${count} ${count === 1 ? 'recipient' : 'recipients'}`

const DID = {
  pause: 'stopped',
  hold: 'held',
  release: 'released',
  requeue: 'made due',
  expire: 'held to end',
} as const satisfies Record<string, string>

function resultOf(row: ActRow): string {
  const kind = ACT_KINDS.find((item) => item === row.kind) ?? 'hold'
  const verb = row.undoes !== null && kind === 'requeue' ? 'given their old time' : DID[kind]
  const parts = [`${recipients(row.taken)} ${verb}`]
  if (row.also > 0) parts.push(`${row.also} of them held by something else too`)
  if (row.given_back > 0) parts.push(`${row.given_back} given back`)
  if (row.ended > 0) parts.push(`${row.ended} ended as expired`)
  if (row.gone > 0) parts.push(`${row.gone} left meanwhile`)
  return `${parts.join(', ')}.${row.cancelled_at === null ? '' : ' It was cancelled there.'}`
}
