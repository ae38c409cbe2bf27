/**
 * The wire: `[u32 length][u32 request id][u32 json length][json][attachments]`, big-endian; `length` counts what follows it. The
 * JSON's `sizes` lists the attachments' lengths in order. Binary values travel as attachments, so nothing is base64 on the hot path.
 */
export const MAX_FRAME_BYTES = 1024 * 1024
export const MAX_ITEMS = 4096
const HEAD_BYTES = 12

export interface Frame {
  readonly id: number
  readonly body: Readonly<Record<string, unknown>>
  readonly attachments: readonly Buffer[]
}

/** A frame that breaks the rules; the connection is of no further use. */
export class ProtocolError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ProtocolError'
  }
}

export function encodeFrame(
  id: number,
  body: Readonly<Record<string, unknown>>,
  attachments: readonly Buffer[] = [],
): Buffer {
  const sizes = attachments.map((attachment) => attachment.length)
  const json = Buffer.from(JSON.stringify(sizes.length > 0 ? { ...body, sizes } : body))
  const head = Buffer.alloc(HEAD_BYTES)
  const total = HEAD_BYTES + json.length + sizes.reduce((sum, size) => sum + size, 0)
  head.writeUInt32BE(total - 4, 0)
  head.writeUInt32BE(id, 4)
  head.writeUInt32BE(json.length, 8)
  return Buffer.concat([head, json, ...attachments], total)
}

/** Cuts a byte stream into frames. Holds at most one frame and one chunk, in one buffer however many chunks they came in. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0)
  #held = 0
  #needed = HEAD_BYTES

  /** Returns the frames that `chunk` completes. Throws `ProtocolError` on the first byte that proves the stream bad. */
  push(chunk: Buffer): Frame[] {
    let bytes = this.#held === 0 && chunk.length >= this.#needed ? chunk : this.#append(chunk)
    if (bytes.length < this.#needed) return []
    const frames: Frame[] = []
    this.#needed = HEAD_BYTES
    while (bytes.length >= HEAD_BYTES) {
      const total = 4 + bytes.readUInt32BE(0)
      if (total > MAX_FRAME_BYTES) throw new ProtocolError(`A frame may hold ${MAX_FRAME_BYTES} bytes`)
      if (total < HEAD_BYTES) throw new ProtocolError('The frame is shorter than its head')
      if (bytes.length < total) {
        this.#needed = total
        break
      }
      frames.push(decodeFrame(bytes.subarray(0, total)))
      bytes = bytes.subarray(total)
    }
    // A new buffer: the attachments of the frames lie in the one before.
    this.#pending = Buffer.from(bytes)
    this.#held = bytes.length
    return frames
  }

  /** Copies: a peer that sends single bytes must not cost an object for each. The buffer doubles, so a promised length costs nothing. */
  #append(chunk: Buffer): Buffer {
    const held = this.#held + chunk.length
    if (held > this.#pending.length) {
      const larger = Buffer.alloc(Math.max(held, 2 * this.#pending.length))
      this.#pending.copy(larger, 0, 0, this.#held)
      this.#pending = larger
    }
    chunk.copy(this.#pending, this.#held)
    this.#held = held
    return this.#pending.subarray(0, held)
  }
}

function decodeFrame(bytes: Buffer): Frame {
  const jsonEnd = HEAD_BYTES + bytes.readUInt32BE(8)
  if (jsonEnd > bytes.length) throw new ProtocolError('The JSON part is longer than the frame')
  const body = parseObject(bytes.toString('utf8', HEAD_BYTES, jsonEnd))
  const sizes: unknown = body['sizes'] ?? []
  if (!Array.isArray(sizes) || sizes.length > MAX_ITEMS)
    throw new ProtocolError('sizes is not a list of at most 4,096')
  const attachments: Buffer[] = []
  let at = jsonEnd
  for (const size of sizes) {
    if (typeof size !== 'number' || !Number.isInteger(size) || size < 0 || at + size > bytes.length) {
      throw new ProtocolError('The attachments do not fit the frame')
    }
    attachments.push(bytes.subarray(at, at + size))
    at += size
  }
  if (at !== bytes.length) throw new ProtocolError('The frame has bytes that belong to nothing')
  return { id: bytes.readUInt32BE(4), body, attachments }
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new ProtocolError('The JSON part is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProtocolError('The JSON part is not an object')
  }
  return { ...value }
}
