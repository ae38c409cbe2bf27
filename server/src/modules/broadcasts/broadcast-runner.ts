import { FAULTS, Fault } from '../../kernel/faults.ts'
import { sendCapabilities } from '../../kernel/containment.ts'
import { faultOfFailure } from '../../platform/failures.ts'
import { KeyringBudget, KeyringShredded } from '../../platform/keyring-client/index.ts'
import { runLoop } from '../../platform/loop/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantTransactions } from '../../platform/postgres/tenant.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { ContainmentWatch } from '../../security/containment/index.ts'
import {
  beginBroadcast,
  claimBroadcast,
  deleteRun,
  erasePart,
  failBroadcast,
  finishBroadcast,
  freezePart,
  markTurns,
  releaseRun,
  renewRun,
  selectAccepted,
  selectPending,
  selectRunState,
  takeTurns,
  type Mark,
  type Run,
} from './audience-store.ts'
import { openContent, type Content } from './broadcast-content.ts'
import { LIFETIME_DAYS, type LastState } from './broadcast.ts'
import { selectBroadcast, type WholeBroadcastRow } from './broadcasts-store.ts'
import { createTurns, type TurnsDependencies } from './turns.ts'

export interface BroadcastRunner {
  /** Works on the broadcast that waits longest; false where none is due. */
  round(): Promise<boolean>
  /** Works until the signal aborts; in any number of processes. */
  run(signal: AbortSignal): Promise<void>
}

export interface RunnerDependencies extends TurnsDependencies {
  readonly pool: Queryable
  readonly transactions: Pick<TenantTransactions, 'read' | 'write'>
  readonly containment: Pick<ContainmentWatch, 'require'>
  readonly log: Logger
  /** How long a broadcast stays with a runner that says nothing more. */
  readonly holdSeconds?: number
  /** Members of the audience in one transaction. */
  readonly freezeAtOnce?: number
  readonly sendAtOnce?: number
}

const EVERY_MS = 1_000
const HOLD_SECONDS = 20
const FREEZE_AT_ONCE = 5_000
const SEND_AT_ONCE = 200
const END_AT_ONCE = 2_000
/** Then it is the next one's turn: a large broadcast keeps no small one waiting. */
const TURN_MS = 5_000
const HOUR_MS = 3_600_000
/** A fraction of what the api may open in an hour (200), so that people who look at their mail are never kept waiting by broadcasts. */
const WORKSPACES_PER_HOUR = 100

/** What is done with a run after a step. */
type After = 'more' | 'done'

interface Pause {
  readonly seconds: number
  readonly waitsFor: string | null
}

/**
 * Takes broadcasts from their audience to the last of their mails. Everything that it did is written down in the transaction that did it, and
 * the id of a mail is fixed before the mail is written: whoever is killed when, another goes on, sends nothing twice and leaves nobody out.
 */
export function createBroadcastRunner(deps: RunnerDependencies): BroadcastRunner {
  const { pool, transactions } = deps
  const holdSeconds = deps.holdSeconds ?? HOLD_SECONDS
  const turns = createTurns(deps)
  /** When each workspace was opened last, within the hour. */
  const opened = new Map<string, number>()

  function mayOpen(workspaceId: string): boolean {
    const now = deps.nowMs()
    for (const [id, at] of opened) if (at < now - HOUR_MS) opened.delete(id)
    if (!opened.has(workspaceId) && opened.size >= WORKSPACES_PER_HOUR) return false
    opened.set(workspaceId, now)
    return true
  }

  const write = <T>(run: Run, work: Parameters<typeof transactions.write<T>>[1]): Promise<T> =>
    transactions.write(run.workspaceId, work, run.sentBy)

  async function round(): Promise<boolean> {
    const runner = deps.newId()
    const run = await claimBroadcast(pool, runner, holdSeconds)
    if (run === undefined) return false
    const pause = await workOn(run, runner).catch((error: unknown) => pauseAfter(run, error))
    if (pause !== 'done')
      await transactions.write(run.workspaceId, (db) => releaseRun(db, run, runner, pause))
    return true
  }

  /** Steps until its time is over, or nothing is left to do. */
  async function workOn(run: Run, runner: string): Promise<Pause | 'done'> {
    const untilMs = deps.nowMs() + TURN_MS
    const held: Held = { content: undefined, after: null, untilMs: deps.nowMs() + (holdSeconds * 1_000) / 2 }
    do {
      if ((await step(run, held)) === 'done') return 'done'
      const isOurs = await transactions.write(run.workspaceId, (db) => renewRun(db, run, runner, holdSeconds))
      if (!isOurs) return 'done'
      held.untilMs = deps.nowMs() + (holdSeconds * 1_000) / 2
    } while (deps.nowMs() < untilMs)
    return { seconds: 0, waitsFor: null }
  }

  async function step(run: Run, held: Held): Promise<After> {
    const now = await transactions.read(run.workspaceId, (db) => selectRunState(db, run, LIFETIME_DAYS))
    if (now === undefined) return done(run)
    if (now.is_deleted) {
      return (await write(run, (db) => erasePart(db, run, END_AT_ONCE))) ? 'more' : 'done'
    }
    switch (now.state) {
      case 'draft':
      case 'sent':
        return done(run)
      case 'scheduled':
        if (now.is_disowned) throw new Disowned()
        await write(run, (db) => beginBroadcast(db, run))
        return 'more'
      case 'queued':
      case 'sending':
        if (now.is_late) {
          const problem = `It could not go on for ${LIFETIME_DAYS} days.`
          await write(run, (db) => failBroadcast(db, run, problem))
          return 'more'
        }
        // A key is revoked because somebody else may have it: what it has begun waits for people.
        if (now.is_disowned) throw new Disowned()
        if (now.state === 'queued') {
          await write(run, (db) => freezePart(db, run, deps.freezeAtOnce ?? FREEZE_AT_ONCE))
          return 'more'
        }
        return sendPart(run, held)
      case 'cancelled':
        return endPart(run, 'cancelled')
      case 'failed':
        return endPart(run, 'failed')
    }
  }

  async function done(run: Run): Promise<After> {
    await transactions.write(run.workspaceId, (db) => deleteRun(db, run))
    return 'done'
  }

  async function sendPart(run: Run, held: Held): Promise<After> {
    const { workspaceId } = run
    deps.containment.require({
      workspaceId,
      actor: run.sentBy,
      capabilities: sendCapabilities('bulk'),
    })
    if (!mayOpen(workspaceId)) throw new TooManyWorkspaces()
    const content = (held.content ??= await contentOf(run))
    const ids = Array.from({ length: deps.sendAtOnce ?? SEND_AT_ONCE }, deps.newId)
    const part = await write(run, (db) => takeTurns(db, run, ids, held.after))
    if (part.length === 0 && held.after !== null) {
      held.after = null
      return 'more'
    }
    if (part.length === 0) {
      await write(run, (db) => finishBroadcast(db, run))
      return 'done'
    }
    const ended = await turns.send({ run, ...content, turns: part, untilMs: held.untilMs })
    await write(run, (db) => markTurns(db, run, ended.marks))
    if (ended.stopped !== undefined) throw ended.stopped
    held.after = part.at(-1)?.contact_id ?? null
    return 'more'
  }

  async function contentOf(run: Run): Promise<OpenedBroadcast> {
    const { workspaceId } = run
    const row = await transactions.read(workspaceId, (db) =>
      selectBroadcast(db, workspaceId, run.broadcastId),
    )
    if (row === undefined) throw new Error('a broadcast that is being sent is gone')
    return { row, content: await openContent(deps.keyring, workspaceId, row, 'broadcast') }
  }

  /** What is left of a broadcast that ends early. A mail that was accepted, though nobody came to write it down, was sent. */
  async function endPart(run: Run, state: LastState): Promise<After> {
    const rest = await transactions.read(run.workspaceId, async (db) => {
      const pending = await selectPending(db, run, END_AT_ONCE)
      const ids = pending.flatMap((row) => (row.message_id === null ? [] : [row.message_id]))
      const accepted = ids.length === 0 ? [] : await selectAccepted(db, run.workspaceId, ids)
      return { pending, accepted: new Map(accepted.map((row) => [row.message_id, row.suppressed_by])) }
    })
    if (rest.pending.length === 0) {
      await write(run, (db) => finishBroadcast(db, run))
      return 'done'
    }
    const marks = rest.pending.map(({ contact_id: contactId, message_id: id }): Mark => {
      const stoppedBy = id === null ? undefined : rest.accepted.get(id)
      if (stoppedBy === undefined) return { contactId, state, reason: null, hasMessage: false }
      return {
        contactId,
        state: stoppedBy === null ? 'sent' : 'suppressed',
        reason: stoppedBy,
        hasMessage: true,
      }
    })
    await write(run, (db) => markTurns(db, run, marks))
    return 'more'
  }

  /** What to do after a failure: wait, or give the broadcast up. */
  async function pauseAfter(run: Run, error: unknown): Promise<Pause | 'done'> {
    if (error instanceof KeyringShredded) {
      await done(run)
      return 'done'
    }
    if (error instanceof TooManyWorkspaces || error instanceof KeyringBudget)
      return { seconds: 900, waitsFor: 'keyring' }
    if (error instanceof Disowned) return { seconds: 30, waitsFor: 'sender_revoked' }
    const fault = faultOfFailure(error)
    if (fault.code === 'sender_refused') {
      await write(run, (db) => failBroadcast(db, run, fault.detail))
      return { seconds: 0, waitsFor: null }
    }
    const pause = pauseOf(fault)
    if (pause !== undefined) return pause
    deps.log.warn(
      { err: error, broadcast: run.broadcastId, reason: fault.code },
      'A broadcast could not go on; it is tried again',
    )
    return { seconds: 30, waitsFor: 'unavailable' }
  }

  return {
    round,
    run: (signal) =>
      runLoop({
        name: 'broadcasts',
        everyMs: EVERY_MS,
        log: deps.log,
        signal,
        round: async () => ((await round()) ? 0 : undefined),
      }),
  }
}

interface OpenedBroadcast {
  readonly row: WholeBroadcastRow
  readonly content: Content
}

interface Held {
  content: OpenedBroadcast | undefined
  /** The last member that had a turn; who is left behind it comes at the end. */
  after: string | null
  /** Nothing is begun after it: another may have the broadcast soon. */
  untilMs: number
}

class TooManyWorkspaces extends Error {
  constructor() {
    super('broadcasts of enough workspaces were sent within the hour')
  }
}

class Disowned extends Error {
  constructor() {
    super('whoever had the broadcast sent may send nothing any more')
  }
}

const PAUSE_SECONDS_MAX = 3_600

function pauseOf(fault: Fault): Pause | undefined {
  if (fault.code === 'contained') return { seconds: 15, waitsFor: 'contained' }
  if (FAULTS[fault.code].status === 429) {
    const seconds = fault.retryAfterSeconds ?? 60
    return { seconds: Math.min(seconds, PAUSE_SECONDS_MAX), waitsFor: 'limit' }
  }
  return FAULTS[fault.code].retryable && fault.code !== 'internal'
    ? { seconds: fault.retryAfterSeconds ?? 10, waitsFor: 'unavailable' }
    : undefined
}
