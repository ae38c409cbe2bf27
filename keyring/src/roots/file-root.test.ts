import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openFileRoot } from './file-root.ts'

const mayMake = (): Promise<void> => Promise.resolve()
let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-root-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

describe('the root key file', () => {
  it('is made at the first start for its owner alone, and stays the same', async () => {
    const path = join(directory, 'first/root.key')
    // Two first starts at once agree on one root.
    const [one, two] = await Promise.all([openFileRoot(path, mayMake), openFileRoot(path, mayMake)])
    const three = await openFileRoot(path, mayMake)
    expect([two.id, three.id]).toEqual([one.id, one.id])
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readdir(join(directory, 'first'))).toEqual(['root.key'])
    const key = randomBytes(32)
    const wrapped = await one.wrap(['workspace', 'w', 1], key)
    expect(await three.unwrap(['workspace', 'w', 1], wrapped)).toEqual(key)
    await expect(three.unwrap(['workspace', 'v', 1], wrapped)).rejects.toThrow(/does not open/)
    const stranger = await openFileRoot(join(directory, 'second/root.key'), mayMake)
    expect(stranger.id).not.toBe(one.id)
    await expect(stranger.unwrap(['workspace', 'w', 1], wrapped)).rejects.toThrow(/does not open/)
  })

  it.each([0o640, 0o604, 0o620, 0o666])(
    'is refused with mode %o, with the command that mends it',
    async (mode) => {
      const path = join(directory, `loose-${mode}/root.key`)
      await openFileRoot(path, mayMake)
      await chmod(path, mode)
      await expect(openFileRoot(path, mayMake)).rejects.toThrow(`chmod 600 ${path}`)
    },
  )

  it('is refused when damaged, and never replaced', async () => {
    for (const text of ['', 'bulkhead-root-1 AAAA\n', 'x'.repeat(5000), 'bulkhead-root-2 '.padEnd(60, 'A')]) {
      const path = join(directory, 'damaged.key')
      await writeFile(path, text, { mode: 0o600 })
      await expect(openFileRoot(path, mayMake)).rejects.toThrow(/damaged/)
      expect(await readFile(path, 'utf8')).toBe(text)
    }
  })

  it('is refused when it is a symbolic link or a directory', async () => {
    await symlink(join(directory, 'first/root.key'), join(directory, 'link.key'))
    await expect(openFileRoot(join(directory, 'link.key'), mayMake)).rejects.toThrow(
      /symbolic links are refused/,
    )
    await expect(openFileRoot(directory, mayMake)).rejects.toThrow(/not a regular file/)
  })

  it('is not made where a first root may not be made, with the reason', async () => {
    const path = join(directory, 'missing/root.key')
    const reason = new Error('the database holds keys of another root')
    await expect(openFileRoot(path, () => Promise.reject(reason))).rejects.toMatchObject({
      message: expect.stringMatching(/root.key is missing/),
      cause: reason,
    })
    const made = await openFileRoot(path, mayMake)
    // What is there needs no permission.
    expect((await openFileRoot(path, () => Promise.reject(reason))).id).toBe(made.id)
  })
})
