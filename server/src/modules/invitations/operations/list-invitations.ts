import { z } from 'zod'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import { Invitation } from '../invitation.ts'
import type { Invitations } from '../invitations-service.ts'

export const listInvitations = defineOperation({
  id: 'invitations.list',
  method: 'GET',
  path: '/v1/invitations',
  summary: 'List invitations, newest first',
  scope: 'members:read',
  risk: 'read',
  audit: 'invitation.listed',
  faults: ['invalid_request'],
  status: 200,
  input: z.strictObject(listInput),
  output: pageOf(Invitation),
  handle: (context: OperationContext<{ invitations: Invitations }>, input) =>
    context.services.invitations.list(context, input),
})
