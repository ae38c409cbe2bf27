import { createHash, createHmac } from 'node:crypto'

/** HMAC-SHA256 of a text under a key of the installation; 32 bytes. */
export type KeyedDigest = (text: string) => Promise<Buffer>

/**
 * Turns addresses and other keys of limits and signals into what the database may hold. A plain hash of an IPv4 address is guessed in
 * minutes, so the key comes from the keyring: the pepper of a fixed text, asked for once. The process that asks sees the addresses anyway.
 * Throws what the keyring's client throws until the key was got once.
 */
export function createKeyedDigest(deps: {
  readonly pepper: { of(digest: Buffer): Promise<Buffer> }
}): KeyedDigest {
  let key: Promise<Buffer> | null = null

  function keyOf(): Promise<Buffer> {
    key ??= deps.pepper.of(LABEL).catch((error: unknown) => {
      key = null
      throw error
    })
    return key
  }

  return async (text) =>
    createHmac('sha256', await keyOf())
      .update(text)
      .digest()
}

/** No secret has this digest: the text is not one that a credential can be. */
const LABEL = createHash('sha256').update('bulkhead: key of limits and signals, version 1').digest()
