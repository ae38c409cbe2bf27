import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { looksLikeReturnPath, readReturnPath, WHOLE_MESSAGE, writeReturnPath } from './return-path.ts'

const key = randomBytes(32)
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

describe('a return path', () => {
  it('comes back as the message and the number that it was written for', () => {
    for (const number of [0, 1, 255, 256, 999, WHOLE_MESSAGE]) {
      const reference = { messageId: randomUUID(), number }
      expect(readReturnPath(key, writeReturnPath(key, reference))).toEqual(reference)
    }
  })

  it('is a local part of 47 characters that needs no quoting', () => {
    const localPart = writeReturnPath(key, { messageId: randomUUID(), number: 7 })
    expect(localPart).toMatch(/^b-[a-z2-7]{45}$/)
    expect(looksLikeReturnPath(localPart)).toBe(true)
  })

  it('survives servers that change the case', () => {
    const reference = { messageId: randomUUID(), number: 3 }
    const localPart = writeReturnPath(key, reference)
    expect(readReturnPath(key, localPart.toUpperCase())).toEqual(reference)
  })

  it('is the same each time, so that a retry has the same sender', () => {
    const reference = { messageId: randomUUID(), number: 3 }
    expect(writeReturnPath(key, reference)).toBe(writeReturnPath(key, reference))
  })

  it('of another key, or with any one character changed, is nobody’s', () => {
    const localPart = writeReturnPath(key, { messageId: randomUUID(), number: 3 })
    expect(readReturnPath(randomBytes(32), localPart)).toBeNull()
    for (let at = 2; at < localPart.length; at++)
      for (const other of ALPHABET)
        if (other !== localPart[at])
          expect(readReturnPath(key, localPart.slice(0, at) + other + localPart.slice(at + 1))).toBeNull()
  })

  it('of any other form is nobody’s', () => {
    const localPart = writeReturnPath(key, { messageId: randomUUID(), number: 3 })
    const others = [
      '',
      'b-',
      'postmaster',
      localPart.slice(1),
      localPart.slice(0, -1),
      `${localPart}a`,
      `${localPart}\n`,
      ` ${localPart}`,
      localPart.replace('b-', 'c-'),
      `b-${'1'.repeat(45)}`,
      `b-${'ſ'.repeat(45)}`,
      'b-'.repeat(40_000),
    ]
    for (const other of others) {
      expect(readReturnPath(key, other)).toBeNull()
      expect(looksLikeReturnPath(other)).toBe(false)
    }
  })

  it('is not written for what it cannot carry', () => {
    expect(() => writeReturnPath(key, { messageId: 'msg_1', number: 0 })).toThrow('UUID')
    for (const number of [-1, 65_536, 0.5, Number.NaN])
      expect(() => writeReturnPath(key, { messageId: randomUUID(), number })).toThrow('number')
  })
})
