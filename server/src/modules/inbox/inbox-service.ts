import type { z } from 'zod'
import { Fault } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOf, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { open, sealedKeyId } from '../../platform/sealing/index.ts'
import { CapturedEnvelope } from './captured.ts'
import type { Captured, CapturedSummary } from './captured.ts'
import { checkMail } from './checks.ts'
import { deleteCaptured, selectCaptured, selectCapturedContent } from './inbox-store.ts'
import type { CapturedContentRow, CapturedRow } from './inbox-store.ts'
import { parseMail } from './parse.ts'

type SummaryView = z.output<typeof CapturedSummary>
type View = z.output<typeof Captured>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'read' | 'act'>

export interface Inbox {
  list(
    caller: Caller,
    query: {
      readonly limit: number
      readonly cursor?: string | undefined
      readonly messageId?: string | undefined
    },
  ): Promise<{ data: SummaryView[]; nextCursor: string | null }>
  get(caller: Caller, id: string): Promise<View>
  source(caller: Caller, id: string): Promise<Buffer>
  attachment(caller: Caller, id: string, index: number): Promise<Buffer>
  clear(caller: Caller): Promise<void>
}

/** The inbox of development: see the slice's door for what holds. */
export function createInbox(deps: { readonly keyring: Pick<KeyringClient, 'openContentKeys'> }): Inbox {
  async function keysOf(workspaceId: string, values: readonly Buffer[], reason: string) {
    return deps.keyring.openContentKeys(workspaceId, [...new Set(values.map(sealedKeyId))], reason)
  }

  async function content(caller: Caller, id: string, reason: string) {
    const { workspaceId } = caller
    const row = await caller.read((db) => selectCapturedContent(db, workspaceId, id))
    if (row === undefined) throw missing('captured', id)
    const keys = await keysOf(workspaceId, [row.envelope, row.sealed], reason)
    if (keys.get(sealedKeyId(row.sealed)) === undefined) {
      throw new Fault('content_gone', { detail: 'The key of this message was destroyed.' })
    }
    return {
      row,
      envelope: openEnvelope(keys, workspaceId, row),
      raw: open(keys, { workspaceId, table: 'captured', column: 'sealed', rowId: row.id }, row.sealed),
    }
  }

  return {
    async list(caller, { limit, cursor, messageId }) {
      const { workspaceId } = caller
      const before = idOfCursor(cursor)
      const filter = { before, messageId: messageId === undefined ? null : idOf('message', messageId) }
      const rows = await caller.read((db) => selectCaptured(db, workspaceId, filter, limit + 1))
      const keys = await keysOf(
        workspaceId,
        rows.map((row) => row.envelope),
        'inbox.list',
      )
      return page(
        rows,
        limit,
        (row) => summary(row, openEnvelope(keys, workspaceId, row)),
        (row) => idCursor(row.id),
      )
    },

    async get(caller, id) {
      const { row, envelope, raw } = await content(caller, id, 'inbox.get')
      return view(row, envelope, raw)
    },

    source: async (caller, id) => (await content(caller, id, 'inbox.source')).raw,

    async attachment(caller, id, index) {
      const { raw } = await content(caller, id, 'inbox.attachment')
      const found = (await parseMail(raw))?.attachments[index]
      if (found === undefined) {
        throw new Fault('not_found', { detail: `The message has no attachment ${index}.` })
      }
      return found.content
    },

    clear: (caller) =>
      caller.act(async (db, about) => {
        about('inbox', { removed: await deleteCaptured(db, caller.workspaceId) })
      }),
  }
}

type Keys = Awaited<ReturnType<KeyringClient['openContentKeys']>>

function openEnvelope(keys: Keys, workspaceId: string, row: CapturedRow): CapturedEnvelope {
  if (keys.get(sealedKeyId(row.envelope)) === undefined) return CapturedEnvelope.parse({})
  const place = { workspaceId, table: 'captured', column: 'envelope', rowId: row.id }
  const value: unknown = JSON.parse(open(keys, place, row.envelope).toString())
  return CapturedEnvelope.safeParse(value).data ?? CapturedEnvelope.parse({})
}

function summary(row: CapturedRow, envelope: CapturedEnvelope): SummaryView {
  return {
    id: encodeId('captured', row.id),
    messageId: row.message_id === null ? null : encodeId('message', row.message_id),
    from: envelope.headerFrom ?? envelope.from,
    to: envelope.to,
    subject: envelope.subject,
    receivedAt: row.received_at.toISOString(),
    sizeBytes: row.size_bytes,
  }
}

async function view(row: CapturedContentRow, envelope: CapturedEnvelope, raw: Buffer): Promise<View> {
  const mail = await parseMail(raw)
  const head = { ...summary(row, envelope), envelopeFrom: envelope.from }
  if (mail === null) {
    return {
      ...head,
      html: null,
      text: null,
      headers: [],
      attachments: [],
      checks: [
        {
          name: 'MIME',
          state: 'problem',
          detail: 'The message is nested too deep to be shown; look at its source.',
        },
      ],
    }
  }
  return {
    ...head,
    html: mail.html,
    text: mail.text,
    headers: mail.headers.map((header) => ({ ...header })),
    attachments: mail.attachments.map((attachment, index) => ({
      index,
      filename: attachment.filename,
      contentType: attachment.contentType,
      sizeBytes: attachment.content.length,
      inline: attachment.inline,
      contentId: attachment.contentId,
    })),
    checks: checkMail(mail, raw.length, envelope.from),
  }
}
