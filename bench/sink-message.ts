/** What the sink reads of a message: enough to tell which it is, whether it is signed, and how long it was on its way. */
export interface Glance {
  /** X-Bulkhead-Message when there, else Message-ID, else `-`. */
  readonly id: string
  readonly messageId: string
  readonly dkimSignatures: number
  /** X-Bench-Sent, milliseconds since 1970, or 0. */
  readonly sentMs: number
}

const LF = 10
const CR = 13

function startsWithName(raw: Buffer, at: number, lowerName: string): boolean {
  for (let i = 0; i < lowerName.length; i++) {
    if (((raw[at + i] ?? 0) | 0x20) !== (lowerName.charCodeAt(i) | 0x20)) return false
  }
  return true
}

function fieldValue(raw: Buffer, at: number, end: number): string {
  let stop = end
  // A folded value (RFC 5322 §2.2.3) goes on in lines that begin with a space or a tab.
  while (stop + 1 < raw.length && (raw[stop + 1] === 32 || raw[stop + 1] === 9)) {
    const next = raw.indexOf(LF, stop + 1)
    if (next < 0) break
    stop = next
  }
  return raw.toString('latin1', at, stop).replaceAll(/\s+/g, ' ').trim().slice(0, 998)
}

/** Walks the header once, line by line. About 3 µs for 1.5 KB: a regular expression over it costs three times as much. */
export function glance(raw: Buffer): Glance {
  let id = ''
  let messageId = ''
  let dkimSignatures = 0
  let sentMs = 0
  let at = 0
  while (at < raw.length) {
    const first = raw[at] ?? 0
    if (first === CR || first === LF) break
    const end = raw.indexOf(LF, at)
    if (end < 0) break
    const letter = first | 0x20
    if (letter === 0x64 && startsWithName(raw, at, 'dkim-signature:')) dkimSignatures++
    else if (letter === 0x6d && startsWithName(raw, at, 'message-id:'))
      messageId = fieldValue(raw, at + 11, end)
    else if (letter === 0x78) {
      if (startsWithName(raw, at, 'x-bulkhead-message:')) id = fieldValue(raw, at + 19, end)
      else if (startsWithName(raw, at, 'x-bench-sent:')) sentMs = Number(fieldValue(raw, at + 13, end)) || 0
    }
    at = end + 1
  }
  return { id: id || messageId || '-', messageId, dkimSignatures, sentMs }
}

/** Removes the dot that the client doubled at the start of lines (RFC 5321 §4.5.2). */
export function unstuff(raw: Buffer): Buffer {
  const parts: Buffer[] = []
  let from = 0
  if (raw[0] === 46) from = 1
  for (let at = raw.indexOf('\r\n.', 0, 'latin1'); at >= 0; at = raw.indexOf('\r\n.', at + 3, 'latin1')) {
    parts.push(raw.subarray(from, at + 2))
    from = at + 3
  }
  parts.push(raw.subarray(from))
  return Buffer.concat(parts)
}
