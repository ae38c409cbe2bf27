import { describe, expect, it } from 'vitest'
import { changedContent, contentOf, dataText, hashOf, sizeOf } from './template-content.ts'

const written = { subject: 'Hi {{ name }}', html: '<p>', text: null, note: 'first' }

function nested(levels: number): Record<string, unknown> {
  let value: Record<string, unknown> = {}
  for (let level = 1; level < levels; level++) value = { value }
  return value
}

describe('what a version says', () => {
  it('needs a part to say it in', () => {
    expect(() => contentOf({ subject: 'x' })).toThrow('text: is missing, and so is html')
    expect(() => changedContent(contentOf(written), { html: null })).toThrow(
      'text: is missing, and so is html',
    )
  })

  it('stays where a change leaves it out, and goes where a change says null', () => {
    const content = contentOf({ ...written, text: 'Hi' })
    expect(changedContent(content, { subject: 'Ho' })).toEqual({ ...content, subject: 'Ho' })
    expect(changedContent(content, { text: null, note: '' })).toEqual({ ...content, text: null, note: '' })
  })

  it('has a hash of what is sent, and of nothing else', () => {
    const content = contentOf(written)
    const same = [{ note: 'other' }, { sampleData: { a: 1 } }]
    const others = [{ subject: 'x' }, { html: '<p>x' }, { text: '' }]
    for (const change of same) expect(hashOf(changedContent(content, change))).toEqual(hashOf(content))
    for (const change of others) expect(hashOf(changedContent(content, change))).not.toEqual(hashOf(content))
    expect(sizeOf(content)).toBe(16)
  })

  it('takes data that is as large and as deep as it may be, and no more', () => {
    expect(dataText('data', nested(32))).toContain('value')
    expect(() => dataText('data', nested(33))).toThrow('data: is nested deeper than 32 levels')
    expect(() => dataText('data', nested(20_000))).toThrow('data: is nested deeper than 32 levels')
    expect(() => dataText('data', { a: 'ü'.repeat(131_072) })).toThrow('data: is larger than 256 KiB')
    expect(dataText('data', { a: 'x'.repeat(262_000) }).length).toBeGreaterThan(262_000)
  })
})
