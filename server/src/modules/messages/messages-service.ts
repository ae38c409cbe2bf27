import { createHash } from 'node:crypto'
import { normaliseForIndex } from '../../kernel/email-address.ts'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { decodeId, firstIdAt } from '../../kernel/ids.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { open, sealedKeyId } from '../../platform/sealing/index.ts'
import type { AcceptService } from './accept-service.ts'
import type { Controls } from './control-headers.ts'
import type { AcceptedMessage, MessageSummary } from './message.ts'
import {
  cancelMessage,
  findBody,
  findMessage,
  listMessages,
  listRecipients,
  listTimeline,
  rescheduleMessage,
  type MessageFilter,
  type MessageRow,
} from './message-store.ts'
import { prepareMessage, scheduleOf } from './prepare-message.ts'
import { controlsOf, prepareMime } from './prepare-mime.ts'
import { presentMessage, presentSummary } from './present.ts'
import { requireAllowedSenders } from './sender-bounds.ts'
import type { SendRequest } from './send-request.ts'

export interface MessagesDependencies {
  readonly accept: AcceptService
  readonly keyring: Pick<KeyringClient, 'openContentKeys' | 'blindAddresses'>
  readonly now: () => number
  readonly newId: () => string
}

/** Who sends: what acceptance needs to know of a request beside its content. */
export interface Sending {
  readonly workspaceId: string
  readonly actor: string
  readonly idempotencyKey: string | undefined
  readonly bodyHash: Buffer | undefined
  /** As whom the credential may send, as its row holds it; empty: all. Absent for mail of Bulkhead's own. */
  readonly allowedSenders?: readonly string[]
}

export interface MimeSending extends Sending {
  readonly source: 'mime' | 'smtp'
  readonly raw: Buffer
  readonly envelopeFrom: string | undefined
  readonly envelopeRecipients: readonly string[] | undefined
  readonly controls: Partial<Controls>
  readonly traceFields: (id: string) => readonly string[]
}

type Reader = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'read'>

export interface ListRequest extends Omit<MessageFilter, 'addressIndex' | 'idFrom' | 'idUntil' | 'before'> {
  readonly recipient: string | undefined
  readonly since: string | undefined
  readonly until: string | undefined
  readonly cursor: string | undefined
}

export type Messages = ReturnType<typeof createMessages>

export function createMessages(deps: MessagesDependencies) {
  async function send(
    request: SendRequest,
    sending: Sending,
    source: 'api' | 'batch',
  ): Promise<AcceptedMessage> {
    const message = prepareMessage(request, {
      id: deps.newId(),
      workspaceId: sending.workspaceId,
      actor: sending.actor,
      source,
      now: new Date(deps.now()),
      idempotency: idempotencyOf(sending.idempotencyKey, sending.bodyHash),
    })
    await requireAllowedSenders(deps.keyring, sending.workspaceId, sending.allowedSenders ?? [], [
      { field: 'From', email: message.summary.from.email },
    ])
    await deps.accept.requireDomains(sending.workspaceId, [{ field: 'From', domain: message.fromDomain }])
    return deps.accept.accept(message)
  }

  async function sendMime(sending: MimeSending): Promise<AcceptedMessage> {
    const key = sending.idempotencyKey ?? controlsOf(sending.raw).idempotencyKey
    const id = deps.newId()
    const prepared = prepareMime({
      id,
      workspaceId: sending.workspaceId,
      actor: sending.actor,
      source: sending.source,
      now: new Date(deps.now()),
      raw: sending.raw,
      envelopeFrom: sending.envelopeFrom,
      envelopeRecipients: sending.envelopeRecipients,
      controls: sending.controls,
      traceFields: sending.traceFields(id),
      idempotency: idempotencyOf(key, sending.bodyHash ?? createHash('sha256').update(sending.raw).digest()),
    })
    await requireAllowedSenders(
      deps.keyring,
      sending.workspaceId,
      sending.allowedSenders ?? [],
      prepared.claimedSenders,
    )
    await deps.accept.requireDomains(sending.workspaceId, prepared.claimedDomains)
    return deps.accept.accept(prepared.message)
  }

  /** Opens sealed values of one workspace; the keyring logs the reason before it answers. */
  async function opener(workspaceId: string, sealed: readonly Buffer[], reason: string) {
    const keys = await deps.keyring.openContentKeys(
      workspaceId,
      [...new Set(sealed.map(sealedKeyId))],
      reason,
    )
    return (table: string, column: string, rowId: string, value: Buffer): Buffer | undefined =>
      keys.get(sealedKeyId(value)) !== undefined
        ? open(keys, { workspaceId, table, column, rowId }, value)
        : undefined
  }

  async function summaries(
    workspaceId: string,
    rows: readonly MessageRow[],
    reason: string,
  ): Promise<(MessageSummary | undefined)[]> {
    const openOne = await opener(
      workspaceId,
      rows.map((row) => row.summary),
      reason,
    )
    return rows.map((row) => {
      const plain = openOne('message', 'summary', row.id, row.summary)
      return plain === undefined ? undefined : JSON.parse(plain.toString())
    })
  }

  async function list(reader: Reader, request: ListRequest) {
    const [blind] =
      request.recipient === undefined
        ? []
        : await deps.keyring.blindAddresses(reader.workspaceId, [normaliseForIndex(request.recipient)])
    const before = request.cursor === undefined ? undefined : decodeId('message', request.cursor)
    if (before === null)
      throw invalidField('cursor', 'is not a cursor of this list', 'Use nextCursor of the page before.')
    const rows = await reader.read((db) =>
      listMessages(db, reader.workspaceId, {
        before,
        idFrom: request.since === undefined ? undefined : firstIdAt(Date.parse(request.since)),
        idUntil: request.until === undefined ? undefined : firstIdAt(Date.parse(request.until)),
        lane: request.lane,
        tag: request.tag,
        state: request.state,
        addressIndex: blind?.index,
        limit: request.limit + 1,
      }),
    )
    const page = rows.slice(0, request.limit)
    const opened = await summaries(reader.workspaceId, page, 'messages.list')
    return presentSummary.page(page, opened, rows.length > request.limit)
  }

  async function get(reader: Reader, messageId: string) {
    const id = messageIdOf(messageId)
    const found = await reader.read(async (db) => {
      const message = await requireMessage(db, reader.workspaceId, id)
      const [recipients, timeline] = [
        await listRecipients(db, reader.workspaceId, id),
        await listTimeline(db, reader.workspaceId, id),
      ]
      return { message, recipients, timeline }
    })
    const openOne = await opener(
      reader.workspaceId,
      [found.message.summary, ...found.recipients.map((recipient) => recipient.address)],
      'messages.get',
    )
    const summary = openOne('message', 'summary', id, found.message.summary)
    return presentMessage(
      found.message,
      summary === undefined ? undefined : JSON.parse(summary.toString()),
      found.recipients.map((row) => ({
        ...row,
        email: openOne('recipient', 'address', `${id}/${row.number}`, row.address)?.toString() ?? '',
      })),
      found.timeline,
    )
  }

  async function content(reader: Reader, messageId: string): Promise<Buffer> {
    const id = messageIdOf(messageId)
    const found = await reader.read(async (db) => {
      const message = await requireMessage(db, reader.workspaceId, id)
      return { message, body: await findBody(db, reader.workspaceId, id) }
    })
    if (found.message.sensitive) {
      throw new Fault('content_gone', {
        detail: 'This message is sensitive: its content is readable by nobody after it was accepted.',
      })
    }
    if (found.body === undefined)
      throw new Fault('content_gone', { detail: 'The content of this message is no longer stored.' })
    const openOne = await opener(reader.workspaceId, [found.body], 'messages.content')
    const raw = openOne('body', 'sealed', id, found.body)
    if (raw === undefined)
      throw new Fault('content_gone', { detail: 'The key of this content was destroyed.' })
    return raw
  }

  async function reschedule(
    db: TenantDatabase,
    workspaceId: string,
    messageId: string,
    request: { sendAt: string; expiresAt: string | undefined },
  ) {
    const id = messageIdOf(messageId)
    const message = await requireMessage(db, workspaceId, id)
    const { sendAt, expiresAt } = scheduleOf(
      request,
      message.lane,
      message.sensitive,
      new Date(deps.now()),
      message.created_at,
    )
    const moved = await rescheduleMessage(db, workspaceId, id, sendAt ?? new Date(deps.now()), expiresAt)
    if (moved === 0)
      throw new Fault('not_cancellable', {
        detail: 'No recipient of this message waits any more, or all are being attempted right now.',
      })
    return {
      rescheduled: moved,
      sendAt: (sendAt ?? new Date(deps.now())).toISOString(),
      expiresAt: expiresAt.toISOString(),
    }
  }

  return { send, sendMime, list, get, content, cancel, reschedule }
}

/** What acceptance needs to know of a request. */
export function sendingOf(context: OperationContext<unknown>): Sending {
  const { workspaceId, actor, idempotencyKey, bodyHash, principal } = context
  const allowedSenders = principal.kind === 'api_key' ? principal.bounds.allowedSenders : []
  return { workspaceId, actor, idempotencyKey, bodyHash, allowedSenders }
}

function idempotencyOf(key: string | undefined, bodyHash: Buffer | undefined) {
  if (key === undefined || bodyHash === undefined) return undefined
  return { keyHash: createHash('sha256').update(key).digest(), bodyHash }
}

async function requireMessage(db: TenantDatabase, workspaceId: string, id: string): Promise<MessageRow> {
  const message = await findMessage(db, workspaceId, id)
  if (message === undefined) throw new Fault('not_found', { detail: 'There is no such message.' })
  return message
}

/** An id that is not one of ours names nothing, so it is answered as what it is: not found. */
export function messageIdOf(text: string): string {
  const id = decodeId('message', text)
  if (id === null) throw new Fault('not_found', { detail: 'There is no such message.' })
  return id
}

async function cancel(db: TenantDatabase, workspaceId: string, messageId: string) {
  const id = messageIdOf(messageId)
  await requireMessage(db, workspaceId, id)
  const result = await cancelMessage(db, workspaceId, id)
  if (result.cancelled === 0) {
    throw new Fault('not_cancellable', {
      detail:
        result.inFlight > 0
          ? 'Every recipient that waits is being attempted right now.'
          : 'No recipient of this message waits any more.',
    })
  }
  return result
}
