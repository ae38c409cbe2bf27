/**
 * Reports for submitters (delivery status notifications, RFC 3461, 3464, 6522): who asked over SMTP to be told of failure, success or
 * delay gets a mail.
 *
 * Tables owned: dsn_request (written by messages, before the message), dsn_report (written in the transaction of outcomes and events).
 * Events: none of its own; a report is a message of the workspace, in the lane `internal`.
 * Invariants: none is lost and none is sent twice; at most one per recipient and kind; nothing goes to the null reverse-path and every
 * report has it, so no report causes another; of a sensitive message a report says its Message-ID and no more.
 */
export { createDsnReports, startDsnUpkeep } from './dsn-service.ts'
export type { DsnReports } from './dsn-service.ts'
