import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkMail } from './checks.ts'
import { parseMail } from './parse.ts'

const message = (fields: readonly string[], body = 'Hello'): Buffer =>
  Buffer.from([...fields, '', body].join('\r\n'))

const PLAIN = [
  'From: a@shop.test',
  'Date: Sat, 21 Nov 2026 20:00:00 +0000',
  'Message-ID: <1@shop.test>',
  'Subject: Hi',
]

async function checked(raw: Buffer): Promise<Record<string, string>> {
  const mail = await parseMail(raw)
  return Object.fromEntries(
    checkMail(mail!, raw.length, 'bounces@shop.test').map((check) => [check.name, check.state]),
  )
}

describe('checks of captured mail', () => {
  it('find a missing, a foreign and an aligned signature', async () => {
    const signed = (domain: string) =>
      message([`DKIM-Signature: v=1; a=rsa-sha256; d=${domain}; s=x; b=y`, ...PLAIN])
    expect((await checked(message(PLAIN)))['DKIM signature']).toBe('problem')
    expect((await checked(signed('other.test')))['DKIM signature']).toBe('problem')
    expect((await checked(signed('notshop.test')))['DKIM signature']).toBe('problem')
    expect((await checked(signed('shop.test')))['DKIM signature']).toBe('ok')
    expect((await checked(signed('mail.shop.test')))['DKIM signature']).toBe('ok')
  })

  it('find doubled and missing fields, HTML alone, long HTML and links in clear text', async () => {
    expect((await checked(message([...PLAIN, 'Subject: again'])))['Header fields']).toBe('problem')
    expect((await checked(message(PLAIN.slice(0, 2))))['Header fields']).toBe('problem')
    expect((await checked(message(PLAIN.slice(0, 3))))['Header fields']).toBe('warning')
    const html = message(
      [...PLAIN, 'MIME-Version: 1.0', 'Content-Type: text/html'],
      `<a href="http://x.test/">x</a>${'x'.repeat(110 * 1024)}`,
    )
    expect(await checked(html)).toMatchObject({
      'Plain text': 'warning',
      'HTML size': 'warning',
      Links: 'warning',
      'Message size': 'ok',
    })
    expect(
      (await checked(message([...PLAIN, 'List-Unsubscribe: <https://x.test>'])))['One-click unsubscribe'],
    ).toBe('warning')
  })
})

const withHtml = (html: string): Promise<Record<string, string>> =>
  checked(message([...PLAIN, 'MIME-Version: 1.0', 'Content-Type: text/html'], html))
const withSubject = (subject: string): Promise<Record<string, string>> =>
  checked(message([...PLAIN.slice(0, 3), `Subject: ${subject}`]))
const linksOf = async (html: string): Promise<string | undefined> => (await withHtml(html))['Links']

describe('checks of captured mail, of what filters distrust', () => {
  it('links that lie, numbers, and nothing', async () => {
    expect(await linksOf('<a href="https://evil.test/">www.bank.example</a>')).toBe('problem')
    expect(await linksOf('<a href="https://bank.example/x">https://www.bank.example/x</a>')).toBe('ok')
    expect(await linksOf('<a href="https://192.0.2.1/x">Here</a>')).toBe('problem')
    expect(await linksOf('<a href="#">Here</a>')).toBe('warning')
    expect(await linksOf('<p>None')).toBe('ok')
  })

  it('a reverse-path elsewhere, shouting, images that say nothing', async () => {
    const mail = (await parseMail(message(PLAIN)))!
    const spf = (from: string) =>
      checkMail(mail, 100, from).find(({ name }) => name === 'SPF alignment')?.state
    expect([spf('b@shop.test'), spf('b@rp.shop.test'), spf(''), spf('b@relay.test')]).toEqual([
      'ok',
      'ok',
      'ok',
      'warning',
    ])
    for (const subject of ['GREAT OFFER TODAY', 'Win!!', 'Re: your order', '', 'x'.repeat(90)])
      expect((await withSubject(subject))['Subject'], subject).toBe('warning')
    expect((await withSubject('Your order 4711'))['Subject']).toBe('ok')
    const words = 'Enough words beside it so that a person sees what it is about. '
    expect((await withHtml('<img src="cid:a" alt="All of it">'))['Images']).toBe('warning')
    expect((await withHtml(`${words}<img src="cid:a">`))['Images']).toBe('warning')
    expect(
      (await withHtml(`${words}<img src="cid:a" alt="Logo"><img src=x width=1 height=1>`))['Images'],
    ).toBe('ok')
  })

  it('cost no more than the length of a mail that is made to be slow', async () => {
    for (const unit of ['<a ', '<a href="', '<img ', '<style>', '<', '<a href="x">'])
      await withHtml(unit.repeat(400_000 / unit.length))
  }, 5_000)
})

describe('parsing captured mail', () => {
  it('survives any bytes, and refuses endless nesting instead of following it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), async (bytes) => {
        const mail = await parseMail(Buffer.from(bytes))
        if (mail !== null) expect(checkMail(mail, bytes.length, '').length).toBe(10)
      }),
    )
    const nested = Array.from(
      { length: 200 },
      (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`,
    )
    expect(await parseMail(Buffer.from(nested.join('')))).toBeNull()
  })
})
