import { z } from 'zod'
import { defineEmptyOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Sessions } from '../sessions-service.ts'

export const endSession = defineEmptyOperation({
  id: 'sessions.end',
  method: 'DELETE',
  path: '/v1/sessions/{sessionId}',
  summary: 'End one of your sessions',
  description: 'It is dead within a second, streams included.',
  scope: 'account',
  risk: 'safety',
  audit: 'session.ended',
  faults: ['not_found'],
  input: z.strictObject({ sessionId: z.string().max(60) }),
  handle: (context: OperationContext<{ sessions: Sessions }>, { sessionId }) =>
    context.services.sessions.end(context.principal, sessionId),
})
