import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { createKeyringClient } from '../../src/platform/keyring-client/index.ts'
import { TEST_TOKENS, makeTestKeyring } from '../../src/platform/keyring-client/test-keyring.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import {
  createAccess,
  createCredentialPepper,
  hashSecret,
  pepperOldCredentials,
} from '../../src/security/access/index.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { startStaff } from './staff-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Every stored hash of a credential, as a thief of the database has them. */
async function stolenHashes(): Promise<Set<string>> {
  const { rows } = await api.database.pool('superuser').query<{ hash: string }>(
    `select encode(secret_hash, 'hex') as hash from api_key
     union all select encode(secret_hash, 'hex') from smtp_credential
     union all select encode(key_hash, 'hex') from staff.member`,
  )
  return new Set(rows.map((row) => row.hash))
}

describe('a stolen database', () => {
  it('cannot test even a right secret; before the pepper it could test every one', async () => {
    await using staff = await startStaff(api)
    const secrets: string[] = []
    const { key } = await api.workspace()
    for (let n = 0; n < 20; n++) {
      secrets.push(String((await api.call(key, 'POST', '/v1/api-keys', { name: 'x' })).body.key))
      secrets.push(String((await api.call(key, 'POST', '/v1/smtp-credentials', { name: 'x' })).body.password))
    }
    secrets.push(key, (await staff.member()).key)
    const stolen = await stolenHashes()
    expect(stolen.size).toBeGreaterThanOrEqual(secrets.length)
    // Whatever a thief can compute without the keyring, of every secret that there is.
    const guesses = secrets.flatMap((secret) => [
      secret,
      sha256(secret).toString('hex'),
      createHash('sha256').update(sha256(secret)).digest('hex'),
    ])
    expect(guesses.filter((guess) => stolen.has(guess))).toEqual([])
    // The control arm: what the keyring makes of the same digests is what is stored.
    const peppered = await api.keyring('api').pepper('credential', secrets.slice(0, 40).map(hashSecret))
    expect(peppered.every((hash) => stolen.has(hash.toString('hex')))).toBe(true)
  })
})

describe('credentials from before the pepper', () => {
  it('do not log in as they are, and work again once they are peppered, without their secrets', async () => {
    const { key } = await api.workspace()
    const { body } = await api.call(key, 'POST', '/v1/smtp-credentials', { name: 'old' })
    const old = await api.call(key, 'POST', '/v1/api-keys', { name: 'old' })
    const owner = api.database.pool('superuser')
    await owner.query('update api_key set secret_hash = $2, pepper_version = 0 where id = $1', [
      decodeId('apiKey', old.body.id),
      sha256(old.body.key),
    ])
    await owner.query('update smtp_credential set secret_hash = $2, pepper_version = 0 where id = $1', [
      decodeId('smtpCredential', body.id),
      sha256(body.password),
    ])
    expect((await api.call(old.body.key, 'GET', '/v1/messages')).status).toBe(401)
    const deps = { pool: api.database.pool('bulkhead_api'), keyring: api.keyring('api') }
    expect(await pepperOldCredentials(deps)).toEqual({ peppered: 2, contained: 0 })
    expect(await pepperOldCredentials(deps)).toEqual({ peppered: 0, contained: 0 })
    await expect
      .poll(async () => (await api.call(old.body.key, 'GET', '/v1/messages')).status, { timeout: 2_000 })
      .toBe(200)
    const smtp = createAccess({
      pool: api.database.pool('bulkhead_smtp'),
      pepper: createCredentialPepper({ keyring: api.keyring('smtp'), name: 'credential' }),
    })
    expect((await smtp.authenticateSmtp(body.username, body.password)).credential.kind).toBe(
      'smtp_credential',
    )
    await smtp.close()
    expect([...(await stolenHashes())]).not.toContain(sha256(old.body.key).toString('hex'))
  })
})

describe('credentials from before the pepper of a contained workspace', () => {
  it('wait for the lift, keep nobody waiting, and nothing fails', async () => {
    const made = [await api.workspace(), await api.workspace(), await api.workspace()]
    const owner = api.database.pool('superuser')
    const ids = made.map(({ id }) => decodeId('workspace', id))
    const unpeppered = `update api_key set secret_hash = sha256(id::text::bytea), pepper_version = 0 where workspace_id = any($1)`
    const contained = await api.call(made[1]?.key ?? '', 'POST', '/v1/containments', {
      capabilities: ['credential'],
      reason: 'We look into it.',
    })
    expect(contained.status).toBe(201)
    await owner.query(`alter table api_key disable trigger user`)
    await owner.query(unpeppered, [ids])
    await owner.query(`alter table api_key enable trigger user`)
    const deps = { pool: api.database.pool('bulkhead_api'), keyring: api.keyring('api') }
    expect(await pepperOldCredentials(deps)).toEqual({ peppered: 2, contained: 1 })
    await owner.query(`update containment set until = now() where workspace_id = $1`, [ids[1]])
    expect(await pepperOldCredentials(deps)).toEqual({ peppered: 1, contained: 0 })
  })
})

describe('while the keyring is away', () => {
  it('a credential in use works, one that was never seen is unavailable, and none is called wrong', async () => {
    await using keyring = await makeTestKeyring({
      databaseUrl: api.database.url.bulkhead_keyring,
      rootPath: api.keyringRoot,
    })
    await keyring.start()
    await using client = createKeyringClient({
      socketPath: keyring.socketPath,
      token: TEST_TOKENS.api,
      log: createLogger({ name: 'test', level: 'error' }),
      timeoutMs: 500,
    })
    const { key } = await api.workspace()
    const { body: fresh } = await api.call(key, 'POST', '/v1/api-keys', { name: 'never seen' })
    const access = createAccess({
      pool: api.database.pool('bulkhead_api'),
      pepper: createCredentialPepper({ keyring: client, name: 'credential' }),
    })
    const by = async (secret: string): Promise<string> =>
      access.authenticateBearer(`Bearer ${secret}`).then(
        ({ kind }) => kind,
        (error: { code: string }) => error.code,
      )
    expect(await by(key)).toBe('api_key')
    await keyring.kill()
    // Past the time for which the look-up itself is believed.
    access.forget()
    expect(await by(key)).toBe('api_key')
    expect(await by(fresh.key)).toBe('unavailable')
    await expect(access.authenticateSmtp('smtp_nobody', 'wrong')).rejects.toMatchObject({
      code: 'unavailable',
    })
    await access.close()
  })
})
