/**
 * Acts on the queue: pause, resume, hold, release, requeue, expire; what waits, and what an act would touch.
 *
 * Tables owned: operations.act, .pause, .awaited, .second_hold, .changed; marks rows of queue. Events: `message.held`,
 * `message.released`, `message.expired`; audit `queue.paused`, `.held`, `.released`, `.requeued`, `.expired`, `.resumed`, `.undone`, `.cancelled`,
 * `.act_ended`.
 * Invariants: nobody acts on more than a preview has shown; a row that several hold is free only when all are over; an act ends neither
 * what holds new senders (notices) nor a containment; every batch is one transaction, so that an act outlives its worker; a row's due
 * time survives being held.
 */
export { createQueue } from './queue-service.ts'
export type { QueueService } from './queue-service.ts'
export { startQueueActs } from './queue-worker.ts'
export { queueOperations, staffQueueOperations } from './queue-operations.ts'
