import { createHmac } from 'node:crypto'
import { EventWebhook } from '@sendgrid/eventwebhook'
import { Resend } from 'resend'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { newSigningSecret, overlaps, signatureHeaders } from './signing.ts'

const nowMs = Date.now()
const request = {
  id: 'whd_1',
  nowMs,
  url: 'https://example.com/hook?a=b',
  body: '[{"event":"delivered","å":"ü"}]\r\n',
}

describe('signatures', () => {
  it("of the format sendgrid are verified by the vendor's own library, and only as they were sent", () => {
    const { kept, shown, publicKey } = newSigningSecret('sendgrid')
    expect(shown).toBeNull()
    const headers = signatureHeaders('sendgrid', [kept], request)
    const library = new EventWebhook()
    const key = library.convertPublicKeyToECDSA(publicKey ?? '')
    const verify = (body: string) =>
      library.verifySignature(
        key,
        body,
        headers['X-Twilio-Email-Event-Webhook-Signature'] ?? '',
        headers['X-Twilio-Email-Event-Webhook-Timestamp'] ?? '',
      )
    expect(verify(request.body)).toBe(true)
    expect(verify(`${request.body} `)).toBe(false)
  })

  it("of the format resend are verified by the vendor's own library, with either secret of a rotation", () => {
    const [current, previous] = [newSigningSecret('resend'), newSigningSecret('resend')]
    const headers = signatureHeaders('resend', [current.kept, previous.kept], request)
    for (const secret of [current, previous]) {
      const verified = new Resend('re_test').webhooks.verify({
        payload: request.body,
        headers: {
          id: headers['svix-id'] ?? '',
          timestamp: headers['svix-timestamp'] ?? '',
          signature: headers['svix-signature'] ?? '',
        },
        webhookSecret: secret.shown ?? '',
      })
      expect(verified).toEqual(JSON.parse(request.body))
    }
    expect(overlaps('resend')).toBe(true)
    expect(overlaps('sendgrid')).toBe(false)
  })

  it('of the format mandrill cover the URL and every field of the form, by name', () => {
    const { kept, shown } = newSigningSecret('mandrill')
    const body = new URLSearchParams({ mandrill_events: '[{"event":"send & more"}]', a: '1' }).toString()
    const headers = signatureHeaders('mandrill', [kept], { ...request, body })
    const expected = createHmac('sha1', shown ?? '')
      .update('https://example.com/hook?a=ba1mandrill_events[{"event":"send & more"}]')
      .digest('base64')
    expect(headers).toEqual({ 'X-Mandrill-Signature': expected })
  })

  it('of our own format are those of Standard Webhooks', () => {
    const { kept, shown } = newSigningSecret('bulkhead')
    const body = '{"type":"message.delivered"}'
    const headers = signatureHeaders('bulkhead', [kept], { ...request, body })
    expect(new Webhook(shown ?? '').verify(body, headers)).toEqual(JSON.parse(body))
  })
})
