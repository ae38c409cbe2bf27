import { createHash, timingSafeEqual } from 'node:crypto'
import type { AuditRecord } from '../../kernel/audit-record.ts'
import { Fault } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { faultOfFailure } from '../../platform/failures.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { Links } from '../tracking/index.ts'
import type { AcceptService } from './accept-service.ts'
import { messageIdOf, requireMessage } from './find-message.ts'
import type { AcceptedMessage, MessageSummary, PreparedMessage } from './message.ts'
import { findBody, listRecipients, type MessageRow, type RecipientRow } from './message-store.ts'
import { openerOf, type OpenOne } from './opening.ts'
import { prepareResend } from './prepare-resend.ts'
import { chosenOf, isChosenByDefault, mayBeChosen } from './resend.ts'
import { listSuppressed, noteResend } from './resend-store.ts'
import { requireAllowedSenders } from './sender-bounds.ts'

export interface ResendDependencies {
  readonly accept: Pick<AcceptService, 'acceptWith' | 'requireDomains' | 'findEarlier'>
  readonly keyring: Pick<KeyringClient, 'openContentKeys' | 'blindAddresses'>
  readonly links: Pick<Links, 'forWorkspace'>
  readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
  readonly now: () => number
  readonly newId: () => string
}

type Reader = Pick<OperationContext<unknown>, 'workspaceId' | 'read'>
type Caller = Reader & Pick<OperationContext<unknown>, 'actor' | 'principal' | 'idempotencyKey' | 'bodyHash'>

export interface ResendRequest {
  /** Numbers of recipients; undefined: those who did not get it. */
  readonly recipients: readonly number[] | undefined
  readonly reason: string | undefined
}

async function load(reader: Reader, id: string) {
  const { workspaceId } = reader
  return reader.read(async (db) => ({
    message: await requireMessage(db, workspaceId, id),
    recipients: await listRecipients(db, workspaceId, id),
    suppressed: new Set(await listSuppressed(db, workspaceId, id)),
    body: await findBody(db, workspaceId, id),
  }))
}

type Loaded = Awaited<ReturnType<typeof load>>

export type Resends = ReturnType<typeof createResends>

/** Sends a message again, to all or some of its recipients: a message of its own with the same content, and both know of each other. */
export function createResends(deps: ResendDependencies) {
  async function opened(workspaceId: string, { message, recipients, body }: Loaded, reason: string) {
    const sealed = [
      message.summary,
      ...recipients.map(({ address }) => address),
      ...(body === undefined ? [] : [body]),
    ]
    const openOne = await openerOf(deps.keyring, workspaceId, sealed, reason).catch((error: unknown) => {
      throw faultOfFailure(error)
    })
    return {
      openOne,
      recipients: recipients.map((row) => ({ ...row, email: emailOf(openOne, message.id, row) })),
    }
  }

  async function preview(reader: Reader, messageId: string) {
    const loaded = await load(reader, messageIdOf(messageId))
    const { openOne, recipients } = await opened(reader.workspaceId, loaded, 'messages.previewResend')
    const refusal = refusalOf(loaded.message, loaded.body, openOne)
    return {
      refusal: refusal?.detail ?? null,
      recipients: recipients.map((row) => ({
        number: row.number,
        email: row.email,
        state: row.state,
        isChosen: isChosenByDefault(row),
        mayBeChosen: mayBeChosen(row) && row.email !== '',
        isSuppressed: loaded.suppressed.has(row.number),
      })),
    }
  }

  async function resend(caller: Caller, messageId: string, request: ResendRequest): Promise<AcceptedMessage> {
    const { workspaceId, actor, principal } = caller
    requireReading(caller)
    const id = messageIdOf(messageId)
    const loaded = await load(caller, id)
    const idempotency = idempotencyOf(caller)
    const repeated = await answerOfEarlier(caller, idempotency)
    if (repeated !== undefined) return repeated
    const { openOne, recipients } = await opened(workspaceId, loaded, 'messages.resend')
    const refusal = refusalOf(loaded.message, loaded.body, openOne)
    if (refusal !== undefined) throw refusal
    const chosen = chosenOf(recipients, request.recipients)
    const unreadable = chosen.find(({ email }) => email === '')
    if (unreadable !== undefined)
      throw new Fault('content_gone', {
        detail: `The key of the address of recipient ${unreadable.number} was destroyed.`,
      })
    const links = await deps.links.forWorkspace(workspaceId).catch((error: unknown) => {
      throw faultOfFailure(error)
    })
    const prepared = prepareResend({
      id: deps.newId(),
      workspaceId,
      actor,
      now: new Date(deps.now()),
      original: { ...loaded.message, ...contentOf(loaded, openOne) },
      recipients: chosen.map(({ kind, email }) => ({ kind, email })),
      isWantedTwice: chosen.some(({ state }) => state === 'delivered'),
      idempotency,
      links,
    })
    const allowed = principal.kind === 'api_key' ? principal.bounds.allowedSenders : []
    await requireAllowedSenders(deps.keyring, workspaceId, allowed, prepared.claimedSenders)
    await deps.accept.requireDomains(workspaceId, prepared.claimedDomains)
    const accepted = await deps.accept.acceptWith(prepared.message, (db) =>
      note(db, caller, id, prepared.message, request.reason),
    )
    // Somebody was faster with the same key, between the look and the commit.
    return accepted.fresh ? accepted : ((await answerOfEarlier(caller, idempotency)) ?? accepted)
  }

  /** In the commit of the new message: the event of the old one, and the record of who did it. */
  async function note(
    db: TenantDatabase,
    { workspaceId, actor }: Caller,
    id: string,
    made: PreparedMessage,
    reason: string | undefined,
  ): Promise<void> {
    const facts = {
      as: encodeId('message', made.id),
      recipients: made.recipients.length,
      ...(reason === undefined ? {} : { reason }),
    }
    await noteResend(db, workspaceId, id, facts)
    await deps.recordAudit(db, {
      workspaceId,
      actor,
      action: 'message.resent',
      target: encodeId('message', id),
      detail: facts,
    })
  }

  /** What an earlier request with the same key was told, as it stands now; undefined where there is none. */
  async function answerOfEarlier(
    { workspaceId, read }: Caller,
    idempotency: PreparedMessage['idempotency'],
  ): Promise<AcceptedMessage | undefined> {
    if (idempotency === undefined) return undefined
    const earlier = await deps.accept.findEarlier(workspaceId, idempotency.keyHash)
    if (earlier === undefined) return undefined
    if (earlier.bodyHash === undefined || !timingSafeEqual(earlier.bodyHash, idempotency.bodyHash))
      throw new Fault('idempotency_conflict', {
        detail:
          'The Idempotency-Key was used for a request with another body in the last 24 hours. Use a new key for a new message.',
      })
    const rows = await read((db) => listRecipients(db, workspaceId, earlier.messageId))
    const openOne = await openerOf(
      deps.keyring,
      workspaceId,
      rows.map(({ address }) => address),
      'messages.resend',
    ).catch((error: unknown) => {
      throw faultOfFailure(error)
    })
    return {
      id: earlier.messageId,
      requestId: earlier.messageId,
      fresh: false,
      limits: [],
      recipients: rows.map((row) => ({
        number: row.number,
        email: emailOf(openOne, earlier.messageId, row),
        state: row.state,
      })),
    }
  }

  return { preview, resend }
}

/** Sending again shows whom a message went to, and its content to whoever gets it. */
function requireReading({ principal }: Caller): void {
  if (principal.scopes.includes('messages:read')) return
  throw new Fault('missing_scope', {
    detail: 'Sending a message again needs messages:read beside messages:send.',
  })
}

function idempotencyOf({ idempotencyKey, bodyHash }: Caller): PreparedMessage['idempotency'] {
  if (idempotencyKey === undefined || bodyHash === undefined) return undefined
  return { keyHash: createHash('sha256').update(idempotencyKey).digest(), bodyHash }
}

function emailOf(openOne: OpenOne, messageId: string, { number, address }: RecipientRow): string {
  return openOne('recipient', 'address', `${messageId}/${number}`, address)?.toString() ?? ''
}

/** Why a message cannot be sent again; undefined where it can. */
function refusalOf(message: MessageRow, body: Buffer | undefined, openOne: OpenOne): Fault | undefined {
  if (message.sensitive)
    return gone(
      'This message is sensitive: its content is readable by nobody after it was accepted. Have it made anew, with a new code or link.',
    )
  if (body === undefined) return gone('The content of this message is no longer stored.')
  const isOpen =
    openOne('body', 'sealed', message.id, body) !== undefined &&
    openOne('message', 'summary', message.id, message.summary) !== undefined
  return isOpen ? undefined : gone('The key of this content was destroyed.')
}

function contentOf(
  { message, body }: { readonly message: MessageRow; readonly body: Buffer | undefined },
  openOne: OpenOne,
): { readonly summary: MessageSummary; readonly raw: Buffer } {
  const summary = openOne('message', 'summary', message.id, message.summary)
  const raw = body === undefined ? undefined : openOne('body', 'sealed', message.id, body)
  if (summary === undefined || raw === undefined) throw new Error('what opened before does not open now')
  return { summary: JSON.parse(summary.toString()), raw }
}

function gone(detail: string): Fault {
  return new Fault('content_gone', { detail })
}
