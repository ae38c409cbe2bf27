import { Fault } from '../../kernel/faults.ts'
import type { Pool, Queryable, Transaction } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { createSendingLimits, refusalOf, type LimitState } from '../quotas/index.ts'
import { acceptBatch, takeSubaccounts, type AcceptRow, type SealedMessage } from './accept-store.ts'
import type { Subaccount } from './message.ts'

/** What became of one message of a batch. */
export type LimitedRow =
  | (AcceptRow & {
      readonly states: readonly LimitState[]
      /** Later than it was to go: the quota of its subaccount has room only then. */
      readonly due?: Date | undefined
    })
  | { readonly refused: Fault }

/** What an accepted message brings with it, in its own commit. */
export type AlsoWrite = (db: TenantDatabase) => Promise<void>

export interface LimitedAccept {
  batch(messages: readonly SealedMessage[]): Promise<LimitedRow[]>
  /** One message in a transaction of its workspace, with what `also` writes; a throw of it takes the message back. */
  alone(message: SealedMessage, also: AlsoWrite): Promise<LimitedRow>
  /** All of them or none, in one transaction; throws the refusal of a limit. They are of one workspace, credential and lane. */
  together(messages: readonly SealedMessage[]): Promise<LimitedRow[]>
}

/**
 * Commits a batch, but for the messages that a limit refuses. Judging, counting and accepting are one transaction: nobody gets more than the
 * limit, and what is not accepted has used nothing, whoever dies when. Without limits it is one statement, as ever.
 */
export function createLimitedAccept(deps: {
  readonly pool: Pool
  readonly nowMs: () => number
}): LimitedAccept {
  const limits = createSendingLimits(deps)

  async function limited(
    db: Transaction,
    messages: readonly SealedMessage[],
    isLimited: boolean,
  ): Promise<LimitedRow[]> {
    const verdicts = isLimited ? await limits.take(db, messages) : messages.map(() => FREE)
    const results = new Map<number, LimitedRow>()
    const allowed: Placed[] = []
    messages.forEach((message, position) => {
      const verdict = verdicts[position]
      if (verdict?.allowed === true) allowed.push({ message, position, states: verdict.states })
      else
        results.set(position, {
          refused: refusalOf(verdict?.states ?? [], message.recipients.length, deps.nowMs()),
        })
    })
    for (const [position, row] of await acceptDue(db, allowed)) results.set(position, row)
    return messages.map((_, position) => {
      const row = results.get(position)
      if (row === undefined) throw new Error('a commit answered fewer results than items')
      return row
    })
  }

  const concern = (messages: readonly SealedMessage[]): Promise<boolean> =>
    limits.concern(messages.map((message) => message.workspaceId))

  /** Limits are asked for all recipients at once: what is refused has taken nothing, and the wait that is told is enough for all. */
  async function takeForAll(
    db: Transaction,
    messages: readonly SealedMessage[],
  ): Promise<readonly LimitState[]> {
    const [first] = messages
    if (first === undefined) return []
    const recipients = messages.flatMap((message) => message.recipients)
    const [verdict] = await limits.take(db, [{ ...first, recipients }])
    if (verdict?.allowed === true) return verdict.states
    throw refusalOf(verdict?.states ?? [], recipients.length, deps.nowMs())
  }

  return {
    async together(messages) {
      const isLimited = await concern(messages.slice(0, 1))
      return deps.pool.transaction(async (db) => {
        const states = isLimited ? await takeForAll(db, messages) : []
        const rows: LimitedRow[] = []
        for (const part of partsOf(inOneOrder(messages))) {
          const placed = part.map(({ message }, position) => ({ message, position, states }))
          const accepted = await acceptDue(db, placed)
          part.forEach(({ place }, position) => {
            const row = accepted.get(position)
            if (row === undefined) throw new Error('a commit answered fewer results than items')
            rows[place] = row
          })
        }
        for (const row of rows) if ('refused' in row) throw row.refused
        // Some of the keys are another request's: nothing of this one is accepted beside it.
        if (new Set(rows.map((row) => !('refused' in row) && row.accepted)).size > 1)
          throw new Fault('idempotency_conflict', {
            detail: 'The Idempotency-Key was used for another request in the last 24 hours. Use a new key.',
          })
        return rows
      })
    },
    async batch(messages) {
      const isLimited = await concern(messages)
      return isLimited || mayWait(messages)
        ? deps.pool.transaction((db) => limited(db, messages, isLimited))
        : unlimited(deps.pool, messages)
    },
    async alone(message, also) {
      const isLimited = await concern([message])
      const { workspaceId, actor } = message
      return deps.pool.transaction(
        async (db) => {
          const [row] = await (isLimited || mayWait([message])
            ? limited(db, [message], isLimited)
            : unlimited(db, [message]))
          if (row === undefined) throw new Error('a commit answered fewer results than items')
          if (!('refused' in row) && row.accepted) await also(tenantOf(db))
          return row
        },
        { workspaceId, actor },
      )
    },
  }
}

/** Whether the quota of a subaccount may have one of them wait. */
function mayWait(messages: readonly SealedMessage[]): boolean {
  return messages.some(({ subaccount }) => subaccount !== undefined && subaccount.hourlyQuota !== null)
}

const FREE = { allowed: true, states: [] } as const

/** A message that limits allow, and its place among the others. */
interface Placed {
  readonly message: SealedMessage
  readonly position: number
  readonly states: readonly LimitState[]
}

/** Accepts messages, those of a subaccount with a quota for the first hour that has room; by their places. */
async function acceptDue(db: Queryable, wanted: readonly Placed[]): Promise<Map<number, LimitedRow>> {
  const results = new Map<number, LimitedRow>()
  const quoted = wanted.flatMap(({ message, position }) => {
    const { subaccount } = message
    return subaccount === undefined || subaccount.hourlyQuota === null
      ? []
      : [{ ...message, subaccount, position }]
  })
  const dues = new Map<number, Date>()
  if (quoted.length > 0) {
    const taken = await takeSubaccounts(db, quoted)
    quoted.forEach(({ position, subaccount, recipients }, at) => {
      const due = taken[at]
      if (due === null) results.set(position, { refused: fullSubaccount(subaccount, recipients.length) })
      else if (due !== undefined) dues.set(position, due)
    })
  }
  const going = wanted.filter(({ position }) => !results.has(position))
  const rows =
    going.length === 0
      ? []
      : await acceptBatch(
          db,
          going.map(({ message, position }) => ({
            ...message,
            sendAt: dues.get(position) ?? message.sendAt,
          })),
        )
  going.forEach(({ position, states }, at) => {
    const row = rows[at]
    if (row !== undefined) results.set(position, { ...row, states, due: dues.get(position) })
  })
  return results
}

function fullSubaccount({ hourlyQuota }: Subaccount, recipients: number): Fault {
  return new Fault('quota_exceeded', {
    detail: `The subaccount may send to ${hourlyQuota} recipients an hour, and every hour until this message for ${recipients} expires is taken.`,
  })
}

const PART_BYTES = 2 * 1024 * 1024
const PART_ROWS = 4_000

interface Ordered {
  readonly message: SealedMessage
  /** Among the messages of the request. */
  readonly place: number
}

/** By subaccount and time: two requests whose statements count for the same ones do it in the same order, and never wait for each other. */
function inOneOrder(messages: readonly SealedMessage[]): Ordered[] {
  const keyed = messages.map((message, place) => ({
    message,
    place,
    key: `${message.subaccount?.id ?? ''} ${message.sendAt?.toISOString() ?? ''}`,
  }))
  return keyed.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.place - b.place))
}

/** Statements of one transaction: one blob of a hundred megabytes would be copied several times on its way. */
function partsOf(messages: readonly Ordered[]): Ordered[][] {
  const parts: Ordered[][] = []
  let bytes = Infinity
  let rows = Infinity
  for (const item of messages) {
    const { message } = item
    if (bytes + message.bytes > PART_BYTES || rows + message.rows > PART_ROWS) {
      parts.push([])
      bytes = 0
      rows = 0
    }
    parts.at(-1)?.push(item)
    bytes += message.bytes
    rows += message.rows
  }
  return parts
}

async function unlimited(db: Queryable, messages: readonly SealedMessage[]): Promise<LimitedRow[]> {
  const rows = await acceptBatch(db, messages)
  return rows.map((row) => ({ ...row, states: [] }))
}

function tenantOf(transaction: Transaction): TenantDatabase {
  return { query: async (text, values) => (await transaction.query<never>(text, values)).rows }
}
