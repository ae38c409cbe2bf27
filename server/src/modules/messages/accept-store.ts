import type { Lane } from '../../kernel/lane.ts'
import { errorCode, type Pool, type Queryable } from '../../platform/postgres/index.ts'
import type { BatchItem } from './accept-batcher.ts'
import type { Subaccount, SuppressedBy } from './message.ts'

export interface SealedRecipient {
  readonly kind: string
  readonly address: Buffer
  readonly index: Buffer
  readonly destination: bigint
  readonly eventId: string
}

/** A message with everything personal sealed, ready for `engine.accept`. */
export interface SealedMessage extends BatchItem {
  readonly id: string
  readonly workspaceId: string
  readonly eventId: string
  readonly lane: Lane
  readonly source: string
  readonly sensitive: boolean
  readonly fromDomain: string
  readonly tags: readonly string[]
  readonly sizeBytes: number
  readonly sendAt: Date | undefined
  readonly expiresAt: Date
  readonly actor: string
  readonly summary: Buffer
  readonly body: Buffer
  readonly recipients: readonly SealedRecipient[]
  readonly topicId?: string | undefined
  readonly bypass?: readonly SuppressedBy[] | undefined
  readonly subaccount?: Subaccount | undefined
  readonly idempotency:
    | { readonly keyHash: Buffer; readonly bodyHash: Buffer; readonly expiresAt: Date }
    | undefined
}

export interface AcceptRow {
  readonly accepted: boolean
  readonly messageId: string
  /** Of the request that was accepted under this idempotency key. */
  readonly bodyHash: Buffer | undefined
  /** Numbers of the recipients on the suppression list. */
  readonly suppressed: readonly number[]
  /** Why, in their order; shorter for what was accepted before reasons were kept. */
  readonly reasons: readonly SuppressedBy[]
}

interface Row {
  accepted: boolean
  message_id: string
  body_hash: Buffer | null
  suppressed: number[]
  reasons: SuppressedBy[]
}

/** Commits a batch with one call; after it resolves every accepted message is on disk (synchronous_commit = on). */
export async function acceptBatch(pool: Queryable, messages: readonly SealedMessage[]): Promise<AcceptRow[]> {
  const blob: Buffer[] = []
  let at = 0
  const place = (bytes: Buffer): number => {
    const start = at
    blob.push(bytes)
    at += bytes.length
    return start
  }
  const summaryAt: number[] = []
  const bodyAt: number[] = []
  const r = {
    message: [] as number[],
    number: [] as number[],
    kind: [] as string[],
    addressAt: [] as number[],
    addressLength: [] as number[],
    indexAt: [] as number[],
    destination: [] as string[],
    event: [] as string[],
  }
  messages.forEach((message, position) => {
    summaryAt.push(place(message.summary))
    bodyAt.push(place(message.body))
    message.recipients.forEach((recipient, number) => {
      r.message.push(position + 1)
      r.number.push(number + 1)
      r.kind.push(recipient.kind)
      r.addressAt.push(place(recipient.address))
      r.addressLength.push(recipient.address.length)
      r.indexAt.push(place(recipient.index))
      r.destination.push(recipient.destination.toString())
      r.event.push(recipient.eventId)
    })
  })
  const result = await pool.query<Row>({
    name: 'engine.accept',
    text: 'select accepted, message_id, body_hash, suppressed, reasons from engine.accept($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,$25,$26,$27,$28,$29,$30,$31)',
    values: [
      Buffer.concat(blob, at),
      messages.map((m) => m.id),
      messages.map((m) => m.workspaceId),
      messages.map((m) => m.lane),
      messages.map((m) => m.source),
      messages.map((m) => m.sensitive),
      messages.map((m) => m.fromDomain),
      messages.map((m) => textArray(m.tags)),
      messages.map((m) => m.sizeBytes),
      messages.map((m) => m.sendAt ?? null),
      messages.map((m) => m.expiresAt),
      messages.map((m) => m.actor),
      summaryAt,
      messages.map((m) => m.summary.length),
      bodyAt,
      messages.map((m) => m.body.length),
      messages.map((m) => m.idempotency?.keyHash ?? null),
      messages.map((m) => m.idempotency?.bodyHash ?? null),
      messages.map((m) => m.idempotency?.expiresAt ?? null),
      messages.map((m) => m.eventId),
      r.message,
      r.number,
      r.kind,
      r.addressAt,
      r.addressLength,
      r.indexAt,
      r.destination,
      r.event,
      unlessNone(messages.map((m) => m.topicId ?? null)),
      unlessNone(messages.map((m) => (m.bypass === undefined ? null : textArray(m.bypass)))),
      unlessNone(messages.map((m) => m.subaccount?.id ?? null)),
    ],
  })
  return result.rows.map((row) => ({
    accepted: row.accepted,
    messageId: row.message_id,
    bodyHash: row.body_hash ?? undefined,
    suppressed: row.suppressed,
    reasons: row.reasons,
  }))
}

/** What an earlier request with this idempotency key had made; undefined where there is none yet. */
export async function findAccepted(
  pool: Pool,
  workspaceId: string,
  keyHash: Buffer,
): Promise<AcceptRow | undefined> {
  const result = await pool.query<{
    message_id: string
    body_hash: Buffer
    suppressed: number[]
    reasons: SuppressedBy[]
  }>('select message_id, body_hash, suppressed, reasons from engine.find_accepted($1, $2)', [
    workspaceId,
    keyHash,
  ])
  const [row] = result.rows
  if (row === undefined) return undefined
  return {
    accepted: false,
    messageId: row.message_id,
    bodyHash: row.body_hash,
    suppressed: row.suppressed,
    reasons: row.reasons,
  }
}

/** SQLSTATE classes 22 (data) and 23 (constraints) and BH423 (contained): one row of a batch is at fault, not the batch. */
export function isItemError(error: unknown): boolean {
  return /^(2[23]|BH423$)/.test(errorCode(error) ?? '')
}

/** Null in the place of a list of nothing: the database then looks nothing up. */
function unlessNone<Item>(items: readonly (Item | null)[]): readonly (Item | null)[] | null {
  return items.every((item) => item === null) ? null : items
}

/** PostgreSQL's text form of an array: an array of arrays of different lengths has no other way in. */
function textArray(items: readonly string[]): string {
  return `{${items.map((item) => `"${item.replaceAll(/["\\]/g, String.raw`\$&`)}"`).join(',')}}`
}

/** Wakes the senders. Only a hint: they also look by themselves; asynchronous commit because nothing is lost with it. */
export async function notifyQueue(pool: Pool, lanes: readonly Lane[]): Promise<void> {
  await pool.query(`select set_config('synchronous_commit', 'off', true), pg_notify('bulkhead_queue', $1)`, [
    lanes.join(','),
  ])
}

/** A sending domain as acceptance needs it. */
export interface SendingDomain {
  readonly state: string
  /** New in an established workspace: what is sent from it is accepted and held. */
  readonly inert: boolean
  /** Its mail is never sent in clear text. */
  readonly requiresTls: boolean
  /** Senders that are new, by the blind index of their address. */
  readonly inertSenders: readonly { readonly id: string; readonly index: Buffer }[]
}

export async function findSendingDomain(
  pool: Pool,
  workspaceId: string,
  name: string,
): Promise<SendingDomain | undefined> {
  const result = await pool.query<{
    state: string
    inert: boolean
    inert_senders: string[] | null
    inert_indexes: Buffer[] | null
    requires_tls: boolean
  }>({
    name: 'engine.find_sending_domain',
    text: 'select state, inert, inert_senders, inert_indexes, requires_tls from engine.find_sending_domain($1, $2)',
    values: [workspaceId, name],
  })
  const [row] = result.rows
  if (row === undefined) return undefined
  const indexes = row.inert_indexes ?? []
  return {
    state: row.state,
    inert: row.inert,
    requiresTls: row.requires_tls,
    inertSenders: (row.inert_senders ?? []).flatMap((id, position) => {
      const index = indexes[position]
      return index === undefined ? [] : [{ id, index }]
    }),
  }
}

/** Before it is accepted: the message will be held, because its sender is new. Does nothing where the sender is new no more. */
export async function holdMessage(
  pool: Pool,
  workspaceId: string,
  messageId: string,
  senderId: string,
): Promise<void> {
  await pool.query('select engine.hold_message($1, $2, $3)', [workspaceId, messageId, senderId])
}

/** What messages name, as the workspace has it; null where it has no such thing. */
export interface FoundNames {
  readonly topicId: string | null
  readonly batchId: string | null
  /** Whether the batch still takes new messages. */
  readonly isBatchFresh: boolean
  readonly subaccount: Subaccount | null
}

export async function findNames(
  pool: Queryable,
  workspaceId: string,
  wanted: {
    readonly topicId: string | null
    /** 0: the default topic. */
    readonly topicNumber: number | null
    readonly batchId: string | null
    readonly subaccount: string | null
  },
): Promise<FoundNames> {
  const result = await pool.query<{
    topic_id: string | null
    batch_id: string | null
    batch_fresh: boolean | null
    subaccount_id: string | null
    hourly_quota: number | null
  }>(
    'select topic_id, batch_id, batch_fresh, subaccount_id, hourly_quota from engine.find_names($1, $2, $3, $4, $5)',
    [workspaceId, wanted.topicId, wanted.topicNumber, wanted.batchId, wanted.subaccount],
  )
  const [row] = result.rows
  if (row === undefined) throw new Error('engine.find_names answered nothing')
  return {
    topicId: row.topic_id,
    batchId: row.batch_id,
    isBatchFresh: row.batch_fresh === true,
    subaccount: row.subaccount_id === null ? null : { id: row.subaccount_id, hourlyQuota: row.hourly_quota },
  }
}

/** When messages of subaccounts with a quota may go; null: there is no room before it expires. Undefined: as it was to go. */
export async function takeSubaccounts(
  db: Queryable,
  messages: readonly (SealedMessage & { readonly subaccount: Subaccount })[],
): Promise<(Date | null | undefined)[]> {
  // '-infinity' stands for the time that the message has anyway.
  const result = await db.query<{ due: Date | null; unchanged: boolean }>(
    `select nullif(due, '-infinity') as due, coalesce(due = '-infinity', false) as unchanged
     from engine.take_subaccounts($1, $2, $3, $4, $5) order by item`,
    [
      messages.map((m) => m.workspaceId),
      messages.map((m) => m.subaccount.id),
      messages.map((m) => m.recipients.length),
      messages.map((m) => m.sendAt ?? null),
      messages.map((m) => m.expiresAt),
    ],
  )
  return result.rows.map(({ due, unchanged }) => (unchanged ? undefined : due))
}
