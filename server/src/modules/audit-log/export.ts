import { parseRecord, parseVerifierKey } from '@bulkhead/tlog'
import type { TiledTree } from '@bulkhead/tlog'
import type { EntryRow } from './audit-log-store.ts'

export const EXPORT_FORMATS = ['native', 'ecs'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** The version of the Elastic Common Schema whose fields are used. */
const ECS_VERSION = '8.17.0'

export interface ExportPart {
  readonly rows: readonly EntryRow[]
  readonly hasMore: boolean
  readonly isFiltered: boolean
  readonly head: {
    readonly checkpoint: string
    readonly vkey: string
    readonly statements: readonly string[]
  }
  /** Size of an older checkpoint, from which consistency is shown. */
  readonly since: number | null
  readonly format: ExportFormat
  readonly tree: TiledTree
}

/** One part of an export: a header with the checkpoint, a line per record with its salt and proof, an end. Erased records are left out. */
export async function writeExport(part: ExportPart): Promise<Buffer> {
  const { tree, since } = part
  const header = {
    type: 'export',
    version: 1,
    origin: parseVerifierKey(part.head.vkey).name,
    vkey: part.head.vkey,
    checkpoint: part.head.checkpoint,
    size: tree.size,
    filtered: part.isFiltered || part.rows.some((row) => row.record === null),
    consistency:
      since === null ? null : { oldSize: since, proof: base64(await tree.consistencyProof(since)) },
    statements: part.head.statements,
  }
  const lines: string[] = []
  for (const row of part.rows) {
    if (row.record === null || row.salt === null) continue
    const proof = base64(await tree.inclusionProof(row.index))
    const entry = { type: 'entry', index: row.index, salt: row.salt.toString('base64'), proof }
    lines.push(part.format === 'ecs' ? ecsEntry(row.record, entry) : nativeEntry(row.record, entry))
  }
  const last = part.rows.at(-1)?.index ?? null
  const end = {
    type: 'end',
    entries: lines.length,
    more: part.hasMore,
    next: last === null ? null : last + 1,
  }
  const wrap = (what: object, action: string): string =>
    part.format === 'ecs'
      ? JSON.stringify({
          '@timestamp': new Date().toISOString(),
          ecs: { version: ECS_VERSION },
          event: { kind: 'state', module: 'bulkhead', dataset: 'bulkhead.audit', action },
          bulkhead: { export: what },
        })
      : JSON.stringify(what)
  return Buffer.from(
    [wrap(header, 'audit.export-begins'), ...lines, wrap(end, 'audit.export-ends'), ''].join('\n'),
  )
}

/** The canonical record stands in the line as it is: it is JSON. */
function nativeEntry(record: string, entry: object): string {
  return `${JSON.stringify(entry).slice(0, -1)},"record":${record}}`
}

/** Every field is of the record itself, which is proved, and not of the columns beside it, which are not. */
function ecsEntry(record: string, entry: { readonly index: number }): string {
  const { number, workspace, at, actor, action, target } = parseRecord(record)
  return JSON.stringify({
    '@timestamp': at,
    ecs: { version: ECS_VERSION },
    event: {
      kind: 'event',
      module: 'bulkhead',
      dataset: 'bulkhead.audit',
      category: categoryOf(action),
      action,
      sequence: entry.index,
      original: record,
    },
    user: { id: actor },
    organization: { id: workspace },
    bulkhead: { ...entry, number, target },
  })
}

/** The categorisation fields of ECS, by the noun of the action. */
function categoryOf(action: string): string[] {
  if (/^(?:api_key|smtp_credential|epoch|session|staff)\b/.test(action)) return ['iam']
  if (/^keyring\b/.test(action)) return ['database']
  return ['configuration']
}

function base64(hashes: readonly Buffer[]): string[] {
  return hashes.map((hash) => hash.toString('base64'))
}
