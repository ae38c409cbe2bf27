import type { Queryable } from '../../platform/postgres/index.ts'
import { SECURITY_EVENT } from '../webhooks/index.ts'
import type { DispatchStore } from '../webhooks/index.ts'

interface Row {
  readonly id: string
  readonly endpoint_id: string
  readonly workspace_id: string
  readonly event_id: string
  readonly tries: number
  readonly url: string
  readonly secret: Buffer
  readonly previous_secret: Buffer | null
  readonly happened_at: Date
  readonly detail: Record<string, unknown>
}

/**
 * Alerts for the dispatcher of webhooks. They wait in a table of their own, each with the URL and the secret of the time of the alert: whoever
 * changes or deletes the endpoint, or the deliveries of events, does not stop them.
 */
export function createAlertDispatchStore(pool: Queryable): DispatchStore {
  return {
    async claim({ limit, leaseSeconds }) {
      const found = await pool.query<Row & Record<string, unknown>>(
        `select id, endpoint_id, workspace_id, event_id, tries, url, secret, previous_secret, happened_at, detail
         from engine.claim_alert_webhooks($1, $2)`,
        [limit, leaseSeconds],
      )
      return found.rows.map((row) => ({
        ...row,
        type: SECURITY_EVENT,
        message_id: null,
        number: null,
        failing_since: null,
        message_attempts: null,
        address: null,
        sensitive: false,
        tags: [],
        summary: null,
        answer: null,
        // Vendors' formats have no word for an alert.
        format: 'bulkhead',
        signing: true,
        format_events: [],
        accepted_at: null,
        send_at: null,
        topic_number: null,
        numbers: null,
        kinds: null,
        addresses: null,
      }))
    },

    async settle(id, end) {
      const state = end.state === 'delivered' ? 'sent' : end.state
      await pool.query('select engine.settle_notices(array[$1]::uuid[], $2, $3, $4, $5)', [
        id,
        state,
        (end.pauseMs ?? 0) / 1_000,
        end.status,
        end.error,
      ])
    },

    async release(id, pauseMs) {
      await pool.query('select engine.release_alert_webhook($1, $2)', [id, pauseMs / 1_000])
    },
  }
}
