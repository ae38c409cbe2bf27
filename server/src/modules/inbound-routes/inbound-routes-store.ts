import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export interface RouteRecord {
  readonly id: string
  readonly hostname: string
  readonly url: string
  readonly unparsed: boolean
  readonly public_key: string
  readonly created_at: Date
  readonly active: boolean
}

const PROVEN = `exists (select from sending_domain d where d.workspace_id = r.workspace_id and d.state = 'verified'
       and (d.name = r.hostname or right(r.hostname, length(d.name) + 1) = '.' || d.name))`
const COLUMNS = `r.id, r.hostname, r.url, r.unparsed, r.public_key, r.created_at, ${PROVEN} as active`

/** Which of the names are verified sending domains of the workspace. */
export async function selectProven(
  db: TenantDatabase,
  workspaceId: string,
  names: readonly string[],
): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `select name from sending_domain where workspace_id = $1 and state = 'verified' and name = any($2)`,
    [workspaceId, names],
  )
  return rows.map((row) => row.name)
}

/** Whether another workspace gets the mail of the host name. */
export async function isTaken(db: TenantDatabase, hostname: string): Promise<boolean> {
  const [row] = await db.query<{ taken: boolean }>('select engine.inbound_taken($1) as taken', [hostname])
  return row?.taken === true
}

/** Undefined where the workspace has a route of that name. */
export async function insertRoute(
  db: TenantDatabase,
  route: {
    readonly id: string
    readonly workspaceId: string
    readonly hostname: string
    readonly url: string
    readonly sendRaw: boolean
    readonly secret: Buffer
    readonly publicKey: string
    readonly actor: string
  },
): Promise<RouteRecord | undefined> {
  const made = await db.query(
    `insert into inbound_route (workspace_id, id, hostname, url, unparsed, secret, public_key, created_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (workspace_id, hostname) where deleted_at is null do nothing
     returning id`,
    [
      route.workspaceId,
      route.id,
      route.hostname,
      route.url,
      route.sendRaw,
      route.secret,
      route.publicKey,
      route.actor,
    ],
  )
  return made.length === 0 ? undefined : selectRoute(db, route.workspaceId, route.id)
}

export async function countRoutes(db: TenantDatabase, workspaceId: string): Promise<number> {
  const [row] = await db.query<{ n: number }>(
    'select count(*)::integer as n from inbound_route where workspace_id = $1 and deleted_at is null',
    [workspaceId],
  )
  return row?.n ?? 0
}

export async function selectRoute(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<RouteRecord | undefined> {
  const rows = await db.query<RouteRecord>(
    `select ${COLUMNS} from inbound_route r where r.workspace_id = $1 and r.id = $2 and r.deleted_at is null`,
    [workspaceId, id],
  )
  return rows[0]
}

export function selectRoutes(
  db: TenantDatabase,
  workspaceId: string,
  filter: { readonly hostname: string | null; readonly before: string | null },
  rowsMax: number,
): Promise<RouteRecord[]> {
  return db.query<RouteRecord>(
    `select ${COLUMNS}
     from inbound_route r
     where r.workspace_id = $1 and r.deleted_at is null
       and ($2::text is null or r.hostname = $2)
       and ($3::uuid is null or r.id < $3)
     order by r.id desc
     limit $4`,
    [workspaceId, filter.hostname, filter.before, rowsMax],
  )
}

/** Null leaves a value as it is. */
export async function updateRouteRow(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  change: { readonly url: string | null; readonly sendRaw: boolean | null },
): Promise<RouteRecord | undefined> {
  const changed = await db.query(
    `update inbound_route set url = coalesce($3, url), unparsed = coalesce($4, unparsed)
     where workspace_id = $1 and id = $2 and deleted_at is null
     returning 1`,
    [workspaceId, id, change.url, change.sendRaw],
  )
  return changed.length === 0 ? undefined : selectRoute(db, workspaceId, id)
}

/** From now on nothing is taken for it; what was taken still goes there. */
export async function deleteRouteRow(db: TenantDatabase, workspaceId: string, id: string): Promise<boolean> {
  const rows = await db.query(
    `update inbound_route set deleted_at = now() where workspace_id = $1 and id = $2 and deleted_at is null returning 1`,
    [workspaceId, id],
  )
  return rows.length > 0
}

export interface MailRecord {
  readonly id: string
  readonly state: 'pending' | 'delivered' | 'failed' | 'expired'
  readonly attempts: number
  readonly due: Date
  readonly last_status: number | null
  readonly last_error: string | null
  readonly size_bytes: number
  readonly received_at: Date
  readonly expires_at: Date
  readonly settled_at: Date | null
}

const MAIL_COLUMNS = `id, state, attempts, due, last_status, last_error, size_bytes, received_at, expires_at, settled_at`

/** Newest first. */
export function selectMail(
  db: TenantDatabase,
  workspaceId: string,
  routeId: string,
  filter: { readonly state: MailRecord['state'] | null; readonly before: string | null },
  rowsMax: number,
): Promise<MailRecord[]> {
  return db.query<MailRecord>(
    `select ${MAIL_COLUMNS}
     from inbound_mail
     where workspace_id = $1 and route_id = $2
       and ($3::text is null or state = $3)
       and ($4::uuid is null or id < $4)
     order by id desc
     limit $5`,
    [workspaceId, routeId, filter.state, filter.before, rowsMax],
  )
}

/** Puts a mail that was refused before the worker again. Its time does not begin anew: its content is erased when it is over. */
export async function retryMailRow(
  db: TenantDatabase,
  workspaceId: string,
  routeId: string,
  id: string,
): Promise<MailRecord | undefined> {
  const rows = await db.query<MailRecord>(
    `update inbound_mail
     set state = 'pending', due = now(), attempts = 0, settled_at = null
     where workspace_id = $1 and route_id = $2 and id = $3 and state = 'failed' and expires_at > now()
     returning ${MAIL_COLUMNS}`,
    [workspaceId, routeId, id],
  )
  return rows[0]
}

export async function hasMail(
  db: TenantDatabase,
  workspaceId: string,
  routeId: string,
  id: string,
): Promise<boolean> {
  const rows = await db.query(
    'select 1 from inbound_mail where workspace_id = $1 and route_id = $2 and id = $3',
    [workspaceId, routeId, id],
  )
  return rows.length > 0
}
