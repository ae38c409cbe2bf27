import { z } from 'zod'
import { invalidField } from '../../../kernel/faults.ts'
import { encodeId } from '../../../kernel/ids.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { SignedIn, signIn, Transport } from '../../sessions/index.ts'
import { Departure } from '../sso.ts'
import type { Sso } from '../sso-service.ts'

type Context = OperationContext<{ sso: Sso }>

export const startSso = defineOperation({
  id: 'sso.start',
  method: 'POST',
  path: '/v1/sso/start',
  summary: 'Begin a log-in through an identity provider',
  description:
    'By address or workspace. The answer has the same form and takes the same work whether a provider is connected or not; where none is, the URL leads to a page that says so.',
  scope: 'public',
  risk: 'safety',
  audit: 'sso.signed_in',
  faults: ['invalid_request', 'too_many_requests', 'unavailable'],
  status: 200,
  input: z.strictObject({
    email: z.string().max(320).optional(),
    workspaceId: z.string().max(40).optional(),
    fresh: z
      .boolean()
      .default(false)
      .describe('The provider shall ask again: for what needs the second factor shown lately.'),
  }),
  output: Departure,
  handle: (context: Context, input) => {
    if ((input.email === undefined) === (input.workspaceId === undefined))
      throw invalidField('email', 'and workspaceId: give one of the two')
    return context.services.sso.start(input, context.client)
  },
})

export const finishSso = defineOperation({
  id: 'sso.finish',
  method: 'POST',
  path: '/v1/sso/finish',
  summary: 'End a log-in through an identity provider',
  description:
    'With what the provider sent back and the verifier that this tab kept; once. The session opens the one workspace, and not the account.',
  scope: 'public',
  risk: 'safety',
  audit: 'sso.signed_in',
  faults: ['invalid_request', 'unauthenticated', 'too_many_requests', 'unavailable'],
  status: 200,
  input: z.strictObject({
    code: z.string().min(1).max(4096),
    state: z.string().min(1).max(200),
    issuer: z.string().max(500).optional().describe('The parameter iss (RFC 9207), where it came.'),
    verifier: z.string().min(1).max(200),
    transport: Transport,
  }),
  output: z.object({
    session: SignedIn.nullable().describe('Null after a test.'),
    workspaceId: z.string().nullable(),
    testedWith: z.string().nullable().describe('The address that the provider told, of a test.'),
  }),
  handle: async (context: Context, { transport, ...shown }) => {
    const done = await context.services.sso.finish(shown, context.client)
    return 'tested' in done
      ? { session: null, workspaceId: null, testedWith: done.tested }
      : {
          session: signIn(context, done.session, transport),
          workspaceId: encodeId('workspace', done.workspaceId),
          testedWith: null,
        }
  },
})
