/**
 * Policies: what a workspace demands of the people who act in it (C-06, S-09).
 *
 * Tables owned: workspace_policy, policy_change. Events: none; audit `policy.changed`, `policy.confirmed`.
 * Invariants: a policy holds at the next request of every session and on live streams (security/access judges them, engine.dead_entries the
 * streams); nobody locks himself out alone: networks that do not hold the own address take a second owner inside of them, a factor that
 * the own session did not show is refused, and single sign-on is made the only way by an owner with a passkey who keeps that way.
 */
export { createPolicies } from './policies-service.ts'
export type { Policies } from './policies-service.ts'
export { policyOperations } from './policy-operations.ts'
