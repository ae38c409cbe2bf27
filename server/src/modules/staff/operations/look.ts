import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Staff } from '../staff-service.ts'
import { ProcessLine, QueueLine, StaffWorkspace } from '../staff.ts'

type Context = OperationContext<{ staff: Staff }>

export const listStaffWorkspaces = defineOperation({
  id: 'staffWorkspaces.list',
  method: 'GET',
  path: '/v1/workspaces',
  summary: 'List workspaces with counters of their state, the oldest first',
  description: 'Numbers only: no address, no content, no domain.',
  scope: 'installation:read',
  risk: 'safety',
  audit: 'workspace.listed',
  faults: ['invalid_request'],
  status: 200,
  input: z.strictObject(listInput),
  output: pageOf(StaffWorkspace),
  handle: (context: Context, input) => context.services.staff.workspaces(input),
})

export const getStaffQueue = defineOperation({
  id: 'staffQueue.get',
  method: 'GET',
  path: '/v1/queue',
  summary: 'Show what waits, by workspace and lane',
  description: 'The longest queues first; at most 1,000 lines.',
  scope: 'installation:read',
  risk: 'safety',
  audit: 'queue.read',
  faults: ['not_found'],
  status: 200,
  input: z.strictObject({ workspaceId: z.string().optional().describe('Only this workspace.') }),
  output: z.object({ data: z.array(QueueLine) }),
  handle: (context: Context, input) => context.services.staff.queue(input.workspaceId),
})

export const listProcesses = defineOperation({
  id: 'staffProcesses.list',
  method: 'GET',
  path: '/v1/processes',
  summary: 'Show the processes of all hosts and how they are',
  scope: 'installation:read',
  risk: 'safety',
  audit: 'process.listed',
  faults: [],
  status: 200,
  input: z.strictObject({}),
  output: z.object({ data: z.array(ProcessLine) }),
  handle: (context: Context) => context.services.staff.processes(),
})
