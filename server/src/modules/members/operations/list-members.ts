import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Member } from '../member.ts'
import type { Members } from '../members-service.ts'

export const listMembers = defineOperation({
  id: 'members.list',
  method: 'GET',
  path: '/v1/members',
  summary: 'List the members of the workspace',
  description: 'In the order in which they came. No API key sees this: it is for people.',
  scope: 'members:read',
  risk: 'read',
  audit: 'member.listed',
  faults: ['invalid_request'],
  status: 200,
  input: z.strictObject(listInput),
  output: pageOf(Member),
  handle: (context: OperationContext<{ members: Members }>, input) =>
    context.services.members.list(context, input),
})
