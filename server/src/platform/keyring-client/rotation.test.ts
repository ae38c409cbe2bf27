import { randomInt, randomUUID } from 'node:crypto'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/support/database.ts'
import type { TestDatabase } from '../../../test/support/database.ts'
import { makeTestKeyring } from './test-keyring.ts'
import type { TestKeyring } from './test-keyring.ts'
import { block, startWorld } from './world.test-support.ts'
import type { Furnished, World } from './world.test-support.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

describe('rotation of a workspace', () => {
  it('makes new keys, leaves everything open, and destroys the old ones', async () => {
    const furnished = await world.furnish()
    const { workspaceId } = furnished
    const api = world.clientOf('api')
    await api.rotate({ scope: 'workspace', workspaceId, actor: 'operator' })
    expect(await world.rotated(api)).toMatchObject({
      state: 'done',
      scope: 'workspace',
      workspaceId,
      error: null,
    })
    await world.expectWhole(world.keyring, furnished)
    expect(
      await world.rows(
        'select version, wrapped is null as destroyed from keyring.workspace_key where workspace_id = $1 order by 1',
        [workspaceId],
      ),
    ).toEqual([
      { version: 1, destroyed: true },
      { version: 2, destroyed: false },
    ])
    expect(
      await world.rows(
        `select purpose, version, wrapped is null as destroyed, workspace_key_version as above
           from keyring.purpose_key where workspace_id = $1 order by 1, 2`,
        [workspaceId],
      ),
    ).toEqual([
      // The value of the blind key is in every index of the database: it only gets a new wrapping.
      { purpose: 'blind', version: 1, destroyed: false, above: 2 },
      { purpose: 'content', version: 1, destroyed: true, above: 2 },
      { purpose: 'content', version: 2, destroyed: false, above: 2 },
      { purpose: 'dkim', version: 1, destroyed: true, above: 2 },
      { purpose: 'dkim', version: 2, destroyed: false, above: 2 },
      { purpose: 'webhook', version: 1, destroyed: false, above: 2 },
      { purpose: 'webhook', version: 2, destroyed: false, above: 2 },
    ])
    const resealed = await api.resealSecret(
      workspaceId,
      'webhook',
      'w/1',
      'w/2',
      furnished.secret,
      'rotation',
    )
    expect(resealed.readUInt32BE(0)).toBe(2)
    const worker = world.clientOf('worker')
    expect((await worker.openSecret(workspaceId, 'webhook', 'w/2', resealed, 'test')).toString()).toBe(
      'whsec',
    )
  })

  it('is done by one of two keyrings, and keys that the other one had in memory store nothing under what is gone', async () => {
    await using other = await world.another()
    const furnished = await world.furnish()
    const { workspaceId } = furnished
    await world.expectWhole(other, furnished)
    const elsewhere = world.clientOf('api', other)
    await elsewhere.contentKey(workspaceId)
    const api = world.clientOf('api')
    await api.rotate({ scope: 'workspace', workspaceId, actor: 'operator' })
    await world.rotated(api)
    // The other keyring still takes version 1 for the newest, which is destroyed.
    const late = await elsewhere.contentKey(workspaceId, { sensitive: true })
    const keys = await world.clientOf('sender').openContentKeys(workspaceId, [late.keyId], 'test')
    expect(keys.get(late.keyId)?.equals(late.key)).toBe(true)
    expect(
      await world.rows('select purpose_version from keyring.content_key where id = $1', [late.keyId]),
    ).toEqual([{ purpose_version: 2 }])
    await world.expectWhole(other, furnished)
  })
})

describe('rotation of everything', () => {
  it('rotates every workspace but one whose key was altered, and says which', async () => {
    await using own = await createTestDatabase()
    await using one = await makeTestKeyring({ databaseUrl: own.url.bulkhead_keyring })
    await one.start()
    const [good, bad, other] = [await world.furnish(one), await world.furnish(one), await world.furnish(one)]
    await world.rows(
      `update keyring.content_key set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1) where id = $1`,
      [bad.content.keyId],
      own,
    )
    const api = world.clientOf('api', one)
    await api.rotate({ scope: 'all', actor: 'operator' })
    expect(await world.rotated(api)).toMatchObject({
      state: 'failed',
      error: expect.stringContaining(`1 workspaces were not rotated; workspace ${bad.workspaceId}`),
    })
    await world.expectWhole(one, good)
    await world.expectWhole(one, other)
    const versions = `select max(version) as newest, count(wrapped)::int as living from keyring.workspace_key where workspace_id = $1`
    for (const { workspaceId } of [good, other])
      expect(await world.rows(versions, [workspaceId], own)).toEqual([{ newest: 2, living: 1 }])
    // Nothing that still opened stopped to: its old keys are kept.
    const sender = world.clientOf('sender', one)
    const keys = await sender.openContentKeys(bad.workspaceId, [bad.sensitive.keyId], 'test')
    expect(keys.stateOf(bad.sensitive.keyId)).toBe('open')
  })
})

describe('rotation of the root', () => {
  it('goes on after kill -9 where it was, and afterwards the old root is not needed any more', async () => {
    await using own = await createTestDatabase()
    await using first = await makeTestKeyring({ databaseUrl: own.url.bulkhead_keyring })
    await first.start()
    const furnished = await world.furnish(first)
    const api = world.clientOf('api', first)
    const [peppered] = await api.pepper('credential', [Buffer.alloc(32)])
    // Enough rows that it is killed in the midst of them.
    for (let i = 0; i < 12; i++)
      await Promise.all(Array.from({ length: 100 }, () => api.blind(randomUUID(), ['x'])))
    const before = await world.rows('select count(*)::int as n from keyring.workspace_key', [], own)
    await first.kill()
    const newRoot = join(dirname(first.rootPath), 'new.key')
    const moved = { BULKHEAD_KEYRING_ROOT: newRoot, BULKHEAD_KEYRING_PREVIOUS_ROOT: first.rootPath }
    await first.start(moved)
    await world.expectWhole(first, furnished)
    await api.rotate({ scope: 'root', actor: 'operator' })
    await expect(api.rotate({ scope: 'all', actor: 'operator' })).rejects.toThrow(/running already/)
    await expect
      .poll(
        async () =>
          (
            await world.rows('select count(distinct root_id)::int as n from keyring.workspace_key', [], own)
          )[0],
        {
          interval: 5,
        },
      )
      .toEqual({ n: 2 })
    await first.kill()
    expect(await world.rows('select state from keyring.rotation', [], own)).toEqual([{ state: 'running' }])
    await first.start(moved)
    expect(await world.rotated(api)).toMatchObject({ state: 'done', total: before[0].n + 1 })
    expect((await api.status()).roots).toHaveLength(1)
    await first.kill()
    await first.start({ BULKHEAD_KEYRING_ROOT: newRoot })
    await world.expectWhole(first, furnished)
    expect(await api.pepper('credential', [Buffer.alloc(32)])).toEqual([peppered])
    expect(await world.rows('select count(*)::int as n from keyring.workspace_key', [], own)).toEqual(before)
  }, 90_000)
})

function withOneBitChanged(value: Buffer): Buffer {
  const changed = Buffer.from(value)
  const at = randomInt(changed.length)
  changed.writeUInt8(changed.readUInt8(at) ^ (1 << randomInt(8)), at)
  return changed
}

/** Writes a cell and returns where its row is now. */
async function put(
  own: TestDatabase,
  cell: { table: string; column: string },
  row: string,
  value: Buffer,
): Promise<string> {
  const { rows } = await own
    .pool('owner')
    .query<{ row: string }>(
      `update keyring.${cell.table} set ${cell.column} = $1 where ctid = $2::tid returning ctid::text as row`,
      [value, row],
    )
  return rows[0]!.row
}

async function rowOf(
  own: TestDatabase,
  cell: { table: string; column: string; value: Buffer },
): Promise<string> {
  const found = await world.rows(
    `select ctid::text as ctid from keyring.${cell.table} where ${cell.column} = $1`,
    [cell.value],
    own,
  )
  expect(found).toHaveLength(1)
  return found[0].ctid
}

/** 'all' where everything of the workspace still opens; else what does not. */
async function works(of: TestKeyring, it: Furnished, laterKeyId: string): Promise<string> {
  const { workspaceId } = it
  const api = world.clientOf('api', of)
  const sender = world.clientOf('sender', of)
  const failed: string[] = []
  const attempt = async (name: string, work: () => Promise<boolean>) => {
    if (!(await work().catch(() => false))) failed.push(name)
  }
  for (const keyId of [it.content.keyId, it.sensitive.keyId, laterKeyId])
    await attempt(
      keyId,
      async () => (await sender.openContentKeys(workspaceId, [keyId], 'x')).stateOf(keyId) === 'open',
    )
  await attempt('secret', async () => {
    const plain = await world.clientOf('worker', of).openSecret(workspaceId, 'webhook', 'w/1', it.secret, 'x')
    return plain.toString() === 'whsec'
  })
  await attempt(
    'new secret',
    async () => (await api.sealSecret(workspaceId, 'webhook', 'w/3', Buffer.from('x'))).length > 0,
  )
  await attempt(
    'dkim',
    async () => (await sender.sign([{ keyId: it.dkim.keyId, data: block('s1') }]))[0]?.state === 'signed',
  )
  await attempt('index', async () => (await api.blind(workspaceId, ['ann@example.com']))[0]!.equals(it.index))
  return failed.length === 0 ? 'all' : failed.join(' ')
}

describe('a wrapped key or sealed value', () => {
  /** Everything that is stored, as statements that read and overwrite one cell. */
  const CELLS = [
    ['workspace_key', 'wrapped', 'version'],
    ['purpose_key', 'wrapped', 'purpose, version'],
    ['content_key', 'wrapped', 'id'],
    ['dkim_key', 'sealed_private', 'id'],
  ] as const

  it('opens nowhere but in its own cell: moved between workspaces, tables, rows and versions, or with one bit changed', async () => {
    await using own = await createTestDatabase()
    await using one = await makeTestKeyring({ databaseUrl: own.url.bulkhead_keyring })
    await one.start()
    const [mine, theirs] = [await world.furnish(one), await world.furnish(one)]
    await world.clientOf('api', one).rotate({
      scope: 'workspace',
      workspaceId: mine.workspaceId,
      actor: 'operator',
    })
    await world.rotated(world.clientOf('api', one))
    const again = await world.clientOf('api', one).contentKey(mine.workspaceId, { sensitive: true })
    await world.expectWhole(one, mine)
    const cells: { table: string; column: string; ctid: string; value: Buffer; workspaceId: string }[] = []
    for (const [table, column, order] of CELLS) {
      const found = await world.rows(
        `select workspace_id, ${column} as value, ctid::text as ctid from keyring.${table}
          where ${column} is not null order by workspace_id = $1, ${order}`,
        [mine.workspaceId],
        own,
      )
      for (const row of found)
        cells.push({ table, column, ctid: row.ctid, value: row.value, workspaceId: row.workspace_id })
    }
    expect(cells.length).toBeGreaterThan(12)
    let tried = 0
    for (const target of cells) {
      if (target.workspaceId !== mine.workspaceId) continue
      // In turn: one bit changed, or the value of another cell. A restart each time, because keys are kept in memory.
      const others = cells.filter((cell) => cell !== target && !cell.value.equals(target.value))
      const value =
        tried % 2 === 0 ? withOneBitChanged(target.value) : others[(tried * 7) % others.length]!.value
      await one.kill()
      const place = await put(own, target, await rowOf(own, target), value)
      await one.start()
      expect(await works(one, mine, again.keyId), `${target.table} ${tried}`).not.toBe('all')
      await world.expectWhole(one, theirs)
      await put(own, target, place, target.value)
      tried += 1
    }
    expect(tried).toBeGreaterThan(8)
    await one.kill()
    await one.start()
    expect(await works(one, mine, again.keyId)).toBe('all')
  }, 120_000)
})
