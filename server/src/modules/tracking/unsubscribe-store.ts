import type { Queryable } from '../../platform/postgres/index.ts'

export type Wanted = 'unsubscribed' | 'subscribed'
export type UnsubscribeWay = 'one-click' | 'page' | 'mail'

/** Takes in what a recipient asks for; the same for messages that are there and for those that are gone. */
export async function askUnsubscribe(
  pool: Queryable,
  request: {
    /** Null: the message's, where there is one. */
    readonly workspaceId: string | null
    readonly messageId: string
    /** 0: the message has several recipients. */
    readonly number: number
    /** Blind index of the address that was typed; empty where the number says who. */
    readonly index: Buffer
    readonly wanted: Wanted
    readonly via: UnsubscribeWay
    /** Not only the topic of the message. */
    readonly everything: boolean
  },
): Promise<void> {
  await pool.query('select engine.ask_unsubscribe($1, $2, $3, $4, $5, $6, $7)', [
    request.workspaceId,
    request.messageId,
    request.number,
    request.index,
    request.wanted,
    request.via,
    request.everything,
  ])
}

export interface UnsubscribeRow {
  readonly message_id: string
  readonly number: number
  readonly address_index: Buffer
  readonly workspace_id: string
  readonly wanted: Wanted
  readonly via: UnsubscribeWay
  readonly asked_at: Date
  readonly attempts: number
  /** Null where the message is gone or has no such recipient. */
  readonly recipient: number | null
  readonly recipient_index: Buffer | null
  readonly address: Buffer | null
  /** The topic that is left; null: all bulk mail is meant. */
  readonly topic_id: string | null
  readonly topic_number: number | null
}

export async function claimUnsubscribes(
  pool: Queryable,
  limit: number,
  holdSeconds: number,
): Promise<UnsubscribeRow[]> {
  const { rows } = await pool.query<UnsubscribeRow>(
    `select message_id, number, address_index, workspace_id, wanted, via, asked_at, attempts, recipient, recipient_index, address,
            topic_id, topic_number
     from engine.claim_unsubscribes($1, $2)`,
    [limit, holdSeconds],
  )
  return rows
}

/** Suppresses or lifts, with the event, in one commit. False where something else was asked for meanwhile. */
export async function applyUnsubscribe(
  pool: Queryable,
  row: UnsubscribeRow,
  made: {
    readonly entryId: string
    /** Sealed for the entry; null where nothing is suppressed. */
    readonly address: Buffer | null
    readonly eventId: string
    readonly evidence: Readonly<Record<string, unknown>>
  },
): Promise<boolean> {
  const { rows } = await pool.query<{ done: boolean }>(
    'select engine.apply_unsubscribe($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) as done',
    [
      row.message_id,
      row.number,
      row.address_index,
      row.asked_at,
      made.entryId,
      made.address,
      row.recipient,
      row.recipient_index,
      made.eventId,
      JSON.stringify(made.evidence),
      row.topic_id,
    ],
  )
  return rows[0]?.done === true
}
