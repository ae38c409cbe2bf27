/**
 * Subaccounts: mail of the customer's own customers, each paused, counted and limited by itself.
 *
 * Tables owned: subaccount, subaccount_use (written by engine.accept); pauses through operations.stop of modules/batches. Events: message.held and
 * .released of what is paused; audit `subaccount.*`. Invariants: recipients are counted in the commit that accepts them, by the hour in which
 * they go; with a quota no hour takes more, and what finds no room waits for the next that has some; what is paused is accepted and waits.
 */
export { createSubaccounts } from './subaccounts-service.ts'
export type { Subaccounts } from './subaccounts-service.ts'
export { subaccountOperations } from './subaccount-operations.ts'
export { createSubaccount, deleteSubaccount, updateSubaccount } from './operations/change-subaccounts.ts'
export { getSubaccount, listSubaccounts } from './operations/read-subaccounts.ts'
