import { z } from 'zod'
import { encodeId } from '../../../kernel/ids.ts'
import { defineEmptyOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Sessions } from '../sessions-service.ts'

export const logOut = defineEmptyOperation({
  id: 'sessions.logOut',
  method: 'POST',
  path: '/v1/log-out',
  summary: 'End this session',
  description: 'The device stays known: the next log-in from it needs no code by mail.',
  scope: 'account:self',
  risk: 'safety',
  audit: 'session.ended',
  faults: [],
  input: z.strictObject({}),
  handle: async (context: OperationContext<{ sessions: Sessions }>) => {
    await context.services.sessions.end(context.principal, encodeId('session', context.principal.id))
    if (context.client.transport === 'cookie') context.setCookie('session', null, 0)
  },
})
