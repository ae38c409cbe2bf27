import { encodeCBOR } from '@levischuck/tiny-cbor'
import { describe, expect, it } from 'vitest'
import { decodeMap, parseAuthenticatorData } from './authenticator-data.ts'

const key = Buffer.from(
  encodeCBOR(
    new Map<number, number | Uint8Array>([
      [1, 1],
      [-2, new Uint8Array(32)],
    ]),
  ),
)
const id = Buffer.alloc(20, 7)
const made = (flags: number, ...parts: Buffer[]): Buffer =>
  Buffer.concat([Buffer.alloc(32, 1), Buffer.from([flags]), Buffer.from('0000002a', 'hex'), ...parts])
const attested = (length: number, ...rest: Buffer[]): Buffer => {
  const size = Buffer.alloc(2)
  size.writeUInt16BE(length)
  return made(0x45, Buffer.alloc(16), size, id, ...rest)
}

describe('authenticator data', () => {
  it('is read to its last byte', () => {
    expect(parseAuthenticatorData(attested(20, key))).toMatchObject({
      signCount: 42,
      isUserPresent: true,
      isUserVerified: true,
      isBackedUp: false,
      credential: { id, publicKey: key },
    })
    expect(parseAuthenticatorData(made(0x81, Buffer.from(encodeCBOR(new Map()))))).toMatchObject({
      isUserVerified: false,
      credential: null,
    })
  })

  it.each([
    ['too short', made(0x05).subarray(0, 36)],
    ['longer than it says', made(0x05, Buffer.from([0]))],
    ['a key that is cut off', attested(20, key.subarray(0, -1))],
    ['a key that is none', attested(20, Buffer.from([0x01]))],
    ['no key', attested(20)],
    ['an id longer than the rest', attested(65_535, key)],
    ['extensions that are not there', made(0x85)],
    ['extensions that are no map', made(0x85, Buffer.from([0x80]))],
  ])('is refused where it is or has: %s', (_what, bytes) => {
    expect(() => parseAuthenticatorData(bytes)).toThrow()
  })
})

describe('a map of CBOR', () => {
  it('is one map, whole and alone, whatever memory it lies in', () => {
    const inside = Buffer.concat([Buffer.from([0xff, 0xff]), key]).subarray(2)
    expect(decodeMap(inside).get(1)).toBe(1)
    expect(() => decodeMap(Buffer.concat([key, Buffer.from([0])]))).toThrow()
    expect(() => decodeMap(key.subarray(0, -1))).toThrow()
    expect(() => decodeMap(Buffer.from([0x80]))).toThrow()
    expect(() => decodeMap(Buffer.alloc(0))).toThrow()
  })
})
