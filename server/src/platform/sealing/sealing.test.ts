import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createNonces, open, seal, sealedKeyId, SEALED_OVERHEAD_BYTES, SealedValueError } from './index.ts'
import type { SealedPlace } from './index.ts'

const newKey = () => ({ keyId: randomUUID(), key: createSecretKey(randomBytes(32)) })
const field = fc.string({ unit: 'binary', maxLength: 12 })
const places = fc.record({ workspaceId: field, table: field, column: field, rowId: field })
const at: SealedPlace = { workspaceId: 'w', table: 'message_body', column: 'mime', rowId: '1' }

// A lone surrogate and U+FFFD have the same UTF-8; ids and names never hold one.
const canonical = (place: SealedPlace) =>
  JSON.stringify(
    [place.workspaceId, place.table, place.column, place.rowId].map((text) => text.toWellFormed()),
  )

describe('sealing', () => {
  it('gives back what was sealed, for any bytes in any place', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4096 }), places, (bytes, place) => {
        const contentKey = newKey()
        const sealed = seal(contentKey, place, Buffer.from(bytes))
        expect(sealed.length).toBe(bytes.length + SEALED_OVERHEAD_BYTES)
        expect(sealedKeyId(sealed)).toBe(contentKey.keyId)
        const opened = open(new Map([[contentKey.keyId, contentKey.key]]), place, sealed)
        expect(opened.equals(bytes)).toBe(true)
      }),
    )
  })

  it('takes no nonce twice, also where many are drawn at once', () => {
    const contentKey = newKey()
    const fillNonce = createNonces()
    const nonces = new Set<string>()
    for (let i = 0; i < 5000; i++) {
      const sealed = seal(contentKey, at, Buffer.from('x'), fillNonce)
      nonces.add(sealed.toString('hex', 17, 29))
      expect(open(new Map([[contentKey.keyId, contentKey.key]]), at, sealed).toString()).toBe('x')
    }
    expect(nonces.size).toBe(5000)
  })

  it('never opens a value that was moved to another workspace, table, column or row', () => {
    fc.assert(
      fc.property(places, places, (home, elsewhere) => {
        fc.pre(canonical(home) !== canonical(elsewhere))
        const contentKey = newKey()
        const sealed = seal(contentKey, home, Buffer.from('secret'))
        const keys = new Map([[contentKey.keyId, contentKey.key]])
        expect(() => open(keys, elsewhere, sealed)).toThrow(SealedValueError)
      }),
      { numRuns: 500 },
    )
    const contentKey = newKey()
    const keys = new Map([[contentKey.keyId, contentKey.key]])
    const sealed = seal(contentKey, at, Buffer.from('secret'))
    for (const change of [{ workspaceId: 'v' }, { table: 'x' }, { column: 'x' }, { rowId: '2' }]) {
      expect(() => open(keys, { ...at, ...change }, sealed)).toThrow(SealedValueError)
    }
    // Characters that wander over a field's edge give another place.
    expect(() => open(keys, { ...at, table: 'message_bodym', column: 'ime' }, sealed)).toThrow(
      SealedValueError,
    )
  })

  it('never opens a value of which any bit was changed', () => {
    const contentKey = newKey()
    const sealed = seal(contentKey, at, Buffer.from('a secret'))
    const keys = { get: () => contentKey.key }
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed)
      changed[bit >> 3] = changed[bit >> 3]! ^ (1 << (bit & 7))
      expect(() => open(keys, at, changed)).toThrow(SealedValueError)
    }
  })

  it('never opens a value that was cut or a key that is not at hand', () => {
    const contentKey = newKey()
    const sealed = seal(contentKey, at, Buffer.from('a secret'))
    for (let length = 0; length < sealed.length; length++) {
      expect(() => open({ get: () => contentKey.key }, at, sealed.subarray(0, length))).toThrow(
        SealedValueError,
      )
    }
    expect(() => open(new Map(), at, sealed)).toThrow(/is not at hand/)
    expect(() => open({ get: () => newKey().key }, at, sealed)).toThrow(SealedValueError)
  })

  it('refuses to seal with a key that is no key', () => {
    expect(() =>
      seal({ keyId: randomUUID(), key: createSecretKey(Buffer.alloc(16)) }, at, Buffer.alloc(1)),
    ).toThrow(TypeError)
    expect(() => seal({ ...newKey(), keyId: 'nonsense' }, at, Buffer.alloc(1))).toThrow(TypeError)
  })
})
