import { describe, expect, it } from 'vitest'
import { isSameJson } from './same-json.ts'

describe('isSameJson', () => {
  it('asks what data means, not how it is laid out', () => {
    expect(
      isSameJson(JSON.parse('{"a": [1, {"b": null}],\n "c": "x"}'), { c: 'x', a: [1, { b: null }] }),
    ).toBe(true)
    expect(isSameJson({}, {})).toBe(true)
  })

  it('tells apart what differs, however deep', () => {
    expect(isSameJson({ a: [1, { b: 1 }] }, { a: [1, { b: 2 }] })).toBe(false)
    expect(isSameJson({ a: 1 }, { a: 1, b: undefined })).toBe(false)
    expect(isSameJson({ a: undefined }, { b: undefined })).toBe(false)
    expect(isSameJson([], {})).toBe(false)
    expect(isSameJson([1, 2], [2, 1])).toBe(false)
    expect(isSameJson(null, {})).toBe(false)
    expect(isSameJson('1', 1)).toBe(false)
  })
})
