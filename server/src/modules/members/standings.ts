import { Fault, invalidField, sentence } from '../../kernel/faults.ts'
import { decodeId } from '../../kernel/ids.ts'
import { missing } from '../../platform/http/listing.ts'
import type { OperationContext, PersonPrincipal } from '../../platform/http/operation.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { Role } from '../../security/access/index.ts'
import { noSet } from './genuine-set.ts'
import { beyond, refusalOf, ROLE_OF_SET, scopesOf } from './member.ts'
import type { Standing } from './member.ts'
import { lockStandings } from './members-store.ts'
import type { StandingRecord } from './members-store.ts'
import { lockPermissionSet } from './permission-sets-store.ts'

type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'principal'>

/** A role, or a permission set in its place. */
export interface WishedRights {
  readonly role?: Role | undefined
  /** `pst_…` */
  readonly permissionSetId?: string | undefined
}

/** The acting person's standing and the target's, read anew and locked: what the session believes may be a moment old. */
export async function standings(
  db: TenantDatabase,
  caller: Caller,
  memberId: string,
): Promise<{ actor: Standing & { readonly id: string }; target: StandingRecord }> {
  const { personId } = personOf(caller.principal)
  const rows = await lockStandings(db, caller.workspaceId, personId, memberId)
  const own = rows.find((row) => row.person_id === personId)
  const target = rows.find((row) => row.id === memberId)
  if (target === undefined) throw missing('member', memberId)
  if (own === undefined)
    throw new Fault('unauthenticated', { detail: 'You are no member of this workspace any more.' })
  return { actor: { ...actingAs(own, caller.principal), id: own.id }, target }
}

/** At most what the session was found to give, whatever somebody has written into the row since: the binding was checked with the session. */
function actingAs(row: StandingRecord, principal: Caller['principal']): Standing {
  const { role, scopes } = personOf(principal)
  if (row.role !== role)
    throw new Fault('conflict', { detail: 'Your own rights have just changed. Try again.' })
  return {
    role,
    setScopes: scopesOf({ role, setScopes: row.scopes }).filter((scope) => scopes.includes(scope)),
  }
}

/** The acting person's standing, locked. Throws `unauthenticated` for who is no member any more. */
export async function standingOfCaller(db: TenantDatabase, caller: Caller): Promise<Standing> {
  const { personId } = personOf(caller.principal)
  const [row] = await lockStandings(db, caller.workspaceId, personId, null)
  if (row === undefined)
    throw new Fault('unauthenticated', { detail: 'You are no member of this workspace any more.' })
  return actingAs(row, caller.principal)
}

/** What is wished, before the database has judged it. Throws `invalid_request` where neither or both are given. */
export function rightsOf(wished: WishedRights): {
  readonly role: Role
  readonly permissionSetId: string | null
} {
  if ((wished.role === undefined) === (wished.permissionSetId === undefined))
    throw invalidField('role', 'and permissionSetId: give one of the two')
  if (wished.role !== undefined) return { role: wished.role, permissionSetId: null }
  const id = decodeId('permissionSet', wished.permissionSetId ?? '')
  if (id === null) throw noSet()
  return { role: ROLE_OF_SET, permissionSetId: id }
}

/**
 * What is wished, as a standing; `setScopes` is what `genuineScopes` has answered. Throws `invalid_request` for a set that is gone, and
 * `conflict` for one that is another by now.
 */
export async function standingOf(
  db: TenantDatabase,
  workspaceId: string,
  rights: { readonly role: Role; readonly permissionSetId: string | null },
  setScopes: readonly string[] | null,
): Promise<Standing> {
  if (rights.permissionSetId === null || setScopes === null) return { role: rights.role, setScopes: null }
  const found = await lockPermissionSet(db, workspaceId, rights.permissionSetId)
  if (found === undefined) throw noSet()
  if (beyond(found.scopes, setScopes).length + beyond(setScopes, found.scopes).length > 0)
    throw new Fault('conflict', { detail: 'The permission set has just changed. Try again.' })
  return { role: rights.role, setScopes }
}

export function requireAllowed(
  actor: Standing & { readonly id: string },
  target: StandingRecord,
  next: Standing | null,
): void {
  const refusal = refusalOf(
    actor,
    { role: target.role, setScopes: target.scopes, isActor: target.id === actor.id },
    next,
  )
  if (refusal !== null) throw new Fault('missing_scope', { detail: sentence(refusal) })
}

/** Only people reach these operations: their scopes are never a key's. */
export function personOf(principal: OperationContext<unknown>['principal']): PersonPrincipal {
  if (principal.kind === 'person') return principal
  throw new Fault('missing_scope', { detail: 'Only people do this: sign in.' })
}
