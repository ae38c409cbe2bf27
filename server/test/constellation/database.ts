import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LOGIN_ROLES, pathDigest } from '../../src/platform/postgres/index.ts'
import type { LoginRole } from '../../src/platform/postgres/index.ts'

/** How one gets into an installation's database with the passwords that lie in its data directory. */
export interface DatabaseUrls {
  readonly superuser: string
  readonly owner: string
  readonly roles: Readonly<Record<LoginRole, string>>
}

/** Reads the secrets of an installation's embedded PostgreSQL. */
export function databaseUrls(dataDirectory: string): DatabaseUrls {
  const read = (name: string): Record<string, string> =>
    JSON.parse(readFileSync(join(dataDirectory, 'secrets', name), 'utf8'))
  const socketDirectory = join(tmpdir(), `bulkhead-${pathDigest(dataDirectory)}`, 'pg')
  const url = (user: string, password: string | undefined): string =>
    `postgresql://${user}:${password}@localhost/bulkhead?host=${encodeURIComponent(socketDirectory)}`
  const passwords = read('postgres.json')
  const roles = read('database-roles.json')
  return {
    superuser: url('postgres', passwords['superuser']),
    owner: url('bulkhead_owner', passwords['owner']),
    roles: Object.fromEntries(LOGIN_ROLES.map((role) => [role, url(role, roles[role])])) as Record<
      LoginRole,
      string
    >,
  }
}

/** The operator's key, as whoever runs the installation finds it. */
export function operatorKey(dataDirectory: string): string {
  const content: { operatorKey: string } = JSON.parse(
    readFileSync(join(dataDirectory, 'operator.json'), 'utf8'),
  )
  return content.operatorKey
}
