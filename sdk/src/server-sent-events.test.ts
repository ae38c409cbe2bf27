import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { createSentEventParser } from './server-sent-events.ts'

describe('server-sent events', () => {
  const whole = 'id: 1\nevent: a\ndata: x\ndata: y\n\n: comment\r\n\r\nid: 2\rdata:z\r\r\nid: 3\n\n'

  test.prop([fc.array(fc.integer({ min: 0, max: whole.length }), { maxLength: 8 })])(
    'are the same however the text is cut',
    (cuts) => {
      const parser = createSentEventParser()
      const points = [0, ...cuts.sort((a, b) => a - b), whole.length]
      const events = points.slice(1).flatMap((end, index) => parser.push(whole.slice(points[index], end)))
      expect(events).toEqual([
        { id: '1', event: 'a', data: 'x\ny' },
        { id: '2', event: 'message', data: 'z' },
      ])
      expect(parser.lastEventId).toBe('3')
    },
  )

  it('are bounded: an event that never ends is refused', () => {
    const parser = createSentEventParser()
    const megabyte = 'x'.repeat(1024 * 1024)
    expect(() => {
      for (let i = 0; i < 6; i++) parser.push(`data: ${megabyte}\n`)
    }).toThrow(/larger/)
  })
})
