/**
 * The way to the keyring process: blind indexes, content keys, DKIM signatures, sealed secrets,
 * peppers, keys of references, the audit key, rotation and shredding. Keys that it hands out stay in
 * memory for at most five minutes; DKIM private keys and purpose keys never come here.
 */
export { createKeyringClient } from './client.ts'
export type {
  DkimAlgorithm,
  DkimPublicKey,
  KeyringClient,
  KeyringHealth,
  PepperName,
  ReferencePurpose,
  SecretPurpose,
} from './client.ts'
export type { KeyringClientLog, KeyringState } from './channel.ts'
export type { BlindAddress } from './blinding.ts'
export type { ContentKeyLease, OpenedKeys, OpenedKeyState } from './content-keys.ts'
export type { SignItem, SignOutcome } from './signing.ts'
export {
  KeyringBudget,
  KeyringContained,
  KeyringRefused,
  KeyringShredded,
  KeyringUnavailable,
} from './errors.ts'
export type {
  AuditKeyInfo,
  KeyringOperator,
  KeyringRotation,
  KeyringShred,
  KeyringStatus,
  UnwrapStatement,
} from './operator.ts'
