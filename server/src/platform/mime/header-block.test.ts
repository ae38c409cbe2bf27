import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findHeader, headerValue, parseHeaderBlock, withHeaders, withoutHeaders } from './header-block.ts'
import { decodeHeaderText, unstructuredField } from './header-text.ts'
import { checkSubmitted } from './submitted.ts'

const RAW = Buffer.from(
  'From: a@x.co\r\nX-Long: one\r\n\t two \r\nbcc: b@x.co,\r\n c@x.co\r\nBCC:d@x.co\r\n\r\nbody: not a header\r\n',
)

describe('the header block', () => {
  it('is found by byte positions, continuation lines included', () => {
    const block = parseHeaderBlock(RAW)
    if (!block.ok) throw new Error(block.problem)
    expect(block.headers.map((one) => [one.name, headerValue(RAW, one)])).toEqual([
      ['from', 'a@x.co'],
      ['x-long', 'one\t two'],
      ['bcc', 'b@x.co, c@x.co'],
      ['bcc', 'd@x.co'],
    ])
    expect(RAW.subarray(block.bodyStart).toString()).toBe('body: not a header\r\n')
    expect(findHeader(block, 'x-long')?.start).toBe(14)
  })

  it('loses the named fields and no other byte', () => {
    const kept = 'From: a@x.co\r\nX-Long: one\r\n\t two \r\n\r\nbody: not a header\r\n'
    expect(withoutHeaders(RAW, ['bcc']).toString()).toBe(kept)
    expect(withoutHeaders(RAW, (name) => name.startsWith('b')).toString()).toBe(kept)
    expect(withoutHeaders(RAW, ['none'])).toBe(RAW)
    expect(withoutHeaders(Buffer.from('Bcc: x'), ['bcc']).toString()).toBe('')
    expect(withoutHeaders(withHeaders(RAW, ['X-New: a\r\n b', 'X-New: c\r\n']), ['x-new'])).toEqual(RAW)
  })

  it('takes only whole fields in front', () => {
    for (const line of [
      'X: a\r\nBcc: b',
      'X: a\n',
      'X: a\r\n\r\n',
      'no colon',
      ' X: a',
      'X: \0',
      'X: a\rb',
    ]) {
      expect(() => withHeaders(RAW, [line])).toThrow('not one header field')
    }
  })

  it.each([
    'no colon\r\n\r\n',
    ' first\r\n\r\n',
    'A: b\nC: d\r\n\r\n',
    'A : b\r\n\r\n',
    ': b\r\n\r\n',
    'A: b\r\n\rX',
    'A\u00e9: b\r\n\r\n',
    '\n',
    `A: ${'b'.repeat(300_000)}`,
    'A: b\r\n'.repeat(2001),
  ])('is refused when malformed (%#)', (text) => expect(parseHeaderBlock(Buffer.from(text)).ok).toBe(false))

  it('survives any bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('', 'From: a@x.co\r\n'),
        (bytes, start) => {
          const raw = Buffer.concat([Buffer.from(start), Buffer.from(bytes)])
          const block = parseHeaderBlock(raw)
          checkSubmitted(raw)
          if (!block.ok) return
          expect(
            Buffer.concat([
              ...block.headers.map((one) => raw.subarray(one.start, one.end)),
              raw.subarray(block.headers.at(-1)?.end ?? 0),
            ]),
          ).toEqual(raw)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

const judge = (text: string) => {
  const result = checkSubmitted(Buffer.from(text))
  return result.ok
    ? `accepted ${result.from.email} ${result.eightBit} ${result.needsSmtpUtf8}`
    : result.problem
}

describe('a submitted message', () => {
  it('is accepted with its one sender and what the next hop must be able to do', () => {
    expect(judge('From: "A, B" <a@X.co> (c)\r\nTo: x\r\n\r\nbody\r\n.\r\n')).toBe(
      'accepted a@x.co false false',
    )
    expect(judge('From: a@x.co\r\n\r\nbodü')).toBe('accepted a@x.co true false')
    expect(judge('From: é <a@x.co>\r\n\r\nbody')).toBe('accepted a@x.co true true')
    expect(judge('From:\r\n a@x.co')).toBe('accepted a@x.co false false')
  })

  it.each([
    ['Subject: x\r\n\r\n', 'no From'],
    ['From: a@x.co\r\nfrom: b@x.co\r\n\r\n', 'more than one from'],
    ['From: a@x.co\r\nSubject: 1\r\nSubject: 2\r\n\r\n', 'more than one subject'],
    ['From: a@x.co, b@x.co\r\n\r\n', 'exactly one'],
    ['From: G: a@x.co;\r\n\r\n', 'exactly one'],
    ['From: undisclosed:;\r\n\r\n', 'no address'],
    ['From:\r\n\r\n', 'no address'],
    ['From: a@bank.example <b@x.co>\r\n\r\n', 'From header has text after an address'],
    ['From : a@x.co\r\n\r\n', 'blank'],
    ['From: a@x.co\r\nhello\r\n\r\n', 'no colon'],
    ['From: a@x.co\r\n \r\nFrom: b@x.co\r\n\r\n', 'white space only'],
    ['From: a@x.co\r\nX: a\rb\r\n\r\n', 'CR that is not followed'],
    ['From: a@x.co\r\n\r\nbody\n.\r\n', 'LF that is not preceded'],
    ['From: a@x.co\r\n\r\nbody\r.\r\n', 'CR that is not followed'],
    ['From: a@x.co\r\n\r\nbody\r', 'CR that is not followed'],
    ['From: a@x.co\r\n\r\nbo\0dy', 'NUL'],
    [`From: a@x.co\r\nX: ${'x'.repeat(1000)}\r\n\r\n`, 'longer than 998'],
  ])('is refused: %j', (text, problem) => expect(judge(text)).toContain(problem))
})

describe('header text', () => {
  it.each([
    ['plain', 'plain'],
    ['=?UTF-8?Q?Caf=C3=A9_au?= lait', 'Café au lait'],
    ['=?utf-8?B?w6k=?= =?UTF-8?b?w6k=?=', 'éé'],
    ['=?utf-8?Q?=C3?=', '\ufffd'],
    ['=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=', 'é'],
    ['=?iso-8859-1*en?q?=E9?= x', 'é x'],
    ['=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=', '日本'],
    ['=?x-none?Q?abc?=', '=?x-none?Q?abc?='],
    ['=?utf-8?Q?broken', '=?utf-8?Q?broken'],
  ])('%s reads as %s', (text, expected) => expect(decodeHeaderText(text)).toBe(expected))

  it('reads what was written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (any) => {
        const text = any
          .toWellFormed()
          .replaceAll(/\p{Cc}/gu, '')
          .replaceAll('\uFEFF', '')
        const raw = Buffer.from(unstructuredField('Subject', text))
        const block = parseHeaderBlock(raw)
        if (!block.ok) throw new Error(block.problem)
        const [subject] = block.headers
        expect(subject && decodeHeaderText(headerValue(raw, subject))).toBe(text)
        for (const line of raw.toString().split('\r\n'))
          expect(line.length).toBeLessThanOrEqual(any.includes(' ') ? 998 : 400)
      }),
      { numRuns: 1000 },
    )
  })

  it('stays linear on hostile input', () => {
    const start = performance.now()
    for (const piece of ['=?', '=?a?b?', '=?utf-8?Q?=', '=?u?q?x?= ', '?=', '=?a?q?x?='])
      decodeHeaderText(piece.repeat(200_000))
    expect(performance.now() - start).toBeLessThan(3000)
  })
})
