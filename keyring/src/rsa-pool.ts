import { generateKeyPair } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { Refusal } from './refusal.ts'

export interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

/** 190 ms each on threads that sign, too: whoever asks for more at once comes again. */
const MAX_WAITING = 16

const generate = promisify(generateKeyPair)

/** Makes an RSA-2048 pair: about 190 ms of CPU, on the thread pool. */
export async function generateRsa(): Promise<KeyPair> {
  return generate('rsa', { modulusLength: 2048 })
}

export async function generateEd25519(): Promise<KeyPair> {
  return generate('ed25519', {})
}

/**
 * A few RSA pairs made ahead, so that adding a domain does not wait for one. Made one at a time and only while nothing is being
 * signed: making keys shares the thread pool with signing.
 */
export function createRsaPool(deps: { size: number; busy: () => boolean }) {
  const ready: KeyPair[] = []
  let stopped = false
  let filling = false
  let waiting = 0
  let timer: NodeJS.Timeout | undefined

  async function fill(): Promise<void> {
    if (filling || ready.length >= deps.size) return
    filling = true
    if (!deps.busy()) ready.push(await generateRsa())
    filling = false
    if (!stopped && ready.length < deps.size) schedule(deps.busy() ? 1000 : 0)
  }

  function schedule(delayMs: number): void {
    clearTimeout(timer)
    timer = setTimeout(() => void fill(), delayMs)
    timer.unref()
  }

  schedule(0)
  return {
    get size(): number {
      return ready.length
    },
    /** Throws `unavailable` where too many wait for one. */
    async take(): Promise<KeyPair> {
      const made = ready.pop()
      if (!stopped) schedule(50)
      if (made !== undefined) return made
      if (waiting >= MAX_WAITING) throw new Refusal('unavailable', 'Too many key pairs are being made')
      waiting += 1
      try {
        return await generateRsa()
      } finally {
        waiting -= 1
      }
    },
    stop(): void {
      stopped = true
      clearTimeout(timer)
    },
  }
}
