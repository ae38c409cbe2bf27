import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { formatCheckpoint, leafHash, nodeHash, parseVerifierKey } from '@bulkhead/tlog'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/support/database.ts'
import { KeyringRefused } from './index.ts'
import { makeTestKeyring, TEST_TOKENS } from './test-keyring.ts'
import { block, startWorld } from './world.test-support.ts'
import type { World } from './world.test-support.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

describe('a hijacked process', () => {
  it('cannot spoil the record of unwraps with a reason that the database would not keep as it is', async () => {
    const { workspaceId, content, secret } = await world.furnish()
    const api = world.clientOf('api')
    const worker = world.clientOf('worker')
    // A NUL would fail the insert that the records of other processes share; half a surrogate pair is stored as another text.
    for (const reason of ['\u0000', 'x\ud800', 'a\nb'])
      await expect(api.openContentKeys(workspaceId, [content.keyId], reason)).rejects.toThrow(
        /reason must be/,
      )
    const spoilt = Array.from({ length: 20 }, () =>
      api.openContentKeys(workspaceId, [content.keyId], '\u0000').catch(() => null),
    )
    const others = Array.from({ length: 20 }, () =>
      worker.openSecret(workspaceId, 'webhook', 'w/1', secret, 'x'),
    )
    await Promise.all([...spoilt, ...others])
  })

  it('cannot keep the others out by holding connections', async () => {
    const sockets = Array.from({ length: 300 }, () => connect(world.keyring.socketPath))
    try {
      for (const socket of sockets) {
        socket.on('error', () => undefined)
        const json = Buffer.from(JSON.stringify({ token: TEST_TOKENS.staff }))
        const head = Buffer.alloc(12)
        head.writeUInt32BE(8 + json.length, 0)
        head.writeUInt32BE(json.length, 8)
        socket.write(Buffer.concat([head, json]))
      }
      await expect
        .poll(() => sockets.filter((socket) => !socket.connecting).length, { timeout: 5000 })
        .toBe(sockets.length)
      expect(await world.clientOf('audit').auditKey()).toHaveProperty('vkey')
    } finally {
      for (const socket of sockets) socket.destroy()
    }
  })
})

describe('somebody who writes to the database', () => {
  it('gets no fork signed: neither by another root of the same size, nor by a forged greater checkpoint, nor after a restart', async () => {
    await using own = await createTestDatabase()
    await using one = await makeTestKeyring({ databaseUrl: own.url.bulkhead_keyring })
    await one.start()
    const audit = world.clientOf('audit', one)
    const origin = parseVerifierKey((await audit.auditKey()).vkey).name
    const [a, b] = [leafHash(Buffer.from('a')), leafHash(Buffer.from('b'))]
    const root = nodeHash(a, b)
    const sign = (size: number, at: Buffer, oldSize: number) =>
      audit.signCheckpoint({
        checkpoint: formatCheckpoint({ origin, size, root: at }),
        oldSize,
        consistencyProof: [],
      })
    await sign(2, root, 0)
    const forged = randomBytes(32)
    const set = (size: number, at: Buffer) =>
      world.rows('update keyring.checkpoint set size = $1, root = $2', [size, at], own)
    await set(2, forged)
    await expect(sign(2, forged, 2)).rejects.toThrow(KeyringRefused)
    await set(3, forged)
    await expect(sign(3, forged, 3)).rejects.toThrow(KeyringRefused)
    await one.kill()
    await one.start()
    await expect(sign(3, forged, 3)).rejects.toThrow(KeyringRefused)
    await set(2, root)
    await sign(2, root, 2)
  })

  it('gets no text of its own signed beside a checkpoint', async () => {
    const audit = world.clientOf('audit')
    const { vkey, lastSize, lastRoot } = await audit.auditKey()
    const origin = parseVerifierKey(vkey).name
    const [size, root] = [
      lastSize ?? 1,
      lastRoot === null ? leafHash(Buffer.from('a')) : Buffer.from(lastRoot, 'base64'),
    ]
    const checkpoint = `${formatCheckpoint({ origin, size, root })}pay the bearer\n`
    await expect(
      audit.signCheckpoint({ checkpoint, oldSize: lastSize ?? 0, consistencyProof: [] }),
    ).rejects.toThrow(/three lines/)
  })
})

describe('a shredded workspace whose rows somebody put back', () => {
  it('opens nothing, and keeps neither the signatures nor the rotation of the others from being done', async () => {
    await using own = await createTestDatabase()
    await using one = await makeTestKeyring({ databaseUrl: own.url.bulkhead_keyring })
    await one.start()
    const [victim, good] = [await world.furnish(one), await world.furnish(one)]
    await world.rows(
      `insert into keyring.shred (workspace_id, requested_by, execute_at, state, started_at, finished_at)
       values ($1, 'operator', now(), 'shredded', now(), now())`,
      [victim.workspaceId],
      own,
    )
    const sender = world.clientOf('sender', one)
    const worker = world.clientOf('worker', one)
    const open = () => worker.openSecret(victim.workspaceId, 'webhook', 'w/1', victim.secret, 'test')
    await expect.poll(() => open().then(() => 'opened', String), { timeout: 5000 }).toMatch(/shredded/)
    const signed = await sender.sign(
      [victim, good].map(({ dkim }) => ({ keyId: dkim.keyId, data: block('s1') })),
    )
    expect(signed.map(({ state }) => state)).toEqual(['refused', 'signed'])
    const api = world.clientOf('api', one)
    await api.rotate({ scope: 'all', actor: 'operator' })
    expect(await world.rotated(api)).toMatchObject({
      state: 'failed',
      error: expect.stringContaining(`1 workspaces were not rotated; workspace ${victim.workspaceId}`),
    })
    const living = `select version from keyring.workspace_key where workspace_id = $1 and wrapped is not null`
    expect(await world.rows(living, [good.workspaceId], own)).toEqual([{ version: 2 }])
    await world.expectWhole(one, good)
    await expect(open()).rejects.toThrow(/shredded/)
  })
})

describe('shredding', () => {
  it('also destroys a version that a rotation makes at the same moment', async () => {
    const { workspaceId } = await world.furnish()
    const owner = await world.database.pool('owner').connect()
    try {
      await owner.query('begin')
      const { xid } = (await owner.query('select pg_current_xact_id()::xid::text as xid')).rows[0]
      // As a rotation does: hold the version before, add the next one, commit.
      await owner.query('select 1 from keyring.workspace_key where workspace_id = $1 for share', [
        workspaceId,
      ])
      await owner.query(
        `insert into keyring.workspace_key (workspace_id, version, root_id, wrapped)
         select workspace_id, 2, root_id, wrapped from keyring.workspace_key where workspace_id = $1`,
        [workspaceId],
      )
      await world.clientOf('api').requestShred(workspaceId, 'operator')
      await expect
        .poll(
          async () =>
            (
              await world.rows(
                'select count(*)::int as n from pg_locks where not granted and transactionid::text = $1',
                [xid],
              )
            )[0].n,
          { timeout: 10_000, interval: 20 },
        )
        .toBeGreaterThan(0)
      await owner.query('commit')
    } finally {
      owner.release()
    }
    const shredOf = async () =>
      (await world.rows('select state from keyring.shred where workspace_id = $1', [workspaceId]))[0]?.state
    await expect.poll(shredOf, { timeout: 10_000 }).toBe('shredded')
    expect(
      await world.rows(
        'select version, wrapped is null as destroyed from keyring.workspace_key where workspace_id = $1 order by 1',
        [workspaceId],
      ),
    ).toEqual([
      { version: 1, destroyed: true },
      { version: 2, destroyed: true },
    ])
  })
})

describe('kill -9', () => {
  it('in the midst of rotations, again and again, with another keyring at work, leaves everything open and nothing old behind', async () => {
    await using own = await createTestDatabase()
    await using one = await makeTestKeyring({ databaseUrl: own.url.bulkhead_keyring })
    await one.start()
    const furnished = []
    for (let i = 0; i < 4; i++) furnished.push(await world.furnish(one))
    const api = world.clientOf('api', one)
    for (const { workspaceId } of furnished)
      await Promise.all(Array.from({ length: 120 }, () => api.contentKey(workspaceId)))
    await using other = await makeTestKeyring({
      databaseUrl: own.url.bulkhead_keyring,
      rootPath: one.rootPath,
    })
    await other.start()
    const query = async (sql: string) => (await world.rows(sql, [], own))[0].n
    let interrupted = 0
    for (let version = 2; version <= 4; version++) {
      await world.clientOf('api', other).rotate({ scope: 'all', actor: 'operator' })
      await expect
        .poll(
          () => query(`select count(*)::int as n from keyring.workspace_key where version = ${version}`),
          {
            interval: 2,
            timeout: 10_000,
          },
        )
        .toBeGreaterThan(0)
      await Promise.all([one.kill(), other.kill()])
      interrupted += await query(`select count(*)::int as n from keyring.rotation where state = 'running'`)
      await Promise.all([one.start(), other.start()])
      for (const item of furnished) await world.expectWhole(one, item)
      expect(await world.rotated(world.clientOf('api', other))).toMatchObject({ state: 'done' })
    }
    expect(interrupted).toBeGreaterThan(0)
    for (const item of furnished) for (const each of [one, other]) await world.expectWhole(each, item)
    expect(
      await query('select count(*)::int as n from keyring.workspace_key where wrapped is not null'),
    ).toBe(4)
    const older = `select count(*)::int as n from keyring.purpose_key
                    where wrapped is not null and purpose in ('content', 'dkim') and version < 4`
    expect(await query(older)).toBe(0)
  }, 90_000)
})
