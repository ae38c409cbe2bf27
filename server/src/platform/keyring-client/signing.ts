import { readList } from './answers.ts'
import type { Channel } from './channel.ts'
import { KeyringContained, KeyringUnavailable, readContainment } from './errors.ts'

export interface SignItem {
  readonly keyId: string
  /** The canonicalised header block of RFC 6376 §3.7, at most 64 KiB, closed by the DKIM-Signature with an empty b=. */
  readonly data: Buffer
}

export type SignOutcome =
  | { readonly state: 'signed'; readonly signature: Buffer }
  | { readonly state: 'refused'; readonly reason: string }

interface Waiting {
  readonly item: SignItem
  readonly deadlineMs: number
  readonly resolve: (outcome: SignOutcome) => void
  readonly reject: (error: unknown) => void
}

const MAX_ITEMS_PER_FRAME = 16
const MAX_BYTES_PER_FRAME = 768 * 1024
const MAX_OUTSTANDING = 64
/** Room that only urgent signatures may use, so that they do not wait for others to come back. */
const URGENT_ROOM = 16
const MAX_WAITING = 10_000

/**
 * Gathers signatures asked for in one turn of the event loop into frames, and keeps at most 64 under way: enough to keep both of
 * the keyring's threads busy, few enough that an urgent one never waits behind a long line. Urgent ones go first.
 */
export function createSigning(deps: { channel: Channel; timeoutMs: number }) {
  const urgentLine: Waiting[] = []
  const normalLine: Waiting[] = []
  let outstanding = 0
  let scheduled = false

  function flush(): void {
    scheduled = false
    for (;;) {
      const urgent = urgentLine.length > 0
      if (outstanding >= MAX_OUTSTANDING + (urgent ? URGENT_ROOM : 0)) return
      const batch = takeBatch(urgent ? urgentLine : normalLine)
      if (batch.length > 0) {
        outstanding += batch.length
        void sendBatch(batch, urgent)
      } else if (urgentLine.length + normalLine.length === 0) return
    }
  }

  async function sendBatch(batch: readonly Waiting[], urgent: boolean): Promise<void> {
    try {
      const frame = await deps.channel.request({
        op: 'sign',
        body: { keyIds: batch.map((waiting) => waiting.item.keyId), urgent },
        attachments: batch.map((waiting) => waiting.item.data),
        deadlineMs: Math.min(...batch.map((waiting) => waiting.deadlineMs)),
      })
      const reasons = readList(frame, 'reasons', batch.length)
      const contained = readList(frame, 'contained', batch.length)
      for (const [i, waiting] of batch.entries()) {
        const containment = contained[i]
        const reason = reasons[i]
        const signature = frame.attachments[i]
        if (containment !== null) waiting.reject(new KeyringContained(readContainment(containment)))
        else if (typeof reason === 'string') waiting.resolve({ state: 'refused', reason })
        else if (signature === undefined)
          waiting.reject(new KeyringUnavailable('the answer lacks a signature'))
        else waiting.resolve({ state: 'signed', signature })
      }
    } catch (error) {
      for (const waiting of batch) waiting.reject(error)
    }
    outstanding -= batch.length
    flush()
  }

  return {
    /** An outcome per item, in order. Throws `KeyringUnavailable` where no answer comes in time, `KeyringContained` where one is contained. */
    sign(items: readonly SignItem[], options: { readonly urgent?: boolean } = {}): Promise<SignOutcome[]> {
      const deadlineMs = Date.now() + deps.timeoutMs
      const line = options.urgent === true ? urgentLine : normalLine
      if (line.length + items.length > MAX_WAITING) {
        return Promise.reject(new KeyringUnavailable('too many signatures wait for the keyring'))
      }
      const outcomes = items.map((item) => {
        if (item.data.length > MAX_BYTES_PER_FRAME) {
          return Promise.resolve<SignOutcome>({ state: 'refused', reason: 'the header block is too long' })
        }
        return new Promise<SignOutcome>((resolve, reject) => line.push({ item, deadlineMs, resolve, reject }))
      })
      if (!scheduled) {
        scheduled = true
        setImmediate(flush)
      }
      return Promise.all(outcomes)
    },
  }
}

function takeBatch(line: Waiting[]): Waiting[] {
  const now = Date.now()
  let count = 0
  let bytes = 0
  for (const { item } of line) {
    bytes += item.data.length
    if (count === MAX_ITEMS_PER_FRAME || bytes > MAX_BYTES_PER_FRAME) break
    count += 1
  }
  return line.splice(0, count).filter((waiting) => {
    if (waiting.deadlineMs > now) return true
    waiting.reject(new KeyringUnavailable('sign was not answered in time'))
    return false
  })
}
