import { describe, expect, it } from 'vitest'
import { fieldText, takenApart } from './submitted.ts'

const raw = (lines: readonly string[]) => Buffer.from(`${lines.join('\r\n')}\r\n`)

describe('a message that is taken apart', () => {
  it('keeps its texts, files and own fields, and loses what the new one writes itself', () => {
    const apart = takenApart(
      raw([
        'From: =?utf-8?q?J=C3=BCrgen?= <a@there.example>',
        'To: "Ann, B" <ann@there.example>, bob@there.example',
        'Subject: =?utf-8?b?w7xiZXI=?= all',
        'Message-ID: <x@y>',
        'Date: Mon, 1 Jan 2026 00:00:00 +0000',
        'X-Own: =?utf-8?q?=C3=A4?=',
        'X-SMTPAPI: {}',
        'MIME-Version: 1.0',
        'Content-Type: multipart/mixed; boundary=m',
        '',
        '--m',
        'Content-Type: multipart/alternative; boundary=a',
        '',
        '--a',
        'Content-Type: text/plain; charset=iso-8859-1',
        'Content-Transfer-Encoding: quoted-printable',
        '',
        '=FCber',
        '--a',
        'Content-Type: text/html; charset=utf-8',
        'Content-Transfer-Encoding: base64',
        '',
        Buffer.from('<p>ü</p>').toString('base64'),
        '--a',
        'Content-Type: text/calendar; method=REQUEST',
        '',
        'BEGIN:VCALENDAR',
        '--a--',
        '--m',
        'Content-Type: text/plain; name="notes.txt"',
        'Content-Disposition: attachment',
        '',
        'a file',
        '--m--',
      ]),
      ['x-smtpapi'],
    )
    expect(apart).toEqual({
      from: { email: 'a@there.example', name: 'Jürgen' },
      to: [{ email: 'ann@there.example', name: 'Ann, B' }, { email: 'bob@there.example' }],
      cc: [],
      bcc: [],
      replyTo: [],
      subject: 'über all',
      headers: { 'x-own': 'ä' },
      text: 'über',
      html: '<p>ü</p>',
      alternatives: [{ contentType: 'text/calendar; method=REQUEST', content: 'BEGIN:VCALENDAR' }],
      attachments: [
        {
          filename: 'notes.txt',
          content: Buffer.from('a file').toString('base64'),
          contentType: 'text/plain',
        },
      ],
    })
  })

  it('is none that is signed or encrypted', () => {
    const signed = raw([
      'From: a@there.example',
      'Content-Type: multipart/signed; boundary=s',
      '',
      '--s',
      '',
      'x',
      '--s--',
    ])
    expect(() => takenApart(signed, [])).toThrow(/signed or encrypted/)
  })

  it('tells the first field of a name, unfolded and decoded', () => {
    const mail = raw([
      'From: a@there.example',
      'X-A: =?utf-8?q?{=22a=22:?=',
      ' =?utf-8?q?_1}?=',
      'X-A: second',
      '',
      'x',
    ])
    expect(fieldText(mail, 'x-a')).toBe('{"a": 1}')
    expect(fieldText(mail, 'x-b')).toBeUndefined()
  })
})
