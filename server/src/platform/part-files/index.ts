/**
 * Append-only local files in parts: what a process must still know after `kill -9` and may forget as soon as it is settled.
 *
 * Invariants: the last line about a key is kept until the key is settled; a part that no key needs and that is no longer written to is removed; a part belongs to one process, and
 * of several processes that take over the parts of a dead one, each part goes to exactly one.
 */
export { isSameProcess, openPartFiles, takeOrphanedParts } from './part-files.ts'
export type { OrphanedParts, PartFiles } from './part-files.ts'
