import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fc, test } from '@fast-check/vitest'
import { beforeAll, afterAll, describe, expect, it } from 'vitest'
import { importPasswords, makeTestDirectory, sha1 } from './breached.test-support.ts'
import type { TestDirectory } from './breached.test-support.ts'
import { BLOCK_BYTES, hasBits, blockOf, layoutOf } from './format.ts'
import { BreachedFileError, SHIPPED_FILE, keyOf, openBreachedFile, verifyBreachedFile } from './index.ts'

const KEYS = 20_000
let directory: TestDirectory
let path: string
beforeAll(() => {
  directory = makeTestDirectory()
  path = join(directory.path, 'list.filter')
  importPasswords(
    path,
    Array.from({ length: KEYS }, (_, n) => `listed ${n}`),
  )
})
afterAll(() => directory[Symbol.dispose]())

async function has(text: string, at = path): Promise<boolean> {
  await using file = await openBreachedFile(at)
  return (await file?.has(keyOf(sha1(text)))) === true
}

/** A copy with one byte changed. */
function damaged(at: number, name: string): string {
  const copy = join(directory.path, name)
  const bytes = readFileSync(path)
  bytes[at] = (bytes[at] ?? 0) ^ 0x20
  writeFileSync(copy, bytes)
  return copy
}

describe('the file of breached passwords', () => {
  it('finds all that are in it and nothing else', async () => {
    expect(verifyBreachedFile(path)).toMatchObject({ keys: KEYS, source: 'the file list.txt' })
    for (let n = 0; n < KEYS; n += 7) if (!(await has(`listed ${n}`))) expect.fail(`listed ${n} is missing`)
    await using file = await openBreachedFile(path)
    let found = 0
    for (let n = 0; n < 20_000; n++) if (await file!.has(keyOf(sha1(`other ${n}`)))) found += 1
    expect(found).toBe(0)
  })

  it('asks the pages in one of a hundred cases: the filter lets 0.8 to 1.6 % of other keys pass', () => {
    const bytes = readFileSync(path)
    const { blocks, filterAt } = layoutOf(KEYS)
    let passed = 0
    const tries = 200_000
    for (let n = 0; n < tries; n++) {
      const key = keyOf(sha1(`other ${n}`))
      const at = filterAt + blockOf(key.high, blocks) * BLOCK_BYTES
      if (hasBits(bytes.subarray(at, at + BLOCK_BYTES), key.low)) passed += 1
    }
    expect(passed / tries).toBeGreaterThan(0.008)
    expect(passed / tries).toBeLessThan(0.016)
  })

  it('is absent where there is none', async () => {
    expect(await openBreachedFile(join(directory.path, 'absent'))).toBeNull()
    expect(await openBreachedFile(join(path, 'below-a-file'))).toBeNull()
  })

  it('that is cut off, empty, of another kind or a directory is told by its name', async () => {
    const copy = join(directory.path, 'cut.filter')
    for (const size of [0, 1, 4095, 4096, 8192, readFileSync(path).length - 1]) {
      copyFileSync(path, copy)
      truncateSync(copy, size)
      await expect(openBreachedFile(copy), String(size)).rejects.toThrow(BreachedFileError)
      await expect(openBreachedFile(copy), String(size)).rejects.toThrow(copy)
      expect(() => verifyBreachedFile(copy), String(size)).toThrow(BreachedFileError)
    }
    await expect(openBreachedFile(directory.path)).rejects.toThrow()
  })

  it('that was changed anywhere is told, and a look-up that reads the change fails', async () => {
    const { filterAt, bytes } = layoutOf(KEYS)
    await expect(openBreachedFile(damaged(40, 'header'))).rejects.toThrow('damaged in its header')
    const inPages = damaged(4096 + 512, 'page')
    const inFilter = damaged(filterAt + 5, 'filter')
    const atEnd = damaged(bytes - 1, 'end')
    for (const copy of [inPages, inFilter, atEnd])
      expect(() => verifyBreachedFile(copy)).toThrow('damaged in')
    const outcomes = { pages: 0, filter: 0 }
    for (let n = 0; n < KEYS; n++) {
      if (await has(`listed ${n}`, inPages).then((found) => !found, isDamage)) outcomes.pages += 1
      if (n % 10 === 0 && (await has(`listed ${n}`, inFilter).then((found) => !found, isDamage)))
        outcomes.filter += 1
    }
    expect(outcomes.pages).toBeGreaterThan(500)
    expect(outcomes.filter).toBeGreaterThan(0)
  })

  test.prop([fc.uint8Array({ minLength: 0, maxLength: 5_000 })], { numRuns: 50 })(
    'of any bytes is refused and breaks nothing',
    async (bytes) => {
      const copy = join(directory.path, 'any')
      writeFileSync(copy, bytes)
      await expect(openBreachedFile(copy)).rejects.toThrow(BreachedFileError)
    },
  )
})

function isDamage(error: unknown): boolean {
  expect(error).toBeInstanceOf(BreachedFileError)
  return true
}

describe('the shipped list', () => {
  it('is whole, and knows what everybody knows', async () => {
    expect(verifyBreachedFile(SHIPPED_FILE).keys).toBe(49_233)
    for (const known of ['password', '123456789', 'qwertyuiop', 'letmein'])
      expect(await has(known, SHIPPED_FILE)).toBe(true)
    expect(await has('kornblume am teich 7', SHIPPED_FILE)).toBe(false)
  })
})
