import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeFrame, FrameReader, MAX_FRAME_BYTES, ProtocolError } from './frames.ts'

describe('frames', () => {
  it('come out as they went in, however the stream is cut', () => {
    const frame = fc.record({
      id: fc.nat(0xffffffff),
      op: fc.string(),
      attachments: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }),
    })
    fc.assert(
      fc.property(
        fc.array(frame, { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 400 })),
        (sent, cuts) => {
          const stream = Buffer.concat(
            sent.map(({ id, op, attachments }) =>
              encodeFrame(
                id,
                { op },
                attachments.map((bytes) => Buffer.from(bytes)),
              ),
            ),
          )
          const reader = new FrameReader()
          const received = []
          let at = 0
          for (const cut of [...cuts, stream.length]) {
            received.push(...reader.push(stream.subarray(at, at + cut)))
            at += cut
          }
          expect(
            received.map(({ id, body, attachments }) => ({
              id,
              op: body['op'],
              attachments: attachments.map((a) => [...a]),
            })),
          ).toEqual(
            sent.map(({ id, op, attachments }) => ({ id, op, attachments: attachments.map((a) => [...a]) })),
          )
        },
      ),
    )
  })

  it('that are malformed are refused and never crash the reader', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          new FrameReader().push(Buffer.from(bytes))
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('that are too long are refused at their first bytes, before they are held', () => {
    const head = Buffer.alloc(12)
    head.writeUInt32BE(MAX_FRAME_BYTES, 0)
    expect(() => new FrameReader().push(head)).toThrow(ProtocolError)
  })

  it('that came in many small chunks keeps none of them', () => {
    const frame = encodeFrame(7, { op: 'x' }, [Buffer.alloc(5000, 1)])
    const reader = new FrameReader()
    let read: unknown[] = []
    for (let at = 0; at < frame.length; at += 7) {
      const chunk = Buffer.from(frame.subarray(at, at + 7))
      read = reader.push(chunk)
      if (at + 7 < frame.length) chunk.fill(0)
    }
    expect(read).toMatchObject([{ id: 7, body: { op: 'x' }, attachments: [Buffer.alloc(5000, 1)] }])
  })
})
