import type { QueryResultRow } from 'pg'
import type { Pool } from './pool.ts'

/** Statements inside one transaction that row-level security binds to one workspace. */
export interface TenantDatabase {
  query<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>
}

export interface TenantTransactions {
  /** A read-only transaction of the workspace. All of its statements see one instant: a message and its timeline are of the same moment. */
  read<T>(workspaceId: string, work: (db: TenantDatabase) => Promise<T>): Promise<T>
  /** A read-write transaction of the workspace; a throw rolls it back. `actor` is who acts: containment may bind one credential. */
  write<T>(workspaceId: string, work: (db: TenantDatabase) => Promise<T>, actor?: string): Promise<T>
}

/** Opens transactions with `bulkhead.workspace` set for their length only, so that a pooled connection carries no tenant. */
export function createTenantTransactions(pool: Pool): TenantTransactions {
  const run = <T>(
    readOnly: boolean,
    workspaceId: string,
    work: (db: TenantDatabase) => Promise<T>,
    actor?: string,
  ): Promise<T> =>
    pool.transaction(
      (transaction) =>
        work({
          query: async <Row extends QueryResultRow>(text: string, values: readonly unknown[] = []) =>
            (await transaction.query<Row>(text, values)).rows,
        }),
      {
        readOnly,
        workspaceId,
        // A read that only reads cannot fail for it; what writes waits and looks again, as `read committed` does.
        ...(readOnly ? { isolation: 'repeatable read' as const } : {}),
        ...(actor === undefined ? {} : { actor }),
      },
    )
  return {
    read: (workspaceId, work) => run(true, workspaceId, work),
    write: (workspaceId, work, actor) => run(false, workspaceId, work, actor),
  }
}
