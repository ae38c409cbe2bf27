import { z } from 'zod'
import type { CatalogRow } from './inventory-store.ts'

const InventoryColumn = z.object({
  name: z.string(),
  type: z.string(),
  class: z
    .string()
    .describe('From a closed list: see the security model. `unclassified` never ships: a test refuses it.'),
  sealedWith: z
    .string()
    .nullable()
    .describe('The purpose of the key that seals it; null where it is not sealed.'),
  meaning: z.string().nullable(),
})

const InventoryTable = z.object({
  schema: z.string(),
  name: z.string(),
  class: z.string(),
  meaning: z.string().nullable(),
  kept: z.string().nullable().describe('How long a row lives.'),
  rows: z.int().min(0).describe("The planner's estimate."),
  readers: z
    .array(z.string())
    .describe(
      'Processes that may select from it themselves. What a process gets through functions is in the architecture tests.',
    ),
  columns: z.array(InventoryColumn),
})

export const DataInventory = z.object({ tables: z.array(InventoryTable) })

/** The rows of the catalog as tables with their columns. */
export function inventoryOf(rows: readonly CatalogRow[]): z.output<typeof DataInventory> {
  const tables = Map.groupBy(rows, (row) => `${row.schema_name}.${row.table_name}`)
  return {
    tables: [...tables.values()].flatMap((columns) => {
      const [first] = columns
      if (first === undefined) return []
      const { class: ofTable, text } = readComment(first.table_comment)
      const kept = /^(.*?)\s*Kept: (.+?)\.$/s.exec(text)
      return {
        schema: first.schema_name,
        name: first.table_name,
        class: ofTable,
        meaning: emptyToNull(kept?.[1] ?? text),
        kept: kept?.[2] ?? null,
        rows: Number(first.row_estimate),
        readers: [...new Set(columns.flatMap((column) => column.readers.map(processOf)))].sort(),
        columns: columns.map(columnOf),
      }
    }),
  }
}

function columnOf(row: CatalogRow): z.output<typeof InventoryColumn> {
  const comment = readComment(row.column_comment)
  const sealed = /^(.+?),? (?:sealed )?[(](\w+)[)]$/.exec(comment.class)
  return {
    name: row.column_name,
    type: row.type_name,
    class: sealed === null ? comment.class : `${sealed[1] ?? ''}, sealed`,
    // Keys name what wraps them in their text; `key (sealed)` says only that something does.
    sealedWith: sealed === null ? null : sealed[2] === 'sealed' ? 'the key above' : (sealed[2] ?? null),
    meaning: emptyToNull(comment.text),
  }
}

/** `class: <class>. <text>` */
function readComment(comment: string): { readonly class: string; readonly text: string } {
  const match = /^class: ([^.]+)[.]\s*(.*)$/s.exec(comment)
  return { class: match?.[1] ?? 'unclassified', text: match?.[2] ?? comment }
}

function processOf(role: string): string {
  return role.replace(/^bulkhead_/, '')
}

function emptyToNull(text: string): string | null {
  return text === '' ? null : text
}
