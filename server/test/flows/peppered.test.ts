import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { createKeyringClient } from '../../src/platform/keyring-client/index.ts'
import { TEST_TOKENS, makeTestKeyring } from '../../src/platform/keyring-client/test-keyring.ts'
import { startPeppering } from '../../src/processes/api-peppering.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import {
  bindingDigest,
  createAccess,
  createCredentialPepper,
  hashSecret,
  pepperOldCredentials,
} from '../../src/security/access/index.ts'
import type { Bound } from '../../src/security/access/index.ts'
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
    // As the migrations leave them: from before there were epochs too.
    await owner.query(
      'alter table api_key disable trigger stamp; alter table smtp_credential disable trigger stamp',
    )
    await owner.query(
      'update api_key set secret_hash = $2, pepper_version = 0, issued_epoch = 0 where id = $1',
      [decodeId('apiKey', old.body.id), sha256(old.body.key)],
    )
    await owner.query(
      'update smtp_credential set secret_hash = $2, pepper_version = 0, issued_epoch = 0 where id = $1',
      [decodeId('smtpCredential', body.id), sha256(body.password)],
    )
    await owner.query(
      'alter table api_key enable trigger stamp; alter table smtp_credential enable trigger stamp',
    )
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

async function temporaryDirectory(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'bulkhead-peppered-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

const database = () => api.database.pool('superuser')
const status = async (key: string): Promise<number> => {
  const { status: code } = await api.call(key, 'GET', '/v1/messages')
  return code
}
const uuid = (kind: 'apiKey' | 'smtpCredential' | 'workspace' | 'staffMember', id: string): string => {
  const decoded = decodeId(kind, id)
  if (decoded === null) throw new Error(`not an id: ${id}`)
  return decoded
}

/** A workspace with two keys: one to be forged by, one that must go on. */
async function twoKeys(
  extra: object = {},
): Promise<{ workspace: string; first: string; id: string; key: string }> {
  const { id, key } = await api.workspace()
  const made = await api.call(key, 'POST', '/v1/api-keys', { name: 'x', ...extra })
  return {
    workspace: uuid('workspace', id),
    first: key,
    id: uuid('apiKey', made.body.id),
    key: made.body.key,
  }
}

/** What a process answers that has seen no key before. */
async function newProcess(key: string): Promise<string> {
  const access = createAccess({
    pool: api.database.pool('bulkhead_api'),
    pepper: createCredentialPepper({ keyring: api.keyring('api'), name: 'credential' }),
  })
  return access.authenticateBearer(`Bearer ${key}`).then(
    ({ kind }) => kind,
    (error: { code: string }) => error.code,
  )
}

/** 401 once the process no longer believes its last look-up; the other keys of both workspaces go on. */
async function expectRefused(key: string, others: readonly string[]): Promise<void> {
  await expect.poll(() => status(key), { timeout: 3_000 }).toBe(401)
  for (const other of others) expect(await status(other)).toBe(200)
}

/** The control arm: the row opens as soon as the keyring has bound it as it is now; so nothing but the binding refused it. */
async function expectOpenWhenBound(id: string, key: string): Promise<void> {
  const { rows } = await database().query<Pick<Bound, 'workspaceId' | 'scopes' | 'expiresAt'>>(
    `select workspace_id as "workspaceId", scopes, expires_at as "expiresAt" from api_key where id = $1`,
    [id],
  )
  const [row] = rows
  if (row === undefined) throw new Error('no such key')
  const digest = bindingDigest({ kind: 'api_key', id, ...row }, hashSecret(key))
  const [binding] = await api.keyring('api').pepper('credential', [digest])
  await database().query('update api_key set binding = $2 where id = $1', [id, binding])
  await expect.poll(() => status(key), { timeout: 3_000 }).toBe(200)
}

describe('whoever owns the database', () => {
  it('opens no other workspace with the hash of a key of his own', async () => {
    const [own, victim] = [await twoKeys(), await twoKeys()]
    await database().query(
      `with mine as (delete from api_key where id = $1 returning secret_hash, binding)
       update api_key k set secret_hash = mine.secret_hash, binding = mine.binding from mine where k.id = $2`,
      [own.id, victim.id],
    )
    await expectRefused(own.key, [own.first, victim.first])
    await expectOpenWhenBound(victim.id, own.key)
  })

  it('opens no other workspace with a row of his own that he moves there', async () => {
    const [own, victim] = [await twoKeys(), await twoKeys()]
    expect(await status(own.key)).toBe(200)
    await database().query('update api_key set workspace_id = $2 where id = $1', [own.id, victim.workspace])
    await expectRefused(own.key, [own.first, victim.first])
    await expectOpenWhenBound(own.id, own.key)
  })

  it('gives a key no scope', async () => {
    const own = await twoKeys({ scopes: ['domains:read'] })
    expect(await status(own.key)).toBe(403)
    await database().query(`update api_key set scopes = scopes || '{messages:read}' where id = $1`, [own.id])
    await expectRefused(own.key, [own.first])
    await expectOpenWhenBound(own.id, own.key)
  })

  it('lets no key live longer', async () => {
    const own = await twoKeys({ expiresAt: new Date(Date.now() + 2_000).toISOString() })
    await expect.poll(() => status(own.key), { timeout: 5_000 }).toBe(401)
    await database().query(`update api_key set expires_at = now() + interval '1 day' where id = $1`, [own.id])
    const { rows } = await database().query('select now() < expires_at as live from api_key where id = $1', [
      own.id,
    ])
    expect(rows).toEqual([{ live: true }])
    expect(await newProcess(own.key)).toBe('unauthenticated')
    await database().query('update api_key set expires_at = null where id = $1', [own.id])
    expect(await newProcess(own.key)).toBe('unauthenticated')
    await expectRefused(own.key, [own.first])
    await expectOpenWhenBound(own.id, own.key)
  })

  it('and whoever asks for a key that has ended gets none, by the clock of the database', async () => {
    const { first, workspace } = await twoKeys()
    const ended = { name: 'ended', expiresAt: new Date(Date.now() - 1_000).toISOString() }
    const { status: code, body } = await api.call(first, 'POST', '/v1/api-keys', ended)
    expect({ code, text: JSON.stringify(body) }).toMatchObject({
      code: 400,
      text: expect.stringContaining('is in the past'),
    })
    const { rows } = await database().query('select 1 from api_key where workspace_id = $1', [workspace])
    expect(rows).toHaveLength(2)
  })

  it('makes no row of his own open: without a binding, and with that of another row', async () => {
    const own = await twoKeys()
    const victim = await twoKeys()
    await database().query(
      `insert into api_key (id, workspace_id, name, prefix, secret_hash, scopes, binding)
       select gen_random_uuid(), $2, name, prefix, sha256(secret_hash), scopes, binding from api_key where id = $1`,
      [own.id, victim.workspace],
    )
    await database().query('update api_key set binding = null where id = $1', [own.id])
    await expectRefused(own.key, [own.first, victim.first])
  })

  it('has no plain digest bound that turns up after the upgrade, and an alarm says so', async () => {
    const [own, victim] = [await twoKeys(), await twoKeys()]
    await using data = await temporaryDirectory()
    const lines: string[] = []
    const start = async (): Promise<void> => {
      const { finished } = await startPeppering({
        pool: api.database.pool('bulkhead_api'),
        keyring: api.keyring('api'),
        log: createLogger({ name: 'test', level: 'error', write: (line) => lines.push(line) }),
        signal: new AbortController().signal,
        dataDirectory: data.path,
      })
      await finished
    }
    const enter = () =>
      database().query(
        'update api_key set secret_hash = $2, binding = null, pepper_version = 0 where id = $1',
        [victim.id, hashSecret(own.key)],
      )
    await start()
    await enter()
    await start()
    await expectRefused(victim.key, [own.first, victim.first])
    expect(lines).toHaveLength(1)
    const { rows } = await database().query('select binding, pepper_version from api_key where id = $1', [
      victim.id,
    ])
    expect(rows).toEqual([{ binding: null, pepper_version: 0 }])
    // The control arm: without the file on the host it would be taken for a credential of an older version.
    await rm(join(data.path, 'credentials.peppered'))
    await database().query('delete from api_key where id = $1', [own.id])
    await start()
    await expect.poll(() => newProcess(own.key)).toBe('api_key')
  })

  it('sends from no other workspace with an SMTP credential', async () => {
    const [own, victim] = [await twoKeys(), await twoKeys()]
    const made = await api.call(own.first, 'POST', '/v1/smtp-credentials', { name: 'x' })
    const id = uuid('smtpCredential', made.body.id)
    const access = createAccess({
      pool: api.database.pool('bulkhead_smtp'),
      pepper: createCredentialPepper({ keyring: api.keyring('smtp'), name: 'credential' }),
    })
    const workspace = () =>
      access.authenticateSmtp(made.body.username, made.body.password).then(
        (identity) => identity.workspaceId,
        (error: { code: string }) => error.code,
      )
    expect(await workspace()).toBe(own.workspace)
    await database().query('update smtp_credential set workspace_id = $2 where id = $1', [
      id,
      victim.workspace,
    ])
    access.forget()
    expect(await workspace()).toBe('unauthenticated')
    const digest = bindingDigest(
      { kind: 'smtp_credential', id, workspaceId: victim.workspace, scopes: [], expiresAt: null },
      hashSecret(made.body.password),
    )
    const [binding] = await api.keyring('smtp').pepper('credential', [digest])
    await database().query('update smtp_credential set binding = $2 where id = $1', [id, binding])
    access.forget()
    expect(await workspace()).toBe(victim.workspace)
    await access.close()
  })

  it('acts as no other member of staff', async () => {
    await using staff = await startStaff(api)
    const [own, victim] = [await staff.member(), await staff.member()]
    const see = async (key: string): Promise<number> =>
      (await staff.call(key, 'GET', '/v1/workspaces')).status
    expect([await see(own.key), await see(victim.key)]).toEqual([200, 200])
    await database().query(
      `with mine as (delete from staff.member where id = $1 returning key_hash, binding)
       update staff.member m set key_hash = mine.key_hash, binding = mine.binding from mine where m.id = $2`,
      [uuid('staffMember', own.id), uuid('staffMember', victim.id)],
    )
    expect(await see(own.key)).toBe(401)
    const digest = bindingDigest(
      { kind: 'staff', id: uuid('staffMember', victim.id), workspaceId: null, scopes: [], expiresAt: null },
      hashSecret(own.key),
    )
    const [binding] = await api.keyring('staff').pepper('staff', [digest])
    await database().query('update staff.member set binding = $2 where id = $1', [
      uuid('staffMember', victim.id),
      binding,
    ])
    expect(await see(own.key)).toBe(200)
  })

  it('costs those who are who they say no round trip to the database', async () => {
    const { key } = await api.workspace()
    const pool = api.database.pool('bulkhead_api')
    let asked = 0
    const access = createAccess({
      pool: {
        query: (statement, values) => {
          asked += 1
          return pool.query(statement, values)
        },
      },
      pepper: createCredentialPepper({ keyring: api.keyring('api'), name: 'credential' }),
    })
    expect((await access.authenticateBearer(`Bearer ${key}`)).kind).toBe('api_key')
    expect(asked).toBe(1)
  })

  it('is on record where he tried, once in an hour for each row', async () => {
    const [own, victim] = [await twoKeys(), await twoKeys()]
    await database().query('update api_key set workspace_id = $2 where id = $1', [own.id, victim.workspace])
    const lines: string[] = []
    const log = createLogger({ name: 'test', level: 'error', write: (line) => lines.push(line) })
    // Two processes that meet it at the same time, each several times.
    const processes = [1, 2].map(() =>
      createAccess({
        pool: api.database.pool('bulkhead_api'),
        pepper: createCredentialPepper({ keyring: api.keyring('api'), name: 'credential' }),
        log,
      }),
    )
    for (let n = 0; n < 3; n++) {
      for (const access of processes) access.forget()
      const codes = await Promise.all(
        processes.map((access) =>
          access.authenticateBearer(`Bearer ${own.key}`).catch((error: { code: string }) => error.code),
        ),
      )
      expect(codes).toEqual(['unauthenticated', 'unauthenticated'])
    }
    const { rows } = await database().query(
      `select workspace_id, actor, target, detail from audit_outbox where action = 'credential.forged' and target = $1`,
      [`api_key:${own.id}`],
    )
    expect(rows).toEqual([
      {
        workspace_id: victim.workspace,
        actor: 'process:api',
        target: `api_key:${own.id}`,
        detail: { kind: 'api_key' },
      },
    ])
    expect(lines).toHaveLength(2)
    expect(lines[0]).toContain(own.id)
    expect(lines[0]).not.toContain(own.key)
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
