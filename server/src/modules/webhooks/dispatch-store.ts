import type { Queryable } from '../../platform/postgres/index.ts'
import type { TrySettlement } from './schedule.ts'
import type { WebhookFormat } from './webhook.ts'

export interface ClaimedDelivery {
  readonly id: string
  readonly endpoint_id: string
  readonly workspace_id: string
  readonly type: string
  readonly event_id: string
  readonly message_id: string | null
  readonly number: number | null
  readonly tries: number
  readonly url: string
  readonly secret: Buffer
  readonly previous_secret: Buffer | null
  readonly failing_since: Date | null
  readonly happened_at: Date
  /** Tries of the message, not of the delivery. */
  readonly message_attempts: number | null
  readonly detail: Record<string, unknown>
  readonly address: Buffer | null
  readonly sensitive: boolean
  readonly tags: string[]
  readonly summary: Buffer | null
  /** What it was answered before, sealed; a test has an empty one from its begin. */
  readonly answer: Buffer | null
  readonly format: WebhookFormat
  /** False: requests go unsigned. */
  readonly signing: boolean
  /** The vendor's names that the endpoint chose; empty: all. */
  readonly format_events: readonly string[]
  /** Of events of messages. */
  readonly accepted_at: Date | null
  readonly send_at: Date | null
  readonly topic_number: number | null
  /** Whom an accepted message goes to, in a vendor's format: one entry each. */
  readonly numbers: readonly number[] | null
  readonly kinds: readonly string[] | null
  readonly addresses: readonly Buffer[] | null
}

/** What is kept of a try besides what follows from it. */
export interface TryRecord {
  readonly durationMs: number
  /** The begin of the answer, sealed; null: none is kept, and the one before stays. */
  readonly answer: Buffer | null
}

/** What the dispatcher needs of whatever holds its deliveries. */
export interface DispatchStore {
  /** `flying` names an endpoint once for every delivery that is under way to it. */
  claim(request: {
    readonly limit: number
    readonly perEndpoint: number
    readonly leaseSeconds: number
    readonly flying: readonly string[]
    readonly after: string
  }): Promise<ClaimedDelivery[]>
  settle(id: string, end: TrySettlement, record: TryRecord): Promise<void>
  /** Gives a delivery back untried, due again in `pauseMs`. */
  release(id: string, pauseMs: number): Promise<void>
}

/** The dispatcher's statements. They cross workspaces, so each is a function of the engine. */
export function createDispatchStore(pool: Queryable): DispatchStore {
  return {
    async claim(request) {
      const found = await pool.query<ClaimedDelivery & Record<string, unknown>>(
        `select id, endpoint_id, workspace_id, type, event_id, message_id, number, tries, url, secret, previous_secret,
                failing_since, happened_at, attempts as message_attempts, detail, address, sensitive, tags, summary, answer,
                format, signing, format_events, accepted_at, send_at, topic_number, numbers, kinds, addresses
         from engine.claim_webhooks($1, $2, $3, $4::uuid[], $5)`,
        [request.limit, request.perEndpoint, request.leaseSeconds, request.flying, request.after],
      )
      return found.rows
    },

    async settle(id, end, { durationMs, answer }) {
      await pool.query(
        `select engine.settle_webhook($1, $2, now() + make_interval(secs => $3::double precision / 1000), $4, $5, $6, $7, $8)`,
        [id, end.state, end.pauseMs, end.status, end.error, end.disable, Math.round(durationMs), answer],
      )
    },

    async release(id, pauseMs) {
      await pool.query(
        'select engine.release_webhook($1, now() + make_interval(secs => $2::double precision / 1000))',
        [id, pauseMs],
      )
    },
  }
}
