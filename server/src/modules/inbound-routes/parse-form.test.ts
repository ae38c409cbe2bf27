import { describe, expect, it } from 'vitest'
import type { FormField } from './multipart.ts'
import { parseForm } from './parse-form.ts'

const envelope = {
  from: 'bob@there.example',
  to: 'support@parse.shop.test',
  client: { address: '192.0.2.7', helo: 'mx.there.example', tls: true },
}

const crlf = (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'))
const valueOf = (fields: readonly FormField[], name: string) => {
  const found = fields.find((field) => field.name === name)
  return found === undefined ? undefined : found.value.toString()
}

const MIXED = crlf(`From: =?utf-8?q?B=C3=B6b?= <bob@there.example>
To: Support <support@parse.shop.test>
Cc: ann@there.example
Subject: =?iso-8859-1?q?Gr=FC=DFe?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="x"

--x
Content-Type: multipart/alternative; boundary="y"

--y
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe
--y
Content-Type: text/html; charset=utf-8

<p>Grüße <img src="cid:logo@x"></p>
--y--
--x
Content-Type: image/png; name="logo.png"
Content-ID: <logo@x>
Content-Disposition: inline; filename="logo.png"
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--x
Content-Type: text/plain
Content-Disposition: attachment; filename*=utf-8''%C3%BCber%20uns.txt

about us
--x--
`)

describe('the form of a mail from outside', () => {
  it('has text, HTML and attachments decoded, and tells who sent it to whom', () => {
    const fields = parseForm(MIXED, envelope, false)
    expect(valueOf(fields, 'from')).toBe('Böb <bob@there.example>')
    expect(valueOf(fields, 'to')).toBe('Support <support@parse.shop.test>')
    expect(valueOf(fields, 'cc')).toBe('ann@there.example')
    expect(valueOf(fields, 'subject')).toBe('Grüße')
    expect(valueOf(fields, 'text')).toBe('Grüße')
    expect(valueOf(fields, 'html')).toContain('<p>Grüße')
    expect(valueOf(fields, 'headers')).toMatch(/^From: =\?utf-8.*\nTo: Support/)
    expect(valueOf(fields, 'sender_ip')).toBe('192.0.2.7')
    expect(JSON.parse(valueOf(fields, 'envelope') ?? '')).toEqual({
      to: ['support@parse.shop.test'],
      from: 'bob@there.example',
    })
    expect(JSON.parse(valueOf(fields, 'charsets') ?? '')).toEqual({
      to: 'UTF-8',
      cc: 'UTF-8',
      from: 'UTF-8',
      subject: 'UTF-8',
      text: 'UTF-8',
      html: 'UTF-8',
    })
    expect([valueOf(fields, 'SPF'), valueOf(fields, 'dkim')]).toEqual(['none', 'none'])
    expect(valueOf(fields, 'attachments')).toBe('2')
    expect(JSON.parse(valueOf(fields, 'attachment-info') ?? '')).toEqual({
      attachment1: { filename: 'logo.png', name: 'logo.png', type: 'image/png', 'content-id': 'logo@x' },
      attachment2: { filename: 'über uns.txt', name: 'über uns.txt', type: 'text/plain' },
    })
    expect(JSON.parse(valueOf(fields, 'content-ids') ?? '')).toEqual({ 'logo@x': 'attachment1' })
    const files = fields.filter((field) => 'filename' in field)
    expect(files.map((file) => file.value.toString('latin1'))).toEqual(['\x89PNG\r\n\x1a\n', 'about us'])
    expect(valueOf(fields, 'email')).toBeUndefined()
  })

  it('is the mail as it came where that is wished', () => {
    const fields = parseForm(MIXED, envelope, true)
    expect(valueOf(fields, 'email')).toBe(MIXED.toString())
    expect(fields.map((field) => field.name)).not.toEqual(expect.arrayContaining(['text', 'html', 'headers']))
    expect(valueOf(fields, 'subject')).toBe('Grüße')
  })

  it('of a mail that is only text has no HTML, and none of one without anything', () => {
    const fields = parseForm(crlf('Subject: x\n\nHello\n'), envelope, false)
    expect(valueOf(fields, 'text')).toBe('Hello\n')
    expect(valueOf(fields, 'html')).toBeUndefined()
    expect(valueOf(fields, 'attachments')).toBe('0')
    expect(valueOf(parseForm(Buffer.alloc(0), envelope, false), 'subject')).toBe('')
  })

  it('has the mail as it came beside its parts where there are more than are read', () => {
    const parts = Array.from({ length: 1_100 }, (_, at) => `--x\nContent-Type: text/css\n\n${at}\n`).join('')
    const raw = crlf(`Content-Type: multipart/mixed; boundary=x\n\n${parts}--x--\n`)
    expect(valueOf(parseForm(raw, envelope, false), 'email')).toBe(raw.toString())
  })

  it('has the mail as it came beside it where parts stand in parts deeper than is read', () => {
    const heads = Array.from(
      { length: 20 },
      (_, at) => `Content-Type: multipart/mixed; boundary=b${at}\n\n--b${at}\n`,
    )
    const raw = crlf(`${heads.join('')}Content-Type: text/plain\n\nx\n`)
    expect(valueOf(parseForm(raw, envelope, false), 'email')).toBe(raw.toString())
  })

  it('lets no name of a file lead out of its directory or into another line', () => {
    const raw = crlf(
      'Content-Type: application/pdf\nContent-Disposition: attachment; filename="../../etc/pass\twd"\n\nx\n',
    )
    const info = JSON.parse(valueOf(parseForm(raw, envelope, false), 'attachment-info') ?? '')
    expect(info.attachment1.filename).toBe('.._.._etc_pass_wd')
    const nameOf = (filename: string): string => {
      const mail = crlf(
        `Content-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''${encodeURIComponent(filename)}\n\nx\n`,
      )
      return JSON.parse(valueOf(parseForm(mail, envelope, false), 'attachment-info') ?? '').attachment1
        .filename
    }
    expect([nameOf('..'), nameOf('.'), nameOf('a..b.pdf')]).toEqual(['_', '_', 'a..b.pdf'])
    expect(nameOf('x'.repeat(700))).toHaveLength(255)
  })

  it('puts the name of a file together that came in pieces', () => {
    const raw = crlf(
      'Content-Type: application/pdf\nContent-Disposition: attachment;\n filename*0*=utf-8\'\'%C3%9Cber;\n filename*1=" uns.pdf"\n\nx\n',
    )
    const info = JSON.parse(valueOf(parseForm(raw, envelope, false), 'attachment-info') ?? '')
    expect(info.attachment1.filename).toBe('Über uns.pdf')
  })
})
