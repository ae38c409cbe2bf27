import { hashRaw } from '@node-rs/argon2'

/** What one hash costs, and costs whoever guesses. */
export interface Argon2Costs {
  /** m of RFC 9106: memory, in KiB. */
  readonly memoryKib: number
  /** t: passes over the memory. */
  readonly passes: number
  /** p: lanes. */
  readonly lanes: number
}

const OUTPUT_BYTES = 32

/**
 * 32 bytes of argon2id, version 19, on a thread of libuv's pool: it takes `memoryKib` of memory and a core for its time (31 ms for
 * 19 MiB and two passes). Whoever calls it bounds how many run at once. Throws where costs or salt are not what RFC 9106 §3.1 allows.
 */
export function argon2id(password: string, salt: Buffer, costs: Argon2Costs): Promise<Buffer> {
  // Its defaults are argon2id and version 19; argon2.test.ts compares with another implementation's answers.
  return hashRaw(password, {
    salt,
    memoryCost: costs.memoryKib,
    timeCost: costs.passes,
    parallelism: costs.lanes,
    outputLen: OUTPUT_BYTES,
  })
}
