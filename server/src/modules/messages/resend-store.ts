import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

/** Numbers of the recipients of a message who are on the suppression list, as engine.accept would find them now. */
export async function listSuppressed(
  db: TenantDatabase,
  workspaceId: string,
  messageId: string,
): Promise<number[]> {
  const rows = await db.query<{ number: number }>(
    `select r.number
     from recipient r
     join message m on m.workspace_id = r.workspace_id and m.id = r.message_id
     join suppression s on s.workspace_id = r.workspace_id and s.address_index = r.address_index
       and (s.applies_to = 'all' or m.lane = 'bulk') and (s.expires_at is null or s.expires_at > now())
     where r.workspace_id = $1 and r.message_id = $2`,
    [workspaceId, messageId],
  )
  return rows.map((row) => row.number)
}

/** Tells on the timeline of a message, to its feed and to webhooks, that it was sent again; in the transaction that accepts the new one. */
export async function noteResend(
  db: TenantDatabase,
  workspaceId: string,
  messageId: string,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  await db.query('select engine.note_resend($1, $2, $3)', [workspaceId, messageId, JSON.stringify(detail)])
}

export interface ResentRow {
  readonly at: Date
  readonly detail: Record<string, unknown>
}

/** As what a message was sent again, the oldest first. */
export function listResends(
  db: TenantDatabase,
  workspaceId: string,
  messageId: string,
): Promise<ResentRow[]> {
  return db.query<ResentRow>(
    `select e.at, e.detail from event e
     where e.workspace_id = $1 and e.message_id = $2 and e.type = 'message.resent'
     order by e.id
     limit 100`,
    [workspaceId, messageId],
  )
}
