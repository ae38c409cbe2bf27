import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Transport } from '../transport-service.ts'
import { ReceivedTlsReport, SentTlsReport, TransportState } from '../transport-views.ts'

export const showTransport = defineOperation({
  id: 'tls.show',
  method: 'GET',
  path: '/v1/installation/tls',
  summary: 'Whether DANE is on, and the MTA-STS policies that are known',
  description:
    "Needs the operator's key. Asks the validating resolver whether it validates. The policies are those of domains that mail went to.",
  scope: 'workspaces:read',
  risk: 'safety',
  audit: 'tls.shown',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject(listInput),
  output: TransportState,
  handle: (context: OperationContext<{ transport: Transport }>, input) =>
    context.services.transport.state(input),
})

export const listTlsReports = defineOperation({
  id: 'tls.listReports',
  method: 'GET',
  path: '/v1/tls-reports',
  summary: 'TLS reports of others about your domains, newest first',
  description:
    'Mailbox providers report daily whether sessions with your mail servers were encrypted and verified (RFC 8460). What they say is their word; kept for 90 days.',
  scope: 'domains:read',
  risk: 'read',
  audit: 'tls.reports_listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({
    ...listInput,
    domain: z.string().max(253).optional().describe('Those about this domain.'),
  }),
  output: pageOf(ReceivedTlsReport),
  handle: (context: OperationContext<{ transport: Transport }>, input) =>
    context.services.transport.received(context, input),
})

export const listInstallationTlsReports = defineOperation({
  id: 'tls.listInstallationReports',
  method: 'GET',
  path: '/v1/installation/tls-reports',
  summary: "TLS reports of others about the installation's own domains, newest first",
  description: "Needs the operator's key. About its host name and the domain of its bounces.",
  scope: 'workspaces:read',
  risk: 'safety',
  audit: 'tls.installation_reports_listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject(listInput),
  output: pageOf(ReceivedTlsReport),
  handle: (context: OperationContext<{ transport: Transport }>, input) =>
    context.services.transport.receivedByInstallation(input),
})

export const listSentTlsReports = defineOperation({
  id: 'tls.listSent',
  method: 'GET',
  path: '/v1/installation/tls-reports/sent',
  summary: 'TLS reports that this installation sent to others, newest first',
  description: "Needs the operator's key. One for each day and domain that asks for them; kept for 90 days.",
  scope: 'workspaces:read',
  risk: 'safety',
  audit: 'tls.sent_listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject(listInput),
  output: pageOf(SentTlsReport),
  handle: (context: OperationContext<{ transport: Transport }>, input) =>
    context.services.transport.sent(input),
})
