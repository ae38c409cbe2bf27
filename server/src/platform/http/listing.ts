import { z } from 'zod'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { decodeId, encodeId, type IdKind } from '../../kernel/ids.ts'

/** What every list takes. A cursor is opaque: it comes from `nextCursor` of the page before. */
export const listInput = {
  limit: z.coerce.number().int().min(1).max(100).default(50).describe('Rows per page, 1 to 100.'),
  cursor: z.string().max(200).optional().describe('nextCursor of the page before.'),
}

/** Of lists that vendors page by number. A cursor is cheaper. */
export const skipInput = {
  skip: z.coerce
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .default(0)
    .describe('Rows that are passed over before the page; they are not opened.'),
}

/** The shape of every list's answer. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    data: z.array(item),
    nextCursor: z.string().nullable().describe('Give it as cursor to get the next page; null on the last.'),
  })
}

/** Instants in answers: ISO 8601, UTC. */
export const Instant = z.iso.datetime()

/** Cuts a page from rows that were read with `limit + 1`, and makes the cursor to the next from the last row shown. */
export function page<Row, Item>(
  rows: readonly Row[],
  limit: number,
  present: (row: Row) => Item,
  cursor: (row: Row) => string,
): { data: Item[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    data: shown.map((row) => present(row)),
    nextCursor: rows.length > limit && last !== undefined ? cursor(last) : null,
  }
}

/** A cursor that stands for a row's id. */
export function idCursor(uuid: string): string {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('base64url')
}

/** The id in a cursor, null without one. Throws `invalid_request` on what no list has handed out. */
export function idOfCursor(cursor: string | undefined): string | null {
  if (cursor === undefined) return null
  const hex = Buffer.from(cursor, 'base64url').toString('hex')
  if (hex.length !== 32)
    throw invalidField(
      'cursor',
      'is not a cursor of this list',
      'Give nextCursor of the page before, or none.',
    )
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** An id in a path as its UUID. What is not an id of this kind is as unknown as one of another workspace: `not_found`. */
export function idOf(kind: IdKind, text: string): string {
  const uuid = decodeId(kind, text)
  if (uuid === null) throw notFound(kind, text)
  return uuid
}

/** The one answer for what does not exist and for what belongs to another workspace. */
function notFound(kind: IdKind, id: string): Fault {
  const shown = decodeId(kind, id) === null ? id.slice(0, 40) : id
  return new Fault('not_found', { detail: `There is no ${NOUNS[kind]} ${shown} in this workspace.` })
}

/** As `notFound`, for a UUID. */
export function missing(kind: IdKind, uuid: string): Fault {
  return notFound(kind, encodeId(kind, uuid))
}

const NOUNS: Readonly<Record<IdKind, string>> = {
  workspace: 'workspace',
  message: 'message',
  batch: 'batch',
  domain: 'sending domain',
  sender: 'sender',
  suppression: 'suppression',
  webhook: 'webhook endpoint',
  delivery: 'webhook delivery',
  event: 'event',
  apiKey: 'API key',
  smtpCredential: 'SMTP credential',
  captured: 'captured message',
  process: 'process',
  containment: 'containment',
  staffMember: 'member of staff',
  person: 'person',
  session: 'session',
  member: 'member',
  permissionSet: 'permission set',
  factor: 'second factor',
  federationRule: 'federation rule',
  recovery: 'recovery',
  invitation: 'invitation',
  change: 'change',
  overlay: 'overlay in force',
  alert: 'alert',
  queueAct: 'act on the queue',
  inboundRoute: 'inbound route',
  inboundMail: 'mail from outside',
  bounce: 'report',
  import: 'import',
  linkDomain: 'link domain',
  template: 'template',
  templateVersion: 'version of a template',
  topic: 'topic',
  topicSuppression: 'entry of a topic',
  subaccount: 'subaccount',
  contact: 'contact',
  list: 'list',
  broadcast: 'broadcast',
  exemption: 'exemption',
}
