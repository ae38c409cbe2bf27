import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../server/test/support/database.ts'
import { makeTestKeyring } from '../../../server/src/platform/keyring-client/test-keyring.ts'
import { startWorld } from '../../../server/src/platform/keyring-client/world.test-support.ts'
import type { World } from '../../../server/src/platform/keyring-client/world.test-support.ts'
import { startTestKms } from './kms-server.test-support.ts'
import { startTestVault } from './vault-server.test-support.ts'

const MODULE = '/usr/lib/softhsm/libsofthsm2.so'
const TOOL = '/usr/bin/softhsm2-util'
const hasToken = existsSync(MODULE) && existsSync(TOOL)
if (!hasToken)
  process.stderr.write('SKIPPED: no PKCS#11 root among the moves, because softhsm2 is not installed\n')

let world: World
let directory: string
beforeAll(async () => {
  world = await startWorld()
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-moves-'))
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

async function tokenEnvironment(): Promise<Record<string, string>> {
  await mkdir(join(directory, 'tokens'))
  const configuration = join(directory, 'softhsm2.conf')
  await writeFile(configuration, `directories.tokendir = ${directory}/tokens\nobjectstore.backend = file\n`)
  const env = { SOFTHSM2_CONF: configuration }
  const options = ['--init-token', '--free', '--label', 'mail', '--pin', '1234', '--so-pin', '5678']
  execFileSync(TOOL, options, { env, stdio: 'ignore' })
  return env
}

describe('an installation that moves its root', () => {
  it('from the file to Vault, into a token, to KMS and back opens everything after each move, and needs the old one no more', async () => {
    await using vault = await startTestVault()
    await using kms = await startTestKms()
    vault.tokens.set('hvs.good', { ttl: 3600, renewable: true })
    const tokenFile = join(directory, 'token')
    await writeFile(tokenFile, 'hvs.good', { mode: 0o600 })
    const credentials = {
      AWS_ACCESS_KEY_ID: 'AKIATEST',
      AWS_SECRET_ACCESS_KEY: 'test-secret',
      BULKHEAD_KEYRING_PIN: '1234',
      BULKHEAD_KEYRING_SPOOL: join(directory, 'spool.state'),
      ...(hasToken ? await tokenEnvironment() : {}),
    }
    await using own = await createTestDatabase()
    await using keyring = await makeTestKeyring({ databaseUrl: own.url.bulkhead_keyring, env: credentials })
    await keyring.start()
    const furnished = await world.furnish(keyring)
    const api = world.clientOf('api', keyring)
    const moves = [
      `vault:${vault.origin}/transit/keys/mail;token-file=${tokenFile}`,
      ...(hasToken ? [`pkcs11:module=${MODULE};token=mail;label=bulkhead`] : []),
      `aws-kms:${kms.arn};endpoint=${kms.origin}`,
      `file:${join(directory, 'back.key')}`,
    ]
    let before = keyring.rootPath
    for (const root of moves) {
      await keyring.kill()
      // The old one has to be named, whatever the new one is.
      await expect(keyring.start({ BULKHEAD_KEYRING_ROOT: root })).rejects.toThrow(
        /holds keys wrapped by root/,
      )
      await keyring.start({ BULKHEAD_KEYRING_ROOT: root, BULKHEAD_KEYRING_PREVIOUS_ROOT: before })
      await world.expectWhole(keyring, furnished)
      await api.rotate({ scope: 'root', actor: 'operator' })
      expect(await world.rotated(api)).toMatchObject({ state: 'done', error: null })
      await keyring.kill()
      await keyring.start({ BULKHEAD_KEYRING_ROOT: root })
      await world.expectWhole(keyring, furnished)
      before = root
    }
    for (const secret of ['hvs.good', 'test-secret']) expect(keyring.output()).not.toContain(secret)
  }, 180_000)
})
