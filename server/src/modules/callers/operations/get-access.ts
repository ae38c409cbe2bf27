import { z } from 'zod'
import { defineOperation, KNOWN_SCOPE } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { AccessView } from '../access-view.ts'
import type { Callers } from '../callers-service.ts'

/** Never contained: who is cut off learns it here. */
export const getAccess = defineOperation({
  id: 'access.get',
  method: 'GET',
  path: '/v1/access',
  summary: 'Show what you may do here, and what binds you',
  scope: KNOWN_SCOPE,
  risk: 'safety',
  audit: 'access.read',
  faults: [],
  status: 200,
  input: z.strictObject({}),
  output: AccessView,
  handle: (context: OperationContext<{ callers: Callers }>) => context.services.callers.describe(context),
})
