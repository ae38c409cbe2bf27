import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Quarantined } from '../bounce.ts'
import type { Bounces } from '../bounces-service.ts'
import { REPORT_KINDS } from '../findings.ts'

export const listQuarantine = defineOperation({
  id: 'quarantine.list',
  method: 'GET',
  path: '/v1/quarantine',
  summary: 'List mail from outside that belongs to no workspace, newest first',
  description:
    "Needs the operator's key. Mail to postmaster and abuse of the return-path domain, and reports that match no message.",
  scope: 'quarantine:read',
  risk: 'safety',
  audit: 'quarantine.listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({ ...listInput, kind: z.enum(REPORT_KINDS).optional() }),
  output: pageOf(Quarantined),
  handle: (context: OperationContext<{ bounces: Bounces }>, input) =>
    context.services.bounces.quarantine(input),
})
