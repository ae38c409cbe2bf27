import type { z } from 'zod'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import { addressIn } from './sender.ts'
import type { Sender } from './sender.ts'
import { deleteSenderRow, hasDomain, insertSender, selectSenders } from './senders-store.ts'
import type { SenderRecord } from './senders-store.ts'

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

/** Senders: see the slice's door for what holds. */
export function createSenders(deps: { readonly newId: () => string }): Senders {
  return {
    create(caller, wanted) {
      const address = addressIn('email', wanted.email)
      const replyTo = wanted.replyTo === undefined ? null : addressIn('replyTo', wanted.replyTo).email
      return caller.act(async (db, about) => {
        if (!(await hasDomain(db, caller.workspaceId, address.domain))) {
          throw invalidField(
            'email',
            `lies in ${address.domain}, which is not a domain of this workspace`,
            'Add the domain first: POST /v1/domains.',
          )
        }
        const id = deps.newId()
        const row = await insertSender(db, {
          id,
          workspaceId: caller.workspaceId,
          email: address.email,
          name: wanted.name ?? null,
          replyTo,
        })
        if (row === undefined)
          throw new Fault('conflict', { detail: 'This workspace lists that sender already.' })
        about(encodeId('sender', id), { domain: address.domain })
        return view(row)
      })
    },

    async list(caller, { limit, cursor }) {
      const before = idOfCursor(cursor)
      const rows = await caller.read((db) => selectSenders(db, caller.workspaceId, before, limit + 1))
      return page(rows, limit, view, (row) => idCursor(row.id))
    },

    remove: (caller, id) =>
      caller.act(async (db, about) => {
        if (!(await deleteSenderRow(db, caller.workspaceId, id))) throw missing('sender', id)
        about(encodeId('sender', id))
      }),
  }
}

function view(row: SenderRecord): View {
  return {
    id: encodeId('sender', row.id),
    email: row.email,
    name: row.name,
    replyTo: row.reply_to,
    createdAt: row.created_at.toISOString(),
  }
}
