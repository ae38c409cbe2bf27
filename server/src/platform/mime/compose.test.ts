import * as fc from 'fast-check'
import PostalMime from 'postal-mime'
import { describe, expect, it } from 'vitest'
import { parseAddress, parseAddressList } from '../../kernel/email-address.ts'
import { findHeader, headerValue, parseHeaderBlock } from './header-block.ts'
import { decodeHeaderText } from './header-text.ts'
import type { ComposeInput } from './compose.ts'
import { composeMessage } from './compose.ts'
import { composeBody } from './compose-body.ts'
import { checkSubmitted } from './submitted.ts'

const BASE: ComposeInput = {
  from: { email: 'ann@example.com', name: 'Ann' },
  to: [{ email: 'bob@example.net' }],
  subject: 'Hello',
  text: 'Hi Bob\n',
  messageId: '1@example.com',
  date: new Date('2026-11-21T20:04:05Z'),
}

function compose(input: Partial<ComposeInput>, without: readonly (keyof ComposeInput)[] = []): Buffer {
  const merged: ComposeInput = { ...BASE, ...input }
  for (const key of without) delete (merged as unknown as Record<string, unknown>)[key]
  const result = composeMessage(merged)
  if (!result.ok) throw new Error(`${result.field} ${result.problem}`)
  return result.raw
}

function refusal(input: Partial<ComposeInput>): string {
  const result = composeMessage({ ...BASE, ...input })
  return result.ok ? 'accepted' : `${result.field}: ${result.problem}`
}

/** What every message must satisfy, whatever went in. */
function assertWellFormed(raw: Buffer): void {
  const text = raw.toString('latin1')
  expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n\0]/)
  expect(text.endsWith('\r\n')).toBe(true)
  for (const line of text.split('\r\n')) expect(line.length).toBeLessThanOrEqual(998)
  const judged = checkSubmitted(raw)
  expect(judged.ok ? '' : judged.problem).toBe('')
}

const lf = (text: string | undefined) => text?.replaceAll(/\r\n?/g, '\n')
/** postal-mime ends a text that is not base64 with a line end of its own, also where the part has none. */
const decoded = (text: string | undefined) => (lf(text) ?? '').replace(/\n$/, '')
const types = (raw: Buffer) =>
  [...raw.toString().matchAll(/^Content-Type: ([^;\r]+)/gm)].map((match) => match[1])
const attach = (content: string) =>
  composeMessage({ ...BASE, attachments: [{ contentType: 'message/rfc822', content: Buffer.from(content) }] })
const parsedEmail = (email: string) => {
  const parsed = parseAddress(email)
  return parsed.ok ? parsed.address.email : ''
}
const noControls = (text: string) => text.toWellFormed().replaceAll(/\p{Cc}/gu, '')
// postal-mime trims names and drops characters such as a byte-order mark at the start; a person types neither.
const words = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }),
      fc.constantFrom(
        '=?utf-8?Q?x?=',
        '"',
        ',',
        'ü',
        '漢字',
        'word',
        "o'x",
        '(c)',
        '\\',
        ';',
        '%41',
        "''",
        '😀',
        'x'.repeat(90),
      ),
    ),
    { maxLength: 12 },
  )
  .map((parts) =>
    noControls(parts.join(' '))
      .replaceAll(/\p{Z}+|\uFEFF/gu, ' ')
      .trim(),
  )
const bodies = fc
  .array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          '\n',
          '\r\n',
          ' \n',
          '\t',
          'From x',
          '.',
          '..\n',
          '--=_a_1example.com',
          '=',
          'text ',
          'ü',
          '漢字',
          'x'.repeat(1200),
        ),
      },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme' }) },
    ),
    { maxLength: 30 },
  )
  .map((parts) => lf(parts.join('').replaceAll('\0', '').toWellFormed().replaceAll('\uFEFF', '')) ?? '')

describe('a composed message', () => {
  it('decodes to exactly what went in: subject, names, bodies, files', async () => {
    const file = fc.record({
      // postal-mime decodes encoded words in RFC 2231 values too, which no RFC asks for.
      filename: words.map((name) => name.replaceAll('=?', '')).filter((name) => name !== ''),
      content: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      inline: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(
        words,
        words,
        words,
        bodies,
        bodies,
        fc.array(file, { maxLength: 3 }),
        async (subject, name, other, text, html, files) => {
          const raw = compose({
            subject,
            from: { email: 'ann@example.com', name },
            to: [
              { email: 'bob@example.net', name: other },
              { email: 'c@example.net' },
              { email: 'd@example.net', name },
            ],
            text,
            html,
            attachments: files.map((one, i) => ({
              ...one,
              contentType: 'image/png',
              contentId: `cid${i}@x`,
            })),
            headers: [{ name: 'X-Note', value: other }],
          })
          assertWellFormed(raw)
          const parsed = await PostalMime.parse(raw)
          expect(parsed.subject ?? '').toBe(subject)
          expect(parsed.from).toMatchObject({ address: 'ann@example.com', name })
          expect(parsed.to?.map((one) => [one.address, one.name])).toEqual([
            ['bob@example.net', other],
            ['c@example.net', ''],
            ['d@example.net', name],
          ])
          expect([text, `${text}\n`]).toContain(lf(parsed.text) ?? '')
          expect([html, `${html}\n`]).toContain(lf(parsed.html) ?? '')
          const sorted = [...files.filter((one) => one.inline), ...files.filter((one) => !one.inline)]
          expect(
            parsed.attachments.map((one) => [
              one.filename,
              one.disposition,
              Buffer.from(one.content as ArrayBuffer).toString('hex'),
            ]),
          ).toEqual(
            sorted.map((one) => [
              one.filename,
              one.inline ? 'inline' : 'attachment',
              one.content.toString('hex'),
            ]),
          )
        },
      ),
      { numRuns: 300 },
    )
  })

  it('is read back by our own parsers: header addresses and names', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.emailAddress(), words), { minLength: 1, maxLength: 8 }), (people) => {
        const to = people.map(([email, name]) => ({ email, name: name.slice(0, 480).toWellFormed().trim() }))
        const raw = compose({ to })
        const block = parseHeaderBlock(raw)
        if (!block.ok) throw new Error(block.problem)
        const field = findHeader(block, 'to')
        const parsed = parseAddressList(field === undefined ? '' : headerValue(raw, field))
        if (!parsed.ok) throw new Error(parsed.problem)
        expect(
          parsed.addresses.map((one) => ({ email: one.email, name: decodeHeaderText(one.display ?? '') })),
        ).toEqual(to.map((one) => ({ email: parsedEmail(one.email), name: one.name })))
      }),
      { numRuns: 300 },
    )
  })

  it('has a single part for text only and html only, and nests mixed, related and alternative where needed', () => {
    const png = { contentType: 'image/png', content: Buffer.from('x'), contentId: 'a@b' }
    expect(types(compose({}))).toEqual(['text/plain'])
    expect(types(compose({ html: '<p>' }, ['text']))).toEqual(['text/html'])
    expect(types(compose({ html: '<p>' }))).toEqual(['multipart/alternative', 'text/plain', 'text/html'])
    expect(types(compose({ html: '<p>', attachments: [png, { ...png, inline: true }] }))).toEqual([
      'multipart/mixed',
      'multipart/related',
      'multipart/alternative',
      'text/plain',
      'text/html',
      'image/png',
      'image/png',
    ])
    expect(types(compose({ attachments: [{ ...png, inline: true }] }))).toEqual([
      'multipart/mixed',
      'text/plain',
      'image/png',
    ])
    expect(types(compose({ attachments: [png] }, ['text']))).toEqual(['multipart/mixed', 'image/png'])
  })

  it('adds no byte to a part of several', () => {
    const text = compose({ text: 'a', html: 'b\n' }).toString()
    expect(text).toMatch(/\r\n\r\na\r\n--=_a_[^]*\r\n\r\nb\r\n\r\n--=_a_/)
  })

  it('has the same bytes when composed again, and boundaries that the content does not hold', async () => {
    expect(compose({ html: 'x' })).toEqual(compose({ html: 'x' }))
    const hostile = `--=_a_1example.com\n--=_a_1example.com--\n`
    const parsed = await PostalMime.parse(compose({ text: hostile, html: hostile }))
    expect([parsed.text, parsed.html].map((one) => decoded(one))).toEqual([hostile, hostile])
  })

  it('never writes Bcc, writes To even with no visible recipient, and folds long lists within 78 columns', () => {
    expect(compose({ to: [] }).toString()).toContain('\r\nTo: undisclosed-recipients:;\r\n')
    const to = Array.from({ length: 200 }, (_, i) => ({
      email: `person${i}@example.net`,
      name: i % 2 ? `Person, ${i}` : `Pérson ${i}`,
    }))
    const raw = compose({ to, bcc: [{ email: 'secret@example.org' }] } as Partial<ComposeInput>)
    expect(raw.toString()).not.toContain('secret')
    for (const line of raw.toString().split('\r\n')) expect(line.length).toBeLessThanOrEqual(78)
  })

  it('sends an internationalised address as UTF-8 and says so', async () => {
    const result = composeMessage({ ...BASE, to: [{ email: 'jösé@münchen.de', name: 'J' }] })
    if (!result.ok) throw new Error(result.problem)
    expect(result.needsSmtpUtf8).toBe(true)
    expect(result.raw.toString()).toContain('\r\nTo: J <jösé@xn--mnchen-3ya.de>\r\n')
    expect(composeMessage(BASE)).toMatchObject({ eightBit: false, needsSmtpUtf8: false })
  })

  it('attaches a message without encoding it, as 8bit where it must, and as a file where it cannot', () => {
    const text = (result: ReturnType<typeof attach>) =>
      result.ok ? `${result.eightBit} ${result.raw.toString()}` : ''
    expect(text(attach('Subject: x\r\n\r\ny'))).toMatch(
      /^false [^]*message\/rfc822[^]*7bit\r\n\r\nSubject: x/,
    )
    expect(text(attach('Subject: x\r\n\r\nü'))).toMatch(
      /^true [^]*message\/rfc822[^]*8bit\r\n\r\nSubject: x\r\n\r\nü/,
    )
    expect(text(attach('Subject: x\n\ny'))).toMatch(/^false [^]*octet-stream[^]*base64/)
  })

  it('keeps the parameters of a content type', async () => {
    const content = Buffer.from('BEGIN:VCALENDAR')
    const parsed = await PostalMime.parse(
      compose({
        attachments: [
          { filename: 'i.ics', contentType: 'Text/Calendar; method="REQUEST"; charset=utf-8', content },
        ],
      }),
    )
    expect(parsed.attachments[0]).toMatchObject({
      mimeType: 'text/calendar',
      filename: 'i.ics',
      method: 'REQUEST',
    })
  })
})

describe('hostile input', () => {
  const file = { content: Buffer.from('x') }
  it.each(['\r\nBcc: eve@x.co', '\n\nbody', '\r', '\0', '\u000b'])(
    'is refused with the name of the field: %j',
    (evil) => {
      const text = `a${evil}b`
      const cases: [Partial<ComposeInput>, string][] = [
        [{ subject: text }, 'subject'],
        [{ from: { email: `a${evil}@x.co` } }, 'from.email'],
        [{ from: { email: 'a@x.co', name: text } }, 'from.name'],
        [{ sender: { email: 'a@x.co', name: text } }, 'sender.name'],
        [{ to: [{ email: 'a@x.co' }, { email: 'a@x.co', name: text }] }, 'to[1].name'],
        [{ cc: [{ email: `a@x.co${evil}x` }] }, 'cc[0].email'],
        [{ replyTo: [{ email: 'a@x.co', name: text }] }, 'replyTo[0].name'],
        [{ messageId: `a${evil}@x.co` }, 'messageId'],
        [{ headers: [{ name: 'X-A', value: text }] }, 'headers[0].value'],
        [{ headers: [{ name: `X-A${evil}`, value: 'x' }] }, 'headers[0].name'],
        [{ attachments: [{ ...file, filename: text }] }, 'attachments[0].filename'],
        [{ attachments: [{ ...file, contentType: `image/png${evil}` }] }, 'attachments[0].contentType'],
        [{ attachments: [{ ...file, contentType: `image/png; a="${evil}"` }] }, 'attachments[0].contentType'],
        [{ attachments: [{ ...file, contentId: text }] }, 'attachments[0].contentId'],
      ]
      for (const [input, field] of cases) expect(refusal(input).split(':')[0]).toBe(field)
    },
  )

  it.each([
    'From',
    'bcc',
    'DKIM-Signature',
    'Content-Type',
    'Received',
    'Return-Path',
    'X-Bulkhead-Lane',
    'MIME-Version',
    'a b',
    'a:',
    '',
    'é',
  ])('refuses the custom header %j', (name) =>
    expect(refusal({ headers: [{ name, value: 'x' }] })).toMatch(/^headers\[0\].name: /),
  )

  it('refuses what is out of bounds', () => {
    expect(refusal({ text: 'a\0b' })).toContain('text: ')
    expect(composeBody({}, 'x')).toMatchObject({ ok: false, field: 'text' })
    expect(refusal({ date: new Date(Number.NaN) })).toContain('date: ')
    expect(refusal({ headers: [{ name: 'X', value: 'x'.repeat(999) }] })).toContain('headers[0].value: ')
    expect(refusal({ attachments: [{ ...file, contentType: 'multipart/mixed' }] })).toContain('contentType')
    expect(refusal({ headers: ['a', 'b'].map((value) => ({ name: 'List-Unsubscribe', value })) })).toContain(
      'headers[1].name',
    )
  })

  it('costs no more than honest input', () => {
    const hostile = ['=_a_1example.com\n--', '\n', ' ', 'é', '=', '\r', 'From '].map((piece) =>
      piece.repeat(Math.floor(2_000_000 / piece.length)),
    )
    const start = performance.now()
    for (const text of hostile) compose({ text, html: text })
    for (const piece of [' ', ';', 'a=', '; a="', 'x'])
      refusal({ attachments: [{ ...file, contentType: `a/b${piece.repeat(330)}` }] })
    expect(performance.now() - start).toBeLessThan(8000)
  })
})
