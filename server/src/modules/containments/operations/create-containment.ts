import { z } from 'zod'
import { REASON_CODES } from '../../../kernel/containment.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { MadeContainment, Reason, untilInput, wishInput } from '../containment.ts'
import type { Containments } from '../containments-service.ts'

export const createContainment = defineOperation({
  id: 'containments.create',
  method: 'POST',
  path: '/v1/containments',
  summary: 'Cut something off in this workspace',
  description:
    'When it answers, nothing that it forbids is in flight and nothing of it commits any more. The blocked party is told the reason, the incident, until when, and where to object. Nothing else is changed, so that a lift restores exactly what was. Look at the preview first.',
  scope: 'containments:write',
  risk: 'safety',
  audit: 'containment.contained',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  status: 201,
  input: z.strictObject({
    ...wishInput,
    ...untilInput,
    reasonCode: z.enum(REASON_CODES).default('security_hold'),
    reason: Reason.describe('What the blocked party is told.'),
    incident: z.string().trim().min(1).max(200).optional().describe('Name or number of the incident.'),
    evidence: z.string().trim().min(1).max(2000).optional().describe('Link to the evidence.'),
  }),
  output: MadeContainment,
  handle: (context: OperationContext<{ containments: Containments }>, input) =>
    context.services.containments.create(context, input),
})
