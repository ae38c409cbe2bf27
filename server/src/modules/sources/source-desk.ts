import { z } from 'zod'
import type { AuditRecord } from '../../kernel/audit-record.ts'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { LANES, type Lane } from '../../kernel/lane.ts'
import { missing } from '../../platform/http/listing.ts'
import type { TenantDatabase, TenantTransactions } from '../../platform/postgres/tenant.ts'
import {
  deleteRoutes,
  endPauses,
  insertPause,
  selectRoutes,
  selectSources,
  selectWorkspaceIsThere,
  upsertRoutes,
  type RouteRow,
  type SourceRow,
} from './source-desk-store.ts'
import { SourceHost, SourcePause, SourceWarmUp } from './source-views.ts'
import type { RouteView, SourceView } from './source-views.ts'

type Route = z.output<typeof RouteView>
type View = z.output<typeof SourceView>

/** A transaction of no workspace: row-level security shows nothing in it. */
const NO_WORKSPACE = '00000000-0000-0000-0000-000000000000'
const PAUSE_DAYS_MAX = 366
const ROUTES_MAX = 10_000

/** What the operator sees and decides about sources. */
export interface SourceDesk {
  /** As the senders of all hosts told it in the last days. */
  list(): Promise<View[]>
  /** Throws `not_found` for what no host knows, `conflict` where it rests there already, `invalid_request` for an end that is past. */
  pause(
    actor: string,
    wanted: {
      readonly source: string
      readonly provider: string | null
      readonly reason: string
      readonly until: Date | null
    },
  ): Promise<View>
  /** Ends pauses of both kinds. Throws `not_found` for what no host knows, `conflict` where nothing rests. */
  resume(actor: string, source: string, provider: string | null): Promise<View>
  /** At most 10,000, those of one workspace or of all. */
  routes(workspaceId: string | null): Promise<Route[]>
  /** Throws `not_found`. */
  route(actor: string, workspaceId: string, lanes: readonly Lane[], pool: string): Promise<Route[]>
  /** Without a lane: all of them. Throws `not_found`. */
  unroute(actor: string, workspaceId: string, lane: Lane | null): Promise<void>
}

/** The operator's way to sources: acts and their audit records are one commit; senders hear of them within two seconds. */
export function createSourceDesk(deps: {
  readonly transactions: TenantTransactions
  readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
  readonly newId: () => string
  readonly nowMs: () => number
}): SourceDesk {
  const { transactions, recordAudit } = deps

  async function inWorkspace<T>(workspaceId: string, work: (db: TenantDatabase) => Promise<T>): Promise<T> {
    return transactions.write(workspaceId, async (db) => {
      if (!(await selectWorkspaceIsThere(db, workspaceId))) throw missing('workspace', workspaceId)
      return work(db)
    })
  }

  return {
    list: () => transactions.read(NO_WORKSPACE, async (db) => (await selectSources(db)).map(viewSource)),

    pause: (actor, { source, provider, reason, until }) =>
      transactions.write(NO_WORKSPACE, async (db) => {
        const forMs = until === null ? 0 : until.getTime() - deps.nowMs()
        if (until !== null && (forMs <= 0 || forMs > PAUSE_DAYS_MAX * 86_400_000))
          throw invalidField(
            'until',
            'is not in the next 366 days',
            'Write a time to come, or leave it out: then it rests until it is resumed.',
          )
        await find(db, source)
        if (!(await insertPause(db, { id: deps.newId(), source, provider, reason, by: actor, until }))) {
          throw new Fault('conflict', {
            detail: `Source "${source}" rests ${provider === null ? 'everywhere' : `at ${provider}`} already; resume it first to say something else.`,
          })
        }
        await recordAudit(db, {
          workspaceId: null,
          actor,
          action: 'source.paused',
          target: source,
          detail: { provider, reason, until: until?.toISOString() ?? null },
        })
        return find(db, source)
      }),

    resume: (actor, source, provider) =>
      transactions.write(NO_WORKSPACE, async (db) => {
        await find(db, source)
        const ended = await endPauses(db, source, provider, actor)
        if (ended === 0)
          throw new Fault('conflict', {
            detail: `Source "${source}" does not rest${provider === null ? '' : ` at ${provider}`}. A pause of all providers ends with one for all of them.`,
          })
        await recordAudit(db, {
          workspaceId: null,
          actor,
          action: 'source.resumed',
          target: source,
          detail: { provider, ended },
        })
        return find(db, source)
      }),

    routes: (workspaceId) =>
      transactions.read(workspaceId ?? NO_WORKSPACE, async (db) => {
        if (workspaceId !== null && !(await selectWorkspaceIsThere(db, workspaceId)))
          throw missing('workspace', workspaceId)
        return (await selectRoutes(db, workspaceId, ROUTES_MAX)).map(viewRoute)
      }),

    route: (actor, workspaceId, lanes, pool) =>
      inWorkspace(workspaceId, async (db) => {
        await upsertRoutes(db, workspaceId, [...new Set(lanes)], pool, actor)
        await recordAudit(db, {
          workspaceId,
          actor,
          action: 'routing.set',
          target: encodeId('workspace', workspaceId),
          detail: { lanes, pool },
        })
        return (await selectRoutes(db, workspaceId, ROUTES_MAX)).map(viewRoute)
      }),

    unroute: (actor, workspaceId, lane) =>
      inWorkspace(workspaceId, async (db) => {
        const lanes = lane === null ? LANES : [lane]
        const cleared = await deleteRoutes(db, workspaceId, lanes)
        await recordAudit(db, {
          workspaceId,
          actor,
          action: 'routing.cleared',
          target: encodeId('workspace', workspaceId),
          detail: { lanes, cleared },
        })
      }),
  }
}

async function find(db: TenantDatabase, name: string): Promise<View> {
  const rows = await selectSources(db)
  const row = rows.find((item) => item.source === name)
  if (row !== undefined) return viewSource(row)
  const known = rows.map((item) => item.source).join(', ')
  throw new Fault('not_found', {
    detail: `No sender has told of a source "${name}". ${known === '' ? 'None has told of any.' : `There are ${known}.`}`,
  })
}

const Hosts = z.array(
  SourceHost.extend({ seenAt: z.string().transform((text) => new Date(text).toISOString()) }),
)
const Pauses = z.array(
  SourcePause.extend({
    beganAt: z.string().transform((text) => new Date(text).toISOString()),
    until: z
      .string()
      .nullable()
      .transform((text) => (text === null ? null : new Date(text).toISOString())),
  }),
)
const WarmUps = z.array(SourceWarmUp)

function viewSource(row: SourceRow): View {
  return {
    name: row.source,
    hosts: Hosts.parse(JSON.parse(row.hosts)),
    pauses: Pauses.parse(JSON.parse(row.pauses)),
    warmUps: WarmUps.parse(JSON.parse(row.warm_ups)),
  }
}

function viewRoute(row: RouteRow): Route {
  return {
    workspaceId: encodeId('workspace', row.workspace_id),
    lane: row.lane,
    pool: row.pool,
    known: row.known,
    setAt: row.set_at.toISOString(),
    setBy: row.set_by,
  }
}
