import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blocksOf, dotStuff } from './content.ts'

const stuffed = (...chunks: string[]) => {
  const content = dotStuff(chunks.map((chunk) => Buffer.from(chunk, 'latin1')))
  if (content === null) return null
  const bytes = Buffer.concat(content.parts)
  expect(bytes.length).toBe(content.bytes)
  return bytes.toString('latin1')
}

describe('dot-stuffing', () => {
  it('doubles a dot at the start of a line, wherever the chunks are cut', () => {
    const line = fc.constantFrom('', '.', '..', 'a.b', '.a', 'text')
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.array(fc.nat(40), { maxLength: 5 }), (lines, cuts) => {
        const text = lines.map((each) => `${each}\r\n`).join('')
        const expected = lines.map((each) => `${each.startsWith('.') ? '.' : ''}${each}\r\n`).join('')
        const points = [
          0,
          ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b),
          text.length,
        ]
        const chunks = points.slice(1).map((point, i) => text.slice(points[i], point))
        expect(stuffed(...chunks)).toBe(expected)
      }),
    )
  })

  it('passes content without such lines through without a copy', () => {
    const chunk = Buffer.from('Subject: x\r\n\r\nhello\r\n')
    expect(dotStuff([chunk])?.parts[0]).toBe(chunk)
  })

  it('adds a missing last CRLF', () => {
    expect(stuffed('a\r\nb')).toBe('a\r\nb\r\n')
  })

  it('never lets content end itself: refuses every dot after a bare CR or LF and a bare end', () => {
    for (const bad of ['a\n.\r\nb\r\n', 'a\n.\nb\r\n', 'a\r.\r\n', 'a\n', 'a\r', '\n.\r\n'])
      expect(stuffed(bad)).toBeNull()
    expect(stuffed('a\n', '.\r\n')).toBeNull()
    expect(stuffed('a\r', '.\r\n')).toBeNull()
    expect(stuffed('a\r', '\n.\r\n')).toBe('a\r\n..\r\n')
  })

  it('never holds an end of content, for any bytes at all', () => {
    const byte = fc.constantFrom('\r', '\n', '.', 'a')
    fc.assert(
      fc.property(fc.array(fc.array(byte, { maxLength: 6 }), { maxLength: 4 }), (parts) => {
        const wire = stuffed(...parts.map((part) => part.join('')))
        if (wire === null) return
        expect(/(^|[\r\n])\.(\r|\n)/.test(wire)).toBe(false)
        expect(wire === '' || wire.endsWith('\r\n')).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('cuts blocks without losing a byte', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 40 }),
        (parts, size) => {
          const buffers = parts.map((part) => Buffer.from(part))
          const blocks = [...blocksOf(buffers, size)].map((block) => Buffer.concat(block))
          expect(Buffer.concat(blocks).equals(Buffer.concat(buffers))).toBe(true)
          for (const block of blocks) expect(block.length).toBeLessThanOrEqual(size)
        },
      ),
    )
  })
})
