import { z } from 'zod'
import {
  defineEmptyOperation,
  defineOperation,
  type OperationContext,
} from '../../../platform/http/operation.ts'
import { HourlyQuota, Note, Subaccount, SUBACCOUNT_STATES, SubaccountName, Title } from '../subaccount.ts'
import type { Subaccounts } from '../subaccounts-service.ts'

type Context = OperationContext<{ subaccounts: Subaccounts }>

const ofSubaccount = { subaccountId: z.string().max(255).describe('Its id, sba_…, or its name.') }

export const createSubaccount = defineOperation({
  id: 'subaccounts.create',
  method: 'POST',
  path: '/v1/subaccounts',
  summary: 'Make a subaccount',
  scope: 'messages:write',
  risk: 'write',
  audit: 'subaccount.created',
  faults: ['invalid_request', 'conflict', 'unavailable'],
  status: 201,
  input: z.strictObject({
    name: SubaccountName.describe('By which messages name it; never changes.'),
    title: Title.optional(),
    note: Note.optional(),
    hourlyQuota: HourlyQuota.optional().describe(
      'Recipients an hour; what is more is accepted and waits for the next hour.',
    ),
  }),
  output: Subaccount,
  handle: (context: Context, input) => context.services.subaccounts.create(context, input),
})

export const updateSubaccount = defineOperation({
  id: 'subaccounts.update',
  method: 'PATCH',
  path: '/v1/subaccounts/{subaccountId}',
  summary: 'Change, pause or resume a subaccount',
  description:
    'paused: its mail is accepted and waits, and goes when it is active again. At most 100 are paused at a time.',
  scope: 'messages:write',
  risk: 'write',
  audit: 'subaccount.changed',
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  status: 200,
  input: z.strictObject({
    ...ofSubaccount,
    title: Title.optional(),
    note: Note.nullable().optional(),
    hourlyQuota: HourlyQuota.nullable().optional(),
    state: z.enum(SUBACCOUNT_STATES).optional(),
  }),
  output: Subaccount,
  handle: (context: Context, { subaccountId, ...change }) =>
    context.services.subaccounts.update(context, subaccountId, change),
})

export const deleteSubaccount = defineEmptyOperation({
  id: 'subaccounts.delete',
  method: 'DELETE',
  path: '/v1/subaccounts/{subaccountId}',
  summary: 'Remove a subaccount',
  description:
    'Messages cannot name it any more. Mail that was accepted goes on; one that is paused is refused.',
  scope: 'messages:write',
  risk: 'write',
  audit: 'subaccount.deleted',
  faults: ['not_found', 'conflict', 'unavailable'],
  input: z.strictObject(ofSubaccount),
  handle: (context: Context, input) => context.services.subaccounts.remove(context, input.subaccountId),
})
