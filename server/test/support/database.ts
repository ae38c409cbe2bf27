import { Client } from 'pg'
import { inject } from 'vitest'
import { LOGIN_ROLES, createPool, withDatabase } from '../../src/platform/postgres/index.ts'
import type { LoginRole, Pool } from '../../src/platform/postgres/index.ts'
import { uniqueDatabaseName } from './cluster.ts'

export interface TestDatabase extends AsyncDisposable {
  readonly name: string
  /** URL of the owner, who may change the schema. */
  readonly ownerUrl: string
  readonly superuserUrl: string
  readonly url: Readonly<Record<LoginRole, string>>
  /** A pool per role, opened on first use: `database.pool('bulkhead_api')`. `owner` and `superuser` are for looking behind the scenes. */
  pool(role: LoginRole | 'owner' | 'superuser'): Pool
}

/** A fresh, migrated database of the run's cluster; dropped when disposed. Takes about 30 ms. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const cluster = inject('cluster')
  const name = uniqueDatabaseName()
  await asSuperuser(
    `create database ${name} template ${cluster.template} owner bulkhead_owner strategy file_copy`,
  )
  // What migration 0006 took from everybody is a right on the database, and a clone does not inherit those of its template.
  await asSuperuser(`revoke temporary on database ${name} from public`)
  const pools = new Map<string, Pool>()
  const ownerUrl = withDatabase(cluster.ownerUrl, name)
  const superuserUrl = withDatabase(cluster.superuserUrl, name)
  const url = Object.fromEntries(
    LOGIN_ROLES.map((role) => [role, withDatabase(cluster.roleUrls[role], name)]),
  ) as Record<LoginRole, string>
  const pool = (role: LoginRole | 'owner' | 'superuser'): Pool => {
    const found = pools.get(role)
    if (found !== undefined) return found
    const made = createPool({
      url: role === 'owner' ? ownerUrl : role === 'superuser' ? superuserUrl : url[role],
      applicationName: `test ${role}`,
      max: 8,
    })
    pools.set(role, made)
    return made
  }
  return {
    name,
    ownerUrl,
    superuserUrl,
    url,
    pool,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...pools.values()].map((item) => item.end()))
      await asSuperuser(`drop database if exists ${name} with (force)`)
    },
  }
}

async function asSuperuser(statement: string): Promise<void> {
  const client = new Client({ connectionString: inject('cluster').superuserUrl })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
