/**
 * Upkeep: what must happen though nobody asks for it. Leases of dead senders are given back, expired recipients end, partitions
 * are made ahead, what has served its time is removed, and a workspace whose keys are destroyed ends: its credentials die, its waiting
 * mail expires, because nobody can read or send it any more.
 *
 * Tables owned: shredded_workspace; each duty is a function of the engine. Invariants: every round is bounded; every duty may run in any number
 * of workers at once.
 */
export { startUpkeep } from './upkeep.ts'
