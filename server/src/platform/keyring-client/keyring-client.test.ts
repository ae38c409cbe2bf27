import { createPublicKey, hash, randomBytes, randomUUID, verify } from 'node:crypto'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/support/database.ts'
import type { TestDatabase } from '../../../test/support/database.ts'
import { prepareSigning } from '../dkim/prepare.ts'
import { open, seal, SealedValueError } from '../sealing/index.ts'
import { encodeFrame, createFrameReader } from './frames.ts'
import type { Frame } from './frames.ts'
import { createKeyringClient, KeyringRefused, KeyringUnavailable } from './index.ts'
import type { KeyringClient } from './index.ts'
import { makeTestKeyring, TEST_TOKENS } from './test-keyring.ts'
import type { TestKeyring } from './test-keyring.ts'

const log = { info: () => undefined, warn: () => undefined }
let database: TestDatabase
let keyring: TestKeyring
const opened: KeyringClient[] = []

function clientOf(kind: keyof typeof TEST_TOKENS, options: { timeoutMs?: number; socketPath?: string } = {}) {
  const client = createKeyringClient({
    socketPath: keyring.socketPath,
    token: TEST_TOKENS[kind],
    log,
    ...options,
  })
  opened.push(client)
  return client
}

beforeAll(async () => {
  database = await createTestDatabase()
  keyring = await makeTestKeyring({ databaseUrl: database.url.bulkhead_keyring })
  await keyring.start()
})

afterAll(async () => {
  for (const client of opened) await client[Symbol.asyncDispose]()
  await keyring[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

const place = (workspaceId: string) => ({ workspaceId, table: 'message_body', column: 'mime', rowId: '1' })

/** A canonicalised header block as a signer asks for it. */
function block(options: {
  domain: string
  selector: string
  algorithm: 'rsa' | 'ed25519'
  from?: string
  tags?: string
}) {
  const { domain, selector, algorithm, from = `ann@${domain}`, tags = '' } = options
  return Buffer.from(
    `from:${from}\r\nto:bob@example.net\r\nsubject:Hello\r\n` +
      `dkim-signature:v=1; a=${algorithm}-sha256; c=relaxed/relaxed; d=${domain}; s=${selector}; h=from:to:subject; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;${tags} b=`,
  )
}

describe('content keys', () => {
  it('sealed by one process, opened by another, and every unwrap is on record before the answer', async () => {
    const workspaceId = randomUUID()
    const lease = await clientOf('smtp').contentKey(workspaceId)
    const sealed = seal(lease, place(workspaceId), Buffer.from('Hello'))
    const sender = clientOf('sender')
    const keys = await sender.openContentKeys(workspaceId, [lease.keyId, randomUUID()], 'lease 7')
    expect(open(keys, place(workspaceId), sealed).toString()).toBe('Hello')
    const record = await database
      .pool('owner')
      .query('select process, purpose, key_count, reason from keyring.unwrap_log where workspace_id = $1', [
        workspaceId,
      ])
    expect(record.rows).toEqual([{ process: 'sender', purpose: 'content', key_count: 1, reason: 'lease 7' }])
  })

  it('are shared by the values of a workspace, asked for once by many, and never shared between workspaces', async () => {
    const workspaceId = randomUUID()
    const api = clientOf('api')
    const leases = await Promise.all(Array.from({ length: 50 }, () => api.contentKey(workspaceId)))
    expect(new Set(leases.map((lease) => lease.keyId)).size).toBe(1)
    const other = await api.contentKey(randomUUID())
    expect(other.keyId).not.toBe(leases[0]?.keyId)
    const foreign = await clientOf('sender').openContentKeys(workspaceId, [other.keyId], 'test')
    expect(foreign.stateOf(other.keyId)).toBe('unknown')
  })

  it('of sensitive messages are single and do not open once destroyed, also not after a restart', async () => {
    const workspaceId = randomUUID()
    const api = clientOf('api')
    const [one, two] = await Promise.all([
      api.contentKey(workspaceId, { sensitive: true }),
      api.contentKey(workspaceId, { sensitive: true }),
    ])
    expect(one.keyId).not.toBe(two.keyId)
    const sealed = seal(one, place(workspaceId), Buffer.from('code 123456'))
    const sender = clientOf('sender')
    expect((await sender.openContentKeys(workspaceId, [one.keyId], 'test')).stateOf(one.keyId)).toBe('open')
    expect(await sender.destroyContentKeys(randomUUID(), [one.keyId])).toBe(0)
    expect((await sender.openContentKeys(workspaceId, [one.keyId], 'test')).stateOf(one.keyId)).toBe('open')
    expect(await sender.destroyContentKeys(workspaceId, [one.keyId, one.keyId])).toBe(1)
    const keys = await sender.openContentKeys(workspaceId, [one.keyId, two.keyId], 'test')
    expect([keys.stateOf(one.keyId), keys.stateOf(two.keyId)]).toEqual(['destroyed', 'open'])
    expect(() => open(keys, place(workspaceId), sealed)).toThrow(SealedValueError)
    await keyring.kill()
    await keyring.start()
    const again = await clientOf('worker').openContentKeys(workspaceId, [one.keyId], 'test')
    expect(again.stateOf(one.keyId)).toBe('destroyed')
    const { rows } = await database
      .pool('owner')
      .query('select wrapped from keyring.content_key where id = $1', [one.keyId])
    expect(rows).toEqual([{ wrapped: null }])
  })

  it('moved to another row or workspace in the database do not open', async () => {
    const [mine, theirs] = [randomUUID(), randomUUID()]
    const api = clientOf('api')
    const [a, b] = [await api.contentKey(mine), await api.contentKey(theirs)]
    const owner = database.pool('owner')
    await owner.query(
      'update keyring.content_key set wrapped = (select wrapped from keyring.content_key where id = $1) where id = $2',
      [a.keyId, b.keyId],
    )
    await expect(clientOf('sender').openContentKeys(theirs, [b.keyId], 'test')).rejects.toThrow(
      KeyringRefused,
    )
    await owner.query('update keyring.content_key set workspace_id = $2 where id = $1', [a.keyId, theirs])
    await expect(clientOf('sender').openContentKeys(theirs, [a.keyId], 'test')).rejects.toThrow(
      KeyringRefused,
    )
  })
})

describe('blind indexes', () => {
  it('are equal for equal addresses of one workspace, unrelated between workspaces, and share destinations', async () => {
    const [mine, theirs] = [randomUUID(), randomUUID()]
    const api = clientOf('api')
    const smtp = clientOf('smtp')
    const [[first, second], [again], [elsewhere], [plain]] = await Promise.all([
      api.blindAddresses(mine, ['ann@example.com', 'bob@Example.com']),
      smtp.blindAddresses(mine, ['ann@example.com']),
      api.blindAddresses(theirs, ['ann@example.com']),
      api.blind(mine, ['ann@example.com']),
    ])
    expect(first?.index).toEqual(again?.index)
    expect(first?.index).toEqual(plain)
    expect(first?.index).toHaveLength(32)
    expect(first?.index).not.toEqual(second?.index)
    expect(first?.index).not.toEqual(elsewhere?.index)
    expect(new Set([first, second, again, elsewhere].map((item) => item?.destination)).size).toBe(1)
    const many = await api.blindAddresses(
      mine,
      Array.from({ length: 2500 }, (_, i) => `user${i}@d${i}.example`),
    )
    expect(new Set(many.map((item) => item.index.toString('hex'))).size).toBe(2500)
  })

  it('of one bad request do not fail those asked for in the same moment', async () => {
    const workspaceId = randomUUID()
    const api = clientOf('api')
    const [good, bad] = await Promise.allSettled([
      api.blindAddresses(workspaceId, ['ann@example.com']),
      api.blindAddresses(workspaceId, ['x'.repeat(400)]),
    ])
    expect(good.status).toBe('fulfilled')
    expect(bad).toMatchObject({ status: 'rejected', reason: expect.any(KeyringRefused) })
  })
})

describe('DKIM signatures', () => {
  it('of both algorithms verify with the published keys', async () => {
    const workspaceId = randomUUID()
    const api = clientOf('api')
    const domain = 'example.com'
    const rsa = await api.createDkimKey({ workspaceId, domain, selector: 'r1', algorithm: 'rsa' })
    const ed = await api.createDkimKey({ workspaceId, domain, selector: 'e1', algorithm: 'ed25519' })
    expect(await api.createDkimKey({ workspaceId, domain, selector: 'r1', algorithm: 'rsa' })).toEqual(rsa)
    const rsaBlock = block({ domain, selector: 'r1', algorithm: 'rsa' })
    const edBlock = block({ domain, selector: 'e1', algorithm: 'ed25519' })
    const [first, second] = await clientOf('sender').sign(
      [
        { keyId: rsa.keyId, data: rsaBlock },
        { keyId: ed.keyId, data: edBlock },
      ],
      { urgent: true },
    )
    if (first?.state !== 'signed' || second?.state !== 'signed') throw new Error('not signed')
    const rsaPublic = createPublicKey({
      key: Buffer.from(rsa.publicKeyBase64, 'base64'),
      format: 'der',
      type: 'spki',
    })
    expect(verify('sha256', rsaBlock, rsaPublic, first.signature)).toBe(true)
    const raw = Buffer.from(ed.publicKeyBase64, 'base64')
    expect(raw).toHaveLength(32)
    const edPublic = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') },
      format: 'jwk',
    })
    expect(verify(null, hash('sha256', edBlock, 'buffer'), edPublic, second.signature)).toBe(true)
    expect(await api.publicKeys([ed.keyId])).toEqual([
      { ...ed, domain, selector: 'e1', algorithm: 'ed25519', state: 'active' },
    ])
  })

  it('are refused for a foreign From or d=, item by item', async () => {
    const workspaceId = randomUUID()
    const api = clientOf('api')
    const made = { domain: 'example.com', selector: 's1', algorithm: 'ed25519' as const }
    const { keyId } = await api.createDkimKey({ workspaceId, ...made })
    const outcomes = await clientOf('sender').sign([
      { keyId, data: block(made) },
      { keyId, data: block({ ...made, from: 'ceo@bank.example' }) },
      { keyId, data: block({ ...made, domain: 'bank.example', from: 'ann@example.com' }) },
      { keyId: randomUUID(), data: block(made) },
      { keyId, data: Buffer.alloc(800 * 1024, 'a') },
    ])
    expect(outcomes.map((outcome) => outcome.state)).toEqual([
      'signed',
      'refused',
      'refused',
      'refused',
      'refused',
    ])
    expect(outcomes[1]).toMatchObject({ reason: 'From names bank.example, which is outside example.com' })
  })

  it('are given for what the DKIM signer prepares, with several keys', async () => {
    const workspaceId = randomUUID()
    const api = clientOf('api')
    const names = [
      { domain: 'example.com', selector: 'r1', algorithm: 'rsa-sha256' },
      { domain: 'example.com', selector: 'e1', algorithm: 'ed25519-sha256' },
    ] as const
    const keys = await Promise.all(
      names.map(({ domain, selector, algorithm }) =>
        api.createDkimKey({
          workspaceId,
          domain,
          selector,
          algorithm: algorithm === 'rsa-sha256' ? 'rsa' : 'ed25519',
        }),
      ),
    )
    const raw = Buffer.from(
      'From: "Ann, Sales" <ann@example.com>\r\nTo: Bob\r\n <bob@example.net>\r\nSubject: Hello\r\n\r\nHello\r\n',
    )
    const preparation = prepareSigning(raw, { keys: names, timeSeconds: 1_800_000_000 })
    if (!preparation.ok) throw new Error(preparation.problem)
    const outcomes = await clientOf('sender').sign(
      preparation.prepared.map((prepared, i) => ({ keyId: keys[i]!.keyId, data: prepared.toBeSigned })),
    )
    expect(outcomes.map((outcome) => outcome.state)).toEqual(['signed', 'signed'])
  })

  it('come in any number at once, each for its own block', async () => {
    const workspaceId = randomUUID()
    const made = { domain: 'example.com', selector: 's1', algorithm: 'ed25519' as const }
    const { keyId, publicKeyBase64 } = await clientOf('api').createDkimKey({ workspaceId, ...made })
    const sender = clientOf('sender')
    const x = Buffer.from(publicKeyBase64, 'base64').toString('base64url')
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    await Promise.all(
      Array.from({ length: 500 }, async (_, i) => {
        const data = block({ ...made, tags: ` x=${i};` })
        const [outcome] = await sender.sign([{ keyId, data }], { urgent: i % 7 === 0 })
        if (outcome?.state !== 'signed') throw new Error('not signed')
        expect(verify(null, hash('sha256', data, 'buffer'), publicKey, outcome.signature)).toBe(true)
      }),
    )
  })

  it('go on while the database is away, opening fails closed, and all comes back with it', async () => {
    await using lonely = await createTestDatabase()
    await using other = await makeTestKeyring({ databaseUrl: lonely.url.bulkhead_keyring })
    await other.start()
    const api = clientOf('api', { socketPath: other.socketPath })
    const sender = clientOf('sender', { socketPath: other.socketPath })
    const workspaceId = randomUUID()
    const made = { domain: 'example.com', selector: 's1', algorithm: 'rsa' as const }
    const { keyId } = await api.createDkimKey({ workspaceId, ...made })
    const sign = async () => (await sender.sign([{ keyId, data: block(made) }]))[0]?.state
    expect(await sign()).toBe('signed')
    const lease = await api.contentKey(workspaceId)
    const superuser = database.pool('superuser')
    await superuser.query(`alter database ${lonely.name} allow_connections false`)
    await superuser.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
      lonely.name,
    ])
    expect(await sign()).toBe('signed')
    expect((await api.health()).database).toBe('down')
    await expect(sender.openContentKeys(workspaceId, [lease.keyId], 'test')).rejects.toThrow(
      KeyringUnavailable,
    )
    await expect(api.contentKey(randomUUID())).rejects.toThrow(KeyringUnavailable)
    await superuser.query(`alter database ${lonely.name} allow_connections true`)
    await expect.poll(async () => (await api.health()).database).toBe('up')
    expect((await sender.openContentKeys(workspaceId, [lease.keyId], 'test')).stateOf(lease.keyId)).toBe(
      'open',
    )
  })
})

describe('secrets', () => {
  it('open only for their workspace, purpose and context, and only for the worker', async () => {
    const [mine, theirs] = [randomUUID(), randomUUID()]
    const api = clientOf('api')
    const sealed = await api.sealSecret(mine, 'webhook', 'webhook.secret/1', Buffer.from('whsec_1'))
    const worker = clientOf('worker')
    const opening = worker.openSecret(mine, 'webhook', 'webhook.secret/1', sealed, 'webhook attempt')
    expect((await opening).toString()).toBe('whsec_1')
    await expect(worker.openSecret(theirs, 'webhook', 'webhook.secret/1', sealed, 'x')).rejects.toThrow(
      KeyringRefused,
    )
    await expect(worker.openSecret(mine, 'totp', 'webhook.secret/1', sealed, 'x')).rejects.toThrow(
      KeyringRefused,
    )
    await expect(worker.openSecret(mine, 'webhook', 'webhook.secret/2', sealed, 'x')).rejects.toThrow(
      KeyringRefused,
    )
    await expect(
      worker.openSecret(mine, 'webhook', 'webhook.secret/1', randomBytes(60), 'x'),
    ).rejects.toThrow(KeyringRefused)
    await expect(api.openSecret(mine, 'webhook', 'webhook.secret/1', sealed, 'x')).rejects.toThrow(
      KeyringRefused,
    )
  })
})

/** A frame with any text in place of its JSON. */
function raw(text: string): Buffer {
  const head = Buffer.alloc(12)
  head.writeUInt32BE(8 + Buffer.byteLength(text), 0)
  head.writeUInt32BE(9, 4)
  head.writeUInt32BE(Buffer.byteLength(text), 8)
  return Buffer.concat([head, Buffer.from(text)])
}

/** Sends, and reads until the keyring ends the connection or `count` frames are there. */
async function talk(bytes: Buffer, count = Infinity): Promise<Frame[]> {
  const socket = connect(keyring.socketPath)
  socket.write(bytes)
  const reader = createFrameReader()
  const frames: Frame[] = []
  for await (const chunk of socket) {
    frames.push(...reader.push(chunk as Buffer))
    if (frames.length >= count) break
  }
  return frames
}

describe('access', () => {
  it('is refused to a wrong token', async () => {
    const client = createKeyringClient({ socketPath: keyring.socketPath, token: 'a-token-nobody-gave', log })
    opened.push(client)
    await expect(client.health()).rejects.toThrow(KeyringRefused)
    expect(client.state()).toBe('refused')
  })

  it('is refused to a kind of process that may not ask', async () => {
    const workspaceId = randomUUID()
    await expect(clientOf('smtp').openContentKeys(workspaceId, [randomUUID()], 'x')).rejects.toThrow(
      KeyringRefused,
    )
    await expect(clientOf('staff').openContentKeys(workspaceId, [randomUUID()], 'x')).rejects.toThrow(
      KeyringRefused,
    )
    await expect(clientOf('audit').blind(workspaceId, ['a'])).rejects.toThrow(KeyringRefused)
    await expect(clientOf('sender').contentKey(workspaceId)).rejects.toThrow(KeyringRefused)
    await expect(clientOf('api').sign([{ keyId: randomUUID(), data: Buffer.alloc(1) }])).rejects.toThrow(
      KeyringRefused,
    )
    await expect(clientOf('api').openContentKeys(workspaceId, [randomUUID()], '')).rejects.toThrow(
      KeyringRefused,
    )
  })

  const hello = encodeFrame(0, { token: TEST_TOKENS.api })
  it.each([
    ['no hello', encodeFrame(1, { op: 'health' })],
    ['an oversized frame', Buffer.concat([hello, Buffer.from('7fffffff', 'hex'), Buffer.alloc(8)])],
    ['a frame shorter than its head', Buffer.concat([hello, Buffer.alloc(12)])],
    [
      'a JSON part longer than the frame',
      Buffer.concat([hello, Buffer.from('0000000800000001000000ff', 'hex')]),
    ],
    ['no JSON', Buffer.concat([hello, raw('{')])],
    ['no object', Buffer.concat([hello, raw('[]')])],
    ['attachments beyond the frame', Buffer.concat([hello, raw('{"op":"health","sizes":[1]}')])],
    ['a negative attachment', Buffer.concat([hello, raw('{"op":"health","sizes":[-1]}')])],
    ['an unknown operation', Buffer.concat([hello, encodeFrame(3, { op: 'constructor' })])],
    ['an operation of the prototype', Buffer.concat([hello, encodeFrame(3, { op: '__proto__' })])],
    ['noise', randomBytes(4096)],
  ])('ends for a connection that sends %s, with the reason, and others go on', async (_, bytes) => {
    const frames = await talk(bytes)
    expect(frames.at(-1)?.body).toMatchObject({ ok: false, message: expect.any(String) })
    expect(await clientOf('api').health()).toMatchObject({ database: 'up' })
  })

  it('answers arguments of the wrong type with what is wrong', async () => {
    const requests = [
      { op: 'blind', workspaceId: 'x', values: [] },
      { op: 'blind', workspaceId: randomUUID(), values: [1] },
      { op: 'blind', workspaceId: randomUUID(), values: Array.from({ length: 4097 }, () => 'a') },
      { op: 'openContentKeys', workspaceId: randomUUID(), keyIds: ["'; drop"], reason: 'x' },
      {
        op: 'createDkimKey',
        workspaceId: randomUUID(),
        domain: 'Example.com',
        selector: 's',
        algorithm: 'rsa',
      },
      {
        op: 'createDkimKey',
        workspaceId: randomUUID(),
        domain: 'example.com',
        selector: 's',
        algorithm: 'dsa',
      },
      { op: 'sealSecret', workspaceId: randomUUID(), purpose: 'content', context: 'x' },
    ]
    const sent = [hello, ...requests.map((request, i) => encodeFrame(i + 1, request))]
    const frames = await talk(Buffer.concat(sent), sent.length)
    const answers = frames.filter((frame) => frame.id > 0)
    expect(answers.map((frame) => frame.body['code'])).toEqual(requests.map(() => 'invalid'))
  })
})

describe('the process', () => {
  it('killed and started again: the client comes back by itself and earlier keys still open', async () => {
    const workspaceId = randomUUID()
    const api = clientOf('api')
    const lease = await api.contentKey(workspaceId)
    const [before] = await api.blind(workspaceId, ['ann@example.com'])
    await keyring.kill()
    // Sent while it is down; answered when it is back.
    const sender = clientOf('sender', { timeoutMs: 20_000 })
    const waiting = sender.openContentKeys(workspaceId, [lease.keyId], 'test')
    const indexes = clientOf('smtp', { timeoutMs: 20_000 }).blind(workspaceId, ['ann@example.com'])
    await keyring.start()
    expect((await waiting).get(lease.keyId)?.equals(lease.key)).toBe(true)
    expect((await indexes)[0]).toEqual(before)
    await expect.poll(() => api.state()).toBe('ready')
  })

  it('when down, requests fail as unavailable within their deadline, and leases go on', async () => {
    const workspaceId = randomUUID()
    const api = clientOf('api', { timeoutMs: 700 })
    const lease = await api.contentKey(workspaceId)
    await keyring.kill()
    const started = performance.now()
    const failures = await Promise.allSettled([
      api.health(),
      api.blindAddresses(workspaceId, ['ann@example.com']),
      api.contentKey(randomUUID()),
      api.sign([{ keyId: randomUUID(), data: Buffer.alloc(1) }]),
    ])
    expect(performance.now() - started).toBeLessThan(1000)
    for (const failure of failures) {
      expect(failure).toMatchObject({ status: 'rejected', reason: expect.any(KeyringUnavailable) })
    }
    expect((await api.contentKey(workspaceId)).keyId).toBe(lease.keyId)
    await keyring.start()
    await expect.poll(() => api.state()).toBe('ready')
  })

  it('comes up while the database is away and serves when it is there', async () => {
    await using later = await createTestDatabase()
    const superuser = database.pool('superuser')
    await superuser.query(`alter database ${later.name} allow_connections false`)
    await using other = await makeTestKeyring({ databaseUrl: later.url.bulkhead_keyring })
    await other.start()
    const api = clientOf('api', { socketPath: other.socketPath })
    expect((await api.health()).database).toBe('down')
    await superuser.query(`alter database ${later.name} allow_connections true`)
    expect(await api.contentKey(randomUUID())).toMatchObject({ keyId: expect.any(String) })
  })

  it('stays up and answers in time when the database takes connections and says nothing', async () => {
    const mute = createServer()
    mute.listen(0, '127.0.0.1')
    await once(mute, 'listening')
    const { port } = mute.address() as AddressInfo
    await using other = await makeTestKeyring({ databaseUrl: `postgres://x:x@127.0.0.1:${port}/x` })
    await other.start()
    const api = clientOf('api', { socketPath: other.socketPath })
    const failures = await Promise.allSettled(Array.from({ length: 20 }, () => api.contentKey(randomUUID())))
    for (const failure of failures) expect(failure).toMatchObject({ reason: expect.any(KeyringUnavailable) })
    expect((await api.health()).database).toBe('down')
    mute.close()
  })

  it('does not start on a root key that others can read, and ends when its supervisor goes away', async () => {
    await using other = await makeTestKeyring({ databaseUrl: 'postgresql://nobody@127.0.0.1:1/none' })
    await other.start()
    expect(await other.abandon()).toBe(0)
    await chmod(other.rootPath, 0o640)
    await expect(other.start()).rejects.toThrow(/chmod 600/)
  })

  it('with another root key does not start, says which root is missing, and leaves the keys alone', async () => {
    await using other = await makeTestKeyring({ databaseUrl: database.url.bulkhead_keyring })
    const workspaceId = randomUUID()
    const lease = await clientOf('api').contentKey(workspaceId)
    // Without its root key file it does not make a new one: that would look well and open nothing.
    await expect(other.start()).rejects.toThrow(
      /is missing \(the database holds keys wrapped by root [0-9a-f]{16}\./,
    )
    await mkdir(dirname(other.rootPath), { recursive: true })
    await writeFile(other.rootPath, `bulkhead-root-1 ${randomBytes(32).toString('base64')}\n`, {
      mode: 0o600,
    })
    await expect(other.start()).rejects.toThrow(
      /the database holds keys wrapped by root [0-9a-f]{16}\. The keyring is configured with [0-9a-f]{16}/,
    )
    const keys = await clientOf('sender').openContentKeys(workspaceId, [lease.keyId], 'x')
    expect(keys.stateOf(lease.keyId)).toBe('open')
  })

  it('writes no token and no key to its log', () => {
    for (const token of Object.values(TEST_TOKENS)) expect(keyring.output()).not.toContain(token)
    expect(keyring.output()).not.toContain(database.url.bulkhead_keyring)
  })
})

describe('the database role', () => {
  it('of the keyring reaches its own schema only, and cannot change the record of unwraps', async () => {
    const own = database.pool('bulkhead_keyring')
    await expect(own.query('delete from keyring.unwrap_log')).rejects.toThrow(/permission denied/)
    await expect(own.query("update keyring.unwrap_log set reason = ''")).rejects.toThrow(/permission denied/)
    for (const role of ['bulkhead_api', 'bulkhead_sender', 'bulkhead_staff'] as const) {
      await expect(database.pool(role).query('select from keyring.content_key')).rejects.toThrow(
        /permission denied/,
      )
    }
  })
})
