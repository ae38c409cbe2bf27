/**
 * Notices: whoever answers for a workspace hears of what matters, at once, and before what is new counts (M-06).
 *
 * Tables owned: notices.* (contact, change, profile_row, recorded_row, profile, inert_domain, hold, notice). Events: `security.alert` to webhooks; audit
 * `change.approved`, `change.rejected`, `profile.recorded`.
 * Invariants: a change of senders, domains, webhooks, owners, admins or their addresses is told to all who were told before, by mail and by
 * webhook; whoever is removed hears for 24 hours more; what is new in an established workspace does nothing for 24 hours unless a second owner
 * approves; all of it is written by the database in the transaction of the change; a change without an act in the audit log, and a
 * row that is another without a change, raise an alarm; nothing is dropped, too many letters become one.
 */
export { createNotices } from './notices-service.ts'
export type { Alert, Notices } from './notices-service.ts'
export { createAlertDispatchStore } from './alert-dispatch-store.ts'
export { createProfileReconcile } from './profile-reconcile.ts'
export { createChanges } from './changes-service.ts'
export type { Changes } from './changes-service.ts'
export { changeOperations } from './change-operations.ts'
