/** Asks witnesses of the audit log for cosignatures (C2SP tlog-witness). */
export { createWitnessClient } from './witness-client.ts'
export type { CosignRequest, WitnessAnswer, WitnessClient } from './witness-client.ts'
