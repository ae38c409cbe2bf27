/**
 * Broadcasts: one mail to everybody on a list.
 *
 * Tables owned: broadcast, broadcast_recipient, broadcast_run; its audience is read from the tables of contacts, suppressions and topics.
 * Events: those of the messages; audit `broadcast.*`. Invariants: who is in the audience is fixed when the broadcast begins, in chunks;
 * each member is in exactly one state, with its reason; the id of a member's message is fixed before the message is written, so it is
 * accepted once at most and nobody is left out, whoever is killed when; every mail goes the one way in, as of the one who had it sent, and
 * stops where that one is contained or limited; what it says is stored sealed.
 */
export { createBroadcasts } from './broadcasts-service.ts'
export type { Broadcasts } from './broadcasts-service.ts'
export type { BroadcastDetailView, BroadcastView } from './broadcast.ts'
export { createBroadcastRunner } from './broadcast-runner.ts'
export type { BroadcastRunner, RunnerDependencies } from './broadcast-runner.ts'
export {
  cancelBroadcast,
  createBroadcast,
  deleteBroadcast,
  sendBroadcast,
  updateBroadcast,
} from './operations/change-broadcasts.ts'
export { getBroadcast, listBroadcasts } from './operations/read-broadcasts.ts'
export { broadcastOperations } from './broadcast-operations.ts'
