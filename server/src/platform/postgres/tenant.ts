import type { QueryResultRow } from 'pg'
import type { Pool } from './pool.ts'

/** Statements inside one transaction that row-level security binds to one workspace. */
export interface TenantDatabase {
  query<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>
}

export interface TenantTransactions {
  /** A read-only transaction of the workspace. */
  read<T>(workspaceId: string, work: (db: TenantDatabase) => Promise<T>): Promise<T>
  /** A read-write transaction of the workspace; a throw rolls it back. */
  write<T>(workspaceId: string, work: (db: TenantDatabase) => Promise<T>): Promise<T>
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Opens transactions with `bulkhead.workspace` set for their length only, so that a pooled connection carries no tenant. */
export function createTenantTransactions(pool: Pool): TenantTransactions {
  async function run<T>(
    mode: 'read only' | 'read write',
    workspaceId: string,
    work: (db: TenantDatabase) => Promise<T>,
  ): Promise<T> {
    if (!UUID.test(workspaceId)) throw new Error('a tenant transaction needs the id of a workspace')
    const client = await pool.connect()
    let broken: Error | undefined
    try {
      // One round trip; the id was checked against UUID, so that it can stand in the text of a multi-statement query.
      await client.query(`begin ${mode}; set local bulkhead.workspace = '${workspaceId}'`)
      const result = await work({
        query: async <Row extends QueryResultRow>(text: string, values: readonly unknown[] = []) =>
          (await client.query<Row>(text, [...values])).rows,
      })
      await client.query('commit')
      return result
    } catch (error) {
      await client.query('rollback').catch((rollbackError: unknown) => {
        broken = rollbackError instanceof Error ? rollbackError : new Error('rollback failed')
      })
      throw error
    } finally {
      client.release(broken)
    }
  }
  return {
    read: (workspaceId, work) => run('read only', workspaceId, work),
    write: (workspaceId, work) => run('read write', workspaceId, work),
  }
}
