import { argon2Sync, randomBytes } from 'node:crypto'
import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { argon2id } from './index.ts'

it('is argon2id, version 19: the answer of another implementation (Python cryptography on OpenSSL)', async () => {
  const salt = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
  const output = await argon2id('correct horse battery', salt, { memoryKib: 19_456, passes: 2, lanes: 1 })
  expect(output.toString('hex')).toBe('aaecaeb1f79eb8019ba62c34f62fa3e15289f88ff98779ae81de07821992ff1f')
})

test.prop(
  [
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.integer({ min: 32, max: 200 }),
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 1, max: 4 }),
  ],
  { numRuns: 40 },
)('answers what the implementation in Node answers', async (password, memoryKib, passes, lanes) => {
  const salt = randomBytes(16)
  const other = argon2Sync('argon2id', {
    message: password,
    nonce: salt,
    memory: memoryKib,
    passes,
    parallelism: lanes,
    tagLength: 32,
  })
  expect(await argon2id(password, salt, { memoryKib, passes, lanes })).toEqual(other)
})

it('refuses costs and salts that RFC 9106 does not allow', async () => {
  await expect(argon2id('x', Buffer.alloc(16), { memoryKib: 4, passes: 1, lanes: 1 })).rejects.toThrow()
  await expect(argon2id('x', Buffer.alloc(16), { memoryKib: 8, passes: 0, lanes: 1 })).rejects.toThrow()
  await expect(argon2id('x', Buffer.alloc(4), { memoryKib: 8, passes: 1, lanes: 1 })).rejects.toThrow()
})
