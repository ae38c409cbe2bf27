/**
 * The inbox of development: mail that BULKHEAD_OUTBOUND=capture kept from leaving.
 *
 * Tables owned: captured. Events: none; audit `inbox.cleared`.
 * Invariants: captured mail is sealed like any other content and opened with the reason on record; what is shown is parsed, never
 * run: HTML goes out as data for a sandboxed frame; the newest 10,000 messages of a workspace are kept.
 */
export { createInbox } from './inbox-service.ts'
export type { Inbox } from './inbox-service.ts'
export { createCapture } from './capture.ts'
export type { Capture } from './capture.ts'
export { inboxOperations } from './inbox-operations.ts'
