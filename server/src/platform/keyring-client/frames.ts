/**
 * The keyring's wire, seen from the asking side: `[u32 length][u32 request id][u32 json length][json][attachments]`, big-endian;
 * `sizes` in the JSON lists the attachments' lengths. The keyring has its own copy: nothing is shared with it but these bytes, and
 * the tests here run against the real process.
 */
const MAX_FRAME_BYTES = 1024 * 1024
const HEAD_BYTES = 12

export interface Frame {
  readonly id: number
  readonly body: Readonly<Record<string, unknown>>
  readonly attachments: readonly Buffer[]
}

/** Throws `RangeError` where the frame is longer than the keyring takes. */
export function encodeFrame(
  id: number,
  body: Readonly<Record<string, unknown>>,
  attachments: readonly Buffer[] = [],
): Buffer {
  const sizes = attachments.map((attachment) => attachment.length)
  const json = Buffer.from(JSON.stringify(sizes.length > 0 ? { ...body, sizes } : body))
  const total = HEAD_BYTES + json.length + sizes.reduce((sum, size) => sum + size, 0)
  if (total > MAX_FRAME_BYTES)
    throw new RangeError(`A request to the keyring may hold ${MAX_FRAME_BYTES} bytes`)
  const head = Buffer.allocUnsafe(HEAD_BYTES)
  head.writeUInt32BE(total - 4, 0)
  head.writeUInt32BE(id, 4)
  head.writeUInt32BE(json.length, 8)
  return Buffer.concat([head, json, ...attachments], total)
}

/** Cuts a byte stream into frames; holds at most one frame and one chunk. `push` throws on a malformed one. */
export function createFrameReader(): { push(chunk: Buffer): Frame[] } {
  let chunks: Buffer[] = []
  let held = 0
  let needed = HEAD_BYTES
  return {
    push(chunk) {
      chunks.push(chunk)
      held += chunk.length
      if (held < needed) return []
      let bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks, held)
      const frames: Frame[] = []
      needed = HEAD_BYTES
      while (bytes.length >= HEAD_BYTES) {
        const total = 4 + bytes.readUInt32BE(0)
        if (total > MAX_FRAME_BYTES || total < HEAD_BYTES)
          throw new RangeError('The frame has an impossible length')
        if (bytes.length < total) {
          needed = total
          break
        }
        frames.push(decodeFrame(bytes.subarray(0, total)))
        bytes = bytes.subarray(total)
      }
      chunks = bytes.length > 0 ? [bytes] : []
      held = bytes.length
      return frames
    },
  }
}

function decodeFrame(bytes: Buffer): Frame {
  const jsonEnd = HEAD_BYTES + bytes.readUInt32BE(8)
  if (jsonEnd > bytes.length) throw new RangeError('The JSON part is longer than the frame')
  const body: unknown = JSON.parse(bytes.toString('utf8', HEAD_BYTES, jsonEnd))
  if (typeof body !== 'object' || body === null) throw new RangeError('The JSON part is not an object')
  const sizes: unknown = 'sizes' in body ? body.sizes : []
  if (!Array.isArray(sizes)) throw new RangeError('sizes is not a list')
  const attachments: Buffer[] = []
  let at = jsonEnd
  for (const size of sizes) {
    if (typeof size !== 'number' || !(size >= 0) || at + size > bytes.length) {
      throw new RangeError('The attachments do not fit the frame')
    }
    attachments.push(bytes.subarray(at, at + size))
    at += size
  }
  return { id: bytes.readUInt32BE(4), body: { ...body }, attachments }
}
