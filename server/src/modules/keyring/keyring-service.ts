import type { z } from 'zod'
import type { AuditRecord } from '../../kernel/audit-record.ts'
import { Fault } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import { missing } from '../../platform/http/listing.ts'
import { KeyringRefused } from '../../platform/keyring-client/index.ts'
import type { KeyringOperator, KeyringRotation, KeyringShred } from '../../platform/keyring-client/index.ts'
import type { TenantDatabase, TenantTransactions } from '../../platform/postgres/tenant.ts'
import { selectEnded, selectWorkspaceExists, type EndedRow } from './keyring-store.ts'
import type { KeyringState, Rotation, Shred } from './keyring-views.ts'

type RotationView = z.output<typeof Rotation>
type ShredView = z.output<typeof Shred>

/** All throw `unavailable` while the keyring is away. */
export interface KeyringService {
  status(): Promise<z.output<typeof KeyringState>>
  /** The rotation that runs, or else the last one; null where there was none. */
  rotation(): Promise<RotationView | null>
  /** Begins one. Throws `conflict` where one runs, `not_found` where there is no such workspace. */
  rotate(
    actor: string,
    wanted:
      | { readonly scope: 'root' | 'all' }
      | { readonly scope: 'workspace'; readonly workspaceId: string },
  ): Promise<RotationView>
  /** Throws `not_found` where there is no such workspace. Asking again leaves a pending request as it is. */
  requestShred(actor: string, workspaceId: string): Promise<ShredView>
  /** Throws `conflict` where nothing is pending. */
  cancelShred(actor: string, workspaceId: string): Promise<ShredView>
  /** The latest requests first, at most 1,000. */
  shreds(): Promise<ShredView[]>
}

/** A transaction of no workspace: row-level security shows nothing in it. */
const NO_WORKSPACE = '00000000-0000-0000-0000-000000000000'

/** The operator's way to the keyring: see the slice's door for what holds. */
export function createKeyringService(deps: {
  readonly keyring: KeyringOperator
  readonly transactions: TenantTransactions
  readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
}): KeyringService {
  const { keyring, transactions } = deps

  async function actOn<T>(
    workspaceId: string | null,
    record: Omit<AuditRecord, 'workspaceId'>,
    ask: () => Promise<T>,
  ): Promise<T> {
    return transactions.write(workspaceId ?? NO_WORKSPACE, async (db) => {
      if (workspaceId !== null && !(await selectWorkspaceExists(db, workspaceId)))
        throw missing('workspace', workspaceId)
      await deps.recordAudit(db, { ...record, workspaceId })
      return orConflict(ask)
    })
  }

  return {
    async status() {
      const status = await keyring.status()
      const known = new Set([status.root, ...status.previousRoots])
      return {
        database: status.database,
        root: status.root,
        previousRoots: status.previousRoots,
        roots: status.roots.map(({ rootId, ...counts }) => ({
          root: rootId,
          configured: known.has(rootId),
          ...counts,
        })),
        unwraps: status.unwraps,
        budgets: Object.entries(status.budgets).map(([process, budget]) => ({ process, ...budget })),
        rotation: status.rotation === null ? null : viewRotation(status.rotation),
      }
    },

    async rotation() {
      const found = await keyring.rotation()
      return found === null ? null : viewRotation(found)
    },

    async rotate(actor, wanted) {
      const workspaceId = wanted.scope === 'workspace' ? wanted.workspaceId : null
      const act = {
        actor,
        action: 'keyring.rotation_started',
        target: workspaceId === null ? null : encodeId('workspace', workspaceId),
        detail: { scope: wanted.scope },
      }
      await actOn(workspaceId, act, () => keyring.rotate({ ...wanted, actor }))
      const found = await keyring.rotation()
      if (found === null) throw new Error('the rotation that was begun is not there')
      return viewRotation(found)
    },

    async requestShred(actor, workspaceId) {
      if (workspaceId === INSTALLATION_WORKSPACE) {
        throw new Fault('conflict', {
          detail:
            "This is the installation's own workspace: with its keys the addresses of all people would be destroyed.",
        })
      }
      const target = encodeId('workspace', workspaceId)
      const act = { actor, action: 'keyring.shred_requested', target, detail: {} }
      return viewShred(await actOn(workspaceId, act, () => keyring.requestShred(workspaceId, actor)))
    },

    async cancelShred(actor, workspaceId) {
      const target = encodeId('workspace', workspaceId)
      const act = { actor, action: 'keyring.shred_cancelled', target, detail: {} }
      return viewShred(await actOn(workspaceId, act, () => keyring.cancelShred(workspaceId, actor)))
    },

    async shreds() {
      const found = await keyring.shreds()
      const ids = found.map((shred) => shred.workspaceId)
      const ended = await transactions.read(NO_WORKSPACE, (db) => selectEnded(db, ids))
      const byId = new Map(ended.map((row) => [row.workspace_id, row]))
      return found.map((shred) => viewShred(shred, byId.get(shred.workspaceId)))
    },
  }
}

/** What the keyring refuses here is refused because of the state that things are in. */
async function orConflict<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof KeyringRefused)
      throw new Fault('conflict', { detail: error.reason, internal: error.message, cause: error })
    throw error
  }
}

function viewRotation(row: KeyringRotation): RotationView {
  const { workspaceId, rate, ...rest } = row
  const left = row.total === null ? null : Math.max(0, row.total - row.done)
  const isTimed = row.state === 'running' && left !== null && rate !== null && rate > 0
  return {
    ...rest,
    workspaceId: workspaceId === null ? null : encodeId('workspace', workspaceId),
    keysPerSecond: rate,
    secondsLeft: isTimed ? Math.ceil(left / rate) : null,
  }
}

function viewShred({ workspaceId, decidedBy, ...rest }: KeyringShred, ended?: EndedRow): ShredView {
  return {
    ...rest,
    workspaceId: encodeId('workspace', workspaceId),
    cancelledBy: decidedBy,
    ended:
      ended === undefined
        ? null
        : {
            at: ended.noted_at.toISOString(),
            mail: ended.mail_ended,
            webhooks: ended.webhooks_ended,
            auditRecords: ended.records_erased,
          },
  }
}
