import type { DoorName } from '../../kernel/doors.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export interface DoorNetworkRow {
  readonly number: number
  readonly door: DoorName
  readonly cidr: string
  readonly created_at: Date
  readonly created_by: string
}

export interface KeyUseRow {
  readonly credential_id: string
  readonly allowed: boolean
  readonly network: string
  readonly agent: string | null
  readonly first_at: Date
  readonly last_at: Date
}

/** All of a door: they are few, and every look-up of a key reads them. */
export function selectDoorNetworks(
  db: TenantDatabase,
  workspaceId: string,
  door: DoorName,
): Promise<DoorNetworkRow[]> {
  return db.query<DoorNetworkRow>(
    `select number, door, cidr, created_at, created_by from door_network
     where workspace_id = $1 and door = $2
     order by number`,
    [workspaceId, door],
  )
}

/** Adds those that the door does not have yet. The keys of the door are locked, so that two at once take different numbers. */
export async function insertDoorNetworks(
  db: TenantDatabase,
  workspaceId: string,
  door: DoorName,
  cidrs: readonly string[],
  by: string,
): Promise<void> {
  await db.query("select pg_advisory_xact_lock(hashtext('door_network'), hashtext($1 || $2))", [
    workspaceId,
    door,
  ])
  await db.query(
    `insert into door_network (workspace_id, door, number, cidr, created_by)
     select $1, $2, coalesce((select max(n.number) from door_network n where n.workspace_id = $1 and n.door = $2), 0)
                    + row_number() over (order by x.place), x.cidr, $4
     from unnest($3::text[]) with ordinality as x(cidr, place)
     where not exists (select from door_network o where o.workspace_id = $1 and o.door = $2 and o.cidr = x.cidr)`,
    [workspaceId, door, cidrs, by],
  )
}

/** The network that was removed; undefined where there is none. */
export async function deleteDoorNetwork(
  db: TenantDatabase,
  workspaceId: string,
  door: DoorName,
  number: number,
): Promise<string | undefined> {
  const [row] = await db.query<{ cidr: string }>(
    'delete from door_network where workspace_id = $1 and door = $2 and number = $3 returning cidr',
    [workspaceId, door, number],
  )
  return row?.cidr
}

/** Where keys were used from, and where they were refused, the last first. Of each key at most 32 networks are kept. */
export function selectKeyUses(
  db: TenantDatabase,
  workspaceId: string,
  door: DoorName | null,
  rowsMax: number,
): Promise<KeyUseRow[]> {
  return db.query<KeyUseRow>(
    `with used as (
       select u.credential_id, true as allowed, u.network::text as network, u.agent, u.first_used_at as first_at, u.last_used_at as last_at
       from credential_use u
       join api_key k on k.workspace_id = u.workspace_id and k.id = u.credential_id
       where u.workspace_id = $1 and u.kind = 'api_key' and ($2::text is null or k.door = $2)
       order by u.last_used_at desc
       limit $3
     ), refused as (
       select k.id as credential_id, false as allowed, a.detail ->> 'network' as network, null as agent, a.created_at as first_at, a.last_at
       from security_alert a
       join api_key k on k.workspace_id = a.workspace_id and a.about = 'api_key:' || k.id
       where a.workspace_id = $1 and a.kind = 'credential.refused_network' and ($2::text is null or k.door = $2)
       order by a.last_at desc
       limit $3
     )
     select * from (select * from used union all select * from refused) x
     order by x.last_at desc, x.allowed, x.network
     limit $3`,
    [workspaceId, door, rowsMax],
  )
}
