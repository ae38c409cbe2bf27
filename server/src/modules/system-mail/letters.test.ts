import { describe, expect, it } from 'vitest'
import { letterHtml, writeLetter } from './letters.ts'
import type { LetterKind } from './letters.ts'
import { deviceName, networkName, plainName } from './plain-words.ts'

const AT = new Date('2026-03-04T05:06:07Z')
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0'

describe('a letter', () => {
  it('says what happened, when, from which device and network, until when the link works, and what to do otherwise', () => {
    const { subject, text } = writeLetter('reset', {
      at: AT,
      client: { userAgent: FIREFOX, address: '192.0.2.7' },
      link: {
        url: 'https://mail.example.com/account/reset#bht_secret',
        until: new Date('2026-03-04T06:06:07Z'),
      },
    })
    expect(subject).toBe('Set a new password')
    for (const part of [
      'asked for a new password',
      'When: 2026-03-04 05:06 UTC',
      'Firefox on Linux, network 192.0.2.7',
      'https://mail.example.com/account/reset#bht_secret\nThe link works once, until 2026-03-04 06:06 UTC.',
      'If this was not you, do nothing',
    ])
      expect(text).toContain(part)
  })

  it('lets nobody write an advertisement or a link into a letter in our name', () => {
    const workspace =
      'You won!\r\nBcc: x@evil.test\u2028<a href="https://evil.test/x">click</a> www.evil.test ' +
      'x'.repeat(200)
    const { subject, text } = writeLetter('invitation', { at: AT, workspace })
    expect(subject).not.toContain('won')
    expect(text).not.toMatch(/evil\.test|<a|https?:|x@evil|\r/)
    expect(plainName(workspace).length).toBeLessThanOrEqual(60)
  })

  it('takes of a User-Agent only names that it knows', () => {
    expect(deviceName(`${FIREFOX} your account is locked, call 555`)).toBe('Firefox on Linux')
    expect(deviceName('call 555 now')).toBe('an unknown device')
  })

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['<script>', 'an unknown network'],
    ['no:such', 'an unknown network'],
  ])('names the network of %s as %s', (address, network) => {
    expect(networkName(address)).toBe(network)
  })

  it('makes HTML in which nothing of the text is markup, and only whole lines are links', () => {
    const html = letterHtml(
      'a < b & "c"\n\nhttps://mail.example.com/account/reset#bht_x"y\nsee https://b.test',
    )
    expect(html).toContain('<p>a &lt; b &amp; &quot;c&quot;</p>')
    expect(html).toContain('<a href="https://mail.example.com/account/reset#bht_x&quot;y">')
    expect(html.match(/<a /g)).toHaveLength(1)
  })

  it('puts no name and no link into a subject', () => {
    const kinds: LetterKind[] = ['invitation', 'security_alert', 'email_change_confirm', 'digest']
    for (const kind of kinds) {
      const { subject } = writeLetter(kind, {
        at: AT,
        workspace: 'Secret Shop',
        link: { url: 'https://x.test/#t', until: AT },
      })
      expect(subject).not.toMatch(/Secret|x\.test/)
    }
  })
})
