import { z } from 'zod'
import { idOf, listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Alert, alertFilter } from '../alert.ts'
import type { Alerts } from '../alerts-service.ts'

export const listAlerts = defineOperation({
  id: 'alerts.list',
  method: 'GET',
  path: '/v1/alerts',
  summary: 'List security alerts of the workspace, newest first',
  description: 'What was noticed around the accounts of its people. One alert goes on while the attack does.',
  scope: 'alerts:read',
  risk: 'safety',
  audit: 'alert.listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({
    ...listInput,
    ...alertFilter,
  }),
  output: pageOf(Alert),
  handle: (context: OperationContext<{ alerts: Alerts }>, input) =>
    context.services.alerts.list(context, input),
})

export const getAlert = defineOperation({
  id: 'alerts.get',
  method: 'GET',
  path: '/v1/alerts/{alertId}',
  summary: 'Show a security alert',
  scope: 'alerts:read',
  risk: 'safety',
  audit: 'alert.read',
  faults: ['not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ alertId: z.string() }),
  output: Alert,
  handle: (context: OperationContext<{ alerts: Alerts }>, input) =>
    context.services.alerts.get(context, idOf('alert', input.alertId)),
})

export const listInstallationAlerts = defineOperation({
  id: 'alerts.listInstallation',
  method: 'GET',
  path: '/v1/installation/alerts',
  summary: 'List security alerts of the installation, newest first',
  description:
    "Needs the operator's key. Attacks on the installation as a whole, and on single people; what concerns a workspace is read with its own keys.",
  scope: 'installation-alerts:read',
  risk: 'safety',
  audit: 'alert.installation_listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({ ...listInput, ...alertFilter }),
  output: pageOf(Alert),
  handle: (context: OperationContext<{ alerts: Alerts }>, input) =>
    context.services.alerts.listInstallation(input),
})
