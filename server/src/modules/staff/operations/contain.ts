import { z } from 'zod'
import { LANES } from '../../../kernel/lane.ts'
import { Instant, listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineEmptyOperation, defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Staff } from '../staff-service.ts'
import { ContainmentInput, Reach, StaffContainment, Why } from '../staff.ts'

type Context = OperationContext<{ staff: Staff }>

export const staffContain = defineOperation({
  id: 'staffContainments.create',
  method: 'POST',
  path: '/v1/containments',
  summary: 'Contain the installation, a workspace or a credential',
  description:
    'When it is answered, nothing that it forbids is in flight. To hold a lane, contain `deliver:<lane>`. Two members of staff lift it.',
  scope: 'containments:write',
  risk: 'safety',
  audit: 'containment.contained',
  faults: ['invalid_request', 'not_found'],
  status: 201,
  input: z.strictObject(ContainmentInput),
  output: z.object({
    id: z.string(),
    until: Instant,
    ended: z.number().int().describe('Transactions ended by force.'),
    unfinished: z.number().int().describe('Transactions that would not end; 0 is what you want.'),
  }),
  handle: (context: Context, input) => context.services.staff.contain(context.actor, input),
})

export const staffPreview = defineOperation({
  id: 'staffContainments.preview',
  method: 'POST',
  path: '/v1/containments/preview',
  summary: 'Show what a containment would stop, without making it',
  description: 'By lane: messages of the last hour and recipients that wait, each counted up to 100,000.',
  scope: 'containments:write',
  risk: 'safety',
  audit: 'containment.previewed',
  faults: ['invalid_request', 'not_found'],
  status: 200,
  input: z.strictObject(Reach),
  output: z.object({
    data: z.array(
      z.object({
        lane: z.enum(LANES),
        acceptedLastHour: z.number().int(),
        waiting: z.number().int(),
      }),
    ),
  }),
  handle: async (context: Context, input) => {
    const { data } = await context.services.staff.preview(input)
    return { data: data.map((row) => ({ ...row, lane: z.enum(LANES).parse(row.lane) })) }
  },
})

export const listStaffContainments = defineOperation({
  id: 'staffContainments.list',
  method: 'GET',
  path: '/v1/containments',
  summary: 'List containments, the youngest first',
  scope: 'installation:read',
  risk: 'safety',
  audit: 'containment.listed',
  faults: ['invalid_request', 'not_found'],
  status: 200,
  input: z.strictObject({
    ...listInput,
    workspaceId: z.string().optional().describe('Only those of this workspace.'),
  }),
  output: pageOf(StaffContainment),
  handle: (context: Context, input) => context.services.staff.containments(input),
})

export const requestStaffLift = defineEmptyOperation({
  id: 'staffContainments.requestLift',
  method: 'POST',
  path: '/v1/containments/{containmentId}/lift-requests',
  summary: 'Ask for a containment to be lifted',
  description:
    'It stays in force until another member of staff approves. Both were staff before it was made.',
  scope: 'containments:lift',
  risk: 'safety',
  audit: 'containment.lift_requested',
  faults: ['invalid_request', 'not_found', 'conflict', 'lift_refused'],
  input: z.strictObject({ containmentId: z.string(), reason: Why }),
  handle: (context: Context, input) =>
    context.services.staff.requestLift(context.actor, input.containmentId, input.reason),
})

export const staffLift = defineEmptyOperation({
  id: 'staffContainments.lift',
  method: 'POST',
  path: '/v1/containments/{containmentId}/lift',
  summary: 'Approve the lift of a containment that another member of staff asked for',
  scope: 'containments:lift',
  risk: 'safety',
  audit: 'containment.lifted',
  faults: ['invalid_request', 'not_found', 'conflict', 'lift_refused'],
  input: z.strictObject({ containmentId: z.string(), reason: Why }),
  handle: (context: Context, input) =>
    context.services.staff.lift(context.actor, input.containmentId, input.reason),
})
