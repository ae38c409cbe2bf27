import { z } from 'zod'
import { FINAL_STATES } from '../../../kernel/lane.ts'
import { defineOperation, type OperationContext } from '../../../platform/http/operation.ts'
import { presentLedger } from '../ledger.ts'
import { readLedger } from '../message-store.ts'

const Count = z.int().min(0)

/** The terms of the equation, as `presentLedger` answers them. */
export const LedgerView = z.object({
  accepted: Count,
  ...Object.fromEntries([...FINAL_STATES, 'pending', 'scheduled', 'held'].map((state) => [state, Count])),
  balanced: z.boolean().describe('Whether the equation holds.'),
  lost: z.int().describe('Recipients that neither wait nor ended; must be 0.'),
  doubled: Count.describe('Recipients that both wait and ended; must be 0.'),
})

export const getLedger = defineOperation({
  id: 'ledger.get',
  method: 'GET',
  path: '/v1/ledger',
  summary: 'Count what became of every accepted recipient',
  description:
    'Counted from the rows in one snapshot: accepted = delivered + bounced + expired + suppressed + cancelled + uncertain + pending + scheduled + held.',
  scope: 'messages:read',
  risk: 'read',
  audit: 'ledger.read',
  input: z.strictObject({}),
  output: LedgerView,
  status: 200,
  faults: [],
  handle: async (context: OperationContext<unknown>) =>
    presentLedger(await context.read((db) => readLedger(db, context.workspaceId))),
})
