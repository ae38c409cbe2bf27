/**
 * Upkeep: what must happen though nobody asks for it. Leases of dead senders are given back, expired recipients end, partitions
 * are made ahead, and what has served its time is removed.
 *
 * Tables owned: none; each duty is a function of the engine. Invariants: every round is bounded; every duty may run in any number
 * of workers at once.
 */
export { startUpkeep } from './upkeep.ts'
