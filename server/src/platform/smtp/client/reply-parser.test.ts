import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createReplyParser, toReply } from './reply-parser.ts'

const read = (...chunks: string[]) => {
  const parser = createReplyParser()
  const codes: number[] = []
  for (const chunk of chunks) {
    parser.push(chunk)
    for (;;) {
      const code = parser.next()
      if (code === 0) break
      codes.push(code)
      if (code < 0) return codes
    }
  }
  return codes
}

describe('reply parser', () => {
  it('reads the same replies however the bytes are cut', () => {
    const text = '220 hi\r\n250-a\r\n250-b\r\n250 c\r\n354\r\n550 5.1.1 no\r\n'
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 10 }), (cuts) => {
        const points = [0, ...cuts.sort((a, b) => a - b), text.length]
        expect(read(...points.slice(1).map((point, i) => text.slice(points[i], point)))).toEqual([
          220, 250, 354, 550,
        ])
      }),
    )
  })

  it('takes junk, wrong codes, mixed codes and endless replies for a breach', () => {
    const many = '220-x\r\n'.repeat(200)
    for (const bad of [
      'HTTP/1.1 200 OK\r\n',
      '\x00\x01\x02',
      '99',
      '700 x\r\n',
      '250x\r\n',
      '250-a\r\n251 b\r\n',
    ])
      expect(read(bad).at(-1), JSON.stringify(bad)).toBe(-1)
    expect(read(many)).toEqual([-1])
    expect(read(`220 ${'x'.repeat(3000)}`)).toEqual([-1])
    expect(read(`220 ${'x'.repeat(3000)}\r\n`)).toEqual([-1])
    expect(read(...Array.from({ length: 5000 }, () => '220-xxxxxxxxxxxxx\r\n')).at(-1)).toBe(-1)
  })

  it('never throws and never gives a code outside 200–599, for any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (chunks) => {
        for (const code of read(...chunks)) expect(code === -1 || (code >= 200 && code < 600)).toBe(true)
      }),
    )
  })

  it('accepts a 600-octet line, as servers send that echo a long Message-ID', () => {
    expect(read(`250 2.6.0 <${'m'.repeat(600)}> queued\r\n`)).toEqual([250])
  })

  it('gives text that is printable, bounded and without codes', () => {
    const raw = '550-5.1.1 no such user\r\n550 5.1.1 \x07caf\xc3\xa9\x1b[31m\r\n'
    expect(toReply(550, raw)).toEqual({ code: 550, enhanced: '5.1.1', text: 'no such user\n?café?[31m' })
    expect(toReply(250, '250 5.0.0 lies\r\n')).toEqual({ code: 250, text: '5.0.0 lies' })
    expect(toReply(250, `250 ${'x'.repeat(2000)}\r\n`).text.length).toBe(1000)
  })
})
