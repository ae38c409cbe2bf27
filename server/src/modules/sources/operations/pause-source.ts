import { z } from 'zod'
import { Instant } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { SourceDesk } from '../source-desk.ts'
import { PlanName, SourceView } from '../source-views.ts'

type Context = OperationContext<{ sourceDesk: SourceDesk }>

const provider = PlanName.optional().describe('At this provider only; without it: everywhere.')

export const pauseSource = defineOperation({
  id: 'sources.pause',
  method: 'POST',
  path: '/v1/sources/{source}/pause',
  summary: 'Let a source rest, everywhere or at one provider',
  description:
    "Needs the operator's key. Mail leaves from the other sources of the pool, or waits. Senders hear of it within two seconds; transactions that have begun end. A warm-up goes on at the step where it was.",
  scope: 'sources:write',
  risk: 'safety',
  audit: 'source.paused',
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  status: 200,
  input: z.strictObject({
    source: PlanName,
    provider,
    reason: z.string().trim().min(1).max(500).describe('Shown to whoever asks why; no personal data.'),
    until: Instant.optional().describe('Ends by itself then; without it: until it is resumed.'),
  }),
  output: SourceView,
  handle: (context: Context, input) =>
    context.services.sourceDesk.pause(context.actor, {
      source: input.source,
      provider: input.provider ?? null,
      reason: input.reason,
      until: input.until === undefined ? null : new Date(input.until),
    }),
})

export const resumeSource = defineOperation({
  id: 'sources.resume',
  method: 'POST',
  path: '/v1/sources/{source}/resume',
  summary: 'End the rest of a source',
  description:
    "Needs the operator's key. Ends pauses of operators and automatic ones. After an automatic one the warm-up goes on one day's step before.",
  scope: 'sources:write',
  risk: 'installation',
  audit: 'source.resumed',
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  status: 200,
  input: z.strictObject({
    source: PlanName,
    provider: PlanName.optional().describe('Only pauses at this provider; without it: all of the source.'),
  }),
  output: SourceView,
  handle: (context: Context, input) =>
    context.services.sourceDesk.resume(context.actor, input.source, input.provider ?? null),
})
