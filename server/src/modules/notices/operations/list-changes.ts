import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Change } from '../change.ts'
import type { Changes } from '../changes-service.ts'

export const listChanges = defineOperation({
  id: 'changes.list',
  method: 'GET',
  path: '/v1/changes',
  summary: 'List changes of senders, domains, webhooks, owners and admins, newest first',
  description:
    'Each was told to all who were told of such things before it, by mail and by webhook. What is new in an established workspace does nothing for 24 hours.',
  scope: 'alerts:read',
  risk: 'safety',
  audit: 'changes.listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject(listInput),
  output: pageOf(Change),
  handle: (context: OperationContext<{ changes: Changes }>, input) =>
    context.services.changes.list(context, input),
})
