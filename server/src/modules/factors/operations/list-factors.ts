import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { FactorList } from '../factor.ts'
import type { OwnFactors } from '../factors-service.ts'

export const listFactors = defineOperation({
  id: 'factors.list',
  method: 'GET',
  path: '/v1/account/factors',
  summary: 'List your second factors',
  scope: 'account:enrol',
  risk: 'read',
  audit: 'second_factor.listed',
  faults: [],
  status: 200,
  input: z.strictObject({}),
  output: FactorList,
  handle: (context: OperationContext<{ factors: OwnFactors }>) => context.services.factors.list(context),
})
