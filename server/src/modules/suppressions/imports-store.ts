import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { Meaning, Separator } from './import-lines.ts'
import type { SuppressionReason, SuppressionScope } from './suppression.ts'

export interface ImportRecord {
  readonly id: string
  readonly state: 'open' | 'done' | 'cancelled'
  readonly format: 'csv' | 'jsonl'
  readonly dry_run: boolean
  readonly default_reason: SuppressionReason
  readonly default_scope: SuppressionScope | null
  readonly default_expires_at: Date | null
  readonly columns: readonly Meaning[] | null
  readonly separator: Separator | null
  readonly next_line: number
  readonly entries: number
  readonly added: number
  readonly widened: number
  readonly unchanged: number
  readonly refused: number
  readonly created_at: Date
  readonly finished_at: Date | null
}

const COLUMNS =
  'id, state, format, dry_run, default_reason, default_scope, default_expires_at, columns, separator, next_line, entries, added, widened, unchanged, refused, created_at, finished_at'

export async function insertImport(
  db: TenantDatabase,
  made: {
    readonly id: string
    readonly workspaceId: string
    readonly format: 'csv' | 'jsonl'
    readonly dryRun: boolean
    readonly reason: SuppressionReason
    readonly scope: SuppressionScope | null
    readonly expiresAt: Date | null
    readonly columns: readonly Meaning[] | null
    readonly actor: string
  },
): Promise<ImportRecord> {
  const rows = await db.query<ImportRecord>(
    `insert into suppression_import
       (id, workspace_id, format, dry_run, default_reason, default_scope, default_expires_at, created_by, columns)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     returning ${COLUMNS}`,
    [
      made.id,
      made.workspaceId,
      made.format,
      made.dryRun,
      made.reason,
      made.scope,
      made.expiresAt,
      made.actor,
      made.columns,
    ],
  )
  const [row] = rows
  if (row === undefined) throw new Error('an import was not written')
  return row
}

/** `lock`: nobody else takes lines of it until the transaction ends. */
export async function selectImport(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  lock = false,
): Promise<ImportRecord | undefined> {
  const rows = await db.query<ImportRecord>(
    `select ${COLUMNS} from suppression_import where workspace_id = $1 and id = $2 ${lock ? 'for update' : ''}`,
    [workspaceId, id],
  )
  return rows[0]
}

export function selectImports(
  db: TenantDatabase,
  workspaceId: string,
  before: string | null,
  rowsMax: number,
): Promise<ImportRecord[]> {
  return db.query<ImportRecord>(
    `select ${COLUMNS}
     from suppression_import
     where workspace_id = $1 and ($2::uuid is null or id < $2)
     order by id desc
     limit $3`,
    [workspaceId, before, rowsMax],
  )
}

/** Notes how far an import is, and what became of the lines that were just taken. */
export async function advanceImport(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  step: {
    readonly columns: readonly Meaning[] | null
    readonly separator: Separator | null
    readonly nextLine: number
    readonly entries: number
    readonly added: number
    readonly widened: number
    readonly unchanged: number
    readonly refused: number
    readonly isLast: boolean
  },
): Promise<ImportRecord> {
  const rows = await db.query<ImportRecord>(
    `update suppression_import
     set columns = $3, separator = $4, next_line = $5, entries = entries + $6, added = added + $7, widened = widened + $8,
         unchanged = unchanged + $9, refused = refused + $10, touched_at = now(),
         state = case when $11 then 'done' else state end,
         finished_at = case when $11 then now() end
     where workspace_id = $1 and id = $2
     returning ${COLUMNS}`,
    [
      workspaceId,
      id,
      step.columns,
      step.separator,
      step.nextLine,
      step.entries,
      step.added,
      step.widened,
      step.unchanged,
      step.refused,
      step.isLast,
    ],
  )
  const [row] = rows
  if (row === undefined) throw new Error('an import went away under its lock')
  return row
}

export async function cancelImport(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<ImportRecord | undefined> {
  const rows = await db.query<ImportRecord>(
    `update suppression_import
     set state = 'cancelled', finished_at = now()
     where workspace_id = $1 and id = $2 and state = 'open'
     returning ${COLUMNS}`,
    [workspaceId, id],
  )
  return rows[0]
}

export async function insertRefusals(
  db: TenantDatabase,
  workspaceId: string,
  importId: string,
  refused: readonly { readonly line: number; readonly problem: string }[],
): Promise<void> {
  if (refused.length === 0) return
  await db.query(
    `insert into suppression_refusal (import_id, line, workspace_id, problem)
     select $1, u.line, $2, u.problem from unnest($3::integer[], $4::text[]) as u(line, problem)`,
    [importId, workspaceId, refused.map(({ line }) => line), refused.map(({ problem }) => problem)],
  )
}

export function selectRefusals(
  db: TenantDatabase,
  workspaceId: string,
  importId: string,
  afterLine: number,
  rowsMax: number,
): Promise<{ readonly line: number; readonly problem: string }[]> {
  return db.query(
    `select line, problem
     from suppression_refusal
     where workspace_id = $1 and import_id = $2 and line > $3
     order by line
     limit $4`,
    [workspaceId, importId, afterLine, rowsMax],
  )
}
