import type { InventoryReadOutput } from '@bulkhead/sdk'
import type { Command } from '../command.ts'
import { table, type Screen } from '../table.ts'

export const inventoryCommand: Command = {
  path: ['inventory'],
  summary: 'What is stored, of which class, sealed by what, and who can read it',
  description:
    "For the operator: needs the operator's key. Read from the database's own catalog, so no table and no column is left out.",
  operations: ['inventory.read'],
  examples: [
    { line: 'bulkhead inventory', says: 'for the record of processing, and for auditors' },
    { line: 'bulkhead inventory --json > inventory.json', says: 'to compare with the last release' },
  ],
  async run(context) {
    const inventory = await context.operator().inventory.read()
    context.out.show(inventory, (screen) => renderInventory(inventory, screen))
  },
}

/** One table per table of the database, under a line that says what it is. */
export function renderInventory(inventory: InventoryReadOutput, screen: Screen): string {
  return inventory.tables
    .map((item) => {
      const head = screen.paint.bold(`${item.schema}.${item.name}`)
      const facts = [
        item.class,
        `about ${item.rows} rows`,
        ...(item.kept === null ? [] : [`kept ${item.kept}`]),
        `read by ${item.readers.length === 0 ? 'no process itself' : item.readers.join(', ')}`,
      ]
      const columns = table(
        [
          { title: 'COLUMN', of: (row) => row.name, whole: true },
          { title: 'CLASS', of: (row) => row.class, whole: true },
          { title: 'SEALED WITH', of: (row) => row.sealedWith ?? '', whole: true },
          { title: 'MEANING', of: (row) => row.meaning ?? '' },
        ],
        item.columns,
        screen,
      )
      return `${head}  ${facts.join(' · ')}\n${item.meaning === null ? '' : `${item.meaning}\n`}${columns}`
    })
    .join('\n')
}
