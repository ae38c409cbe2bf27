/** DKIM signing in two stages around a signature that the keyring makes (RFC 6376, 8301, 8463), and the DNS records that go with it. */
export { finishSigning, prepareSigning } from './prepare.ts'
export type { DkimAlgorithm, PreparedSignature } from './prepare.ts'
export { dkimRecord, splitTxt } from './record.ts'
