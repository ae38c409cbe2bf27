import type { AuditRecord } from '../../kernel/audit-record.ts'
import { Fault } from '../../kernel/faults.ts'
import type { TenantDatabase, TenantTransactions } from '../../platform/postgres/tenant.ts'
import type { Detection } from '../detection/index.ts'
import type { Limiter } from './limiter.ts'

/** Addresses that one key or member may read at once, and in an hour after that, by where they are read. */
const READ_PER_HOUR = {
  contacts: 20_000,
  suppressions: 100_000,
  /** By people, who show their second factor for it. */
  exports: 1_000_000,
  messages: 200_000,
} as const
export type Stock = keyof typeof READ_PER_HOUR

/** Whoever may make keys has as many readers as he likes: all of a workspace together read as much as five. */
const READERS = 5
const HOUR_SECONDS = 3_600
/** Addresses that one entry of the audit log stands for, at least. */
const RECORDED_FROM = 100
const TALLIES_MAX = 10_000

export interface Reader {
  readonly workspaceId: string
  readonly actor: string
}

export interface ReadingBudget {
  /** Counts addresses that are about to be shown. Throws `too_many_requests`, and raises an alarm, where it would be too many. */
  spend(reader: Reader, addresses: number): Promise<void>
}

export type ReadingBudgets = (stock: Stock) => ReadingBudget

/**
 * How many addresses somebody may carry off: lists of customers were the loot of the breaches that this product is built against. The
 * budget is of the one who reads, so that a key that was taken does not stop the others; the owners hear of it at once. Who read how many
 * is in the audit log: what cannot be recorded is not shown.
 */
export function createReadingBudgets(deps: {
  readonly limiter: Pick<Limiter, 'takeAll'>
  readonly detection: Pick<Detection, 'raise'>
  readonly transactions: Pick<TenantTransactions, 'write'>
  readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
}): ReadingBudgets {
  const tallies = new Map<string, number>()

  /** Few addresses are counted together, so that whoever looks at one after the other does not fill the log. */
  async function record(stock: Stock, { workspaceId, actor }: Reader, addresses: number): Promise<void> {
    const key = `${stock} ${workspaceId} ${actor}`
    const read = (tallies.get(key) ?? 0) + addresses
    if (read < RECORDED_FROM && tallies.size < TALLIES_MAX) {
      tallies.set(key, read)
      return
    }
    tallies.delete(key)
    const entry = { workspaceId, actor, action: 'addresses.read', target: stock, detail: { addresses: read } }
    await deps.transactions.write(workspaceId, (db) => deps.recordAudit(db, entry))
  }

  return (stock) => ({
    async spend(reader, addresses) {
      if (addresses === 0) return
      const { workspaceId, actor } = reader
      const perHour = READ_PER_HOUR[stock]
      const bucket = (name: string, key: string, capacity: number) => ({
        bucket: name,
        key,
        cost: addresses,
        capacity,
        refillPerSecond: capacity / HOUR_SECONDS,
      })
      const taken = await deps.limiter.takeAll([
        bucket(`${stock}.read`, `${workspaceId} ${actor}`, perHour),
        bucket(`${stock}.read.workspace`, workspaceId, perHour * READERS),
      ])
      if (taken.allowed) return record(stock, reader, addresses)
      await deps.detection.raise({
        kind: `${stock}.bulk_read`,
        severity: 'high',
        workspaceId,
        personId: null,
        about: actor,
        quietSeconds: HOUR_SECONDS,
        detail: { perHour },
      })
      throw new Fault('too_many_requests', {
        detail: `More than ${perHour} addresses (${stock}) were read within an hour; the owners of the workspace were told. Go on later.`,
        retryAfterSeconds: taken.retryAfterSeconds,
      })
    },
  })
}
