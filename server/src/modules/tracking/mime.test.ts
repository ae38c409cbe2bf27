import * as fc from 'fast-check'
import PostalMime from 'postal-mime'
import { describe, expect, it } from 'vitest'
import { composeMessage } from '../../platform/mime/index.ts'
import { applyEdits, htmlEdits } from './html-edits.ts'
import type { LinkWriter } from './html-edits.ts'
import { trackMime } from './mime-edits.ts'
import { readQuotedPrintable, writeQuotedPrintable } from './quoted-printable.ts'

const writer: LinkWriter = {
  click: (_url, link) => `https://links.shop.example/t/c/${'x'.repeat(120)}${link}`,
  open: 'https://links.shop.example/t/o/x.gif',
  ownHosts: [],
  unsubscribe: [],
}
const HTML =
  '<html><body>\r\n<p>Grüße & more = less</p>\r\n<a href="https://a.test/?x=1&amp;y=2">go</a>\r\n</body></html>\r\n'

const part = (headers: string[], body: string): string => `${headers.join('\r\n')}\r\n\r\n${body}`
const mail = (headers: string[], body: string): Buffer =>
  Buffer.from(
    part(
      ['From: ann@shop.test', 'To: bob@example.com', 'Subject: Hi', 'MIME-Version: 1.0', ...headers],
      body,
    ),
  )
const html = (encoding: string, body: string, charset = 'utf-8'): string =>
  part([`Content-Type: text/html; charset=${charset}`, `Content-Transfer-Encoding: ${encoding}`], body)
const multipart = (kind: string, parts: string[]): Buffer =>
  mail(
    [`Content-Type: multipart/${kind}; boundary="b 1"`],
    `${parts.map((item) => `--b 1\r\n${item}\r\n`).join('')}--b 1--\r\n`,
  )

async function htmlOf(raw: Buffer): Promise<string | undefined> {
  return (await PostalMime.parse(raw)).html?.replaceAll('\r\n', '\n')
}
const expected = applyEdits(HTML, htmlEdits(HTML, writer)).replaceAll('\r\n', '\n')

const QP = HTML.replaceAll('=', '=3D')
  .replaceAll('ü', '=C3=BC')
  .replaceAll('ß', '=C3=9F')
  .replace('href', 'hr=\r\nef')
  .replace('a.test', 'a.t=\r\nest')
const BASE64 = (
  Buffer.from(HTML)
    .toString('base64')
    .match(/.{1,76}/g) ?? []
).join('\r\n')

describe('messages that came whole', () => {
  it.each([
    ['8bit', html('8bit', HTML)],
    ['quoted-printable', html('Quoted-Printable', QP)],
    ['base64', html('base64', BASE64)],
  ])('are tracked in %s, and all but the links is read as before', async (_name, one) => {
    const text = part(['Content-Type: text/plain; charset=utf-8'], 'See https://a.test/?x=1\r\n')
    const raw = multipart('alternative', [text, one])
    const tracked = trackMime(raw, writer)
    expect((await htmlOf(tracked))?.trim()).toBe(expected.trim())
    expect((await PostalMime.parse(tracked)).text).toBe((await PostalMime.parse(raw)).text)
    const at = raw.indexOf(one.slice(-200))
    expect(
      tracked
        .subarray(0, raw.indexOf('\r\n\r\n', raw.indexOf('text/html')))
        .equals(raw.subarray(0, raw.indexOf('\r\n\r\n', raw.indexOf('text/html')))),
    ).toBe(true)
    expect(at).toBeGreaterThan(0)
    expect(tracked.toString('latin1').endsWith('\r\n--b 1--\r\n')).toBe(true)
    expect(
      tracked
        .toString('latin1')
        .split('\r\n')
        .every((line) => line.length <= 998),
    ).toBe(true)
  })

  it.each<[string, Buffer]>([
    [
      'signed',
      multipart('signed; protocol="application/pgp-signature"', [
        html('8bit', HTML),
        part(['Content-Type: application/pgp-signature'], 'x'),
      ]),
    ],
    ['encrypted', multipart('encrypted', [html('8bit', HTML)])],
    [
      'signed inside',
      multipart('mixed', [
        part(['Content-Type: multipart/signed; boundary=c'], `--c\r\n${html('8bit', HTML)}\r\n--c--`),
      ]),
    ],
    [
      'with a DKIM signature of its sender',
      mail(['DKIM-Signature: v=1; x', 'Content-Type: text/html'], HTML),
    ],
    [
      'as an attachment',
      multipart('mixed', [
        part(['Content-Type: text/html', 'Content-Disposition: attachment; filename=a.html'], HTML),
      ]),
    ],
    ['as a message inside', multipart('mixed', [part(['Content-Type: message/rfc822'], html('8bit', HTML))])],
    ['in a charset that is not like ASCII', mail(['Content-Type: text/html; charset=utf-16'], HTML)],
    ['with an unknown encoding', mail(['Content-Type: text/html', 'Content-Transfer-Encoding: x-zip'], HTML)],
    [
      'with a broken quoted-printable',
      mail(['Content-Type: text/html', 'Content-Transfer-Encoding: quoted-printable'], HTML),
    ],
    [
      'with a line that would be too long',
      mail(['Content-Type: text/html'], `${'x'.repeat(900)}<a href="https://a.test/">go</a>\r\n`),
    ],
    ['as text only', mail(['Content-Type: text/plain'], HTML)],
    ['without a boundary', mail(['Content-Type: multipart/mixed'], HTML)],
  ])('stay byte for byte: %s', (_name, raw) => {
    expect(trackMime(raw, writer)).toBe(raw)
  })

  it('stay readable whatever is in them, and what is not HTML stays byte for byte', () => {
    const lines = fc.array(
      fc.constantFrom(
        '--b',
        '--b--',
        '--b 1',
        'Content-Type: text/html',
        'Content-Type: multipart/mixed; boundary=b',
        'Content-Type: multipart/alternative; boundary="b 1"',
        'Content-Transfer-Encoding: base64',
        'Content-Transfer-Encoding: quoted-printable',
        '',
        '<a href="https://a.test/">x</a>',
        '=3Ca',
        '=',
        'PGEg',
        '</body>',
        'x: y',
      ),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(lines, (all) => {
        const raw = Buffer.from(`From: ann@shop.test\r\n${all.join('\r\n')}`)
        const tracked = trackMime(raw, writer)
        const head = raw.indexOf('\r\n\r\n')
        if (head < 0) expect(tracked).toBe(raw)
        else expect(tracked.subarray(0, head).equals(raw.subarray(0, head))).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  it('composed here and uploaded whole are tracked alike', async () => {
    const composed = composeMessage({
      from: { email: 'ann@shop.test' },
      to: [{ email: 'bob@example.com' }],
      subject: 'Hi',
      html: HTML,
      text: 'Hi',
      messageId: '<a@shop.test>',
      date: new Date(),
    })
    if (!composed.ok) throw new Error(composed.problem)
    expect((await htmlOf(trackMime(composed.raw, writer)))?.trim()).toBe(expected.trim())
  })
})

describe('quoted-printable', () => {
  it('keeps the place of every byte, and what is put in decodes to what was meant', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '=', ' ', '\r\n', 'ü', '<', '"') }),
        fc.nat(),
        fc.string({ unit: fc.constantFrom('x', '=', '<', '"'), maxLength: 300, minLength: 1 }),
        (text, place, added) => {
          const encoded = Buffer.from(
            Buffer.from(text)
              .toString('latin1')
              .replaceAll(
                /[=\x80-\xff]/g,
                (char) => `=${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
              )
              .replaceAll(/ (?=\r\n|$)/g, '=20'),
            'latin1',
          )
          const decoded = readQuotedPrintable(encoded)
          if (decoded === null) return expect.fail('not read')
          expect(decoded.text).toBe(Buffer.from(text).toString('latin1'))
          const at = place % (decoded.text.length + 1)
          const start = decoded.starts[at] ?? encoded.length
          const put =
            encoded.toString('latin1', 0, start) +
            writeQuotedPrintable(added) +
            encoded.toString('latin1', start)
          expect(readQuotedPrintable(Buffer.from(put, 'latin1'))?.text).toBe(
            decoded.text.slice(0, at) + added + decoded.text.slice(at),
          )
          return undefined
        },
      ),
    )
  })
})
