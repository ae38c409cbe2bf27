/**
 * Who asks: what a key or a person may do here, and what a client must know of the installation before it shows anything.
 *
 * Tables owned: none. Events: none; audit `access.read`.
 * Invariants: tells a caller nothing about anybody else; what is contained is told to those whom it binds, whatever they may read.
 */
export { createCallers } from './callers-service.ts'
export type { Callers, InstallationFacts } from './callers-service.ts'
export { callerOperations } from './caller-operations.ts'
