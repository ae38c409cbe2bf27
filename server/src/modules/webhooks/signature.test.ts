import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { newWebhookSecret, signedHeaders } from './signature.ts'

describe('signatures', () => {
  it('are verified by the reference library with either secret of a rotation, and with no other', () => {
    const [current, previous, other] = [newWebhookSecret(), newWebhookSecret(), newWebhookSecret()]
    const body = JSON.stringify({ type: 'message.delivered', data: { name: 'Zoë 🚀' } })
    const headers = signedHeaders([current, previous], { id: 'whd_1', nowMs: Date.now(), body })
    for (const secret of [current, previous]) new Webhook(secret.reveal()).verify(body, headers)
    expect(() => new Webhook(other.reveal()).verify(body, headers)).toThrow()
    expect(() => new Webhook(current.reveal()).verify(`${body} `, headers)).toThrow()
  })

  it('come from secrets of 32 bytes that do not print', () => {
    const secret = newWebhookSecret()
    expect(Buffer.from(secret.reveal().replace('whsec_', ''), 'base64')).toHaveLength(32)
    expect(String(secret)).toBe('[redacted]')
  })
})
