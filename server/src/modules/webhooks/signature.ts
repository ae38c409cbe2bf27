import { createHmac, randomBytes } from 'node:crypto'
import { Redacted } from '../../kernel/redacted.ts'

const PREFIX = 'whsec_'
/** Standard Webhooks asks for 24 to 64 bytes. */
const SECRET_BYTES = 32

/** A new signing secret: `whsec_` and base64 of 32 random bytes. */
export function newWebhookSecret(): Redacted<string> {
  return new Redacted(`${PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`)
}

/**
 * The signatures of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, one for each live secret, so that a receiver can change over at
 * any moment of a rotation. `secrets` are in their `whsec_` form.
 */
export function standardSignature(
  secrets: readonly Redacted<string>[],
  delivery: { readonly id: string; readonly nowMs: number; readonly body: string },
): { readonly timestamp: string; readonly signatures: string } {
  const timestamp = String(Math.floor(delivery.nowMs / 1000))
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.reveal().slice(PREFIX.length), 'base64')
    const mac = createHmac('sha256', key)
      .update(`${delivery.id}.${timestamp}.${delivery.body}`)
      .digest('base64')
    return `v1,${mac}`
  })
  return { timestamp, signatures: signatures.join(' ') }
}

/** The headers of Standard Webhooks. */
export function signedHeaders(
  secrets: readonly Redacted<string>[],
  delivery: { readonly id: string; readonly nowMs: number; readonly body: string },
): Record<string, string> {
  const { timestamp, signatures } = standardSignature(secrets, delivery)
  return {
    'webhook-id': delivery.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures,
  }
}
