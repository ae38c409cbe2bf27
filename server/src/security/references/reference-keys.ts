/** The part of the keyring that answers keys of references. */
export interface ReferenceKeyring {
  referenceKey(purpose: 'return-path' | 'links'): Promise<Buffer>
}

/** The key of a purpose, 32 bytes. Throws what the keyring's client throws until it was got once. */
export type ReferenceKey = () => Promise<Buffer>

/**
 * Asks the keyring for the key of a purpose once and keeps it, because it never changes: a process that has it goes on while the
 * keyring is away.
 */
export function createReferenceKey(deps: {
  readonly keyring: ReferenceKeyring
  readonly purpose: 'return-path' | 'links'
}): ReferenceKey {
  let key: Promise<Buffer> | null = null
  return () => {
    key ??= deps.keyring.referenceKey(deps.purpose).catch((error: unknown) => {
      key = null
      throw error
    })
    return key
  }
}
