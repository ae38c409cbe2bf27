import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation, type OperationContext } from '../../../platform/http/operation.ts'
import { Subaccount } from '../subaccount.ts'
import type { Subaccounts } from '../subaccounts-service.ts'

type Context = OperationContext<{ subaccounts: Subaccounts }>

export const listSubaccounts = defineOperation({
  id: 'subaccounts.list',
  method: 'GET',
  path: '/v1/subaccounts',
  summary: 'List subaccounts, oldest first',
  scope: 'messages:read',
  risk: 'read',
  audit: 'subaccount.listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({
    ...listInput,
    begins: z.string().max(255).optional().describe('Only those whose name begins with it.'),
  }),
  output: pageOf(Subaccount),
  handle: (context: Context, input) => context.services.subaccounts.list(context, input),
})

export const getSubaccount = defineOperation({
  id: 'subaccounts.get',
  method: 'GET',
  path: '/v1/subaccounts/{subaccountId}',
  summary: 'Show a subaccount and how much it has sent',
  scope: 'messages:read',
  risk: 'read',
  audit: 'subaccount.read',
  faults: ['not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ subaccountId: z.string().max(255).describe('Its id, sba_…, or its name.') }),
  output: Subaccount,
  handle: (context: Context, input) => context.services.subaccounts.get(context, input.subaccountId),
})
