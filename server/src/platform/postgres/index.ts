/** PostgreSQL: pools with a transaction helper, classified errors, migrations, roles, and the embedded server. The only place that imports `pg`. */
export { withClient } from './client.ts'
export { startEmbeddedPostgres } from './embedded.ts'
export type { EmbeddedPostgres, EmbeddedPostgresOptions } from './embedded.ts'
export {
  containmentDetail,
  errorCode,
  isCheckViolation,
  isConnectionError,
  isDiskFull,
  isForeignKeyViolation,
  isTimeout,
  isUniqueViolation,
} from './errors.ts'
export { listen } from './listen.ts'
export { migrate } from './migrate.ts'
export type { MigrationDirectory } from './migrate.ts'
export { isAlive } from './orphan.ts'
export { pathDigest } from './placement.ts'
export { createPool } from './pool.ts'
export type { Pool, PoolOptions, Queryable, Transaction, TransactionOptions } from './pool.ts'
export { ENGINE_ROLE, LOGIN_ROLES, ensureRoles } from './roles.ts'
export type { LoginRole, RoleUrls } from './roles.ts'
export { withDatabase } from './urls.ts'
