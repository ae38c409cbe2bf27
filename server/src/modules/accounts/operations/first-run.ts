import { z } from 'zod'
import { Instant } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { SignedIn, signIn, Transport } from '../../sessions/index.ts'
import { Email, Password, PersonName } from '../account-views.ts'
import type { Accounts } from '../accounts-service.ts'

type Context = OperationContext<{ accounts: Accounts }>

export const getFirstRun = defineOperation({
  id: 'firstRun.get',
  method: 'GET',
  path: '/v1/first-run',
  summary: 'Show whether this installation waits for its first owner',
  description: 'Only in development, and only until somebody has used the link that the start prints.',
  scope: 'public',
  risk: 'read',
  audit: 'first_run.read',
  faults: ['unavailable'],
  status: 200,
  input: z.strictObject({}),
  output: z.object({
    state: z.enum(['open', 'closed']),
    workspace: z.string().nullable().describe('The name of the workspace that has no owner yet.'),
    expiresAt: Instant.nullable().describe('Until when the link works.'),
  }),
  handle: async (context: Context) => {
    const open = await context.services.accounts.firstRun.state()
    return {
      state: open === null ? ('closed' as const) : ('open' as const),
      workspace: open?.workspace ?? null,
      expiresAt: open?.expiresAt.toISOString() ?? null,
    }
  },
})

export const completeFirstRun = defineOperation({
  id: 'firstRun.complete',
  method: 'POST',
  path: '/v1/first-run/complete',
  summary: 'Become the first owner of a development installation',
  description:
    'Takes what stands behind the # of the link that the start prints. It works once. The session that is answered can add a second factor and nothing else; without a password that must be a passkey.',
  scope: 'public',
  risk: 'safety',
  audit: 'workspace.adopted',
  faults: ['invalid_request', 'conflict', 'too_many_requests', 'unavailable'],
  bodyBytesMax: 16_384,
  status: 200,
  input: z.strictObject({
    token: z.string().min(1).max(200).describe('What stands behind the # of the link.'),
    email: Email,
    name: PersonName.optional().describe('What you want to be called.'),
    password: Password.optional(),
    workspaceName: z.string().trim().min(1).max(200).describe('What the workspace is called from now on.'),
    transport: Transport,
  }),
  output: SignedIn,
  handle: async (context: Context, { transport, ...wanted }) =>
    signIn(
      context,
      await context.services.accounts.firstRun.complete({ ...wanted, client: context.client }),
      transport,
    ),
})
