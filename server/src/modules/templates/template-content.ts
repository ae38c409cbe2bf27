import { createHash } from 'node:crypto'
import { z } from 'zod'
import { invalidField } from '../../kernel/faults.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { open, seal, sealedKeyId } from '../../platform/sealing/index.ts'
import type { Dialect } from '../../platform/templates/index.ts'
import { DATA_BYTES_MAX, DeclaredVariable, Labels, TemplateFrom, TemplateReplyTo } from './template.ts'
import type { SealedVersion, VersionHeadRow, VersionRow } from './versions-store.ts'

/** What a version says. */
export interface Content {
  readonly dialect: Dialect
  readonly subject: string
  readonly html: string | null
  readonly text: string | null
  readonly sampleData: Readonly<Record<string, unknown>>
  readonly variables: readonly DeclaredVariable[]
  readonly from: TemplateFrom | null
  readonly replyTo: readonly string[]
  readonly labels: readonly string[]
  readonly note: string
}

/** What a request says of it. */
export interface WrittenContent {
  readonly dialect?: Dialect | undefined
  readonly subject: string
  readonly html?: string | null | undefined
  readonly text?: string | null | undefined
  readonly sampleData?: Readonly<Record<string, unknown>> | undefined
  readonly variables?: readonly DeclaredVariable[] | undefined
  readonly from?: TemplateFrom | null | undefined
  readonly replyTo?: readonly string[] | undefined
  readonly labels?: readonly string[] | undefined
  readonly note?: string | undefined
}

/** What a change says; what is left out stays. */
export type ContentChange = { readonly [Field in keyof WrittenContent]?: WrittenContent[Field] | undefined }

export type Keyring = Pick<KeyringClient, 'contentKey' | 'openContentKeys'>

/** No data of mail is nested so deep; without a bound hostile data would exhaust the stack of whoever prints it. */
const DEPTH_MAX = 32

const Head = z.object({ subject: z.string(), note: z.string() })
const Body = z.object({
  html: z.string().nullable(),
  text: z.string().nullable(),
  sampleData: z.record(z.string(), z.unknown()),
  // Older versions name none.
  variables: z.array(DeclaredVariable).default([]),
  from: TemplateFrom.nullable().default(null),
  replyTo: TemplateReplyTo.default([]),
  labels: Labels.default([]),
})

/** The content of a new version. Throws `invalid_request` where it says nothing, or its sample data is too much. */
export function contentOf(written: WrittenContent, dialect: Dialect = 'liquid'): Content {
  const content: Content = {
    dialect: written.dialect ?? dialect,
    subject: written.subject,
    html: written.html ?? null,
    text: written.text ?? null,
    sampleData: written.sampleData ?? {},
    variables: written.variables ?? [],
    from: written.from ?? null,
    replyTo: written.replyTo ?? [],
    labels: written.labels ?? [],
    note: written.note ?? '',
  }
  return checked(content)
}

/** A content with what a change says of it. Throws as `contentOf`. */
export function changedContent(content: Content, change: ContentChange): Content {
  return checked({
    ...content,
    dialect: change.dialect ?? content.dialect,
    subject: change.subject ?? content.subject,
    html: change.html === undefined ? content.html : change.html,
    text: change.text === undefined ? content.text : change.text,
    sampleData: change.sampleData ?? content.sampleData,
    variables: change.variables ?? content.variables,
    from: change.from === undefined ? content.from : change.from,
    replyTo: change.replyTo ?? content.replyTo,
    labels: change.labels ?? content.labels,
    note: change.note ?? content.note,
  })
}

function checked(content: Content): Content {
  if (content.html === null && content.text === null)
    throw invalidField('text', 'is missing, and so is html', 'Give text, html or both.')
  dataText('sampleData', content.sampleData)
  return content
}

/** Data as JSON, for the renderer. Throws `invalid_request` that names the field where it is too large or nested too deep. */
export function dataText(field: string, data: Readonly<Record<string, unknown>>): string {
  if (depthOf(data) > DEPTH_MAX) throw invalidField(field, `is nested deeper than ${DEPTH_MAX} levels`)
  const text = JSON.stringify(data)
  if (Buffer.byteLength(text) > DATA_BYTES_MAX)
    throw invalidField(
      field,
      `is larger than ${DATA_BYTES_MAX / 1024} KiB as JSON`,
      'Give only what is printed.',
    )
  return text
}

/** Without recursion: what it is asked about may be nested as deep as a body of eight megabytes. */
function depthOf(data: unknown): number {
  let depth = 0
  let level: unknown[] = [data]
  while (level.length > 0 && depth <= DEPTH_MAX) {
    const inner = level.filter((item) => typeof item === 'object' && item !== null)
    if (inner.length === 0) break
    depth += 1
    level = inner.flatMap((item) => Object.values(item ?? {}))
  }
  return depth
}

/** SHA-256 of what is sent: two versions with one hash say the same. */
export function hashOf(content: Content): Buffer {
  const { dialect, subject, html, text, variables, from, replyTo } = content
  // What older versions did not have is left out, so that their hashes stay what they were.
  const all = [variables, from, replyTo]
  const more = all.slice(
    0,
    1 + all.findLastIndex((one) => one !== null && !(Array.isArray(one) && one.length === 0)),
  )
  return createHash('sha256')
    .update(JSON.stringify([dialect, subject, html, text, ...more]))
    .digest()
}

export function sizeOf({ subject, html, text }: Content): number {
  return [subject, html ?? '', text ?? ''].reduce((sum, part) => sum + Buffer.byteLength(part), 0)
}

/** A content sealed for the row of a version. */
export async function sealVersion(
  keyring: Keyring,
  workspaceId: string,
  id: string,
  content: Content,
): Promise<SealedVersion> {
  const key = await keyring.contentKey(workspaceId)
  const sealed = (column: string, value: unknown): Buffer =>
    seal(key, placeOf(workspaceId, column, id), Buffer.from(JSON.stringify(value)))
  const { subject, note, html, text, sampleData, variables, from, replyTo, labels } = content
  return {
    id,
    dialect: content.dialect,
    head: sealed('sealed_head', { subject, note }),
    content: sealed('sealed_content', { html, text, sampleData, variables, from, replyTo, labels }),
    hash: hashOf(content),
    sizeBytes: sizeOf(content),
  }
}

/** Subject and note of versions, by their ids. The keyring records the reason. */
export async function openHeads(
  keyring: Keyring,
  workspaceId: string,
  rows: readonly VersionHeadRow[],
  reason: string,
): Promise<ReadonlyMap<string, z.output<typeof Head>>> {
  const keyIds = [...new Set(rows.map((row) => sealedKeyId(row.sealed_head)))]
  const keys = await keyring.openContentKeys(workspaceId, keyIds, reason)
  return new Map(
    rows.map((row) => {
      const plain = open(keys, placeOf(workspaceId, 'sealed_head', row.id), row.sealed_head)
      return [row.id, Head.parse(JSON.parse(plain.toString()))]
    }),
  )
}

/** What a version says. The keyring records the reason. */
export async function openVersion(
  keyring: Keyring,
  workspaceId: string,
  row: VersionRow,
  reason: string,
): Promise<Content> {
  const keyIds = [...new Set([row.sealed_head, row.sealed_content].map(sealedKeyId))]
  const keys = await keyring.openContentKeys(workspaceId, keyIds, reason)
  const plain = (column: 'sealed_head' | 'sealed_content'): unknown =>
    JSON.parse(open(keys, placeOf(workspaceId, column, row.id), row[column]).toString())
  return {
    dialect: row.dialect,
    ...Head.parse(plain('sealed_head')),
    ...Body.parse(plain('sealed_content')),
  }
}

function placeOf(workspaceId: string, column: string, rowId: string) {
  return { workspaceId, table: 'template_version', column, rowId }
}
