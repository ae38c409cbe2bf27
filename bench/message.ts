/** The pieces of the test mail: a plausible order confirmation with a text and an HTML part. */
export interface SampleMail {
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** A mail whose text and HTML together are about `bytes` long (ASCII, lines of at most 130 characters). */
export function sampleMail(bytes: number): SampleMail {
  const text =
    'Hello,\r\n\r\nyour order has left. Track it at https://shop.test/track/1001\r\n\r\nThe shop\r\n'
  const head =
    '<!doctype html><html><body style="font-family:sans-serif"><h1>Your order has left</h1>\r\n<table>\r\n'
  const row =
    '<tr><td style="padding:8px">One thing that was ordered</td><td align="right">1 x 12.34</td></tr>\r\n'
  const tail = '</table></body></html>\r\n'
  const rows = Math.max(0, Math.floor((bytes - text.length - head.length - tail.length) / row.length))
  return { subject: 'Your order has left', text, html: head + row.repeat(rows) + tail }
}

/** Who a generated message is from and to, and which it is. */
export interface MessageParts {
  readonly index: number
  readonly from: string
  readonly to: string
  /** Put in X-Bench-Sent; the sink computes the latency from it. */
  readonly sentMs: number
}

/** Makes whole MIME messages of about `bytes` (multipart/alternative, CRLF, no line starts with a dot). `run` makes the ids unique. */
export function mimeFactory(bytes: number, run: string): (parts: MessageParts) => string {
  const boundary = '=_bench_boundary'
  const mail = sampleMail(bytes - 700)
  const part = (type: string, body: string): string =>
    `--${boundary}\r\nContent-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n${body}\r\n`
  const body = `${part('text/plain', mail.text)}${part('text/html', mail.html)}--${boundary}--\r\n`
  const date = new Date().toUTCString().replace('GMT', '+0000')
  return ({ index, from, to, sentMs }) =>
    `From: Shop <${from}>\r\nTo: <${to}>\r\nSubject: ${mail.subject} ${index}\r\nDate: ${date}\r\n` +
    `Message-ID: <${run}.${index}@${from.slice(from.indexOf('@') + 1)}>\r\nX-Bench-Sent: ${sentMs.toFixed(2)}\r\n` +
    `MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="${boundary}"\r\n\r\n${body}`
}

export interface JsonMailOptions {
  readonly bytes: number
  readonly from: string
  /** Further top-level fields of POST /v1/messages, such as `lane` or `sendAt`. */
  readonly extra?: Readonly<Record<string, unknown>>
  readonly stamp: boolean
}

/**
 * Makes the JSON bodies for POST /v1/messages. All but the recipient, the number and the stamp is serialised once: the generator shares the
 * two cores with what it measures.
 */
export function jsonFactory({
  bytes,
  from,
  extra,
  stamp,
}: JsonMailOptions): (parts: Omit<MessageParts, 'from'>) => string {
  const mail = sampleMail(bytes - 700)
  const fixed = JSON.stringify({ from: `Shop <${from}>`, html: mail.html, text: mail.text, ...extra }).slice(
    0,
    -1,
  )
  return ({ index, to, sentMs }) => {
    const stamped = stamp ? `,"headers":{"X-Bench-Sent":"${sentMs.toFixed(2)}"}` : ''
    return `${fixed},"to":${to},"subject":"${mail.subject} ${index}"${stamped}}`
  }
}
