/**
 * Keys of the installation, for the operator: what wraps what, rotation, and the destruction of a workspace's keys. Nothing here opens
 * anything; the work is done by the keyring process.
 *
 * Tables owned: none (the keyring's schema is its own). Events: none; audit `keyring.rotation_started`, `keyring.shred_requested`,
 * `keyring.shred_cancelled`.
 * Invariants: an act is on the audit record before the keyring is asked, and stays there only where the keyring took it.
 */
export { createKeyringGauges } from './budget-watch.ts'
export { createKeyringService } from './keyring-service.ts'
export type { KeyringService } from './keyring-service.ts'
export { keyringOperations } from './keyring-operations.ts'
