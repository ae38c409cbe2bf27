import { createHash } from 'node:crypto'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { createTurns } from '../../kernel/turns.ts'
import { decodeId } from '../../kernel/ids.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { StyleInliner } from '../../platform/inline-css/index.ts'
import { faultOfFailure } from '../../platform/failures.ts'
import type { Fill, RenderedParts, RenderedTemplate, Templates } from '../templates/index.ts'
import type { Links, WorkspaceLinks } from '../tracking/index.ts'
import type { AcceptService } from './accept-service.ts'
import type { FetchAttachments } from './attachment-fetching.ts'
import type { Controls } from './control-headers.ts'
import { messageIdOf, requireMessage } from './find-message.ts'
import { createMessageList } from './message-list.ts'
import type { AcceptedMessage, MessageSummary, PreparedMessage } from './message.ts'
import {
  cancelMessage,
  findBody,
  listRecipients,
  listTimeline,
  rescheduleMessage,
  type MessageRow,
} from './message-store.ts'
import { prepareMessage, scheduleOf, senderName } from './prepare-message.ts'
import { openerOf, type OpenOne } from './opening.ts'
import { controlsOf, prepareMime, type EnvelopeOptions } from './prepare-mime.ts'
import { presentMessage } from './present.ts'
import { listResends } from './resend-store.ts'
import { requireAllowedSenders } from './sender-bounds.ts'
import { styledHtml } from './styling.ts'
import type { SendRequest } from './send-request.ts'
import { placed, preparedAtOnce, requireTogether, TOGETHER_BYTES_MAX, tooLarge } from './together.ts'

export interface MessagesDependencies {
  readonly accept: AcceptService
  readonly keyring: Pick<KeyringClient, 'openContentKeys' | 'blindAddresses'>
  readonly links: Pick<Links, 'forWorkspace'>
  /** Absent where only messages are taken that are finished. */
  readonly templates?: Pick<Templates, 'render' | 'fill'>
  /** Absent where only messages are taken that are finished. */
  readonly inliner?: Pick<StyleInliner, 'inlined'>
  /** Absent where attachments are given whole. */
  readonly fetchAttachments?: FetchAttachments
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
  readonly envelopeOptions?: EnvelopeOptions
  readonly controls: Partial<Controls>
  readonly traceFields: (id: string) => readonly string[]
}

type Reader = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'read'>

export type Messages = ReturnType<typeof createMessages>

export function createMessages(deps: MessagesDependencies) {
  const turn = createTurns()

  async function linksOf(workspaceId: string): Promise<WorkspaceLinks> {
    return deps.links.forWorkspace(workspaceId).catch((error: unknown) => {
      throw faultOfFailure(error)
    })
  }

  /** What a template says that a request names, or its own parts once they are filled. It is rendered before anything is accepted: what fails leaves nothing behind. */
  async function renderedFor(
    request: SendRequest,
    workspaceId: string,
  ): Promise<RenderedParts | RenderedTemplate | undefined> {
    const { template, sensitive, fill } = request
    if (fill !== undefined) return filled({ ...request, fill }, workspaceId)
    if (template === undefined) return undefined
    if (sensitive === true && (template.version === undefined || decodeId('template', template.id) === null))
      throw invalidField(
        'template.version',
        'is missing: a sensitive message names its template by id (tpl_…) and a published version',
        'Pin it. Else whoever may publish a version of the template would read the secrets of mail to come.',
      )
    if (deps.templates === undefined) throw new Error('this process renders no templates')
    const fromName = request.from === undefined ? undefined : { own: senderName(request.from) }
    return deps.templates.render(workspaceId, template, fromName).catch((error: unknown) => {
      throw faultOfFailure(error)
    })
  }

  /** Allowed for sensitive messages too: what is filled is the sender's own. */
  async function filled(
    { fill, from, subject = '', html, text }: SendRequest & { readonly fill: Fill },
    workspaceId: string,
  ): Promise<RenderedParts> {
    if (deps.templates === undefined) throw new Error('this process renders no templates')
    const fromName = from === undefined ? undefined : senderName(from)
    return deps.templates
      .fill(workspaceId, { fromName, subject, html, text, fill })
      .catch((error: unknown) => {
        throw faultOfFailure(error)
      })
  }

  /** A request with its attachments. What was accepted before with the same key is not fetched again: it may be gone. */
  async function withDocuments(request: SendRequest, sending: Sending): Promise<SendRequest> {
    const { attachments } = request
    if (deps.fetchAttachments === undefined || attachments?.every(({ url }) => url === undefined) !== false)
      return request
    const once = idempotencyOf(sending.idempotencyKey, sending.bodyHash)
    const earlier =
      once === undefined ? undefined : await deps.accept.findEarlier(sending.workspaceId, once.keyHash)
    if (earlier !== undefined)
      return {
        ...request,
        attachments: attachments.map(({ url: _url, ...others }) => ({ content: '', ...others })),
      }
    // Refused before anything is asked of anybody else, where it would be refused anyway.
    await prepared(withoutDocuments(request), sending, 'api')
    return { ...request, attachments: await deps.fetchAttachments(sending.workspaceId, attachments) }
  }

  /** A request that passed every check that needs no other message. */
  async function prepared(
    request: SendRequest,
    sending: Sending,
    source: 'api' | 'batch',
    within: { readonly id?: string; readonly requestId?: string; readonly broadcastId?: string } = {},
  ): Promise<PreparedMessage> {
    const { workspaceId } = sending
    // Before anything is waited for: messages of one batch are listed in its order.
    const id = within.id ?? deps.newId()
    const names = await deps.accept.names(workspaceId, request)
    const rendered = await renderedFor(request, workspaceId)
    const styled = request.finish?.inlineCss === true ? (rendered ?? request).html : undefined
    const links = await linksOf(workspaceId)
    if (source === 'batch') await turn()
    const message = prepareMessage(request, {
      rendered,
      styledHtml: styled === undefined ? undefined : await styledHtml(deps.inliner, workspaceId, styled),
      id,
      workspaceId,
      actor: sending.actor,
      source,
      names,
      requestId: within.requestId,
      broadcastId: within.broadcastId,
      links,
      now: new Date(deps.now()),
      idempotency: idempotencyOf(sending.idempotencyKey, sending.bodyHash),
    })
    await requireAllowedSenders(deps.keyring, workspaceId, sending.allowedSenders ?? [], [
      { field: 'From', email: message.summary.from.email },
    ])
    await deps.accept.requireDomains(workspaceId, [{ field: 'From', domain: message.fromDomain }])
    return message
  }

  async function send(
    request: SendRequest,
    sending: Sending,
    source: 'api' | 'batch',
  ): Promise<AcceptedMessage> {
    const whole = source === 'api' ? await withDocuments(request, sending) : request
    return deps.accept.accept(await prepared(whole, sending, source))
  }

  /**
   * One mail of a broadcast, under an id that was fixed before: whoever writes it, and however often, it is accepted once. Where it was
   * accepted already this throws; the caller then finds the message.
   */
  async function sendOfBroadcast(
    request: SendRequest,
    sending: Sending,
    place: { readonly id: string; readonly broadcastId: string },
  ): Promise<AcceptedMessage> {
    return deps.accept.accept(await prepared(request, sending, 'batch', place))
  }

  /** Refuses what sending would refuse, limits and suppressions aside; accepts nothing. */
  async function check(request: SendRequest, sending: Sending): Promise<void> {
    deps.accept.check(await prepared(request, sending, 'batch'))
  }

  /** All or none. The first that is refused refuses all, with the place of the message before the field. */
  async function sendTogether(
    requests: readonly SendRequest[],
    sending: Sending,
  ): Promise<AcceptedMessage[]> {
    return deps.accept.acceptTogether(await preparedTogether(requests, sending))
  }

  async function checkTogether(requests: readonly SendRequest[], sending: Sending): Promise<void> {
    const messages = await preparedTogether(requests, sending)
    for (const message of messages) deps.accept.check(message)
  }

  async function preparedTogether(
    requests: readonly SendRequest[],
    sending: Sending,
  ): Promise<PreparedMessage[]> {
    const requestId = deps.newId()
    const messages: PreparedMessage[] = []
    let bytes = 0
    const one = (request: SendRequest, index: number): Promise<PreparedMessage> => {
      const key = sending.idempotencyKey
      const own =
        index === 0 || key === undefined ? sending : { ...sending, idempotencyKey: `${key}/${index}` }
      const within = { id: index === 0 ? requestId : deps.newId(), requestId }
      return placed(index, () => prepared(request, own, 'batch', within))
    }
    let at = 0
    for (const some of preparedAtOnce(requests)) {
      const from = at
      at += some.length
      const settled = await Promise.allSettled(some.map((request, offset) => one(request, from + offset)))
      for (const outcome of settled) {
        // The first that is wrong is told, whichever was found first.
        if (outcome.status === 'rejected') throw outcome.reason
        bytes += outcome.value.raw.length
        if (bytes > TOGETHER_BYTES_MAX) throw tooLarge()
        messages.push(outcome.value)
      }
    }
    requireTogether(messages)
    return messages
  }

  async function sendMime(sending: MimeSending): Promise<AcceptedMessage> {
    const written = { ...controlsOf(sending.raw), ...sending.controls }
    const key = sending.idempotencyKey ?? written.idempotencyKey
    const id = deps.newId()
    const prepared = prepareMime({
      id,
      workspaceId: sending.workspaceId,
      actor: sending.actor,
      source: sending.source,
      links: await linksOf(sending.workspaceId),
      now: new Date(deps.now()),
      raw: sending.raw,
      envelopeFrom: sending.envelopeFrom,
      envelopeRecipients: sending.envelopeRecipients,
      envelopeOptions: sending.envelopeOptions,
      controls: sending.controls,
      names: await deps.accept.names(sending.workspaceId, written),
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

  const opener = (workspaceId: string, sealed: readonly Buffer[], reason: string): Promise<OpenOne> =>
    openerOf(deps.keyring, workspaceId, sealed, reason)

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

  const list = createMessageList({ keyring: deps.keyring, summaries })

  async function get(reader: Reader, messageId: string) {
    const id = messageIdOf(messageId)
    const found = await reader.read(async (db) => {
      const message = await requireMessage(db, reader.workspaceId, id)
      const [recipients, timeline, resends] = [
        await listRecipients(db, reader.workspaceId, id),
        await listTimeline(db, reader.workspaceId, id),
        await listResends(db, reader.workspaceId, id),
      ]
      return { message, recipients, timeline, resends }
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
      found.resends,
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

  return {
    send,
    sendOfBroadcast,
    sendTogether,
    check,
    checkTogether,
    sendMime,
    list,
    get,
    content,
    cancel,
    reschedule,
  }
}

/** What acceptance needs to know of a request. */
export function sendingOf(context: OperationContext<unknown>): Sending {
  const { workspaceId, actor, idempotencyKey, bodyHash, principal } = context
  const allowedSenders = principal.kind === 'api_key' ? principal.bounds.allowedSenders : []
  return { workspaceId, actor, idempotencyKey, bodyHash, allowedSenders }
}

function withoutDocuments({ attachments, ...request }: SendRequest): SendRequest {
  return { ...request, attachments: attachments?.filter(({ url }) => url === undefined) }
}

function idempotencyOf(key: string | undefined, bodyHash: Buffer | undefined) {
  if (key === undefined || bodyHash === undefined) return undefined
  return { keyHash: createHash('sha256').update(key).digest(), bodyHash }
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
