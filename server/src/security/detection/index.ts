/**
 * Detection: signals of attack go in, alarms and flagged people come out.
 *
 * Tables owned: detection.* (but those of limits), security_alert; all reached through functions of the engine. Audit: `alert.raised`,
 * `person.flagged`. Invariants: addresses are stored as HMACs only; what is stored is bounded and expires; rules are data in the database
 * (docs/detection.md) and are judged there, so that a process can at most keep silent; an alarm does not wait for the audit log.
 */
export { agentClass } from './agent-class.ts'
export { createDetection } from './detection.ts'
export type { Alert, Detection, Signal, SignalKind, SignalOutcome } from './detection.ts'
export { startDetectionLoop } from './detection-loop.ts'
export { evaluate as evaluateDetection, insertAlert } from './detection-store.ts'
