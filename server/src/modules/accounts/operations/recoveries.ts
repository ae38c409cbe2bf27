import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineEmptyOperation, defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Recovery, WaitingRecovery } from '../account-views.ts'
import type { Accounts } from '../accounts-service.ts'

type Context = OperationContext<{ accounts: Accounts }>

export const listRecoveries = defineOperation({
  id: 'recoveries.list',
  method: 'GET',
  path: '/v1/recoveries',
  summary: 'List recoveries of members that wait for approval',
  scope: 'members:read',
  risk: 'read',
  audit: 'recovery.listed',
  faults: ['unavailable'],
  status: 200,
  input: z.strictObject({}),
  output: z.object({ data: z.array(WaitingRecovery) }),
  handle: async (context: Context) => ({ data: await context.services.accounts.recoveries.list(context) }),
})

export const approveRecovery = defineOperation({
  id: 'recoveries.approve',
  method: 'POST',
  path: '/v1/recoveries/{recoveryId}/approve',
  summary: 'Approve the recovery of a member, as one of those that are needed',
  description:
    'For owners, and for admins where the member is no owner, who were so before the recovery began. Speak with the person first, not by mail.',
  scope: 'members:write',
  risk: 'credential',
  stepUpSeconds: 300,
  audit: 'recovery.approved',
  faults: ['not_found', 'missing_scope', 'unavailable'],
  status: 200,
  input: z.strictObject({ recoveryId: z.string().max(60) }),
  output: Recovery,
  handle: (context: Context, { recoveryId }) =>
    context.services.accounts.recoveries.approve(context, idOf('recovery', recoveryId)),
})

export const refuseRecovery = defineEmptyOperation({
  id: 'recoveries.refuse',
  method: 'POST',
  path: '/v1/recoveries/{recoveryId}/refuse',
  summary: 'Stop the recovery of a member',
  description: 'For whoever could approve it. One is enough.',
  scope: 'members:write',
  risk: 'safety',
  audit: 'recovery.refused',
  faults: ['not_found', 'missing_scope', 'unavailable'],
  input: z.strictObject({ recoveryId: z.string().max(60) }),
  handle: (context: Context, { recoveryId }) =>
    context.services.accounts.recoveries.refuse(context, idOf('recovery', recoveryId)),
})
