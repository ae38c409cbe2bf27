const CRLF = Buffer.from('\r\n')

/** A message without the line break that ends it, which is not of its text (RFC 5321 §4.1.1.4). */
export function withoutLastBreak(raw: Buffer): Buffer {
  return raw.subarray(-CRLF.length).equals(CRLF) ? raw.subarray(0, -CRLF.length) : raw
}
