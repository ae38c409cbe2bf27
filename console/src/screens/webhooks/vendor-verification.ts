import type { Sample } from '../../ui/samples.tsx'
import type { Format } from './formats.ts'

type VendorFormat = Exclude<Format, 'bulkhead'>

/** The name under which the sample of a format looks for what it verifies with. */
export const VERIFY_VARIABLES: Readonly<Record<VendorFormat, string>> = {
  sendgrid: 'WEBHOOK_PUBLIC_KEY',
  mandrill: 'WEBHOOK_AUTH_KEY',
  resend: 'WEBHOOK_SECRET',
}

/** What is signed, for people who verify by hand. */
export const VERIFY_WORDS: Readonly<Record<VendorFormat, string>> = {
  sendgrid: 'As SendGrid signs its Event Webhook: ECDSA on P-256 with SHA-256 over the time and the body.',
  mandrill: 'As Mandrill signs: HMAC-SHA1 over the URL and the fields of the form, in base64.',
  resend: 'As Resend signs, whose SDK verifies it: HMAC-SHA256 over id, time and body.',
}

/** How a receiver of another vendor's format checks that a request is ours. Receivers that were written for the vendor do so already. */
export function vendorSamples(format: VendorFormat, url: string): readonly Sample[] {
  return [{ name: 'node', label: 'Node', code: NODE[format](url) }]
}

const NODE: Readonly<Record<VendorFormat, (url: string) => string>> = {
  sendgrid: () => `import { createPublicKey, verify } from 'node:crypto'

const key = createPublicKey({
  key: Buffer.from(process.env.${VERIFY_VARIABLES.sendgrid}, 'base64'),
  format: 'der',
  type: 'spki',
})

/** Whether a request is ours. \`body\` are the bytes as they came. */
export function isOurs(headers, body) {
  const time = headers['x-twilio-email-event-webhook-timestamp'] ?? ''
  const signature = Buffer.from(headers['x-twilio-email-event-webhook-signature'] ?? '', 'base64')
  return verify('sha256', Buffer.concat([Buffer.from(time), body]), key, signature)
}`,
  mandrill: (url) => `import { createHmac, timingSafeEqual } from 'node:crypto'

/** The URL as it stands in the settings of the webhook. */
const url = ${JSON.stringify(url)}

/** Whether a request is ours. \`body\` is the form as it came. */
export function isOurs(headers, body) {
  const fields = [...new URLSearchParams(String(body))].sort(([one], [other]) => (one < other ? -1 : 1))
  const wanted = createHmac('sha1', process.env.${VERIFY_VARIABLES.mandrill}).update([url, ...fields.flat()].join('')).digest()
  const given = Buffer.from(headers['x-mandrill-signature'] ?? '', 'base64')
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}`,
  resend: () => `import { createHmac, timingSafeEqual } from 'node:crypto'

const key = Buffer.from(process.env.${VERIFY_VARIABLES.resend}.replace('whsec_', ''), 'base64')

/** Whether a request is ours and at most five minutes old. \`body\` are the bytes as they came. */
export function isOurs(headers, body) {
  const time = headers['svix-timestamp']
  if (!(Math.abs(Date.now() / 1000 - Number(time)) < 300)) return false
  const wanted = createHmac('sha256', key).update(\`\${headers['svix-id']}.\${time}.\`).update(body).digest()
  return String(headers['svix-signature']).split(' ').some((item) => {
    const given = Buffer.from(item.replace('v1,', ''), 'base64')
    return given.length === wanted.length && timingSafeEqual(given, wanted)
  })
}`,
}
