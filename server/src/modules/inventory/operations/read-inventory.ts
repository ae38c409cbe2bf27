import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { DataInventory } from '../inventory.ts'
import type { Inventory } from '../inventory-service.ts'

export const readInventory = defineOperation({
  id: 'inventory.read',
  method: 'GET',
  path: '/v1/inventory',
  summary: 'What is stored, of which class, sealed by what, and who can read it',
  description:
    "Read from the database's own catalog: every table and column, none left out. Needs the operator's key. It holds no row of anybody.",
  scope: 'workspaces:read',
  risk: 'read',
  audit: 'inventory.read',
  faults: [],
  status: 200,
  input: z.strictObject({}),
  output: DataInventory,
  handle: (context: OperationContext<{ inventory: Inventory }>) => context.services.inventory.read(),
})
