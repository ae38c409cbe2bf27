import type { z } from 'zod'
import type { ActorClass, Capability, ReasonCode } from '../../kernel/containment.ts'
import { Fault, sentence } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { Principal } from '../../platform/http/operation.ts'
import { errorCode } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { Containment, endOf, shownActor, subjectOf } from './containment.ts'
import type { ContainmentView, MadeContainment } from './containment.ts'
import {
  finishContainment,
  insertContainment,
  liftOf,
  requestLiftOf,
  selectContainments,
  selectFacts,
} from './containments-store.ts'
import type { ContainmentRow, Lifter } from './containments-store.ts'
import { previewOf } from './preview.ts'
import type { Preview } from './preview-view.ts'

/** Who asks. `workspaceId` null: staff, for the whole installation. */
export interface ContainmentCaller {
  readonly workspaceId: string | null
  /** `api_key:<uuid>`, `member:<uuid of the person>` or `staff:<uuid>`. */
  readonly actor: string
  /** Of a request to the API. */
  readonly principal?: Principal
}

export interface ContainmentWish {
  readonly capabilities: readonly Capability[]
  readonly actorClass: ActorClass
  /** `key_…`, `smtp_…` or `per_…`; undefined: the workspace. */
  readonly credential?: string | undefined
}

export interface NewContainmentWish extends ContainmentWish {
  readonly reasonCode: ReasonCode
  readonly reason: string
  readonly incident?: string | undefined
  readonly evidence?: string | undefined
  readonly hours?: number | undefined
  readonly until?: string | undefined
}

export interface Containments {
  /** Cuts off; when it answers, nothing that it forbids is in flight and nothing of it commits any more. */
  create(caller: ContainmentCaller, wish: NewContainmentWish): Promise<z.output<typeof MadeContainment>>
  list(
    caller: ContainmentCaller,
    query: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ data: ContainmentView[]; nextCursor: string | null }>
  get(caller: ContainmentCaller, id: string): Promise<ContainmentView>
  /** What it would block and cost, by the last `minutes`. Changes nothing. */
  preview(
    caller: ContainmentCaller,
    wish: ContainmentWish & { readonly suspect?: string | undefined; readonly minutes: number },
  ): Promise<z.output<typeof Preview>>
  /** First of two people. The containment stays in force. */
  requestLift(caller: ContainmentCaller, id: string, reason: string): Promise<ContainmentView>
  /** Second of two people: ends it with the commit. */
  lift(caller: ContainmentCaller, id: string, reason: string): Promise<ContainmentView>
}

/**
 * Containments for a surface. `transaction` opens a read-write transaction of the caller's database role, bound to the workspace where there
 * is one: that role, and not this code, decides what the caller may contain and lift. The engine writes the audit records.
 */
export function createContainments(deps: {
  transaction<T>(caller: ContainmentCaller, work: (db: TenantDatabase) => Promise<T>): Promise<T>
  /** Reads this process's copy anew, so that the caller meets what it made. */
  refresh(): Promise<void>
  /** The capability whose containment stops an audited action; null: none. */
  readonly capabilityOfAction: (action: string) => Capability | null
  /** Live event streams of the workspace on this process. */
  streams(workspaceId: string): number
  readonly nowMs: () => number
}): Containments {
  async function act<T>(caller: ContainmentCaller, work: (db: TenantDatabase) => Promise<T>): Promise<T> {
    try {
      return await deps.transaction(caller, work)
    } catch (error) {
      throw faultOfEngine(error)
    } finally {
      // The copy follows by itself; this only makes it sooner.
      await deps.refresh().catch(() => undefined)
    }
  }

  return {
    async create(caller, wish) {
      const subject = wish.credential === undefined ? null : subjectOf(wish.credential)
      const until = endOf(wish, deps.nowMs())
      const { uuid, ...made } = await act(caller, async (db) => {
        const inserted = await insertContainment(
          db,
          {
            scope: scopeOf(subject, caller),
            workspaceId: caller.workspaceId,
            subject,
            actorClass: wish.actorClass,
            capabilities: wish.capabilities,
            reasonCode: wish.reasonCode,
            reason: wish.reason,
            incident: wish.incident ?? null,
            evidence: wish.evidence ?? null,
            until,
          },
          caller.actor,
        )
        const { ended, unfinished } = inserted
        return { ...(await one(db, caller, inserted.id)), uuid: inserted.id, ended, unfinished }
      })
      if (made.unfinished === 0) return made
      // It holds already; this is for what was open when it came.
      const { ended, unfinished } = await act(caller, (db) => finishContainment(db, uuid))
      return { ...made, ended: made.ended + ended, unfinished }
    },

    async list(caller, query) {
      const before = idOfCursor(query.cursor)
      const rows = await deps.transaction(caller, (db) =>
        selectContainments(db, {
          workspaceId: caller.workspaceId,
          id: null,
          before,
          rowsMax: query.limit + 1,
        }),
      )
      return page(rows, query.limit, viewOf, (row) => idCursor(row.id))
    },

    get: (caller, id) => deps.transaction(caller, (db) => one(db, caller, id)),

    async preview(caller, wish) {
      const subject = wish.credential === undefined ? null : subjectOf(wish.credential)
      const suspect = wish.suspect === undefined ? subject : subjectOf(wish.suspect)
      const facts = await deps.transaction(caller, (db) => selectFacts(db, caller.workspaceId, wish.minutes))
      const { rates, proposal, ...result } = previewOf(
        facts,
        { ...wish, workspaceId: caller.workspaceId, subject, suspect },
        wish.minutes,
        deps.capabilityOfAction,
      )
      const { subject: proposed, ...rest } = proposal
      return {
        minutes: wish.minutes,
        ...result,
        waiting: [...result.waiting],
        rates: rates.map(({ actor, ...rate }) => ({
          ...rate,
          actor: actor === null ? null : shownActor(actor),
        })),
        streams: caller.workspaceId === null ? 0 : deps.streams(caller.workspaceId),
        proposal: {
          ...rest,
          credential: proposed === null ? null : shownActor(proposed),
          capabilities: [...rest.capabilities],
        },
      }
    },

    requestLift: (caller, id, reason) =>
      act(caller, async (db) => {
        await requestLiftOf(db, id, lifterOf(caller), reason)
        return one(db, caller, id)
      }),

    lift: (caller, id, reason) =>
      act(caller, async (db) => {
        await liftOf(db, id, lifterOf(caller), reason)
        return one(db, caller, id)
      }),
  }
}

async function one(db: TenantDatabase, caller: ContainmentCaller, id: string): Promise<ContainmentView> {
  const [row] = await selectContainments(db, { ...caller, id, before: null, rowsMax: 1 })
  if (row === undefined) throw missing('containment', id)
  return viewOf(row)
}

function viewOf(row: ContainmentRow): ContainmentView {
  return Containment.parse({
    id: encodeId('containment', row.id),
    scope: row.scope,
    credential: row.subject === null ? null : shownActor(row.subject),
    actorClass: row.actor_class,
    capabilities: row.capabilities,
    reasonCode: row.reason_code,
    reason: row.reason,
    incident: row.incident,
    evidence: row.evidence,
    until: row.until.toISOString(),
    inForce: row.in_force,
    // What ran out is out of force at its instant; upkeep only notes it.
    state: row.in_force || row.ended_at !== null ? row.state : 'expired',
    madeBy: shownActor(row.made_by),
    liftableBy: row.origin,
    madeAt: row.made_at.toISOString(),
    endedAt: row.in_force ? null : (row.ended_at ?? row.until).toISOString(),
    approvals: row.approvals.map((approval) => ({ ...approval, actor: shownActor(approval.actor) })),
  })
}

function lifterOf({ actor, principal }: ContainmentCaller): Lifter {
  return { actor, vouched: principal?.kind === 'person' && principal.factor === 'sso' }
}

function scopeOf(subject: string | null, caller: ContainmentCaller): string {
  if (subject !== null) return subject.startsWith('member:') ? 'member' : 'credential'
  return caller.workspaceId === null ? 'installation' : 'workspace'
}

/** What the engine refuses, in the words that it gives. */
function faultOfEngine(error: unknown): unknown {
  const detail = error instanceof Error ? sentence(error.message) : ''
  switch (errorCode(error)) {
    case 'BH403':
      return new Fault('lift_refused', { detail, cause: error })
    case 'BH404':
      return new Fault('not_found', { detail, cause: error })
    case 'BH409':
      return new Fault('conflict', { detail, cause: error })
    // The database's clock decides, and this host's may be off.
    case '23514':
      return new Fault('invalid_request', {
        detail: 'until: must be in the future and at most 30 days ahead, by the clock of the database.',
        cause: error,
      })
    // Two approvals at one instant: the row lock lets one of them see the other's state, the key refuses the rest.
    case '23505':
      return new Fault('conflict', {
        detail: 'Somebody else did this at the same moment; look again.',
        cause: error,
      })
    case null:
    default:
      return error
  }
}
