import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { SessionView } from '../session-views.ts'
import type { Sessions } from '../sessions-service.ts'

export const listSessions = defineOperation({
  id: 'sessions.list',
  method: 'GET',
  path: '/v1/sessions',
  summary: 'List your own sessions',
  description: 'Where you are logged in, the last used first; at most 200.',
  scope: 'account',
  risk: 'safety',
  audit: 'session.listed',
  faults: [],
  status: 200,
  input: z.strictObject({}),
  output: z.object({ data: z.array(SessionView) }),
  handle: (context: OperationContext<{ sessions: Sessions }>) =>
    context.services.sessions.list(context.principal),
})
