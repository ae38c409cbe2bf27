import type { ClaimedRow } from './job.ts'

const SLICE_MESSAGES = 32
const SLICE_BYTES = 16 * 1024 * 1024

/** Slices of one lane: few messages, bounded bytes, and all recipients of a message together where they came together. */
export function cutSlices(rows: readonly ClaimedRow[]): ClaimedRow[][] {
  const slices: ClaimedRow[][] = []
  let slice: ClaimedRow[] = []
  let bytes = 0
  let messages = new Set<string>()
  const sorted = [...rows].sort((a, b) =>
    a.messageId < b.messageId ? -1 : a.messageId > b.messageId ? 1 : a.number - b.number,
  )
  for (const row of sorted) {
    const isNew = !messages.has(row.messageId)
    if (
      isNew &&
      slice.length > 0 &&
      (messages.size >= SLICE_MESSAGES || bytes + row.sizeBytes > SLICE_BYTES)
    ) {
      slices.push(slice)
      slice = []
      bytes = 0
      messages = new Set()
    }
    if (!messages.has(row.messageId)) {
      messages.add(row.messageId)
      bytes += row.sizeBytes
    }
    slice.push(row)
  }
  if (slice.length > 0) slices.push(slice)
  return slices
}
