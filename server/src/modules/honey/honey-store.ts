import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export interface HoneyRow {
  readonly id: string
  readonly sealed_email: Buffer
  readonly created_at: Date
  readonly touched_at: Date | null
}

/** When it was made; null where somebody has that address. */
export async function insertHoney(
  db: TenantDatabase,
  honey: { readonly id: string; readonly index: Buffer; readonly email: Buffer },
): Promise<Date | null> {
  const rows = await db.query<{ made: Date | null }>('select engine.add_honey($1, $2, $3) as made', [
    honey.id,
    honey.index,
    honey.email,
  ])
  return rows[0]?.made ?? null
}

/** At most 1,000. */
export function selectHoney(db: TenantDatabase): Promise<HoneyRow[]> {
  return db.query<HoneyRow>('select id, sealed_email, created_at, touched_at from engine.list_honey()')
}

/** False where there is no such honey account; a person's is never removed. */
export async function deleteHoney(db: TenantDatabase, id: string): Promise<boolean> {
  const rows = await db.query<{ removed: boolean }>('select engine.remove_honey($1) as removed', [id])
  return rows[0]?.removed === true
}
