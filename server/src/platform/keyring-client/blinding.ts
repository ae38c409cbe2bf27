import { readAttachment } from './answers.ts'
import type { Channel } from './channel.ts'

export interface BlindAddress {
  /** 32 bytes: equal for equal addresses of one workspace, unrelated between workspaces. */
  readonly index: Buffer
  /** A signed 64-bit keyed hash of the domain, the same in all workspaces: what shaping counts by. */
  readonly destination: bigint
}

interface Waiting {
  readonly addresses: readonly string[]
  readonly resolve: (blinded: BlindAddress[]) => void
  readonly reject: (error: unknown) => void
}

const INDEX_BYTES = 32
const ADDRESS_BYTES = 40
/** 1,000 addresses of 320 bytes fit a frame even where JSON escapes them. */
const MAX_PER_FRAME = 1000
const MAX_VALUES_PER_FRAME = 400

/** Blind indexes. Addresses that are asked for in one turn of the event loop share a request per workspace. */
export function createBlinding(deps: { channel: Channel; timeoutMs: number }) {
  const waitingByWorkspace = new Map<string, Waiting[]>()

  async function ask(workspaceId: string, addresses: readonly string[]): Promise<BlindAddress[]> {
    const frames = chunk(addresses, MAX_PER_FRAME).map(async (part) => {
      const frame = await deps.channel.request({
        op: 'blindAddresses',
        body: { workspaceId, addresses: part },
        deadlineMs: Date.now() + deps.timeoutMs,
      })
      const bytes = readAttachment(frame, part.length * ADDRESS_BYTES)
      return part.map((_, i) => {
        const at = i * ADDRESS_BYTES
        const index = bytes.subarray(at, at + INDEX_BYTES)
        return { index, destination: bytes.readBigInt64BE(at + INDEX_BYTES) }
      })
    })
    return (await Promise.all(frames)).flat()
  }

  async function askTogether(workspaceId: string): Promise<void> {
    const group = waitingByWorkspace.get(workspaceId) ?? []
    waitingByWorkspace.delete(workspaceId)
    try {
      const blinded = await ask(
        workspaceId,
        group.flatMap((waiting) => waiting.addresses),
      )
      let at = 0
      for (const waiting of group) {
        waiting.resolve(blinded.slice(at, at + waiting.addresses.length))
        at += waiting.addresses.length
      }
    } catch (error) {
      if (group.length === 1) for (const waiting of group) waiting.reject(error)
      // One bad address fails the request it came in; its neighbours are asked for again, each alone.
      else
        for (const waiting of group) ask(workspaceId, waiting.addresses).then(waiting.resolve, waiting.reject)
    }
  }

  return {
    /** Per address its index and destination. The caller passes normalised addresses of at most 320 bytes. */
    addresses(workspaceId: string, addresses: readonly string[]): Promise<BlindAddress[]> {
      return new Promise((resolve, reject) => {
        const group = waitingByWorkspace.get(workspaceId)
        if (group !== undefined) {
          group.push({ addresses, resolve, reject })
          return
        }
        waitingByWorkspace.set(workspaceId, [{ addresses, resolve, reject }])
        setImmediate(() => void askTogether(workspaceId))
      })
    },

    /** A 32-byte index per value (at most 1,024 bytes each); for an address the same as `addresses` gives. */
    async values(workspaceId: string, values: readonly string[]): Promise<Buffer[]> {
      const parts = chunk(values, MAX_VALUES_PER_FRAME).map(async (part) => {
        const frame = await deps.channel.request({
          op: 'blind',
          body: { workspaceId, values: part },
          deadlineMs: Date.now() + deps.timeoutMs,
        })
        const bytes = readAttachment(frame, part.length * INDEX_BYTES)
        return part.map((_, i) => bytes.subarray(i * INDEX_BYTES, (i + 1) * INDEX_BYTES))
      })
      return (await Promise.all(parts)).flat()
    },
  }
}

function chunk<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = []
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size))
  return parts
}
