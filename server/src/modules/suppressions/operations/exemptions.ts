import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineEmptyOperation, defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Exemption } from '../exemption.ts'
import type { SuppressionExemptions } from '../exemptions-service.ts'
import { Note } from '../suppression.ts'

type Context = OperationContext<{ suppressionExemptions: SuppressionExemptions }>

const Email = z.string().max(1016)

export const addExemption = defineOperation({
  id: 'suppressionExemptions.add',
  method: 'POST',
  path: '/v1/suppression-exemptions',
  summary: 'Keep an address from being suppressed by hard bounces',
  description:
    'What bounces and people of the workspace had written down of it is taken back. Complaints and unsubscribes count all the same.',
  scope: 'suppressions:write',
  risk: 'write',
  audit: 'suppression_exemption.added',
  faults: ['invalid_request', 'unavailable'],
  status: 201,
  input: z.strictObject({ email: Email, note: Note.optional() }),
  output: Exemption,
  handle: (context: Context, input) => context.services.suppressionExemptions.add(context, input),
})

export const listExemptions = defineOperation({
  id: 'suppressionExemptions.list',
  method: 'GET',
  path: '/v1/suppression-exemptions',
  summary: 'List addresses that hard bounces do not suppress, newest first',
  scope: 'suppressions:read',
  risk: 'read',
  audit: 'suppression_exemption.listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({ ...listInput, email: Email.optional().describe('Only this address.') }),
  output: pageOf(Exemption),
  handle: (context: Context, input) => context.services.suppressionExemptions.list(context, input),
})

export const deleteExemption = defineEmptyOperation({
  id: 'suppressionExemptions.delete',
  method: 'DELETE',
  path: '/v1/suppression-exemptions',
  summary: 'Let hard bounces suppress an address again',
  scope: 'suppressions:write',
  risk: 'write',
  audit: 'suppression_exemption.removed',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  input: z.strictObject({ email: Email }),
  handle: (context: Context, input) => context.services.suppressionExemptions.remove(context, input.email),
})
