import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tokenIntruder } from './pkcs11-intruder.test-support.ts'
import { openPkcs11Root } from './pkcs11-root.ts'
import type { Pkcs11Setting } from './root-setting.ts'
import { expectBoundToPlace } from './root-contract.test-support.ts'

const MODULE = '/usr/lib/softhsm/libsofthsm2.so'
const TOOL = '/usr/bin/softhsm2-util'
const isThere = existsSync(MODULE) && existsSync(TOOL)
const yes = (): Promise<void> => Promise.resolve()
const no = (): Promise<void> => Promise.reject(new Error('the database holds keys of another root'))
const PLACE = ['workspace', 'w', 1]
const open = (setting: Pkcs11Setting, mayMake = yes) => openPkcs11Root({ setting, pin: undefined, mayMake })

if (!isThere)
  process.stderr.write(
    'SKIPPED: PKCS#11 is not tested, because softhsm2 is not installed (apt install softhsm2)\n',
  )

describe.skipIf(!isThere)('the root in a PKCS#11 token (SoftHSM)', () => {
  let directory: string
  let pinFile: string
  const earlier = process.env['SOFTHSM2_CONF']

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bulkhead-softhsm-'))
    await mkdir(join(directory, 'tokens'))
    const configuration = join(directory, 'softhsm2.conf')
    await writeFile(
      configuration,
      `directories.tokendir = ${directory}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n`,
    )
    process.env['SOFTHSM2_CONF'] = configuration
    pinFile = join(directory, 'pin')
    await writeFile(pinFile, '1234\n', { mode: 0o600 })
    // All of them now: the module reads its tokens once.
    for (const label of ['mail', 'weak', 'twice', 'guarded', 'lost', 'pins']) {
      execFileSync(TOOL, ['--init-token', '--free', '--label', label, '--pin', '1234', '--so-pin', '5678'], {
        env: process.env,
        stdio: 'ignore',
      })
    }
  })
  afterAll(async () => {
    if (earlier === undefined) delete process.env['SOFTHSM2_CONF']
    else process.env['SOFTHSM2_CONF'] = earlier
    await rm(directory, { recursive: true, force: true })
  })

  const settingOf = (token: string, change: Partial<Pkcs11Setting> = {}): Pkcs11Setting => ({
    kind: 'pkcs11',
    module: MODULE,
    token,
    label: 'bulkhead root',
    pinFile,
    ...change,
  })

  it('is made at the first start, found again, and binds what it wraps to its place', async () => {
    const first = await open(settingOf('mail'))
    await expectBoundToPlace(first)
    const wrapped = await first.wrap(PLACE, Buffer.alloc(32, 7))
    await first.close()
    const again = await open(settingOf('mail'), no)
    expect(again.id).toBe(first.id)
    expect(again.id).toMatch(/^pkcs11:[0-9a-f]{16}$/)
    expect(await again.unwrap(PLACE, wrapped)).toEqual(Buffer.alloc(32, 7))
    const other = await open(settingOf('mail', { label: 'another key' }))
    expect(other.id).not.toBe(first.id)
    await expect(other.unwrap(PLACE, wrapped)).rejects.toMatchObject({ code: 'refused' })
    await Promise.all([again.close(), other.close()])
  })

  it('is never made where the database knows another root', async () => {
    const failed = open(settingOf('guarded'), no)
    await expect(failed).rejects.toMatchObject({
      message: 'The token "guarded" has no key "bulkhead root"',
      cause: expect.objectContaining({ message: 'the database holds keys of another root' }),
    })
  })

  it('cannot be read out of the token', async () => {
    const root = await open(settingOf('mail'))
    const p11 = tokenIntruder(MODULE)
    const { session, key } = p11.find('mail', 'bulkhead root')
    const value = Buffer.alloc(32)
    // CKA_VALUE is answered with CKR_ATTRIBUTE_SENSITIVE.
    expect(p11.attribute(session, key, 0x11, value)).toBe(0x11)
    expect(value).toEqual(Buffer.alloc(32))
    await root.close()
  })

  it('is refused where its key could be read out of the token, or where there are two', async () => {
    const p11 = tokenIntruder(MODULE)
    p11.make('weak', 'bulkhead root', { extractable: true })
    await expect(open(settingOf('weak'), no)).rejects.toThrow(/can be read out of it/)
    p11.make('twice', 'bulkhead root', { extractable: false })
    p11.make('twice', 'bulkhead root', { extractable: false })
    await expect(open(settingOf('twice'), no)).rejects.toThrow(/several keys "bulkhead root"/)
  })

  it('goes on after its sessions were closed and after the module was restarted under it', async () => {
    const root = await open(settingOf('lost'))
    const wrapped = await root.wrap(PLACE, Buffer.alloc(32, 1))
    const p11 = tokenIntruder(MODULE)
    p11.closeAllSessions('lost')
    expect(await root.unwrap(PLACE, wrapped)).toEqual(Buffer.alloc(32, 1))
    p11.finalize()
    expect(await root.unwrap(PLACE, wrapped)).toEqual(Buffer.alloc(32, 1))
    await expectBoundToPlace(root)
    await root.close()
  })

  it('serves many at once, in order, and leaves the event loop free', async () => {
    const root = await open(settingOf('mail'))
    const keys = Array.from({ length: 200 }, (_, at) => Buffer.alloc(32, at))
    const wrapped = await Promise.all(keys.map((key, at) => root.wrap(['workspace', `w${at}`, 1], key)))
    const opened = await Promise.all(
      wrapped.map((value, at) => root.unwrap(['workspace', `w${at}`, 1], value)),
    )
    expect(opened).toEqual(keys)
    await root.close()
  })

  it('never tries a refused PIN again, because a few more would lock the token', async () => {
    const wrong = join(directory, 'wrong-pin')
    await writeFile(wrong, '9999', { mode: 0o600 })
    await expect(open(settingOf('pins', { pinFile: wrong }))).rejects.toThrow(
      /refuses the PIN. It is not tried again/,
    )
    await writeFile(pinFile, '1234', { mode: 0o600 })
    const root = await open(settingOf('pins'))
    await writeFile(pinFile, '0000', { mode: 0o600 })
    try {
      tokenIntruder(MODULE).closeAllSessions('pins')
      for (let times = 0; times < 12; times++) {
        await expect(root.wrap(PLACE, Buffer.alloc(32))).rejects.toThrow(/refuses the PIN/)
      }
    } finally {
      await writeFile(pinFile, '1234', { mode: 0o600 })
    }
    // Twelve wrong tries would have locked it (SoftHSM counts none, but tells that the last one was wrong).
    await (await open(settingOf('pins'), no)).close()
  })

  it('names what is wrong: module, token, PIN', async () => {
    await expect(open(settingOf('mail', { module: '/nowhere.so' }))).rejects.toThrow(
      /module \/nowhere.so cannot be loaded: check the path/,
    )
    await expect(open(settingOf('mail', { module: process.execPath }))).rejects.toThrow(/cannot be loaded/)
    await expect(open(settingOf('nobody'))).rejects.toThrow(/sees no token "nobody"; it sees .*"mail"/)
    await expect(open(settingOf('mail', { pinFile: null }))).rejects.toThrow(/set BULKHEAD_KEYRING_PIN/)
    await chmod(pinFile, 0o644)
    await expect(open(settingOf('mail'))).rejects.toThrow(`chmod 600 ${pinFile}`)
    await chmod(pinFile, 0o600)
    const root = await openPkcs11Root({
      setting: settingOf('mail', { pinFile: null }),
      pin: '1234',
      mayMake: yes,
    })
    await expectBoundToPlace(root)
    await root.close()
  })
})
