import { Fault } from '../../kernel/faults.ts'
import {
  KeyringBudget,
  KeyringShredded,
  type KeyringClient,
  type OpenedKeys,
} from '../../platform/keyring-client/index.ts'
import { runSweep, type UpkeepDependencies } from '../../platform/loop/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantTransactions } from '../../platform/postgres/tenant.ts'
import { open, sealedKeyId } from '../../platform/sealing/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import {
  reportPlace,
  type AcceptService,
  type PreparedMessage,
  type ReportRequest,
} from '../messages/index.ts'
import { claimReports, lookAtRequests, selectBody, settleReport } from './dsn-store.ts'
import type { ClaimedReport } from './dsn-store.ts'
import { writeReport } from './report.ts'

export interface DsnReports {
  /** Writes the reports that are due; answers how many were looked at. */
  deliver(): Promise<number>
  /** Delivers until the signal aborts; in any number of processes. */
  run(signal: AbortSignal): Promise<void>
}

const EVERY_MS = 1_000
const AT_ONCE = 50
const HOLD_SECONDS = 60
const LIFETIME_MS = 3 * 86_400_000
const RETRY_SECONDS = [5, 10, 30, 60, 300, 900, 3_600] as const
const HOUR_MS = 3_600_000
/** A fraction of what the api may open in an hour (200), so that people who look at their mail are never kept waiting by reports. */
const WORKSPACES_PER_HOUR = 50

/**
 * Tells submitters what became of their messages, where they asked for it: a report (RFC 3464) goes the one way in, in the lane `internal`,
 * as mail of the same workspace with the null reverse-path. The id of the report is fixed before it is written, so it is accepted once,
 * whoever dies in between.
 */
export function createDsnReports(deps: {
  readonly pool: Queryable
  readonly transactions: Pick<TenantTransactions, 'read'>
  readonly keyring: Pick<KeyringClient, 'openContentKeys'>
  readonly accept: Pick<AcceptService, 'accept'>
  readonly hostname: string
  readonly log: Logger
  readonly newId: () => string
  readonly nowMs: () => number
}): DsnReports {
  const { pool } = deps
  /** When each workspace was opened last, within the hour. */
  const opened = new Map<string, number>()

  function mayOpen(workspaceId: string): boolean {
    const now = deps.nowMs()
    for (const [id, at] of opened) if (at < now - HOUR_MS) opened.delete(id)
    if (!opened.has(workspaceId) && opened.size >= WORKSPACES_PER_HOUR) return false
    opened.set(workspaceId, now)
    return true
  }

  async function deliver(): Promise<number> {
    const ids = Array.from({ length: AT_ONCE }, deps.newId)
    const claimed = await claimReports(pool, AT_ONCE, HOLD_SECONDS, ids)
    for (const report of claimed) await settle(report)
    return claimed.length
  }

  async function settle(claimed: ClaimedReport): Promise<void> {
    const { report_id: id } = claimed
    if (!mayOpen(claimed.workspace_id)) return settleReport(pool, id, 'due', HOUR_MS / 1_000 / 4)
    try {
      await deps.accept.accept(await prepare(claimed))
      await settleReport(pool, id, 'sent')
    } catch (error) {
      if (error instanceof KeyringShredded || error instanceof GoneError)
        return settleReport(pool, id, 'dropped')
      const pause =
        error instanceof KeyringBudget ? 900 : (RETRY_SECONDS[Math.min(claimed.attempts, 7) - 1] ?? 3_600)
      // Where another was slower than its hold and wrote it, the next claim sees the message and settles the report.
      const reason = error instanceof Fault ? error.code : 'failure'
      deps.log.warn(
        { err: error, reason, report: id },
        'A delivery report could not be written; it is tried again',
      )
      await settleReport(pool, id, 'due', pause)
    }
  }

  async function prepare(claimed: ClaimedReport): Promise<PreparedMessage> {
    const { workspace_id: workspaceId, message_id: messageId, sensitive } = claimed
    const body = sensitive
      ? undefined
      : await deps.transactions.read(workspaceId, (db) => selectBody(db, workspaceId, messageId))
    const addresses = sensitive ? [] : claimed.addresses.filter((sealed) => sealed !== null)
    const values = [claimed.sealed, ...addresses, ...(body === undefined ? [] : [body])]
    const keys = await deps.keyring.openContentKeys(
      workspaceId,
      [...new Set(values.map(sealedKeyId))],
      'delivery report',
    )
    if (keys.get(sealedKeyId(claimed.sealed)) === undefined) throw new GoneError()
    const request: ReportRequest = JSON.parse(
      open(keys, reportPlace(workspaceId, messageId), claimed.sealed).toString(),
    )
    const details: readonly Record<string, unknown>[] = JSON.parse(claimed.details)
    const now = new Date(deps.nowMs())
    const place = (table: string, column: string, rowId: string) => ({ workspaceId, table, column, rowId })
    const { raw, eightBit, messageIdHeader } = writeReport({
      id: claimed.report_id,
      kind: claimed.kind,
      hostname: deps.hostname,
      domain: claimed.from_domain,
      returnTo: request.returnTo,
      envid: request.envid,
      messageId,
      messageIdHeader: request.messageIdHeader,
      arrivedAt: claimed.accepted_at,
      now,
      recipients: claimed.numbers.map((number, position) => ({
        number,
        email:
          openText(
            keys,
            place('recipient', 'address', `${messageId}/${number}`),
            sensitive ? null : (claimed.addresses[position] ?? null),
          )?.toString() ?? null,
        orcpt: request.orcpt[number],
        detail: details[position] ?? {},
      })),
      original:
        request.requireTls === true ? null : openText(keys, place('body', 'sealed', messageId), body ?? null),
      full: request.ret === 'FULL',
    })
    return {
      id: claimed.report_id,
      workspaceId,
      lane: 'internal',
      source: 'dsn',
      sensitive: false,
      fromDomain: claimed.from_domain,
      tags: ['dsn', claimed.kind],
      sendAt: undefined,
      expiresAt: new Date(now.getTime() + LIFETIME_MS),
      actor: 'system:dsn',
      summary: {
        from: { email: `mailer-daemon@${claimed.from_domain}`, name: 'Mail Delivery System' },
        to: [request.returnTo],
        subject: `Delivery report: ${claimed.kind}`,
        messageIdHeader,
        // RFC 3464 §2, RFC 5321 §4.5.5: so that a report that bounces makes no report.
        envelopeFrom: '',
        eightBit,
        smtputf8: /[^\0-\x7f]/.test(request.returnTo),
      },
      raw,
      recipients: [{ kind: 'to', email: request.returnTo }],
      idempotency: undefined,
    }
  }

  return {
    deliver,
    run: (signal) =>
      runSweep(
        { log: deps.log, signal },
        { name: 'delivery reports', everyMs: EVERY_MS, round: async () => (await deliver()) > 0 },
      ),
  }
}

/** The workspace's key of the request is gone: nobody can be told any more. */
class GoneError extends Error {
  constructor() {
    super('the key of a request for reports was destroyed')
  }
}

function openText(keys: OpenedKeys, place: Parameters<typeof open>[1], sealed: Buffer | null): Buffer | null {
  return sealed === null || keys.get(sealedKeyId(sealed)) === undefined ? null : open(keys, place, sealed)
}

const LOOK_EVERY_MS = 60_000
const LOOKED_AT_ONCE = 500

/** Looks each minute for messages that are late, and trims what is old. In the worker. */
export function startDsnUpkeep(deps: UpkeepDependencies): Promise<void> {
  return runSweep(deps, {
    name: 'late messages',
    everyMs: LOOK_EVERY_MS,
    round: () => lookAtRequests(deps.pool, LOOKED_AT_ONCE),
  })
}
