import type { z } from 'zod'
import type { AuditRecord } from '../../kernel/audit-record.ts'
import { normaliseForIndex, parseAddress } from '../../kernel/email-address.ts'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import { missing } from '../../platform/http/listing.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { TenantDatabase, TenantTransactions } from '../../platform/postgres/tenant.ts'
import { open, seal, sealedKeyId } from '../../platform/sealing/index.ts'
import type { SealedPlace } from '../../platform/sealing/index.ts'
import type { HoneyAccount } from './honey.ts'
import { deleteHoney, insertHoney, selectHoney } from './honey-store.ts'

type View = z.output<typeof HoneyAccount>

export interface Honey {
  /** Throws `invalid_request` for what is no address, `conflict` where somebody has it. */
  add(actor: string, email: string): Promise<View>
  list(): Promise<{ data: View[] }>
  /** Throws `not_found`, also for people. */
  remove(actor: string, id: string): Promise<void>
}

/** Honey accounts: see the slice's door for what holds. */
export function createHoney(deps: {
  readonly keyring: Pick<KeyringClient, 'blindAddresses' | 'contentKey' | 'openContentKeys'>
  readonly transactions: TenantTransactions
  readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
  readonly newId: () => string
}): Honey {
  const { keyring, transactions } = deps

  return {
    async add(actor, email) {
      const parsed = parseAddress(email)
      if (!parsed.ok) throw invalidField('email', parsed.problem, 'Write an address such as ann@example.com.')
      const address = parsed.address.email
      const id = deps.newId()
      const [blind] = await keyring.blindAddresses(INSTALLATION_WORKSPACE, [normaliseForIndex(address)])
      if (blind === undefined) throw new Error('the keyring answered no index')
      const key = await keyring.contentKey(INSTALLATION_WORKSPACE)
      const sealed = seal(key, placeOf(id), Buffer.from(address))
      const made = await transactions.write(INSTALLATION_WORKSPACE, async (db) => {
        const createdAt = await insertHoney(db, { id, index: blind.index, email: sealed })
        if (createdAt === null)
          throw new Fault('conflict', {
            detail: 'An account has that address already: a honey account is one that nobody ever had.',
          })
        await record(db, actor, 'honey.added', id)
        return createdAt
      })
      return { id: encodeId('person', id), email: address, createdAt: made.toISOString(), touchedAt: null }
    },

    async list() {
      const rows = await transactions.read(INSTALLATION_WORKSPACE, (db) => selectHoney(db))
      const keyIds = [...new Set(rows.map((row) => sealedKeyId(row.sealed_email)))]
      const keys = await keyring.openContentKeys(INSTALLATION_WORKSPACE, keyIds, 'honey.list')
      return {
        data: rows.map((row) => ({
          id: encodeId('person', row.id),
          email: open(keys, placeOf(row.id), row.sealed_email).toString(),
          createdAt: row.created_at.toISOString(),
          touchedAt: row.touched_at?.toISOString() ?? null,
        })),
      }
    },

    remove: (actor, id) =>
      transactions.write(INSTALLATION_WORKSPACE, async (db) => {
        if (!(await deleteHoney(db, id))) throw missing('person', id)
        await record(db, actor, 'honey.removed', id)
      }),
  }

  /** Of no workspace: the operator reads these records. */
  function record(db: TenantDatabase, actor: string, action: string, id: string): Promise<void> {
    return deps.recordAudit(db, {
      workspaceId: null,
      actor,
      action,
      target: encodeId('person', id),
      detail: {},
    })
  }
}

function placeOf(id: string): SealedPlace {
  return {
    workspaceId: INSTALLATION_WORKSPACE,
    table: 'account.person',
    column: 'sealed_email',
    rowId: id,
  }
}
