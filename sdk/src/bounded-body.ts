import { BulkheadError } from './errors.ts'

/** The largest answer: a message of 40 MiB with room to spare. */
export const ANSWER_BYTES_MAX = 64 * 1024 * 1024

/** Reads an answer whole. Throws `invalid_response` beyond `limit` bytes: a broken peer must not fill the memory. */
export async function readBody(
  response: Response,
  limit: number = ANSWER_BYTES_MAX,
): Promise<Uint8Array<ArrayBuffer>> {
  if (response.body === null) return new Uint8Array(0)
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = response.body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.byteLength
    if (size > limit) {
      await reader.cancel()
      throw new BulkheadError({
        status: response.status,
        code: 'invalid_response',
        title: 'The answer cannot be used',
        detail: `It is larger than ${limit} bytes.`,
      })
    }
    chunks.push(value)
  }
  const whole = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.byteLength
  }
  return whole
}
