import { withClient } from './client.ts'
import { generatePassword, readPasswords, writePasswords } from './secrets-file.ts'
import { scramVerifier } from './scram.ts'
import { withRole } from './urls.ts'

/** One login role per kind of process: the process is the database role. */
export const LOGIN_ROLES = [
  'bulkhead_api',
  'bulkhead_smtp',
  'bulkhead_sender',
  'bulkhead_worker',
  'bulkhead_staff',
  'bulkhead_audit',
  'bulkhead_keyring',
] as const
export type LoginRole = (typeof LOGIN_ROLES)[number]

/** Owns the functions that may cross workspaces; nobody can log in as it. */
export const ENGINE_ROLE = 'bulkhead_engine'

/** A connection URL per role. */
export type RoleUrls = Readonly<Record<LoginRole, string>>

export interface EnsureRolesOptions {
  readonly ownerUrl: string
  /** JSON file of the roles' passwords, mode 0600. */
  readonly secretsFile: string
  /**
   * True for the embedded server, whose roles belong to this data directory alone: passwords and settings are set again at every start. A
   * role may change both of its own, so that a hijacked process could otherwise lock its successors out, or bend them, for good.
   */
  readonly exclusive: boolean
  readonly log?: (line: string) => void
}

/**
 * Makes sure that the roles exist and returns a URL for each. On a shared PostgreSQL, existing roles keep their passwords, because
 * other hosts use them.
 * @throws Error where roles exist there but this host does not know their passwords.
 */
export async function ensureRoles(options: EnsureRolesOptions): Promise<RoleUrls> {
  const kept = readPasswords(options.secretsFile)
  const passwords: Record<string, string> = { ...kept }
  for (const role of LOGIN_ROLES) passwords[role] ??= generatePassword()

  await withClient(options.ownerUrl, 'bulkhead roles', async (client) => {
    await client.query('begin')
    // Two hosts may start at the same moment; the second waits and finds the roles made.
    await client.query("select pg_advisory_xact_lock(hashtext('bulkhead roles'))")
    const { rows } = await client.query<{ rolname: string }>(
      'select rolname from pg_roles where rolname = any($1)',
      [[...LOGIN_ROLES, ENGINE_ROLE]],
    )
    const existing = new Set(rows.map((row) => row.rolname))
    const database = await client.query<{ name: string }>('select current_database() as name')
    const name = client.escapeIdentifier(database.rows[0]?.name ?? '')
    const unknown = LOGIN_ROLES.filter((role) => existing.has(role) && kept?.[role] === undefined)
    if (unknown.length > 0 && !options.exclusive) {
      throw new Error(
        `The database already has the roles ${unknown.join(', ')}, but ${options.secretsFile} does not hold their passwords: copy that file from the host that made them, or write it as JSON {"role": "password"}`,
      )
    }
    // Written before the COMMIT: a role whose password nobody knows must not exist.
    writePasswords(options.secretsFile, passwords)
    for (const role of LOGIN_ROLES) {
      const verifier = client.escapeLiteral(scramVerifier(passwords[role] ?? generatePassword()))
      if (!existing.has(role)) {
        await client.query(`create role ${role} login password ${verifier}`)
      } else if (options.exclusive) {
        await client.query(`alter role ${role} login password ${verifier}`)
        await client.query(`alter role ${role} reset all`)
        await client.query(`alter role ${role} in database ${name} reset all`)
      }
    }
    if (!existing.has(ENGINE_ROLE)) await client.query(`create role ${ENGINE_ROLE} nologin`)
    await client.query(`grant ${ENGINE_ROLE} to current_user`)
    await client.query('commit')
    if (existing.size === 0) options.log?.('Made the database roles')
  })
  const url = (role: LoginRole): string => withRole(options.ownerUrl, role, passwords[role] ?? '')
  return {
    bulkhead_api: url('bulkhead_api'),
    bulkhead_smtp: url('bulkhead_smtp'),
    bulkhead_sender: url('bulkhead_sender'),
    bulkhead_worker: url('bulkhead_worker'),
    bulkhead_staff: url('bulkhead_staff'),
    bulkhead_audit: url('bulkhead_audit'),
    bulkhead_keyring: url('bulkhead_keyring'),
  }
}
