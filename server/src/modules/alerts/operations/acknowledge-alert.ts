import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineEmptyOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { AlertNote } from '../alert.ts'
import type { Alerts } from '../alerts-service.ts'

export const acknowledgeWorkspaceAlert = defineEmptyOperation({
  id: 'alerts.acknowledge',
  method: 'POST',
  path: '/v1/alerts/{alertId}/acknowledge',
  summary: 'Say that a security alert was seen',
  description: 'Who acknowledges first is noted. Nothing else changes: marks on people stay.',
  scope: 'alerts:write',
  risk: 'safety',
  audit: 'alert.acknowledged',
  faults: ['not_found', 'unavailable'],
  input: z.strictObject({ alertId: z.string(), note: AlertNote }),
  handle: (context: OperationContext<{ alerts: Alerts }>, input) =>
    context.services.alerts.acknowledge(context, idOf('alert', input.alertId), input.note),
})

export const acknowledgeInstallationAlert = defineEmptyOperation({
  id: 'alerts.acknowledgeInstallation',
  method: 'POST',
  path: '/v1/installation/alerts/{alertId}/acknowledge',
  summary: 'Say that a security alert of the installation was seen',
  description: "Needs the operator's key.",
  scope: 'installation-alerts:write',
  risk: 'safety',
  audit: 'alert.acknowledged',
  faults: ['not_found', 'unavailable'],
  input: z.strictObject({ alertId: z.string(), note: AlertNote }),
  handle: (context: OperationContext<{ alerts: Alerts }>, input) =>
    context.services.alerts.acknowledgeInstallation(context.actor, idOf('alert', input.alertId), input.note),
})
