/**
 * Honey accounts: people that nobody is (C-17). Whoever tries one has a list.
 *
 * Tables owned: none; rows of account.person with `honey`, through functions of the engine. Events: none; audit `honey.added`,
 * `honey.removed`; security/detection raises `honey.touched`. Invariants: outside, a honey account is like any other address; the
 * database issues no session for one; adding one tells the operator that an address is taken and nothing else of a person.
 */
export { createHoney } from './honey-service.ts'
export type { Honey } from './honey-service.ts'
export { honeyOperations } from './honey-operations.ts'
