/**
 * Transport security: what protects a session with somebody's mail server, and the reports about it.
 *
 * Tables owned: transport.sts_policy, transport.result, transport.report_sent, transport.report_received. Events: none.
 * Invariants: DANE (RFC 7672) counts only by the word of the validating resolver that the operator named, goes before MTA-STS and is
 * never softened by it; an MTA-STS policy (RFC 8461) that is known and enforced holds until it ends, whoever blocks its refresh, and one
 * that was never seen stops no mail; a policy in testing changes nothing but what is reported; what DNS could not say defers. Reports
 * (RFC 8460) are sent once for a day and a domain, by any number of processes; what others report is evidence and changes nothing.
 */
export { createStsPolicies } from './sts-policies.ts'
export type { StsPolicies, StsPoliciesDeps, StsState } from './sts-policies.ts'
export { createStsStore } from './sts-store.ts'
export { createTransportPolicy } from './transport-policy.ts'
export type { TransportPolicy, TransportPolicyDeps } from './transport-policy.ts'
export type { PolicyFacts, PolicyHost, RemovedHost, TransportVerdict } from './verdict.ts'
export { createResultStore } from './result-store.ts'
export { createTlsReports } from './tls-reports.ts'
export type { CountedSession, TlsReports } from './tls-reports.ts'
export { createReportSender } from './report-sender.ts'
export type { ReportSender } from './report-sender.ts'
export { createReportStore } from './report-store.ts'
export { createReportReceiver } from './report-receiver.ts'
export type { ReceivedEnd, ReportReceiver } from './report-receiver.ts'
export { createReceivedStore } from './received-store.ts'
export { createTransport } from './transport-service.ts'
export type { Transport } from './transport-service.ts'
export { transportOperations } from './transport-operations.ts'
export { runTransportUpkeep } from './transport-upkeep.ts'
