import type { z } from 'zod'
import { normaliseForIndex } from '../../kernel/email-address.ts'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { open, seal, sealedKeyId } from '../../platform/sealing/index.ts'
import type { SealedPlace } from '../../platform/sealing/index.ts'
import { addressIn } from './sender.ts'
import type { Sender } from './sender.ts'
import {
  deleteSenderRow,
  hasDomain,
  insertSender,
  replaceReadableSender,
  selectReadableSenders,
  selectSenders,
} from './senders-store.ts'
import type { SealedSender, SenderRecord } from './senders-store.ts'

type View = z.output<typeof Sender>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'read' | 'act'>

export interface Senders {
  /** Throws `invalid_request` for an address outside the workspace's domains, `conflict` for one that is listed. */
  create(
    caller: Caller,
    wanted: {
      readonly email: string
      readonly name?: string | undefined
      readonly replyTo?: string | undefined
    },
  ): Promise<View>
  list(
    caller: Caller,
    query: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  remove(caller: Caller, id: string): Promise<void>
}

type Keyring = Pick<KeyringClient, 'blindAddresses' | 'contentKey' | 'openContentKeys'>

interface PlainSender {
  readonly id: string
  readonly email: string
  readonly name: string | null
  readonly replyTo: string | null
}

/** Senders: see the slice's door for what holds. */
export function createSenders(deps: { readonly keyring: Keyring; readonly newId: () => string }): Senders {
  return {
    async create(caller, wanted) {
      const address = addressIn('email', wanted.email)
      const plain: PlainSender = {
        id: deps.newId(),
        email: address.email,
        name: wanted.name ?? null,
        replyTo: wanted.replyTo === undefined ? null : addressIn('replyTo', wanted.replyTo).email,
      }
      const sealed = await sealSender(deps.keyring, caller.workspaceId, plain)
      return caller.act(async (db, about) => {
        if (!(await hasDomain(db, caller.workspaceId, address.domain))) {
          throw invalidField(
            'email',
            `lies in ${address.domain}, which is not a domain of this workspace`,
            'Add the domain first: POST /v1/domains.',
          )
        }
        const made = await insertSender(db, sealed)
        if (made === undefined)
          throw new Fault('conflict', { detail: 'This workspace lists that sender already.' })
        about(encodeId('sender', plain.id), { domain: address.domain })
        return { ...plain, id: encodeId('sender', plain.id), ...times(made) }
      })
    },

    async list(caller, { limit, cursor }) {
      const { workspaceId } = caller
      const before = idOfCursor(cursor)
      const rows = await caller.read((db) => selectSenders(db, workspaceId, before, limit + 1))
      const keyIds = rows.flatMap((row) => sealedValues(row).map(sealedKeyId))
      const keys = await deps.keyring.openContentKeys(workspaceId, [...new Set(keyIds)], 'senders.list')
      const text = (row: SenderRecord, column: string, sealed: Buffer): string =>
        open(keys, placeOf(workspaceId, column, row.id), sealed).toString()
      return page(
        rows,
        limit,
        (row) => ({
          id: encodeId('sender', row.id),
          email: text(row, 'sealed_email', row.sealed_email),
          name: row.sealed_name === null ? null : text(row, 'sealed_name', row.sealed_name),
          replyTo: row.sealed_reply_to === null ? null : text(row, 'sealed_reply_to', row.sealed_reply_to),
          ...times(row),
        }),
        (row) => idCursor(row.id),
      )
    },

    remove: (caller, id) =>
      caller.act(async (db, about) => {
        if (!(await deleteSenderRow(db, caller.workspaceId, id))) throw missing('sender', id)
        about(encodeId('sender', id))
      }),
  }
}

function times(row: Pick<SenderRecord, 'created_at' | 'inert_until'>) {
  return {
    createdAt: row.created_at.toISOString(),
    inertUntil: row.inert_until?.toISOString() ?? null,
  }
}

const LEFTOVERS_MAX = 200

/** Seals up to 200 senders of a workspace that can still be read; answers how many there were. In a transaction of the workspace. */
export async function sealReadableSenders(
  keyring: Keyring,
  db: TenantDatabase,
  workspaceId: string,
): Promise<number> {
  const rows = await selectReadableSenders(db, workspaceId, LEFTOVERS_MAX)
  for (const row of rows) {
    const plain = { id: row.id, email: row.email, name: row.name, replyTo: row.reply_to }
    await replaceReadableSender(db, await sealSender(keyring, workspaceId, plain))
  }
  return rows.length
}

async function sealSender(keyring: Keyring, workspaceId: string, plain: PlainSender): Promise<SealedSender> {
  const [key, [blind]] = await Promise.all([
    keyring.contentKey(workspaceId),
    keyring.blindAddresses(workspaceId, [normaliseForIndex(plain.email)]),
  ])
  if (blind === undefined) throw new Error('the keyring answered no index for an address')
  const sealed = (column: string, text: string): Buffer =>
    seal(key, placeOf(workspaceId, column, plain.id), Buffer.from(text))
  return {
    id: plain.id,
    workspaceId,
    index: blind.index,
    email: sealed('sealed_email', plain.email),
    name: plain.name === null ? null : sealed('sealed_name', plain.name),
    replyTo: plain.replyTo === null ? null : sealed('sealed_reply_to', plain.replyTo),
  }
}

function placeOf(workspaceId: string, column: string, id: string): SealedPlace {
  return { workspaceId, table: 'sender', column, rowId: id }
}

function sealedValues(row: SenderRecord): Buffer[] {
  return [row.sealed_email, row.sealed_name, row.sealed_reply_to].filter((value) => value !== null)
}
