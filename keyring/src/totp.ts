import { createHmac, timingSafeEqual } from 'node:crypto'
import type { ProcessKind } from './access.ts'
import { Refusal } from './refusal.ts'
import type { createSecrets } from './secrets.ts'

const STEP_MS = 30_000
/** RFC 6238 §5.2: one step either way covers clocks that are wrong by up to 30 s. */
const WINDOW = [-1, 0, 1] as const
const DIGITS = 6
/** RFC 4226 §4, R6: at least 128 bits. */
const SEED_BYTES_MIN = 16
const SEED_BYTES_MAX = 64

/** The code of a time step: HOTP of the step with SHA-1 and six digits (RFC 4226 §5.3, RFC 6238 §4). */
export function totpCode(seed: Buffer, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', seed).update(counter).digest()
  const at = mac.readUInt8(mac.length - 1) & 0x0f
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 10 ** DIGITS).padStart(DIGITS, '0')
}

/**
 * The time step that `code` is of, or null: one of the three around `nowMs` that is later than `lastStep`. All three are computed and
 * compared in full, so that the time taken says nothing about which digits were right.
 */
export function matchingStep(seed: Buffer, code: string, lastStep: number, nowMs: number): number | null {
  const given = Buffer.from(code)
  const now = Math.floor(nowMs / STEP_MS)
  let matched: number | null = null
  for (const step of WINDOW.map((offset) => now + offset).filter((step) => step >= 0)) {
    const isSame = timingSafeEqual(Buffer.from(totpCode(seed, step)), given)
    if (isSame && step > lastStep) matched = step
  }
  return matched
}

/**
 * Checks codes of authenticator apps where the seed is: it is opened, used and wiped here, so that no other process can make a code.
 * Each check counts and is recorded as an unwrap. `wallMs` is the time of day, and may be set back: who stores the last step is safe
 * from codes that come again.
 */
export function createTotp(deps: {
  secrets: Pick<ReturnType<typeof createSecrets>, 'open'>
  wallMs: () => number
}) {
  return {
    /** Throws `refused` where the value does not open in this place or is no seed. */
    async verify(request: {
      readonly process: ProcessKind
      readonly workspaceId: string
      readonly context: string
      readonly sealed: Buffer
      readonly code: string
      readonly lastStep: number
      readonly reason: string
    }): Promise<number | null> {
      const { code, lastStep, ...place } = request
      const seed = await deps.secrets.open({ ...place, purpose: 'totp' })
      try {
        if (seed.length < SEED_BYTES_MIN || seed.length > SEED_BYTES_MAX)
          throw new Refusal('refused', 'The sealed value is not the seed of an authenticator app')
        return matchingStep(seed, code, lastStep, deps.wallMs())
      } finally {
        seed.fill(0)
      }
    },
  }
}
