import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineEmptyOperation, defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { HoneyAccount } from '../honey.ts'
import type { Honey } from '../honey-service.ts'

export const addHoney = defineOperation({
  id: 'honey.add',
  method: 'POST',
  path: '/v1/honey-accounts',
  summary: 'Make an account that nobody has: whoever tries it sets off an alarm',
  description:
    "Needs the operator's key. Answers of log-in, reset and sign-up are the same as for other addresses, and there is never a session. Put the address where only a thief finds it: into an export, a test list, a document.",
  scope: 'people:write',
  risk: 'installation',
  audit: 'honey.added',
  faults: ['invalid_request', 'conflict', 'unavailable'],
  status: 201,
  input: z.strictObject({ email: z.string().max(1016) }),
  output: HoneyAccount,
  handle: (context: OperationContext<{ honey: Honey }>, input) =>
    context.services.honey.add(context.actor, input.email),
})

export const listHoney = defineOperation({
  id: 'honey.list',
  method: 'GET',
  path: '/v1/honey-accounts',
  summary: 'List honey accounts, and when somebody tried them',
  description: "Needs the operator's key. At most 1,000.",
  scope: 'people:read',
  risk: 'installation',
  audit: 'honey.listed',
  faults: ['unavailable'],
  status: 200,
  input: z.strictObject({}),
  output: z.object({ data: z.array(HoneyAccount) }),
  handle: (context: OperationContext<{ honey: Honey }>) => context.services.honey.list(),
})

export const removeHoney = defineEmptyOperation({
  id: 'honey.remove',
  method: 'DELETE',
  path: '/v1/honey-accounts/{personId}',
  summary: 'Remove a honey account',
  description: "Needs the operator's key. The account of a person is never removed by this.",
  scope: 'people:write',
  risk: 'installation',
  audit: 'honey.removed',
  faults: ['not_found', 'unavailable'],
  input: z.strictObject({ personId: z.string() }),
  handle: (context: OperationContext<{ honey: Honey }>, input) =>
    context.services.honey.remove(context.actor, idOf('person', input.personId)),
})
