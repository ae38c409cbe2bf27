/** What a form or a one-click request says. */
export interface UnsubscribeForm {
  /** RFC 8058 §3.2: `List-Unsubscribe=One-Click`. */
  readonly oneClick: boolean
  readonly fromPage: boolean
  readonly resubscribe: boolean
  /** Not only the topic of the message. */
  readonly everything: boolean
  readonly address: string
}

/** Bodies are some hundred bytes; mailbox providers send twenty-six. */
export const FORM_BYTES_MAX = 4_096

/** Reads both types of body that RFC 8058 §3.2 allows. Anything else says nothing. Throws at nothing. */
export function readForm(contentType: string, body: Buffer): UnsubscribeForm {
  const fields = fieldsOf(contentType, body)
  return {
    oneClick: fields.get('list-unsubscribe')?.toLowerCase() === 'one-click',
    fromPage: fields.get('from') === 'page',
    everything: fields.get('scope') === 'everything',
    resubscribe: fields.get('action') === 'resubscribe',
    address: fields.get('address') ?? '',
  }
}

function fieldsOf(contentType: string, body: Buffer): Map<string, string> {
  const fields = new Map<string, string>()
  const text = body.toString('utf8')
  if (/^application\/x-www-form-urlencoded\b/i.test(contentType)) {
    for (const [name, value] of new URLSearchParams(text.trim())) fields.set(name.toLowerCase(), value)
    return fields
  }
  const boundary = /^multipart\/form-data\s*;.*?\bboundary=(?:"([^"]{1,100})"|([^\s;]{1,100}))/i.exec(
    contentType,
  )
  const mark = boundary?.[1] ?? boundary?.[2]
  if (mark === undefined) return fields
  for (const part of text.split(`--${mark}`)) {
    const split = part.indexOf('\r\n\r\n')
    const name = /\bname="([^"]{1,100})"/i.exec(part.slice(0, Math.max(0, split)))?.[1]
    if (split >= 0 && name !== undefined) fields.set(name.toLowerCase(), part.slice(split + 4).trim())
  }
  return fields
}
