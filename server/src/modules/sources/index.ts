/**
 * Sources: where mail leaves from. Addresses with their EHLO names, pools and weights; the warm-up of new addresses; and the budgets by which
 * senders on any number of hosts share a limit.
 *
 * Tables owned: routing, sources.*. Events: none; audit `source.paused`, `source.resumed`, `routing.set`, `routing.cleared`.
 * Invariants: no row of the queue names a source, so that no mail waits for one that is gone; all senders together take no more of a day's
 * allowance, and hold no more of a limit, than there is, by the clock of the database.
 */
export { createBudgetMetrics } from './budget-metrics.ts'
export { createBudgets, type BudgetsDependencies } from './budgets.ts'
export {
  implicitPlan,
  localAddressOf,
  type PlanProblem,
  type PlanResult,
  type Source,
  type SourcePlan,
  type SourcePool,
  type SourceTables,
  type WarmUp,
} from './plan.ts'
export { readPlan } from './read-plan.ts'
export type {
  Budgets,
  Pick,
  PickReceipt,
  PickWanted,
  ShareUse,
  SourceReply,
  Sources,
} from './source-types.ts'
export { createSourcesStore, type SourcesStore } from './sources-store.ts'
export { createSources, type SourcesDependencies } from './sources.ts'
export { createSourceDesk, type SourceDesk } from './source-desk.ts'
export { sourceOperations } from './source-operations.ts'
