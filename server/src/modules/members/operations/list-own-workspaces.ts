import { z } from 'zod'
import { Instant } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { ROLES } from '../../../security/access/index.ts'
import { personOf } from '../standings.ts'
import type { Members } from '../members-service.ts'

export const listOwnWorkspaces = defineOperation({
  id: 'account.workspaces',
  method: 'GET',
  path: '/v1/account/workspaces',
  summary: 'List the workspaces that you are a member of',
  description: 'Name one of them in the header bulkhead-workspace to act in it.',
  scope: 'account',
  risk: 'read',
  audit: 'account.workspaces_listed',
  faults: [],
  status: 200,
  input: z.strictObject({}),
  output: z.object({
    data: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        role: z.enum(ROLES).nullable(),
        permissionSet: z.string().nullable(),
        memberSince: Instant,
        secondFactor: z.enum(['optional', 'required', 'passkey']).describe('What it takes to act there.'),
        ssoRequired: z.boolean().describe('Members other than owners sign in through its own provider.'),
      }),
    ),
  }),
  handle: (context: OperationContext<{ members: Members }>) =>
    context.services.members.workspaces(personOf(context.principal).personId),
})
