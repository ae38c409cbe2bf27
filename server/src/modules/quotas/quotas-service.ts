import { z } from 'zod'
import type { AuditRecord } from '../../kernel/audit-record.ts'
import { invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { Instant, missing } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { TenantDatabase, TenantTransactions } from '../../platform/postgres/tenant.ts'
import {
  capacityOf,
  isRate,
  LIMIT_LANES,
  LIMIT_SCOPES,
  nameOf,
  PERIODS,
  remainingOf,
  usedOf,
} from './limit.ts'
import type { WantedLimit } from './limit.ts'
import {
  replaceLimits,
  selectHasCredential,
  selectState,
  selectWorkspaceIsThere,
  type StateRow,
} from './quotas-store.ts'
import { scopeOf } from './sending-limits.ts'

export const Quota = z
  .object({
    name: z.string().describe('As in the header RateLimit-Policy.'),
    scope: z
      .enum(LIMIT_SCOPES)
      .describe(
        'installation: set by whoever runs the server; workspace: by its own people; credential: for one of its keys.',
      ),
    credential: z
      .object({ id: z.string(), name: z.string() })
      .nullable()
      .describe('Of scope credential: which API key or SMTP credential.'),
    lane: z.enum(LIMIT_LANES).describe('all: every lane that has no limit of its own for this period.'),
    period: z.enum(PERIODS),
    amount: z.int().describe('Recipients in the period.'),
    burst: z.int().describe('How many at once.'),
    used: z.int(),
    remaining: z.int().describe('What fits now; other limits may hold less.'),
    resetsAt: Instant.describe('When nothing of it is used any more, if nothing is sent.'),
    countedSince: Instant.describe('What was sent before is not in it.'),
    setAt: Instant,
    setBy: z.string(),
  })
  .meta({ id: 'Quota' })
export type Quota = z.output<typeof Quota>

export const Quotas = z
  .object({ data: z.array(Quota).describe('Empty: nothing is limited.') })
  .meta({ id: 'Quotas' })
type QuotasView = z.output<typeof Quotas>

type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'read' | 'act'>
export type LimitedCredential = 'apiKey' | 'smtpCredential'

export interface QuotasService {
  /** Every limit of the caller's workspace, and what is used. */
  get(caller: Caller): Promise<QuotasView>
  /** Makes these all the limits that the workspace gives itself. Throws `invalid_request` above those of the installation. */
  setOwn(caller: Caller, limits: readonly WantedLimit[]): Promise<QuotasView>
  /** The same for one credential, by its UUID; never above the workspace's. Throws `not_found`, `invalid_request`. */
  setCredential(
    caller: Caller,
    kind: LimitedCredential,
    id: string,
    limits: readonly WantedLimit[],
  ): Promise<QuotasView>
  /** The same as `get`, for the operator. Throws `not_found`. */
  getFor(workspaceId: string): Promise<QuotasView>
  /** Makes these all the limits that the operator gives a workspace. Throws `not_found`, `invalid_request`. */
  setFor(actor: string, workspaceId: string, limits: readonly WantedLimit[]): Promise<QuotasView>
}

/** Limits as people see and set them; each act and its record are one commit. */
export function createQuotas(deps: {
  readonly transactions: TenantTransactions
  readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
}): QuotasService {
  return {
    get: (caller) => caller.read((db) => shown(db, caller.workspaceId)),

    setOwn: (caller, limits) =>
      caller.act(async (db, about) => {
        const { workspaceId, actor } = caller
        requireSingle(limits)
        requireBelow(limits, await selectState(db, workspaceId), ['installation'])
        await replaceLimits(db, workspaceId, 'workspace', limits, actor)
        about(encodeId('workspace', workspaceId), { limits: limits.map(brief) })
        return shown(db, workspaceId)
      }),

    setCredential: (caller, kind, id, limits) =>
      caller.act(async (db, about) => {
        const { workspaceId, actor } = caller
        const subject = `${kind === 'apiKey' ? 'api_key' : 'smtp_credential'}:${id}`
        if (!(await selectHasCredential(db, workspaceId, subject))) throw missing(kind, id)
        requireSingle(limits)
        requireBelow(limits, await selectState(db, workspaceId), ['installation', 'workspace'])
        await replaceLimits(db, workspaceId, subject, limits, actor)
        about(encodeId(kind, id), { limits: limits.map(brief) })
        return shown(db, workspaceId)
      }),

    getFor: (workspaceId) =>
      deps.transactions.read(workspaceId, async (db) => {
        await requireWorkspace(db, workspaceId)
        return shown(db, workspaceId)
      }),

    setFor: (actor, workspaceId, limits) =>
      deps.transactions.write(workspaceId, async (db) => {
        await requireWorkspace(db, workspaceId)
        requireSingle(limits)
        await replaceLimits(db, workspaceId, 'installation', limits, actor)
        await deps.recordAudit(db, {
          workspaceId,
          actor,
          action: 'quotas.installation_set',
          target: encodeId('workspace', workspaceId),
          detail: { limits: limits.map(brief) },
        })
        return shown(db, workspaceId)
      }),
  }
}

async function shown(db: TenantDatabase, workspaceId: string): Promise<QuotasView> {
  return { data: (await selectState(db, workspaceId)).map(view) }
}

async function requireWorkspace(db: TenantDatabase, workspaceId: string): Promise<void> {
  if (!(await selectWorkspaceIsThere(db, workspaceId))) throw missing('workspace', workspaceId)
}

function requireSingle(limits: readonly WantedLimit[]): void {
  const seen = new Set<string>()
  for (const [index, limit] of limits.entries()) {
    const place = `${limit.lane} ${limit.period}`
    if (seen.has(place))
      throw invalidField(
        `limits[${index}]`,
        `is the second for the lane ${limit.lane} and the period ${limit.period}`,
      )
    seen.add(place)
    if (limit.burst !== undefined && !isRate(limit.period))
      throw invalidField(`limits[${index}].burst`, 'goes with minute and hour only', 'Leave it out.')
  }
}

/** Nobody's limit is above that of who stands over him. Where the others are lowered later, they hold all the same. */
function requireBelow(
  limits: readonly WantedLimit[],
  state: readonly StateRow[],
  above: readonly string[],
): void {
  for (const [index, limit] of limits.entries()) {
    for (const subject of above) {
      const own = state.filter((row) => row.subject === subject && row.period === limit.period)
      const ceiling = own.find((row) => row.lane === limit.lane) ?? own.find((row) => row.lane === 'all')
      if (ceiling === undefined) continue
      const wanted = { amount: limit.amount, burst: limit.burst ?? null }
      const of = subject === 'installation' ? 'whoever runs this server allows' : 'the workspace has'
      if (wanted.amount > ceiling.amount)
        throw invalidField(
          `limits[${index}].amount`,
          `is more than the ${ceiling.amount} a ${limit.period} that ${of}`,
          `Write at most ${ceiling.amount}.`,
        )
      if (capacityOf(wanted) > capacityOf(ceiling))
        throw invalidField(
          `limits[${index}].burst`,
          `is more at once than the ${capacityOf(ceiling)} that ${of}`,
          `Write at most ${capacityOf(ceiling)}.`,
        )
    }
  }
}

function brief(limit: WantedLimit): string {
  const burst = limit.burst === undefined ? '' : ` burst ${limit.burst}`
  return `${limit.lane} ${limit.amount}/${limit.period}${burst}`
}

function view(row: StateRow): Quota {
  const scope = scopeOf(row.subject)
  return {
    name: nameOf({ scope, lane: row.lane, period: row.period }),
    scope,
    credential: scope === 'credential' ? { id: publicId(row.subject), name: row.name ?? '' } : null,
    lane: row.lane,
    period: row.period,
    amount: row.amount,
    burst: capacityOf(row),
    used: usedOf(row),
    remaining: remainingOf(row),
    resetsAt: row.resets_at.toISOString(),
    countedSince: row.since.toISOString(),
    setAt: row.set_at.toISOString(),
    setBy: row.set_by,
  }
}

function publicId(subject: string): string {
  const [kind = '', id = ''] = subject.split(':')
  return encodeId(kind === 'api_key' ? 'apiKey' : 'smtpCredential', id)
}
