import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRoots } from './open-roots.ts'
import type { RootSetting } from './root-setting.ts'
import { startTestVault } from './vault-server.test-support.ts'

const PLACE = ['workspace', 'w', 1]
let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-roots-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const file = (name: string): RootSetting => ({ kind: 'file', path: join(directory, name) })
const away = (): Promise<readonly string[]> => Promise.reject(new Error('connection refused'))

function open(
  root: RootSetting,
  options: { previous?: readonly RootSetting[]; known?: () => Promise<readonly string[]> } = {},
) {
  return openRoots({
    config: { root, previousRoots: options.previous ?? [] },
    known: options.known ?? (() => Promise.resolve([])),
    env: {},
    log: () => undefined,
  })
}

describe('the roots of a keyring', () => {
  it('a new root is refused where the database holds keys of another, and made where that one is named as previous', async () => {
    const old = await open(file('old.key'))
    const known = () => Promise.resolve([old.current.id])
    await expect(open(file('new.key'), { known })).rejects.toMatchObject({
      message: expect.stringMatching(/new.key is missing$/),
      cause: expect.objectContaining({
        message: expect.stringMatching(
          new RegExp(
            `holds keys wrapped by root ${old.current.id}.* name the old one in BULKHEAD_KEYRING_PREVIOUS_ROOT`,
          ),
        ),
      }),
    })
    const roots = await open(file('new.key'), { known, previous: [file('old.key')] })
    expect(roots.previous.map((root) => root.id)).toEqual([old.current.id])
    const wrapped = await old.current.wrap(PLACE, Buffer.alloc(32, 3))
    expect(await roots.previous[0]?.unwrap(PLACE, wrapped)).toEqual(Buffer.alloc(32, 3))
    await expect(roots.current.unwrap(PLACE, wrapped)).rejects.toMatchObject({ code: 'refused' })
    // The new one exists by now: it is refused all the same where the old one is not named.
    await expect(open(file('new.key'), { known })).rejects.toThrow(/holds keys wrapped by root/)
  })

  it('a previous root that is missing is never made, and none is named twice', async () => {
    await expect(open(file('a.key'), { previous: [file('gone.key')] })).rejects.toMatchObject({
      cause: expect.objectContaining({ message: expect.stringMatching(/never made anew/) }),
    })
    await open(file('a.key'))
    await expect(open(file('a.key'), { previous: [file('a.key')] })).rejects.toThrow(/is configured twice/)
  })

  it('while the database is away nothing is wrapped by a root that could be a stranger', async () => {
    const old = await open(file('first.key'))
    let known: readonly string[] | null = null
    const ask = () => (known === null ? away() : Promise.resolve(known))
    const roots = await open(file('second.key'), { known: ask })
    await expect(roots.current.wrap(PLACE, Buffer.alloc(32))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/connection refused/),
    })
    known = [old.current.id]
    await expect(roots.current.wrap(PLACE, Buffer.alloc(32))).rejects.toThrow(/holds keys wrapped by root/)
    known = [roots.current.id]
    expect((await roots.current.wrap(PLACE, Buffer.alloc(32))).length).toBeGreaterThan(32)
  })

  it('a root that is restored opens what it wrapped; other roots of the same installation do not replace it', async () => {
    const roots = await open(file('kept.key'))
    const wrapped = await roots.current.wrap(PLACE, Buffer.alloc(32, 5))
    const known = () => Promise.resolve([roots.current.id])
    const again = await open(file('kept.key'), { known })
    expect(await again.current.unwrap(PLACE, wrapped)).toEqual(Buffer.alloc(32, 5))
    await unlink(join(directory, 'kept.key'))
    await expect(open(file('kept.key'), { known })).rejects.toThrow(/is missing/)
  })

  it('the guard holds for a remote root too', async () => {
    await using vault = await startTestVault()
    vault.tokens.set('hvs.good', { ttl: 0, renewable: false })
    const tokenFile = join(directory, 'token')
    await writeFile(tokenFile, 'hvs.good', { mode: 0o600 })
    const setting: RootSetting = {
      kind: 'vault',
      origin: vault.origin,
      mount: 'transit',
      key: 'mail',
      tokenFile,
      namespace: null,
      caFile: null,
    }
    const old = await open(file('before-vault.key'))
    const known = () => Promise.resolve([old.current.id])
    await expect(open(setting, { known })).rejects.toThrow(/holds keys wrapped by root/)
    await using roots = await open(setting, { known, previous: [file('before-vault.key')] })
    expect((await roots.current.wrap(PLACE, Buffer.alloc(32))).toString()).toMatch(/^vault:v1:/)
    // A rotation overwrites the old wrapping: what the new root does not open must never come back from it.
    vault.mood = 'old-version'
    vault.moodFor = 1
    await expect(roots.current.wrap(PLACE, Buffer.alloc(32))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/does not open what it wrapped/),
    })
    expect((await roots.current.wrap(PLACE, Buffer.alloc(32))).toString()).toMatch(/^vault:v1:/)
  })
})
