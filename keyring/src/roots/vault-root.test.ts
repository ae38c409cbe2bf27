import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSelfSigned } from '../../../server/src/platform/config/self-signed.ts'
import type { VaultSetting } from './root-setting.ts'
import { expectBoundToPlace } from './root-contract.test-support.ts'
import { openVaultRoot } from './vault-root.ts'
import { startTestVault } from './vault-server.test-support.ts'
import type { TestVault } from './vault-server.test-support.ts'

const PLACE = ['workspace', 'w', 1]
let directory: string
let tokenFile: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-vault-'))
  tokenFile = join(directory, 'token')
  await writeFile(tokenFile, 'hvs.good\n', { mode: 0o600 })
})
afterAll(() => rm(directory, { recursive: true, force: true }))

async function vaultWithToken(): Promise<TestVault> {
  const vault = await startTestVault()
  vault.tokens.set('hvs.good', { ttl: 0, renewable: false })
  return vault
}

const settingOf = (vault: TestVault, change: Partial<VaultSetting> = {}): VaultSetting => ({
  kind: 'vault',
  origin: vault.origin,
  mount: 'transit',
  key: 'mail',
  tokenFile,
  namespace: null,
  caFile: null,
  ...change,
})
const open = (setting: VaultSetting, known: readonly string[] = [], lines: string[] = []) =>
  openVaultRoot({ setting, known, log: (_level, message) => lines.push(message) })

describe('the root in Vault Transit', () => {
  it('binds what it wraps to its place', async () => {
    await using vault = await vaultWithToken()
    const root = await open(settingOf(vault))
    await expectBoundToPlace(root)
    expect(root.id).toMatch(/^vault:[0-9a-f]{16}:1790000000$/)
    await root.close()
  })

  it('keeps its id when the key is rotated and its first version archived, and has another one when it was made anew', async () => {
    await using vault = await vaultWithToken()
    const before = await open(settingOf(vault))
    const wrapped = await before.wrap(PLACE, Buffer.alloc(32, 1))
    vault.rotate()
    const after = await open(settingOf(vault))
    expect(after.id).toBe(before.id)
    expect(await after.unwrap(PLACE, wrapped)).toEqual(Buffer.alloc(32, 1))
    vault.key.archived = 1
    expect((await open(settingOf(vault), [before.id])).id).toBe(before.id)
    await using other = await vaultWithToken()
    other.rotate()
    other.key.archived = 1
    expect((await open(settingOf(other))).id).not.toBe(before.id)
  })

  it('passes over what passes: sealed for a moment, throttled, garbage from a proxy', async () => {
    await using vault = await vaultWithToken()
    const root = await open(settingOf(vault))
    for (const mood of ['sealed', 'throttling'] as const) {
      vault.mood = mood
      vault.moodFor = 2
      expect((await root.wrap(PLACE, Buffer.alloc(32))).toString()).toMatch(/^vault:v1:/)
    }
  })

  it.each([
    ['sealed', /is sealed or in maintenance \(503\): "Vault is sealed": unseal it/],
    ['throttling', /throttles \(429\)/],
    ['standby-redirect', /redirects to "http:\/\/127.0.0.1:1\/steal", which is not followed/],
    ['garbage', /something that is not JSON: is it Vault\?/],
    ['endless', /answer has more than 65536 bytes/],
  ] as const)('when %s, is unavailable with the cause and the next step', async (mood, message) => {
    await using vault = await vaultWithToken()
    const root = await open(settingOf(vault))
    vault.mood = mood
    vault.moodFor = 99
    await expect(root.wrap(PLACE, Buffer.alloc(32))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(message),
    })
    await expect(open(settingOf(vault))).rejects.toThrow(message)
  })

  it('gives up on a server that says nothing', async () => {
    await using vault = await vaultWithToken()
    const root = await open(settingOf(vault))
    vault.mood = 'silent'
    vault.moodFor = 99
    await expect(root.wrap(PLACE, Buffer.alloc(32))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/no answer within 3000 ms/),
    })
  })

  it('refuses a value of another key, and a Vault that ignores the place', async () => {
    await using vault = await vaultWithToken()
    const root = await open(settingOf(vault))
    const wrapped = await root.wrap(PLACE, Buffer.alloc(32))
    vault.mood = 'other-key'
    vault.moodFor = 1
    await expect(root.unwrap(PLACE, wrapped)).rejects.toMatchObject({ code: 'refused' })
    vault.mood = 'old-version'
    vault.moodFor = 99
    await expect(open(settingOf(vault))).rejects.toThrow(/ignores additional data, use a newer version/)
  })

  it('reads the token file again when its token is refused', async () => {
    await using vault = await vaultWithToken()
    const root = await open(settingOf(vault))
    vault.tokens.clear()
    vault.tokens.set('hvs.next', { ttl: 0, renewable: false })
    await expect(root.wrap(PLACE, Buffer.alloc(32))).rejects.toThrow(
      /refuses the token .* its policy needs update on transit\/encrypt\/mail/,
    )
    await writeFile(tokenFile, 'hvs.next')
    try {
      expect((await root.wrap(PLACE, Buffer.alloc(32))).toString()).toMatch(/^vault:v1:/)
    } finally {
      await writeFile(tokenFile, 'hvs.good\n')
    }
  })

  it('renews a token that can be renewed before it ends, and warns of one that cannot', async () => {
    await using vault = await vaultWithToken()
    vault.tokens.set('hvs.good', { ttl: 2, renewable: true })
    const root = await open(settingOf(vault))
    await expect
      .poll(() => vault.requests.filter((path) => path === '/v1/auth/token/renew-self').length, {
        timeout: 10_000,
      })
      .toBeGreaterThan(1)
    await root.close()
    vault.tokens.set('hvs.good', { ttl: 60, renewable: false })
    const lines: string[] = []
    await (await open(settingOf(vault), [], lines)).close()
    expect(lines).toEqual([expect.stringMatching(/cannot be renewed/)])
  })

  it('names what is wrong at the start: key, type, namespace, token, address', async () => {
    await using vault = await vaultWithToken()
    await expect(open(settingOf(vault, { key: 'nothing' }))).rejects.toThrow(
      /has nothing at transit\/keys\/nothing: make the key \(vault write -f transit\/keys\/nothing type=aes256-gcm96\)/,
    )
    await expect(open(settingOf(vault, { namespace: 'elsewhere' }))).rejects.toThrow(
      /mend mount, name and namespace/,
    )
    vault.key.type = 'rsa-2048'
    await expect(open(settingOf(vault))).rejects.toThrow(
      /is of type "rsa-2048": make one with type=aes256-gcm96/,
    )
    vault.key.type = 'aes256-gcm96'
    vault.key.derived = true
    await expect(open(settingOf(vault))).rejects.toThrow(/derived=false/)
    vault.key.derived = false
    vault.key.exportable = true
    const lines: string[] = []
    await open(settingOf(vault), [], lines)
    expect(lines).toEqual([expect.stringMatching(/can be exported/)])
    vault.tokens.clear()
    await expect(open(settingOf(vault))).rejects.toThrow(/refuses the token/)
    await chmod(tokenFile, 0o640)
    await expect(open(settingOf(vault))).rejects.toThrow(`chmod 600 ${tokenFile}`)
    await chmod(tokenFile, 0o600)
    await expect(open(settingOf(vault, { tokenFile: '/nowhere' }))).rejects.toThrow(
      /token file \/nowhere cannot be opened/,
    )
    await expect(open(settingOf(vault, { origin: 'http://127.0.0.1:1' }))).rejects.toThrow(
      /cannot be reached.*ECONNREFUSED/,
    )
  })

  it('speaks TLS only to a server that the CA file vouches for', async () => {
    const { certificatePem, privateKeyPem } = createSelfSigned({
      names: ['127.0.0.1'],
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + 3_600_000),
    })
    const caFile = join(directory, 'tls.pem')
    await writeFile(caFile, certificatePem)
    const tls = { key: privateKeyPem, cert: certificatePem }
    await using vault = await startTestVault({ tls })
    vault.tokens.set('hvs.good', { ttl: 0, renewable: false })
    await expect(open(settingOf(vault))).rejects.toThrow(/cannot be reached.*self-signed certificate/)
    expect(vault.requests).toEqual([])
    await expectBoundToPlace(await open(settingOf(vault, { caFile })))
    await expect(open(settingOf(vault, { caFile: tokenFile }))).rejects.toThrow(/holds no PEM certificate/)
  })
})
