import { createHmac, createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { Redacted } from '../../kernel/redacted.ts'
import { newWebhookSecret, signedHeaders, standardSignature } from './signature.ts'
import type { WebhookFormat } from './webhook.ts'

/** What an endpoint of a format signs with: kept sealed; what of it is shown once; what anybody may know. */
export interface SigningSecret {
  readonly kept: Redacted<string>
  readonly shown: string | null
  readonly publicKey: string | null
}

/** Formats of the same kind can change over to each other with the secret that they have. */
const KINDS = {
  bulkhead: 'shared secret',
  resend: 'shared secret',
  mandrill: 'authentication key',
  sendgrid: 'key pair',
} as const satisfies Record<WebhookFormat, string>

export function haveSameSecrets(one: WebhookFormat, other: WebhookFormat): boolean {
  return KINDS[one] === KINDS[other]
}

/** Whether two secrets can sign one request, so that a receiver can change over at any moment of a rotation. */
export function overlaps(format: WebhookFormat): boolean {
  return KINDS[format] === 'shared secret'
}

export function newSigningSecret(format: WebhookFormat): SigningSecret {
  switch (KINDS[format]) {
    case 'shared secret': {
      const kept = newWebhookSecret()
      return { kept, shown: kept.reveal(), publicKey: null }
    }
    case 'authentication key': {
      // 22 characters, as those of the vendor.
      const kept = new Redacted(randomBytes(16).toString('base64url'))
      return { kept, shown: kept.reveal(), publicKey: null }
    }
    case 'key pair': {
      const pair = generateKeyPairSync('ec', {
        namedCurve: 'prime256v1',
        privateKeyEncoding: { type: 'pkcs8', format: 'der' },
        publicKeyEncoding: { type: 'spki', format: 'der' },
      })
      return {
        kept: new Redacted(pair.privateKey.toString('base64')),
        shown: null,
        publicKey: pair.publicKey.toString('base64'),
      }
    }
  }
}

export interface SignedRequest {
  /** The same in every try and replay. */
  readonly id: string
  readonly nowMs: number
  readonly url: string
  readonly body: string
}

/** The headers that show whose request it is, in the way of the format. `secrets`: the current one first. */
export function signatureHeaders(
  format: WebhookFormat,
  secrets: readonly Redacted<string>[],
  request: SignedRequest,
): Record<string, string> {
  switch (format) {
    case 'bulkhead':
      return signedHeaders(secrets, request)
    case 'resend':
      return svixHeaders(secrets, request)
    case 'mandrill':
      return mandrillHeaders(current(secrets), request)
    case 'sendgrid':
      return sendgridHeaders(current(secrets), request)
  }
}

/** What a receiver verifies with. */
export const SIGNATURES = {
  bulkhead: { algorithm: 'hmac-sha256', headers: ['webhook-id', 'webhook-timestamp', 'webhook-signature'] },
  resend: { algorithm: 'hmac-sha256', headers: ['svix-id', 'svix-timestamp', 'svix-signature'] },
  mandrill: { algorithm: 'hmac-sha1', headers: ['X-Mandrill-Signature'] },
  sendgrid: {
    algorithm: 'ecdsa-p256-sha256',
    headers: ['X-Twilio-Email-Event-Webhook-Signature', 'X-Twilio-Email-Event-Webhook-Timestamp'],
  },
} as const satisfies Record<WebhookFormat, { algorithm: string; headers: readonly string[] }>

function svixHeaders(secrets: readonly Redacted<string>[], request: SignedRequest): Record<string, string> {
  const { timestamp, signatures } = standardSignature(secrets, request)
  return { 'svix-id': request.id, 'svix-timestamp': timestamp, 'svix-signature': signatures }
}

/** HMAC-SHA1 over the URL and every field of the form, by name (mailchimp.com, "Authenticating webhook requests"). The vendor's choice of hash. */
function mandrillHeaders(key: Redacted<string>, { url, body }: SignedRequest): Record<string, string> {
  const fields = [...new URLSearchParams(body)].sort(([one], [other]) => (one < other ? -1 : 1))
  const mac = createHmac('sha1', key.reveal())
    .update([url, ...fields.flat()].join(''))
    .digest('base64')
  return { 'X-Mandrill-Signature': mac }
}

/** ECDSA on P-256 with SHA-256 over the time and the body as it is sent; the signature in DER. */
export function sendgridHeaders(
  key: Redacted<string>,
  { nowMs, body }: { readonly nowMs: number; readonly body: string | Buffer },
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1_000))
  const privateKey = createPrivateKey({
    key: Buffer.from(key.reveal(), 'base64'),
    format: 'der',
    type: 'pkcs8',
  })
  return {
    'X-Twilio-Email-Event-Webhook-Signature': sign(
      'sha256',
      Buffer.concat([Buffer.from(timestamp), Buffer.from(body)]),
      privateKey,
    ).toString('base64'),
    'X-Twilio-Email-Event-Webhook-Timestamp': timestamp,
  }
}

function current(secrets: readonly Redacted<string>[]): Redacted<string> {
  const [secret] = secrets
  if (secret === undefined) throw new Error('an endpoint has no secret')
  return secret
}
