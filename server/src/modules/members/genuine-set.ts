import { Fault, invalidField } from '../../kernel/faults.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import { isBoundBy, permissionSetDigest } from '../../security/access/index.ts'
import type { CredentialPepper } from '../../security/access/index.ts'
import { selectPermissionSets } from './permission-sets-store.ts'

/**
 * What a permission set that shall be given to somebody gives; null for none. To be asked before the transaction, which waits for no keyring, and
 * compared in it: otherwise whoever writes to the database makes a wide set look narrow for the moment in which it is given. Throws
 * `invalid_request` for one that is not there and `conflict` for one that was changed past Bulkhead.
 */
export async function genuineScopes(
  pepper: Pick<CredentialPepper, 'of'>,
  caller: Pick<OperationContext<unknown>, 'workspaceId' | 'read'>,
  id: string | null,
): Promise<readonly string[] | null> {
  if (id === null) return null
  const { workspaceId } = caller
  const [row] = await caller.read((db) =>
    selectPermissionSets(db, workspaceId, { id, before: null, rowsMax: 1 }),
  )
  if (row === undefined) throw noSet()
  const { scopes } = row
  if (!(await isBoundBy(pepper, permissionSetDigest({ id, workspaceId, scopes }), row.binding)))
    throw new Fault('conflict', {
      detail:
        'This permission set gives nothing: it was changed in the database past Bulkhead. Say anew what it gives: PATCH /v1/permission-sets.',
    })
  return scopes
}

export function noSet(): Fault {
  return invalidField('permissionSetId', 'is no permission set of this workspace')
}
