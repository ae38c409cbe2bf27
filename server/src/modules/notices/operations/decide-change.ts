import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Changes } from '../changes-service.ts'

const STEP_UP_SECONDS = 300

export const approveChange = defineOperation({
  id: 'changes.approve',
  method: 'POST',
  path: '/v1/changes/{changeId}/approve',
  summary: 'Let something new count at once',
  description:
    'For a second owner: one who was there before the change and did not make it. Mail that was held goes at once.',
  scope: 'members:write',
  risk: 'sender-change',
  stepUpSeconds: STEP_UP_SECONDS,
  audit: 'change.approved',
  faults: ['not_found', 'conflict', 'contained', 'unavailable'],
  status: 200,
  input: z.strictObject({ changeId: z.string() }),
  output: z.object({ id: z.string(), state: z.enum(['approved', 'rejected']) }),
  handle: (context: OperationContext<{ changes: Changes }>, input) =>
    context.services.changes.decide(context, idOf('change', input.changeId), true),
})

export const rejectChange = defineOperation({
  id: 'changes.reject',
  method: 'POST',
  path: '/v1/changes/{changeId}/reject',
  summary: 'Take away something new',
  description:
    'For a second owner. The sender, domain or webhook is deleted (a changed webhook is disabled), the membership ends, mail that was held is cancelled.',
  scope: 'members:write',
  risk: 'safety',
  stepUpSeconds: STEP_UP_SECONDS,
  audit: 'change.rejected',
  faults: ['not_found', 'conflict', 'contained', 'unavailable'],
  status: 200,
  input: z.strictObject({ changeId: z.string() }),
  output: z.object({ id: z.string(), state: z.enum(['approved', 'rejected']) }),
  handle: (context: OperationContext<{ changes: Changes }>, input) =>
    context.services.changes.decide(context, idOf('change', input.changeId), false),
})
