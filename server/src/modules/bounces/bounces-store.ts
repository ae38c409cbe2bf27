import type { Lane } from '../../kernel/lane.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export interface ReturnedMessage {
  readonly workspaceId: string
  readonly lane: Lane
  readonly recipients: number
}

export interface ReturnedRecipient {
  readonly number: number
  /** Which of the indexes that were asked for it is, from 0; null: none. */
  readonly place: number | null
  readonly index: Buffer
  readonly handedOver: boolean
  readonly noted: readonly string[]
}

export interface KeptReport {
  readonly id: string
  readonly workspaceId: string
  readonly messageId: string | null
  readonly kind: string
  readonly format: string
  readonly why: string | null
  readonly digest: Buffer
  readonly sizeBytes: number
  readonly findings: unknown
  readonly sealed: Buffer
  readonly events: readonly {
    readonly id: string
    readonly number: number | null
    readonly type: string
    readonly detail: unknown
  }[]
  /** Addresses that are sealed for their entries. */
  readonly suppressions: readonly {
    readonly id: string
    readonly index: Buffer
    readonly address: Buffer
    readonly reason: string
    readonly evidence: unknown
  }[]
  /** One whose address only the worker can open. */
  readonly due: { readonly number: number; readonly reason: string; readonly evidence: unknown } | null
}

/** Statements of the process that takes mail from outside; each is one function of the engine. */
export function createIntakeStore(pool: Queryable) {
  return {
    /** The message, or null where it is gone. */
    async message(messageId: string): Promise<ReturnedMessage | null> {
      const { rows } = await pool.query<{ workspace_id: string; lane: Lane; recipient_count: number }>(
        'select workspace_id, lane, recipient_count from engine.returned_message($1)',
        [messageId],
      )
      const [row] = rows
      return row === undefined
        ? null
        : { workspaceId: row.workspace_id, lane: row.lane, recipients: row.recipient_count }
    },

    /** Its recipients that the indexes name, or that has the number; null: any number. */
    async recipients(
      messageId: string,
      number: number | null,
      indexes: readonly Buffer[],
    ): Promise<ReturnedRecipient[]> {
      const { rows } = await pool.query<{
        number: number
        place: number | null
        address_index: Buffer
        handed_over: boolean
        noted: string[]
      }>(
        'select number, place, address_index, handed_over, noted from engine.returned_recipients($1, $2, $3)',
        [messageId, number, indexes],
      )
      return rows.map((row) => ({
        number: row.number,
        place: row.place === null ? null : row.place - 1,
        index: row.address_index,
        handedOver: row.handed_over,
        noted: row.noted,
      }))
    },

    /** One commit: the report, its events, its suppressions. `known`: it was here before; `full`: no more of these are kept. */
    async keep(report: KeptReport): Promise<'kept' | 'known' | 'full'> {
      const { events, suppressions, due } = report
      const { rows } = await pool.query<{ result: 'kept' | 'known' | 'full' }>(
        `select engine.keep_report($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
                                   $14, $15, $16, $17, $18, $19, $20, $21, $22) as result`,
        [
          report.id,
          report.workspaceId,
          report.messageId,
          report.kind,
          report.format,
          report.why,
          report.digest,
          report.sizeBytes,
          JSON.stringify(report.findings),
          report.sealed,
          due?.number ?? null,
          due?.reason ?? null,
          due === null ? null : JSON.stringify(due.evidence),
          events.map((event) => event.id),
          events.map((event) => event.number),
          events.map((event) => event.type),
          events.map((event) => JSON.stringify(event.detail)),
          suppressions.map((entry) => entry.id),
          suppressions.map((entry) => entry.index),
          suppressions.map((entry) => entry.address),
          suppressions.map((entry) => entry.reason),
          suppressions.map((entry) => JSON.stringify(entry.evidence)),
        ],
      )
      const [row] = rows
      if (row === undefined) throw new Error('keep_report answered nothing')
      return row.result
    },
  }
}

export interface DueAddress {
  readonly reportId: string
  readonly workspaceId: string
  readonly messageId: string
  readonly number: number
  /** Sealed at its recipient; null where that is gone. */
  readonly address: Buffer | null
}

/** Statements of the worker. */
export function createReportUpkeepStore(pool: Queryable) {
  return {
    async claim(limit: number): Promise<DueAddress[]> {
      const { rows } = await pool.query<{
        report_id: string
        workspace_id: string
        message_id: string
        number: number
        address: Buffer | null
      }>(
        'select report_id, workspace_id, message_id, number, address from engine.claim_report_suppressions($1)',
        [limit],
      )
      return rows.map((row) => ({
        reportId: row.report_id,
        workspaceId: row.workspace_id,
        messageId: row.message_id,
        number: row.number,
        address: row.address,
      }))
    },

    /** `address` is sealed for the entry; null: there is nothing to suppress any more. */
    async settle(reportId: string, entryId: string, address: Buffer | null): Promise<void> {
      await pool.query('select engine.settle_report_suppression($1, $2, $3)', [reportId, entryId, address])
    },

    async trim(days: number, limit: number): Promise<number> {
      const { rows } = await pool.query<{ n: string }>(
        'select engine.trim_reports(make_interval(days => $1), $2) as n',
        [days, limit],
      )
      return Number(rows[0]?.n ?? 0)
    },
  }
}

export interface ReportRow {
  readonly id: string
  readonly message_id: string | null
  readonly kind: string
  readonly format: string
  readonly why: string | null
  readonly received_at: Date
  readonly size_bytes: number
  readonly findings: unknown
}

const COLUMNS = 'id, message_id, kind, format, why, received_at, size_bytes, findings'

/** Reports of a workspace, newest first. */
export function selectReports(
  db: TenantDatabase,
  workspaceId: string,
  filter: { readonly before: string | null; readonly messageId: string | null; readonly kind: string | null },
  rowsMax: number,
): Promise<ReportRow[]> {
  return db.query<ReportRow>(
    `select ${COLUMNS}
     from bounce_report
     where workspace_id = $1
       and ($2::uuid is null or id < $2)
       and ($3::uuid is null or message_id = $3)
       and ($4::text is null or kind = $4)
     order by id desc
     limit $5`,
    [workspaceId, filter.before, filter.messageId, filter.kind, rowsMax],
  )
}

export async function selectReport(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<(ReportRow & { readonly sealed: Buffer }) | undefined> {
  const rows = await db.query<ReportRow & { readonly sealed: Buffer }>(
    `select ${COLUMNS}, sealed from bounce_report where workspace_id = $1 and id = $2`,
    [workspaceId, id],
  )
  return rows[0]
}
