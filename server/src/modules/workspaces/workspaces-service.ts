import type { z } from 'zod'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { AuditRecord } from '../../kernel/audit-record.ts'
import type { TenantDatabase, TenantTransactions } from '../../platform/postgres/tenant.ts'
import { ALL_SCOPES, membershipDigest } from '../../security/access/index.ts'
import type { CredentialPepper } from '../../security/access/index.ts'
import type { ApiKeys, MintedApiKey } from '../api-keys/index.ts'
import type { Workspace } from './workspace.ts'
import {
  insertOwner,
  insertWorkspace,
  lockWorkspace,
  renameWorkspace,
  selectUnowned,
  selectWorkspace,
  selectWorkspaces,
} from './workspaces-store.ts'
import type { WorkspaceRecord } from './workspaces-store.ts'

type View = z.output<typeof Workspace>

export interface Workspaces {
  /** Makes a workspace and its first API key, with all scopes, in one transaction. `actor` goes to the audit log. */
  create(actor: string, name: string): Promise<{ workspace: View; apiKey: MintedApiKey }>
  /** The membership of a new workspace's owner, bound by the keyring: before the transaction, which waits for nobody. Throws what its client throws. */
  bindOwner(personId: string, workspaceId: string): Promise<BoundOwner>
  /**
   * Makes a workspace of a person, who becomes its owner, in a transaction of that workspace. There is no first API key: the owner makes
   * one when it is needed.
   */
  storeFor(db: TenantDatabase, owner: BoundOwner, name: string): Promise<View>
  /** The name of a workspace that nobody is or was a member of; null for every other. In a transaction of that workspace. */
  nameWithoutPeople(db: TenantDatabase, workspaceId: string): Promise<string | null>
  /** Gives such a workspace its first owner and a name; false where somebody was faster. In a transaction of that workspace. */
  adopt(db: TenantDatabase, owner: BoundOwner, name: string): Promise<boolean>
  list(query: {
    readonly limit: number
    readonly cursor?: string | undefined
  }): Promise<{ data: View[]; nextCursor: string | null }>
  own(caller: Pick<OperationContext<unknown>, 'workspaceId' | 'read'>): Promise<View>
}

/** An owner to be. UUIDs. */
export interface BoundOwner {
  readonly id: string
  readonly workspaceId: string
  readonly personId: string
  readonly binding: Buffer
}

/** A transaction of no workspace: row-level security shows nothing in it; only functions of the engine answer. */
const NO_WORKSPACE = '00000000-0000-0000-0000-000000000000'

/** Workspaces: see the slice's door for what holds. */
export function createWorkspaces(deps: {
  readonly transactions: TenantTransactions
  readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
  readonly apiKeys: Pick<ApiKeys, 'mint' | 'storeIn'>
  readonly pepper: Pick<CredentialPepper, 'of'>
  readonly newId: () => string
}): Workspaces {
  return {
    async create(actor, name) {
      const id = deps.newId()
      const fresh = await deps.apiKeys.mint(id, { name: 'First key', scopes: ALL_SCOPES, expiresAt: null })
      return deps.transactions.write(id, async (db) => {
        const workspace = view(await insertWorkspace(db, id, name))
        const apiKey = await deps.apiKeys.storeIn(db, fresh)
        await deps.recordAudit(db, {
          workspaceId: id,
          actor,
          action: 'workspace.created',
          target: workspace.id,
          detail: { firstKey: apiKey.id },
        })
        return { workspace, apiKey }
      })
    },

    async bindOwner(personId, workspaceId) {
      const owner = { id: deps.newId(), workspaceId, personId }
      const digest = membershipDigest({ ...owner, role: 'owner', permissionSetId: null })
      return { ...owner, binding: await deps.pepper.of(digest) }
    },

    async storeFor(db, owner, name) {
      const { workspaceId, personId } = owner
      const workspace = view(await insertWorkspace(db, workspaceId, name))
      const actor = `member:${personId}`
      await insertOwner(db, { ...owner, createdBy: actor })
      await deps.recordAudit(db, {
        workspaceId,
        actor,
        action: 'workspace.created',
        target: workspace.id,
        detail: { owner: encodeId('person', personId) },
      })
      return workspace
    },

    nameWithoutPeople: (db, workspaceId) => selectUnowned(db, workspaceId),

    async adopt(db, owner, name) {
      const { workspaceId, personId } = owner
      await lockWorkspace(db, workspaceId)
      if ((await selectUnowned(db, workspaceId)) === null) return false
      await renameWorkspace(db, workspaceId, name)
      const actor = `member:${personId}`
      await insertOwner(db, { ...owner, createdBy: actor })
      await deps.recordAudit(db, {
        workspaceId,
        actor,
        action: 'workspace.adopted',
        target: encodeId('workspace', workspaceId),
        detail: { owner: encodeId('person', personId) },
      })
      return true
    },

    async list({ limit, cursor }) {
      const after = idOfCursor(cursor) ?? NO_WORKSPACE
      const rows = await deps.transactions.read(NO_WORKSPACE, (db) => selectWorkspaces(db, after, limit + 1))
      return page(rows, limit, view, (row) => idCursor(row.id))
    },

    async own(caller) {
      const row = await caller.read((db) => selectWorkspace(db, caller.workspaceId))
      if (row === undefined) throw missing('workspace', caller.workspaceId)
      return view(row)
    },
  }
}

function view(row: WorkspaceRecord): View {
  return { id: encodeId('workspace', row.id), name: row.name, createdAt: row.created_at.toISOString() }
}
