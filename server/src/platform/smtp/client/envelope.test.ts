import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCapabilities } from './capabilities.ts'
import { writeEnvelope } from './envelope.ts'
import type { SmtpTransaction } from './types.ts'

const peerOf = (ehlo: string, authenticated = false) => ({
  capabilities: parseCapabilities(ehlo),
  authenticated,
})
const full = peerOf('250-x\r\n250-8BITMIME\r\n250-SIZE 1000\r\n250-SMTPUTF8\r\n250 DSN\r\n')
const bare = peerOf('250 x\r\n')
const transaction = (over: Partial<SmtpTransaction> = {}): SmtpTransaction => ({
  from: 'a@example.com',
  recipients: [{ address: 'b@example.net' }],
  chunks: [],
  bytes: 10,
  eightBit: false,
  smtputf8: false,
  ...over,
})

const to = (...addresses: string[]) => ({ recipients: addresses.map((address) => ({ address })) })

const enhanced = (over: Partial<SmtpTransaction>, peer = bare) => {
  const envelope = writeEnvelope(transaction(over), peer)
  return envelope.kind === 'refused' ? `${envelope.reply.code} ${envelope.reply.enhanced}` : 'ready'
}

describe('envelope', () => {
  it('announces what the peer knows and nothing else', () => {
    const parameters = ['RET=HDRS', 'ENVID=x1', 'MT-PRIORITY=3', 'SIZE=1']
    expect(writeEnvelope(transaction({ eightBit: true, mailParameters: parameters }), full)).toEqual({
      kind: 'ready',
      mail: 'MAIL FROM:<a@example.com> SIZE=10 BODY=8BITMIME RET=HDRS ENVID=x1\r\n',
      rcpt: 'RCPT TO:<b@example.net>\r\n',
      refusals: null,
    })
    expect(writeEnvelope(transaction({ from: '', mailParameters: parameters }), bare)).toMatchObject({
      mail: 'MAIL FROM:<>\r\n',
    })
    expect(writeEnvelope(transaction(to('jörg@exämple.net')), full)).toMatchObject({
      mail: 'MAIL FROM:<a@example.com> SIZE=10 BODY=8BITMIME SMTPUTF8\r\n',
    })
  })

  it('refuses what the peer cannot take, with the code of the reason', () => {
    expect(enhanced({ bytes: 1001 }, full)).toBe('552 5.3.4')
    expect(enhanced({ bytes: 1000 }, full)).toBe('ready')
    expect(enhanced({ bytes: 5000 })).toBe('ready')
    expect(enhanced({ eightBit: true })).toBe('554 5.6.3')
    expect(enhanced({ smtputf8: true })).toBe('550 5.6.7')
    expect(enhanced({ from: 'jörg@example.com' })).toBe('550 5.6.7')
  })

  it('sends no address and throws for every sender and parameter that could end the path or the line', () => {
    for (const bad of [
      'a@b\r\nQUIT',
      'a@b\n',
      'a\0@b',
      'a> SIZE=1',
      'a b@c',
      '<a@b>',
      '"a@b',
      'a@b@c',
      '',
      'a@',
      'a\u2028@b',
    ]) {
      expect(writeEnvelope(transaction(to(bad, 'b@c.d')), full), JSON.stringify(bad)).toMatchObject({
        rcpt: 'RCPT TO:<b@c.d>\r\n',
        refusals: [{ enhanced: '5.1.3' }, null],
      })
      if (bad !== '')
        expect(() => writeEnvelope(transaction({ from: bad }), full), JSON.stringify(bad)).toThrow(/from/)
    }
    for (const bad of ['A=b c', 'A=\r\nQUIT', '', '=x', 'A=b=c', 'A=\0'])
      expect(() => writeEnvelope(transaction({ mailParameters: [bad] }), full), JSON.stringify(bad)).toThrow()
    for (const good of [
      '"a b>"@c.d',
      '"\\""@c.d',
      "o'x+y=z@c.d",
      'a@[127.0.0.1]',
      'a@[IPv6:::1]',
      'postmaster',
    ])
      expect(writeEnvelope(transaction(to(good)), full), good).toMatchObject({ refusals: null })
  })

  it('writes exactly one line per command, for any text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('a', '@', '>', '\r', '\n', '"', ' ') }),
    )
    fc.assert(
      fc.property(text, text, (from, other) => {
        let envelope
        try {
          envelope = writeEnvelope(transaction({ from, ...to(other, 'b@c.d') }), full)
        } catch {
          return
        }
        if (envelope.kind === 'refused') return
        expect(envelope.mail.split(/[\r\n\0]/)).toHaveLength(3)
        expect(envelope.rcpt.split(/[\r\n\0]/)).toHaveLength(envelope.refusals === null ? 5 : 3)
      }),
      { numRuns: 2000 },
    )
  })
})
