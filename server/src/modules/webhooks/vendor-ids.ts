import { encodeId, uuidFromHex } from '../../kernel/ids.ts'

/** What SendGrid's door answers as X-Message-Id; `sg_message_id` of each event of the request begins with it. `requestId` is a UUID. */
export function sendgridRequestId(requestId: string): string {
  return encodeId('message', requestId)
}

/** `sg_message_id`: what was answered as X-Message-Id, a dot, and what tells one message and recipient of the request from another. */
export function sendgridMessageId(of: {
  readonly requestId: string
  readonly messageId: string
  readonly number: number
}): string {
  return `${sendgridRequestId(of.requestId)}.recvd-${of.messageId.replaceAll('-', '')}-${of.number}`
}

/** Our ids are UUIDs of version 7 (RFC 9562 §5.7): six of their digits' bits always say the same, and can say which recipient is meant. */
const [VERSION_AT, VARIANT_AT] = [12, 16]
const [VERSION, VARIANT] = [7, 2]
const PLACES = 64

/**
 * Mandrill's `_id` of a message to one recipient: 32 digits, as there, which programs keep in columns of that width. That of the first recipient
 * is the id of the message; those that the six bits cannot number have their number behind it.
 */
export function mandrillMessageId(messageId: string, number: number): string {
  const digits = messageId.replaceAll('-', '')
  if (number > PLACES) return `${digits}_${number}`
  return withPlace(digits, number - 1)
}

/** UUID of the message and number of the recipient; null where it is none of ours. */
export function readMandrillMessageId(id: string): { messageId: string; number: number } | null {
  const [, digits, further] = /^([0-9a-f]{32})(?:_(\d{1,4}))?$/.exec(id) ?? []
  if (digits === undefined) return null
  if (further !== undefined) return { messageId: uuidFromHex(digits), number: Number(further) }
  const place =
    ((digitAt(digits, VERSION_AT) ^ VERSION) << 2) | ((digitAt(digits, VARIANT_AT) >> 2) ^ VARIANT)
  return { messageId: uuidFromHex(withPlace(digits, place)), number: place + 1 }
}

/** The digits with a place in the six bits, or, where it is in them, without. */
function withPlace(digits: string, place: number): string {
  const changed = (at: number, bits: number): string => (digitAt(digits, at) ^ bits).toString(16)
  return (
    digits.slice(0, VERSION_AT) +
    changed(VERSION_AT, place >> 2) +
    digits.slice(VERSION_AT + 1, VARIANT_AT) +
    changed(VARIANT_AT, (place & 3) << 2) +
    digits.slice(VARIANT_AT + 1)
  )
}

function digitAt(digits: string, at: number): number {
  return Number.parseInt(digits.charAt(at), 16)
}

/** Resend's id of an e-mail: the UUID itself. */
export function resendMessageId(messageId: string): string {
  return messageId
}
