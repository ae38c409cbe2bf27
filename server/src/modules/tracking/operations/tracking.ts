import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { MessageTracking, TrackingSettingsView } from '../tracking-service.ts'
import type { TrackingService } from '../tracking-service.ts'

type Context = OperationContext<{ tracking: TrackingService }>

export const getTracking = defineOperation({
  id: 'tracking.get',
  method: 'GET',
  path: '/v1/tracking',
  summary: 'Show what is tracked',
  scope: 'domains:read',
  risk: 'read',
  audit: 'tracking.read',
  faults: [],
  status: 200,
  input: z.strictObject({}),
  output: TrackingSettingsView,
  handle: (context: Context) => context.services.tracking.settings(context),
})

export const updateTracking = defineOperation({
  id: 'tracking.update',
  method: 'PATCH',
  path: '/v1/tracking',
  summary: 'Change what is tracked',
  description:
    'Opens and clicks of new mail. Sensitive mail is never tracked; a message may ask otherwise unless the setting is never.',
  scope: 'domains:write',
  risk: 'write',
  audit: 'tracking.updated',
  faults: ['invalid_request'],
  status: 200,
  input: z.strictObject({
    opens: TrackingSettingsView.shape.opens.optional(),
    clicks: TrackingSettingsView.shape.clicks.optional(),
    critical: TrackingSettingsView.shape.critical.optional(),
  }),
  output: TrackingSettingsView,
  handle: (context: Context, input) => context.services.tracking.update(context, input),
})

export const getMessageTracking = defineOperation({
  id: 'tracking.message',
  method: 'GET',
  path: '/v1/messages/{messageId}/tracking',
  summary: 'Count opens and clicks of a message',
  description:
    'By people, by proxies of mailbox providers, by scanners and unknown. Of a link that is fetched often, the first fetches are events too.',
  scope: 'messages:read',
  risk: 'read',
  audit: 'message.read',
  faults: ['not_found'],
  status: 200,
  input: z.strictObject({ messageId: z.string() }),
  output: MessageTracking,
  handle: (context: Context, input) => context.services.tracking.counts(context, input.messageId),
})
