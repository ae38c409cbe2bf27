import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Sessions } from '../sessions-service.ts'

export const endSessions = defineOperation({
  id: 'sessions.endAll',
  method: 'DELETE',
  path: '/v1/sessions',
  summary: 'End all your sessions, or all but this one',
  scope: 'account',
  risk: 'safety',
  audit: 'session.ended',
  faults: ['invalid_request'],
  status: 200,
  input: z.strictObject({
    which: z.enum(['others', 'all']).default('others').describe('`others`: all but the one that asks.'),
  }),
  output: z.object({ ended: z.int() }),
  handle: async (context: OperationContext<{ sessions: Sessions }>, { which }) => {
    const ended = await context.services.sessions.endAll(context.principal, which === 'all')
    if (which === 'all' && context.client.transport === 'cookie') context.setCookie('session', null, 0)
    return { ended }
  },
})
