import { createHash, timingSafeEqual } from 'node:crypto'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'

/** The pepper that the api process alone may use: no other process can make what opens an account. */
const PEPPER = 'password'

/** The part of the keyring that binds rows. */
export type Binder = Pick<KeyringClient, 'pepper'>

/** HMAC under the pepper of a label and some fields; JSON keeps them apart, and no password and no session has such a label. */
export async function bindFactor(
  keyring: Binder,
  label: 'passkey' | 'challenge' | 'recovery code',
  fields: readonly (string | null)[],
): Promise<Buffer> {
  const [binding] = await bindFactors(keyring, label, [fields])
  if (binding === undefined) throw new Error('the keyring answered too few digests')
  return binding
}

/** As bindFactor, for several at once. */
export function bindFactors(
  keyring: Binder,
  label: 'passkey' | 'challenge' | 'recovery code',
  all: readonly (readonly (string | null)[])[],
): Promise<Buffer[]> {
  return keyring.pepper(
    PEPPER,
    all.map((fields) =>
      createHash('sha256')
        .update(JSON.stringify([`bulkhead ${label} binding 1`, ...fields]))
        .digest(),
    ),
  )
}

/** Whether a stored binding is the one that these fields have. */
export async function fits(
  keyring: Binder,
  label: 'passkey' | 'challenge',
  fields: readonly (string | null)[],
  binding: Buffer,
): Promise<boolean> {
  const expected = await bindFactor(keyring, label, fields)
  return binding.length === expected.length && timingSafeEqual(binding, expected)
}
