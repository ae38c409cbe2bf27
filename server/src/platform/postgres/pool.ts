import { Pool as PgPool, types } from 'pg'
import type { PoolClient, QueryConfig, QueryResult, QueryResultRow } from 'pg'
import { isConnectionError } from './errors.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const ACTOR = /^[a-z_]{1,32}(:[0-9A-Za-z_-]{1,64})?$/
const INT8 = 20
const DATE = 1082
const INT8_ARRAY = 1016
const CONNECT_TIMEOUT_MS = 10_000
/** A server that hangs, or a network that swallows packets, must not hold a process for the hours that TCP would wait. */
const QUERY_TIMEOUT_MS = 60_000
const IDLE_TIMEOUT_MS = 60_000

/** What both a pool and an open transaction can do. */
export interface Queryable {
  query<Row extends QueryResultRow = QueryResultRow>(
    statement: string | QueryConfig,
    values?: readonly unknown[],
  ): Promise<QueryResult<Row>>
}

/** A transaction in progress; valid until the function that got it returns. */
export type Transaction = Queryable

export interface TransactionOptions {
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable'
  readonly readOnly?: boolean
  /** A UUID that row-level security binds the transaction to; set in the round trip that begins it, and gone with it. */
  readonly workspaceId?: string
  /** Who acts, `api_key:<uuid>`: guards ask it whether this one credential is contained. Gone with the transaction. */
  readonly actor?: string
}

export interface Pool extends Queryable, AsyncDisposable {
  /**
   * Runs `work` between BEGIN and COMMIT on one connection; an error rolls back and is thrown on.
   * A connection error out of COMMIT leaves the outcome unknown: see `isConnectionError`.
   */
  transaction<T>(work: (transaction: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** A connection of one's own, for LISTEN, COPY or session locks; the caller releases it. */
  connect(): Promise<PoolClient>
  /** Connections in use, idle and requests that wait. */
  counts(): { readonly total: number; readonly idle: number; readonly waiting: number }
  end(): Promise<void>
}

export interface PoolOptions {
  readonly url: string
  /** Shown in pg_stat_activity. */
  readonly applicationName: string
  /** Name of the database role, for errors; the URL carries the real one. */
  readonly role?: string
  readonly max?: number
  /** How long a statement, and the wait for a connection, may take where somebody waits for the answer; default 60 s and 10 s. */
  readonly patienceMs?: number
  /** Idle connections that break are reported here; the pool replaces them by itself. */
  readonly onIdleError?: (error: Error) => void
}

/**
 * A bounded pool of connections. int8 is read as a number, and one that a number cannot hold exactly is an error;
 * timestamptz is a Date; date stays text, because a Date would shift it by the time zone; numeric stays text.
 */
export function createPool(options: PoolOptions): Pool {
  const pool = new PgPool({
    connectionString: options.url,
    application_name: `bulkhead ${options.applicationName}`,
    max: options.max ?? 10,
    connectionTimeoutMillis: Math.min(options.patienceMs ?? CONNECT_TIMEOUT_MS, CONNECT_TIMEOUT_MS),
    query_timeout: options.patienceMs ?? QUERY_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    keepAlive: true,
    types: { getTypeParser },
  })
  // Without a listener a broken idle connection would end the process.
  pool.on('error', (error) => options.onIdleError?.(error))
  // A connection in use that breaks emits as well, beside the query that fails; nobody else listens there.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return wrap(pool)
}

function wrap(pool: PgPool): Pool {
  let ending: Promise<void> | null = null
  const end = (): Promise<void> => (ending ??= pool.end())
  return {
    query: (statement, values) => run(pool, statement, values),
    transaction: (work, options = {}) => transact(pool, work, options),
    connect: () => pool.connect(),
    counts: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    end,
    [Symbol.asyncDispose]: end,
  }
}

async function run<Row extends QueryResultRow>(
  target: PgPool | PoolClient,
  statement: string | QueryConfig,
  values: readonly unknown[] | undefined,
): Promise<QueryResult<Row>> {
  try {
    // `pg` wants a mutable array type, but only reads it.
    return await (values === undefined
      ? target.query<Row>(statement)
      : target.query<Row>(statement, [...values]))
  } catch (error) {
    // What was asked may still happen: to the caller it is a connection that broke, and the pool throws this one away.
    if (!(error instanceof Error) || error.message !== 'Query read timeout') throw error
    throw Object.assign(new Error('The database did not answer in time', { cause: error }), {
      code: 'ETIMEDOUT',
    })
  }
}

async function transact<T>(
  pool: PgPool,
  work: (transaction: Transaction) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const begin = beginStatement(options)
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query(begin)
    const result = await work({ query: (statement, values) => run(client, statement, values) })
    await client.query('commit')
    return result
  } catch (error) {
    if (isConnectionError(error)) {
      broken = error instanceof Error ? error : new Error('The connection broke')
    } else {
      // The first error is the one that matters; a connection that cannot roll back is thrown away.
      await client.query('rollback').catch((rollbackError: unknown) => {
        broken = rollbackError instanceof Error ? rollbackError : new Error('ROLLBACK failed')
      })
    }
    throw error
  } finally {
    client.release(broken)
  }
}

function beginStatement(options: TransactionOptions): string {
  const isolation = options.isolation === undefined ? '' : ` isolation level ${options.isolation}`
  const begin = `begin${isolation}${options.readOnly === true ? ' read only' : ''}`
  if (options.workspaceId === undefined) return begin
  // They stand in the text of a statement, so they must be what they claim to be.
  if (!UUID.test(options.workspaceId)) throw new Error('a tenant transaction needs the id of a workspace')
  const bound = `${begin}; set local bulkhead.workspace = '${options.workspaceId}'`
  if (options.actor === undefined) return bound
  if (!ACTOR.test(options.actor)) throw new Error('an actor is written kind:id')
  return `${bound}; set local bulkhead.actor = '${options.actor}'`
}

function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (oid === INT8) return parseInt8
  if (oid === DATE) return (value) => value
  if (oid === INT8_ARRAY) return parseInt8Array
  // The library types its oids as an enum of what it knows, but answers for any number.
  const parser: (value: string) => unknown = Reflect.apply(types.getTypeParser, types, [oid, format])
  return parser
}

function parseInt8(value: string): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw new RangeError(`int8 ${value} is beyond 2^53: read it as text`)
  return number
}

/** One-dimensional arrays only, which is all that the schema has: `{1,NULL,3}`. */
function parseInt8Array(value: string): (number | null)[] {
  if (!/^\{[^{}]*\}$/.test(value))
    throw new RangeError('An int8 array with more than one dimension: read it as text')
  return value === '{}'
    ? []
    : value
        .slice(1, -1)
        .split(',')
        .map((item) => (item === 'NULL' ? null : parseInt8(item)))
}
