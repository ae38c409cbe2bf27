/**
 * Alerts: reading and acknowledging what security/detection has raised.
 *
 * Tables owned: none; reads security_alert. Events: none; audit `alert.acknowledged`. Invariants: a workspace sees its own alerts, the
 * operator those of no workspace; nobody changes or removes one by acknowledging it.
 */
export { RULE_WORDS } from './alert-kinds.ts'
export { createAlerts } from './alerts-service.ts'
export type { Alerts } from './alerts-service.ts'
export { alertOperations } from './alert-operations.ts'
