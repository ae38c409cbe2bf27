import type { Lane } from '../../kernel/lane.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { LimitScope, LimitState } from './limit.ts'
import { selectLimited, takeSending, type TakenRow } from './quotas-store.ts'

/** A message on its way to acceptance, as limits need to know it. */
export interface SendingItem {
  readonly workspaceId: string
  /** Who sends, `api_key:<uuid>`; `system:…` is never limited: what Bulkhead itself writes. */
  readonly actor: string
  readonly lane: Lane
  readonly recipients: readonly unknown[]
  readonly idempotency: { readonly keyHash: Buffer } | undefined
}

export interface SendingVerdict {
  readonly allowed: boolean
  /** Every limit the message is under; empty where none is. */
  readonly states: readonly LimitState[]
}

export interface SendingLimits {
  /** Whether one of the workspaces has a limit; as it was at most two seconds ago. */
  concern(workspaceIds: readonly string[]): Promise<boolean>
  /** Judges and takes, one verdict per message in order. Call it in the transaction that accepts, and accept what it allows. */
  take(db: Queryable, items: readonly SendingItem[]): Promise<SendingVerdict[]>
}

const CACHE_MS = 2_000
const CACHE_ENTRIES = 10_000

/**
 * The limits of acceptance. Where a workspace has none, this costs one look into memory; a limit that is set is in force everywhere within two
 * seconds. Counting and deciding are one function of the database in the transaction that accepts, so that parallel requests over all
 * processes take exactly the limit, and what is refused or rolled back takes nothing.
 */
export function createSendingLimits(deps: {
  readonly pool: Queryable
  readonly nowMs: () => number
}): SendingLimits {
  const known = new Map<string, { readonly limited: boolean; readonly untilMs: number }>()

  return {
    async concern(workspaceIds) {
      const askedMs = deps.nowMs()
      const unknown = new Set<string>()
      let limited = false
      for (const id of workspaceIds) {
        const entry = known.get(id)
        // A clock that was set back must not keep an answer for ever.
        if (entry === undefined || askedMs >= entry.untilMs || entry.untilMs > askedMs + CACHE_MS)
          unknown.add(id)
        else if (entry.limited) limited = true
      }
      if (unknown.size === 0) return limited
      const found = new Set(await selectLimited(deps.pool, [...unknown]))
      if (known.size + unknown.size > CACHE_ENTRIES) known.clear()
      for (const id of unknown) known.set(id, { limited: found.has(id), untilMs: askedMs + CACHE_MS })
      return limited || found.size > 0
    },

    async take(db, items) {
      const rows = await takeSending(
        db,
        items.map((item) => ({
          workspaceId: item.workspaceId,
          credential: CREDENTIAL.test(item.actor) ? item.actor : null,
          lane: item.lane,
          cost: SYSTEM.test(item.actor) ? 0 : item.recipients.length,
          idempotencyKey: item.idempotency?.keyHash ?? null,
        })),
      )
      const byItem = Map.groupBy(rows, (row) => row.item)
      return items.map((_, position) => {
        const own = byItem.get(position + 1) ?? []
        return { allowed: own.every((row) => row.allowed), states: own.map(stateOf) }
      })
    },
  }
}

const CREDENTIAL = /^(api_key|smtp_credential):/
const SYSTEM = /^system(:|$)/

function stateOf(row: TakenRow): LimitState {
  return {
    scope: scopeOf(row.subject),
    lane: row.lane,
    period: row.period,
    amount: row.amount,
    burst: row.burst,
    used: row.used,
    resetSeconds: row.reset_seconds,
    refuses: row.refuses,
    waitSeconds: row.wait_seconds,
  }
}

/** Whose limit a subject of the database is. */
export function scopeOf(subject: string): LimitScope {
  return subject === 'installation' || subject === 'workspace' ? subject : 'credential'
}
