import type { z } from 'zod'
import { Fault, sentence } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { permissionSetDigest } from '../../security/access/index.ts'
import type { CredentialPepper } from '../../security/access/index.ts'
import { beyond, scopesOf } from './member.ts'
import type { PermissionSet } from './member.ts'
import { standingOfCaller } from './standings.ts'
import {
  countSets,
  deletePermissionSet,
  insertPermissionSet,
  lockPermissionSet,
  replacePermissionSet,
  selectPermissionSets,
} from './permission-sets-store.ts'
import type { PermissionSetRecord } from './permission-sets-store.ts'

type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'principal' | 'read' | 'act'>
type View = z.output<typeof PermissionSet>

export interface PermissionSets {
  /** Throws `missing_scope` where the set could do more than the caller. */
  create(caller: Caller, wanted: { readonly name: string; readonly scopes: readonly string[] }): Promise<View>
  list(
    caller: Caller,
    query: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  get(caller: Caller, id: string): Promise<View>
  /** Holds for those who have it at once. */
  update(
    caller: Caller,
    id: string,
    change: { readonly name?: string | undefined; readonly scopes?: readonly string[] | undefined },
  ): Promise<View>
  /** Throws `conflict` while somebody has it. */
  remove(caller: Caller, id: string): Promise<void>
}

const SETS_MAX = 50

/** Permission sets: rights that a workspace puts together itself. */
export function createPermissionSets(deps: {
  readonly pepper: Pick<CredentialPepper, 'of'>
  readonly newId: () => string
}): PermissionSets {
  const bind = (caller: Caller, id: string, scopes: readonly string[]): Promise<Buffer> =>
    deps.pepper.of(permissionSetDigest({ id, workspaceId: caller.workspaceId, scopes }))

  return {
    async create(caller, wanted) {
      const id = deps.newId()
      const binding = await bind(caller, id, wanted.scopes)
      return caller.act(async (db, about) => {
        await requireHeld(db, caller, wanted.scopes)
        if ((await countSets(db, caller.workspaceId)) >= SETS_MAX)
          throw new Fault('conflict', { detail: `A workspace has at most ${SETS_MAX} permission sets.` })
        const row = await insertPermissionSet(db, {
          ...wanted,
          id,
          binding,
          workspaceId: caller.workspaceId,
        })
        if (row === undefined) throw taken()
        about(encodeId('permissionSet', row.id), { name: row.name, scopes: row.scopes })
        return view(row)
      })
    },

    async list(caller, { limit, cursor }) {
      const before = idOfCursor(cursor)
      const rows = await caller.read((db) =>
        selectPermissionSets(db, caller.workspaceId, { id: null, before, rowsMax: limit + 1 }),
      )
      return page(rows, limit, view, (row) => idCursor(row.id))
    },

    async get(caller, id) {
      const [row] = await caller.read((db) =>
        selectPermissionSets(db, caller.workspaceId, { id, before: null, rowsMax: 1 }),
      )
      if (row === undefined) throw missing('permissionSet', id)
      return view(row)
    },

    async update(caller, id, change) {
      // Without new scopes the binding stays as it is: what somebody widened past Bulkhead is not made genuine by another name.
      const binding = change.scopes === undefined ? null : await bind(caller, id, change.scopes)
      return caller.act(async (db, about) => {
        const found = await lockPermissionSet(db, caller.workspaceId, id)
        if (found === undefined) throw missing('permissionSet', id)
        const next = {
          name: change.name ?? found.name,
          scopes: change.scopes ?? found.scopes,
          binding: binding ?? found.binding,
        }
        await requireHeld(db, caller, [...found.scopes, ...next.scopes])
        const row = await replacePermissionSet(db, caller.workspaceId, id, next).catch((error: unknown) => {
          if (error instanceof Error && 'code' in error && error.code === '23505') throw taken()
          throw error
        })
        if (row === undefined) throw missing('permissionSet', id)
        about(encodeId('permissionSet', id), {
          id,
          name: row.name,
          scopes: row.scopes,
          before: found.scopes,
          // A restore that does it again has no keyring.
          binding: row.binding?.toString('hex') ?? null,
        })
        return view(row)
      })
    },

    remove: (caller, id) =>
      caller.act(async (db, about) => {
        switch (await deletePermissionSet(db, caller.workspaceId, id)) {
          case 'missing':
            throw missing('permissionSet', id)
          case 'used':
            throw new Fault('conflict', {
              detail: 'Members or open invitations have this permission set: give them another role first.',
            })
          case 'deleted':
            about(encodeId('permissionSet', id))
        }
      }),
  }
}

async function requireHeld(db: TenantDatabase, caller: Caller, scopes: readonly string[]): Promise<void> {
  const more = [...new Set(beyond(scopes, scopesOf(await standingOfCaller(db, caller))))]
  if (more.length === 0) return
  throw new Fault('missing_scope', {
    detail: sentence(`nobody gives more than the own rights; you lack: ${more.join(', ')}`),
  })
}

function taken(): Fault {
  return new Fault('conflict', { detail: 'This workspace has a permission set of that name.' })
}

function view(row: PermissionSetRecord): View {
  return {
    id: encodeId('permissionSet', row.id),
    name: row.name,
    scopes: row.scopes,
    createdAt: row.created_at.toISOString(),
  }
}
