import { DatabaseError, Pool } from 'pg'
import type { PoolClient, QueryResultRow } from 'pg'
import { describeError } from './log.ts'
import type { Log } from './log.ts'
import { Refusal } from './refusal.ts'

/** One statement; `name` makes it a prepared one and stands in the log. */
export type Query = <R extends QueryResultRow>(name: string, text: string, values: unknown[]) => Promise<R[]>

/** How long no connection is tried after one failed. */
const AWAY_PAUSE_MS = 250
const TIMEOUT_MS = 4000
/** Rotation and shredding move many rows at a time. */
const SESSION_TIMEOUT_MS = 60_000

/** What works on one connection. */
export interface Session {
  readonly query: Query
  /** Several statements at READ COMMITTED: all or none. A `Refusal` of `work` rolls back and passes through. */
  transaction<T>(name: string, work: (query: Query) => Promise<T>): Promise<T>
}

export interface Database extends Session {
  /** The error as PostgreSQL gave it, for callers that tell a missing function from a database that is away. */
  readonly rawQuery: Query
  /**
   * Runs `work` on a connection of its own while no other keyring does anything under the same lock; returns false where another
   * one holds it. The lock goes with the connection, also when this process is killed.
   */
  exclusively(lock: string, work: (session: Session) => Promise<void>): Promise<boolean>
  close(): Promise<void>
}

/**
 * The keyring's connections to PostgreSQL. Every call is bounded in time and turns the database's failures into `unavailable`: the
 * asker may come again.
 */
export function createDatabase(deps: { databaseUrl: string; log: Log }): Database {
  const pool = new Pool({
    connectionString: deps.databaseUrl,
    application_name: 'bulkhead-keyring',
    max: 6,
    connectionTimeoutMillis: 3000,
    query_timeout: TIMEOUT_MS,
    statement_timeout: TIMEOUT_MS,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
  })
  // Without listeners, a connection that breaks would end the process: the pool's covers idle ones, the client's those in use.
  pool.on('error', (error) =>
    deps.log('warn', 'A database connection broke', { error: describeError(error) }),
  )
  pool.on('connect', (client) => client.on('error', () => undefined))
  let awayUntilMs = 0

  async function withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await pool.connect()
    try {
      const result = await work(client)
      client.release()
      return result
    } catch (error) {
      // After a time-out the connection may be dead without a sign, so it is not used again.
      client.release(!(error instanceof DatabaseError || error instanceof Refusal))
      throw error
    }
  }

  async function guarded<T>(name: string, work: () => Promise<T>): Promise<T> {
    if (performance.now() < awayUntilMs)
      throw new Refusal('unavailable', 'The keyring cannot reach its database')
    try {
      return await work()
    } catch (error) {
      if (error instanceof Refusal) throw error
      // A database that swallows connections must not make every request wait for the same time-out.
      if (!(error instanceof DatabaseError)) awayUntilMs = performance.now() + AWAY_PAUSE_MS
      deps.log('warn', 'The database did not answer', { statement: name, error: describeError(error) })
      throw new Refusal('unavailable', 'The keyring cannot reach its database', error)
    }
  }

  const query: Query = (name, text, values) =>
    guarded(name, () => withClient((client) => queryOf(client)(name, text, values)))

  return {
    query,

    rawQuery: (name, text, values) => withClient((client) => queryOf(client)(name, text, values)),

    transaction: (name, work) => guarded(name, () => withClient((client) => inTransaction(client, work))),

    exclusively: (lock, work) =>
      guarded(lock, () =>
        withClient(async (client) => {
          const held = await queryOf(client)<{ held: boolean }>(
            'take_lock',
            'select pg_try_advisory_lock(hashtextextended($1, 0)) as held',
            [lock],
          )
          if (held[0]?.held !== true) return false
          await client.query(`set statement_timeout = ${SESSION_TIMEOUT_MS}`)
          try {
            await work({
              query: queryOf(client, SESSION_TIMEOUT_MS),
              transaction: (_, inner) => inTransaction(client, inner),
            })
          } finally {
            await client.query(`set statement_timeout = ${TIMEOUT_MS}`)
            await queryOf(client)('drop_lock', 'select pg_advisory_unlock(hashtextextended($1, 0))', [lock])
          }
          return true
        }),
      ),

    close: () => pool.end(),
  }
}

function queryOf(client: PoolClient, timeoutMs = TIMEOUT_MS): Query {
  return async <R extends QueryResultRow>(name: string, text: string, values: unknown[]) => {
    const statement = { name, text, values, query_timeout: timeoutMs }
    return (await client.query<R>(statement)).rows
  }
}

async function inTransaction<T>(client: PoolClient, work: (query: Query) => Promise<T>): Promise<T> {
  await client.query('begin')
  try {
    const result = await work(queryOf(client))
    await client.query('commit')
    return result
  } catch (error) {
    // Where this fails too, the connection is dropped and the server rolls back.
    await client.query('rollback')
    throw error
  }
}
