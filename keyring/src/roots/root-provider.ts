/** What is wrapped and where it belongs, for example `['workspace', id, 3]`. A wrapped value opens at its own place only. */
export type Place = readonly (string | number)[]

/** The root of all keys. Only wraps and unwraps, so that an HSM or a remote KMS can stand in for the file. */
export interface RootProvider {
  /** A fingerprint that tells roots apart and reveals nothing; stored beside each wrapped key. */
  readonly id: string
  /** Throws `Refusal` (`unavailable`) where the root cannot be reached. */
  wrap(place: Place, key: Buffer): Promise<Buffer>
  /** Throws `Refusal`: `refused` where the value was wrapped by another root or for another place, `unavailable` where the root is away. */
  unwrap(place: Place, wrapped: Buffer): Promise<Buffer>
}

/** A root with what it holds open: sessions, timers. */
export interface OpenRoot extends RootProvider {
  close(): Promise<void>
}

/** May a first root be made? Throws with the reason where it may not. Asked only where a root would have to be made. */
export type MayMakeRoot = () => Promise<void>

/** The place as bytes for additional data: each field behind its length (u32), so that no two places give the same bytes. */
export function bindPlace(place: Place): Buffer {
  return Buffer.concat(
    ['root', ...place].flatMap((field) => {
      const bytes = Buffer.from(String(field), 'utf8')
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      return [length, bytes]
    }),
  )
}
