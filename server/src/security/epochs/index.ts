/**
 * Epochs: floors below which credentials are dead, and the watch that ends what lives by them.
 *
 * Table owned: epoch, reached through functions of the engine only. Audit: `epoch.bumped`, written by the function itself.
 * Invariants: one row kills any number of credentials, on all processes, within a second; a floor is never lowered; the database
 * numbers what is issued, so that no process makes a credential that outlives its floor.
 */
export { CAUSES, credentialKey, EPOCH_POLL_MS, startCredentialWatch } from './credential-watch.ts'
export type { CauseOfDeath, ConnectionSource, CredentialRef, CredentialWatch } from './credential-watch.ts'
export { bumpEpoch, selectEpochs } from './epochs-store.ts'
export type { EpochRow } from './epochs-store.ts'
