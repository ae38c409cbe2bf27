/**
 * Containment: a process's copy of what is cut off. The database is what enforces it (migrations/0007_containment.sql); this copy lets a
 * process refuse before it works, refuse reads, end streams, and leave mail alone that it had claimed before the switch.
 *
 * Tables owned: none; modules/containments owns containment. Invariants: the copy is at most a second old while the database answers; a
 * copy that cannot be renewed keeps refusing what it refused.
 */
export { startContainmentWatch } from './containment-watch.ts'
export type { ContainmentWatch } from './containment-watch.ts'
