import type { Queryable } from '../../platform/postgres/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { reportForged } from './access-store.ts'
import type { Bound } from './credential-binding.ts'
import { createShortCache } from './short-cache.ts'

const ONCE_MS = 3_600_000
const ROWS_MAX = 10_000

/** A row that Bulkhead did not write. */
export interface Forged extends Pick<Bound, 'id' | 'workspaceId'> {
  readonly kind: Bound['kind'] | 'member' | 'permission_set'
}
export type ForgeryReports = (forged: Forged) => Promise<void>

/**
 * Tells of credentials that do not fit their rows, once in an hour for each row: a line in the log of this process, and the audit record
 * `credential.forged`, of which the database lets one through for all processes. The answer never throws: who is refused is
 * refused also while nothing can be recorded, and the next attempt is told of again.
 */
export function createForgeryReports(deps: {
  readonly pool: Queryable
  readonly clock: () => number
  readonly log: Logger | undefined
}): ForgeryReports {
  const told = createShortCache<void>({ clock: deps.clock, ttlMs: ONCE_MS, entriesMax: ROWS_MAX })

  async function tell({ kind, id, workspaceId }: Forged): Promise<void> {
    deps.log?.error(
      { alarm: 'credential.forged', kind, credential: id, workspaceId },
      'A credential does not fit its row and was refused: somebody wrote to the database past Bulkhead',
    )
    await reportForged(deps.pool, kind, id)
  }

  return (bound) =>
    told
      .get(`${bound.kind}:${bound.id}`, () => tell(bound))
      .catch((error: unknown) =>
        deps.log?.error({ err: error }, 'A forged credential could not be recorded in the audit log'),
      )
}
