import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openFileRoot } from './root.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-root-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

describe('the root key file', () => {
  it('is made at the first start for its owner alone, and stays the same', async () => {
    const path = join(directory, 'first/root.key')
    // Two first starts at once agree on one root.
    const [one, two] = await Promise.all([openFileRoot(path), openFileRoot(path)])
    const three = await openFileRoot(path)
    expect([two.id, three.id]).toEqual([one.id, one.id])
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readdir(join(directory, 'first'))).toEqual(['root.key'])
    const key = randomBytes(32)
    const wrapped = await one.wrap(['workspace', 'w', 1], key)
    expect(await three.unwrap(['workspace', 'w', 1], wrapped)).toEqual(key)
    await expect(three.unwrap(['workspace', 'v', 1], wrapped)).rejects.toThrow(/does not open/)
    const stranger = await openFileRoot(join(directory, 'second/root.key'))
    expect(stranger.id).not.toBe(one.id)
    await expect(stranger.unwrap(['workspace', 'w', 1], wrapped)).rejects.toThrow(/does not open/)
  })

  it.each([0o640, 0o604, 0o620, 0o666])(
    'is refused with mode %o, with the command that mends it',
    async (mode) => {
      const path = join(directory, `loose-${mode}/root.key`)
      await openFileRoot(path)
      await chmod(path, mode)
      await expect(openFileRoot(path)).rejects.toThrow(`chmod 600 ${path}`)
    },
  )

  it('is refused when damaged, and never replaced', async () => {
    for (const text of ['', 'bulkhead-root-1 AAAA\n', 'x'.repeat(5000), 'bulkhead-root-2 '.padEnd(60, 'A')]) {
      const path = join(directory, 'damaged.key')
      await writeFile(path, text, { mode: 0o600 })
      await expect(openFileRoot(path)).rejects.toThrow(/damaged/)
      expect(await readFile(path, 'utf8')).toBe(text)
    }
  })

  it('is refused when it is a symbolic link or a directory', async () => {
    await symlink(join(directory, 'first/root.key'), join(directory, 'link.key'))
    await expect(openFileRoot(join(directory, 'link.key'))).rejects.toThrow(/symbolic links are refused/)
    await expect(openFileRoot(directory)).rejects.toThrow(/not a regular file/)
  })

  it('is not made anew where the database holds keys of one that is missing', async () => {
    const path = join(directory, 'missing/root.key')
    await expect(openFileRoot(path, () => Promise.resolve('0123456789abcdef'))).rejects.toThrow(
      /is missing, but the database holds keys wrapped by root 0123456789abcdef/,
    )
    const made = await openFileRoot(path, () => Promise.resolve(null))
    expect((await openFileRoot(path, () => Promise.resolve('another'))).id).toBe(made.id)
  })
})
