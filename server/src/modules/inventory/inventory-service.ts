import type { z } from 'zod'
import type { TenantTransactions } from '../../platform/postgres/tenant.ts'
import { inventoryOf } from './inventory.ts'
import type { DataInventory } from './inventory.ts'
import { selectCatalog } from './inventory-store.ts'

export interface Inventory {
  read(): Promise<z.output<typeof DataInventory>>
}

// Row-level security shows nothing to it: the catalog holds no row of a workspace.
const NO_WORKSPACE = '00000000-0000-0000-0000-000000000000'

/** The data inventory: see the slice's door for what holds. */
export function createInventory(deps: {
  readonly transactions: Pick<TenantTransactions, 'read'>
}): Inventory {
  return {
    read: async () => inventoryOf(await deps.transactions.read(NO_WORKSPACE, selectCatalog)),
  }
}
