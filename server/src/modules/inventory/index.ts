/**
 * The data inventory: what is stored, of which class, sealed by what, for how long, and which processes can read it.
 *
 * Tables owned: none. Events: none; audit `inventory.read`.
 * Invariants: nothing is written down a second time, all of it comes from the comments and rights in the catalog; no table and no
 * column is left out; no row of anybody is read.
 */
export { createInventory } from './inventory-service.ts'
export type { Inventory } from './inventory-service.ts'
export { inventoryOperations } from './inventory-operations.ts'
export { selectUnsealedWorkspaces } from './inventory-store.ts'
