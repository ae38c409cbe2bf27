import type { OpenedKeys } from '../../platform/keyring-client/index.ts'
import { open, sealedKeyId } from '../../platform/sealing/index.ts'
import type { SealedPlace } from '../../platform/sealing/index.ts'

/** Keys that are named by what looks sealed. Whoever writes to the database must not stop all letters with one row that is not. */
export function keyIdsOf(values: readonly (Buffer | null)[]): string[] {
  return [...new Set(values.map(keyIdOf).filter((id) => id !== null))]
}

function keyIdOf(sealed: Buffer | null): string | null {
  if (sealed === null) return null
  try {
    return sealedKeyId(sealed)
  } catch {
    return null
  }
}

/** Null where the key is gone, or where it was written by somebody who could not seal. */
export function openIn(keys: OpenedKeys | undefined, place: SealedPlace, sealed: Buffer): string | null {
  const id = keyIdOf(sealed)
  if (keys === undefined || id === null || keys.get(id) === undefined) return null
  try {
    return open(keys, place, sealed).toString()
  } catch {
    return null
  }
}
