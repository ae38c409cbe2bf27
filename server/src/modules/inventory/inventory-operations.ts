import { readInventory } from './operations/read-inventory.ts'

export const inventoryOperations = [readInventory]
