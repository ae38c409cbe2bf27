import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { Pool } from '../../platform/postgres/index.ts'
import { seal } from '../../platform/sealing/index.ts'
import type { SealedPlace } from '../../platform/sealing/index.ts'
import type { DsnNotify, PreparedMessage } from './message.ts'
import { insertReportRequest } from './report-request-store.ts'

/** A message that waits this long is late; its submitter hears of it once, if he asked to. */
const DELAYED_MS = 4 * 3_600_000

/** What is kept, sealed, of a submission whose submitter asked for reports. */
export interface ReportRequest {
  /** The reverse-path, where reports go. */
  readonly returnTo: string
  readonly ret?: 'FULL' | 'HDRS'
  /** As xtext. */
  readonly envid?: string
  readonly messageIdHeader: string
  /** REQUIRETLS: nothing of the message goes back, because the way back promises nothing (RFC 8689 §5). */
  readonly requireTls?: true
  /** ORCPT by recipient number; empty for a sensitive message, whose recipient nobody shall read later. */
  readonly orcpt: Readonly<Record<string, string>>
}

/** Where a request is sealed. */
export function reportPlace(workspaceId: string, messageId: string): SealedPlace {
  return { workspaceId, table: 'dsn_request', column: 'sealed', rowId: messageId }
}

/**
 * Notes whom to tell of what, before the message is accepted: a request without its message is never looked at, while a message without
 * its request would leave its submitter waiting. Without NOTIFY nothing is noted, and reports never go to the null reverse-path
 * (RFC 3461 §6, RFC 5321 §4.5.5). Sealed under a lasting key of the workspace, since the key of a sensitive message is gone when there is
 * something to tell.
 */
export async function requestReports(
  deps: {
    readonly pool: Pool
    readonly keyring: Pick<KeyringClient, 'contentKey'>
    readonly now: () => number
  },
  message: PreparedMessage,
): Promise<void> {
  const { dsn, envelopeFrom, messageIdHeader } = message.summary
  const options = Object.entries(dsn?.recipients ?? {})
  const wanting = (word: DsnNotify): number[] =>
    options.filter(([, { notify }]) => notify?.includes(word) === true).map(([number]) => Number(number))
  const [failure, success, delay] = [wanting('FAILURE'), wanting('SUCCESS'), wanting('DELAY')]
  if (envelopeFrom === '' || failure.length + success.length + delay.length === 0) return
  const request: ReportRequest = {
    returnTo: envelopeFrom,
    ...(dsn?.ret === undefined ? {} : { ret: dsn.ret }),
    ...(dsn?.envid === undefined ? {} : { envid: dsn.envid }),
    messageIdHeader,
    ...(message.summary.requireTls === true ? { requireTls: true } : {}),
    orcpt: message.sensitive
      ? {}
      : Object.fromEntries(
          options.flatMap(([number, { orcpt }]) => (orcpt === undefined ? [] : [[number, orcpt]])),
        ),
  }
  const key = await deps.keyring.contentKey(message.workspaceId)
  await insertReportRequest(deps.pool, {
    messageId: message.id,
    workspaceId: message.workspaceId,
    failure,
    success,
    delay,
    delayDue: new Date((message.sendAt?.getTime() ?? deps.now()) + DELAYED_MS),
    sealed: seal(key, reportPlace(message.workspaceId, message.id), Buffer.from(JSON.stringify(request))),
  })
}
