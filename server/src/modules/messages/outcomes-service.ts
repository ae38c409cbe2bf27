import { normaliseForIndex, parseAddress } from '../../kernel/email-address.ts'
import { invalidField } from '../../kernel/faults.ts'
import { encodeId, firstIdAt } from '../../kernel/ids.ts'
import { page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { ReadingBudget } from '../../security/limits/index.ts'
import { openerOf } from './opening.ts'
import { insertDismissals, selectOutcomes } from './outcomes-store.ts'

export const UNREACHED_STATES = ['bounced', 'expired', 'suppressed', 'cancelled', 'uncertain'] as const
export type UnreachedState = (typeof UNREACHED_STATES)[number]

export interface OutcomeView {
  readonly messageId: string
  readonly recipient: number
  readonly email: string | null
  readonly state: UnreachedState
  readonly at: string
  readonly attempts: number
  readonly class: string | null
  readonly code: number | null
  readonly enhanced: string | null
  readonly reply: string | null
}

type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'read'>

export interface Outcomes {
  list(
    caller: Caller,
    query: {
      readonly state: UnreachedState
      readonly recipient?: string | undefined
      readonly class?: string | undefined
      readonly exceptClass?: string | undefined
      readonly since?: string | undefined
      readonly until?: string | undefined
      readonly limit: number
      readonly cursor?: string | undefined
      readonly skip?: number | undefined
      readonly dismissed?: 'true' | 'false' | undefined
    },
  ): Promise<{ data: OutcomeView[]; nextCursor: string | null }>
  /** Of addresses, or of all. */
  dismiss(
    caller: Pick<OperationContext<unknown>, 'workspaceId' | 'act'>,
    which: { readonly emails?: readonly string[] | undefined },
  ): Promise<void>
}

/** Messages wait at most this long, so that an outcome of a time belongs to a message of a time. */
const WAITING_DAYS_MAX = 40
const DAY_MS = 86_400_000
/** What is older is asked for by its own time. */
const DAYS_DEFAULT = 90

/** What became of mail that did not arrive, recipient by recipient; addresses are opened with the reason on record. */
export function createOutcomes(deps: {
  readonly keyring: Pick<KeyringClient, 'openContentKeys' | 'blindAddresses'>
  readonly budget: ReadingBudget
  readonly nowMs: () => number
}): Outcomes {
  return {
    async list(caller, query) {
      const { workspaceId, read } = caller
      const blind =
        query.recipient === undefined
          ? []
          : await deps.keyring.blindAddresses(workspaceId, [normaliseForIndex(query.recipient.trim())])
      const since = query.since === undefined ? deps.nowMs() - DAYS_DEFAULT * DAY_MS : Date.parse(query.since)
      const filter = {
        state: query.state,
        addressIndex: blind[0]?.index ?? null,
        class: query.class ?? null,
        exceptClass: query.exceptClass ?? null,
        since: new Date(since),
        until: query.until === undefined ? null : new Date(query.until),
        before: placeOfCursor(query.cursor),
        skip: query.skip ?? 0,
        isDismissed: query.dismissed === undefined ? null : query.dismissed === 'true',
        idFrom: firstIdAt(Math.max(0, since - WAITING_DAYS_MAX * DAY_MS)),
      }
      const rows = await read((db) => selectOutcomes(db, workspaceId, filter, query.limit + 1))
      const cut = page(
        rows,
        query.limit,
        (row) => row,
        (row) => `${row.message_id}.${row.number}`,
      )
      await deps.budget.spend(caller, cut.data.length)
      const open =
        cut.data.length === 0
          ? () => undefined
          : await openerOf(
              deps.keyring,
              workspaceId,
              cut.data.map(({ address }) => address),
              'outcomes.list',
            )
      const data = cut.data.map((row): OutcomeView => {
        const { code, enhanced, reply, class: kind } = row.detail
        const address = open('recipient', 'address', `${row.message_id}/${row.number}`, row.address)
        return {
          messageId: encodeId('message', row.message_id),
          recipient: row.number,
          email: address?.toString() ?? null,
          state: row.state,
          at: row.at.toISOString(),
          attempts: row.attempts,
          class: typeof kind === 'string' ? kind : null,
          code: typeof code === 'number' ? code : null,
          enhanced: typeof enhanced === 'string' ? enhanced : null,
          reply: typeof reply === 'string' ? reply : null,
        }
      })
      return { data, nextCursor: cut.nextCursor }
    },

    async dismiss({ workspaceId, act }, { emails }) {
      const indexed = emails?.map((email, at) => {
        const address = parseAddress(email.trim())
        if (!address.ok) throw invalidField(`emails[${at}]`, address.problem)
        return normaliseForIndex(email.trim())
      })
      const indexes =
        indexed === undefined
          ? [Buffer.alloc(0)]
          : (await deps.keyring.blindAddresses(workspaceId, [...new Set(indexed)])).map(({ index }) => index)
      await act(async (db, about) => {
        await insertDismissals(db, workspaceId, indexes)
        about('outcomes', indexed === undefined ? { all: true } : { addresses: indexes.length })
      })
    },
  }
}

const LAST = { messageId: 'ffffffff-ffff-ffff-ffff-ffffffffffff', number: 0 }

function placeOfCursor(cursor: string | undefined): { readonly messageId: string; readonly number: number } {
  if (cursor === undefined) return LAST
  const [messageId = '', number = ''] = cursor.split('.')
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(messageId) || !/^\d{1,9}$/.test(number))
    throw invalidField(
      'cursor',
      'is not a cursor of this list',
      'Give nextCursor of the page before, or none.',
    )
  return { messageId, number: Number(number) }
}
