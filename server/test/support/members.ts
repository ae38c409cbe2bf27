import { randomUUID } from 'node:crypto'
import type { Pepperer } from '../../src/security/access/index.ts'
import { membershipDigest } from '../../src/security/access/index.ts'
import type { TestDatabase } from './database.ts'

/** Makes a person a member past invitations, bound as Bulkhead binds. UUIDs; answers that of the membership. */
export async function addMember(
  to: { readonly database: Pick<TestDatabase, 'pool'>; readonly keyring: Pepperer },
  member: {
    readonly id?: string
    readonly workspaceId: string
    readonly personId: string
    readonly role: string
    readonly permissionSetId?: string | null
    readonly createdBy?: string
  },
): Promise<string> {
  const { id = randomUUID(), workspaceId, personId, role, permissionSetId = null } = member
  const digest = membershipDigest({ id, workspaceId, personId, role, permissionSetId })
  const [binding] = await to.keyring.pepper('credential', [digest])
  await to.database.pool('superuser').query(
    `insert into member (id, workspace_id, person_id, role, permission_set_id, created_by, binding)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [id, workspaceId, personId, role, permissionSetId, member.createdBy ?? 'test:1', binding],
  )
  return id
}
