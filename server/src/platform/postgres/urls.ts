/** The URL of a database behind a Unix socket, in the form that both `pg` and libpq read. */
export function socketUrl(options: {
  readonly user: string
  readonly password: string
  readonly database: string
  readonly socketDirectory: string
}): string {
  const url = new URL(`postgresql://localhost/${encodeURIComponent(options.database)}`)
  url.username = options.user
  url.password = options.password
  url.searchParams.set('host', options.socketDirectory)
  return url.toString()
}

/** The same server and database for another role. */
export function withRole(databaseUrl: string, user: string, password: string): string {
  const url = new URL(databaseUrl)
  url.username = user
  url.password = password
  return url.toString()
}

/** The same server and role, another database. */
export function withDatabase(databaseUrl: string, database: string): string {
  const url = new URL(databaseUrl)
  url.pathname = `/${encodeURIComponent(database)}`
  return url.toString()
}
