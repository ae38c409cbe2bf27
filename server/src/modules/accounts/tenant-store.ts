import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

/** Within a transaction of the workspace in which somebody acts. */
export async function approveRecovery(
  db: TenantDatabase,
  recoveryId: string,
  workspaceId: string,
  approver: string,
): Promise<string> {
  const [row] = await db.query<{ value: string }>('select engine.approve_recovery($1, $2, $3) as value', [
    recoveryId,
    workspaceId,
    approver,
  ])
  return row?.value ?? 'unknown'
}

/** Suspends a person, or lets him in again; false where there is no such person. */
export async function suspendPerson(
  db: TenantDatabase,
  personId: string,
  suspended: boolean,
): Promise<boolean> {
  const [row] = await db.query<{ value: boolean }>('select engine.suspend_person($1, $2) as value', [
    personId,
    suspended,
  ])
  return row?.value === true
}

/** How many sessions were ended; null where there is no such person. */
export async function signOutPerson(db: TenantDatabase, personId: string): Promise<number | null> {
  const [row] = await db.query<{ value: number | null }>('select engine.sign_out_person($1) as value', [
    personId,
  ])
  return row?.value ?? null
}

/** The person whose recovery was stopped; null where there was none to stop, or it is not the caller's to stop. */
export async function refuseRecovery(
  db: TenantDatabase,
  recoveryId: string,
  workspaceId: string,
  refuser: string,
): Promise<string | null> {
  const [row] = await db.query<{ value: string | null }>(
    'select engine.cancel_recovery(null, null, $1, $2, $3) as value',
    [recoveryId, workspaceId, refuser],
  )
  return row?.value ?? null
}

/** `done`, `gone` or `taken`; in the transaction that makes the person's workspace where there is one. */
export async function completeSignUp(
  db: TenantDatabase,
  made: {
    readonly token: string
    readonly personId: string
    readonly email: Buffer
    readonly name: Buffer | null
    readonly password: { readonly hash: Buffer; readonly salt: Buffer; readonly params: string } | null
  },
): Promise<string> {
  const [row] = await db.query<{ value: string }>(
    'select engine.complete_sign_up($1, $2, $3, $4, $5, $6, $7) as value',
    [
      made.token,
      made.personId,
      made.email,
      made.name,
      made.password?.hash ?? null,
      made.password?.salt ?? null,
      made.password?.params ?? null,
    ],
  )
  return row?.value ?? 'gone'
}

/** After the workspace that the person has made, so that the record lies there too. */
export async function recordSignUp(db: TenantDatabase, personId: string): Promise<void> {
  await db.query(`select engine.record_person($1, 'person.signed_up', '{}')`, [personId])
}
