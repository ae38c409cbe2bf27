/**
 * Senders: named From addresses of a workspace.
 *
 * Tables owned: sender. Events: none; audit `sender.created`, `sender.deleted`.
 * Invariants: a sender's domain is one that the workspace has added; an address is listed once, compared without case; address, name
 * and address for replies are stored sealed, found by a blind index, and opened for display only, with the reason on record.
 */
export { createSenders, sealReadableSenders } from './senders-service.ts'
export type { Senders } from './senders-service.ts'
export { senderOperations } from './sender-operations.ts'
export { listSenders } from './operations/list-senders.ts'
