import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { copyFile, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { connect } from 'node:net'
import {
  EMPTY_ROOT,
  formatCheckpoint,
  joinNote,
  leafHash,
  nodeHash,
  parseNote,
  parseVerifierKey,
  verifyNote,
} from '@bulkhead/tlog'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/support/database.ts'
import type { TestDatabase } from '../../../test/support/database.ts'
import { createFrameReader, encodeFrame } from './frames.ts'
import type { Frame } from './frames.ts'
import {
  createKeyringClient,
  KeyringBudget,
  KeyringContained,
  KeyringRefused,
  KeyringUnavailable,
} from './index.ts'
import type { KeyringClient } from './index.ts'
import { makeTestKeyring, TEST_TOKENS } from './test-keyring.ts'
import type { TestKeyring } from './test-keyring.ts'

type Kind = keyof typeof TEST_TOKENS

const log = { info: () => undefined, warn: () => undefined }
const opened: KeyringClient[] = []
let database: TestDatabase
let keyring: TestKeyring

function clientOf(kind: Kind, of: TestKeyring = keyring, timeoutMs = 5000): KeyringClient {
  const client = createKeyringClient({ socketPath: of.socketPath, token: TEST_TOKENS[kind], log, timeoutMs })
  opened.push(client)
  return client
}

beforeAll(async () => {
  database = await createTestDatabase()
  keyring = await makeTestKeyring({
    databaseUrl: database.url.bulkhead_keyring,
    env: { BULKHEAD_SHRED_DELAY_HOURS: '0' },
  })
  await keyring.start()
})

afterAll(async () => {
  for (const client of opened) await client[Symbol.asyncDispose]()
  await keyring[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

const rows = async (sql: string, values: unknown[] = [], of = database) =>
  (await of.pool('owner').query(sql, values)).rows

const block = (selector: string): Buffer =>
  Buffer.from(
    `from:ann@example.com\r\ndkim-signature:v=1; a=ed25519-sha256; d=example.com; s=${selector}; h=from; bh=x; b=`,
  )

/** A workspace with a key of every kind in use. */
async function furnish(of: TestKeyring = keyring) {
  const workspaceId = randomUUID()
  const api = clientOf('api', of)
  const content = await api.contentKey(workspaceId)
  const sensitive = await api.contentKey(workspaceId, { sensitive: true })
  const secret = await api.sealSecret(workspaceId, 'webhook', 'w/1', Buffer.from('whsec'))
  const made = { domain: 'example.com', selector: 's1', algorithm: 'ed25519' } as const
  const dkim = await api.createDkimKey({ workspaceId, ...made })
  const [index] = await api.blind(workspaceId, ['ann@example.com'])
  return { workspaceId, content, sensitive, secret, dkim, index }
}

/** Everything of a furnished workspace works. */
async function expectWhole(of: TestKeyring, it: Awaited<ReturnType<typeof furnish>>): Promise<void> {
  const { workspaceId } = it
  const sender = clientOf('sender', of)
  const keys = await sender.openContentKeys(workspaceId, [it.content.keyId, it.sensitive.keyId], 'test')
  expect(keys.get(it.content.keyId)?.equals(it.content.key)).toBe(true)
  expect(keys.get(it.sensitive.keyId)?.equals(it.sensitive.key)).toBe(true)
  const opening = clientOf('worker', of).openSecret(workspaceId, 'webhook', 'w/1', it.secret, 'test')
  expect((await opening).toString()).toBe('whsec')
  expect((await sender.sign([{ keyId: it.dkim.keyId, data: block('s1') }]))[0]?.state).toBe('signed')
  expect((await clientOf('api', of).blind(workspaceId, ['ann@example.com']))[0]).toEqual(it.index)
}

/** Waits until no rotation runs and returns how the last one ended. */
async function rotated(api: KeyringClient) {
  await expect.poll(async () => (await api.rotation())?.state, { timeout: 20_000 }).not.toBe('running')
  return api.rotation()
}

describe('rotation of a workspace', () => {
  it('makes new keys, leaves everything open, and destroys the old ones', async () => {
    const furnished = await furnish()
    const { workspaceId } = furnished
    const api = clientOf('api')
    await api.rotate({ scope: 'workspace', workspaceId, actor: 'operator' })
    expect(await rotated(api)).toMatchObject({ state: 'done', scope: 'workspace', workspaceId, error: null })
    await expectWhole(keyring, furnished)
    expect(
      await rows(
        'select version, wrapped is null as destroyed from keyring.workspace_key where workspace_id = $1 order by 1',
        [workspaceId],
      ),
    ).toEqual([
      { version: 1, destroyed: true },
      { version: 2, destroyed: false },
    ])
    expect(
      await rows(
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
    const worker = clientOf('worker')
    expect((await worker.openSecret(workspaceId, 'webhook', 'w/2', resealed, 'test')).toString()).toBe(
      'whsec',
    )
  })

  it('is done by one of two keyrings, and keys that the other one had in memory store nothing under what is gone', async () => {
    await using other = await makeTestKeyring({
      databaseUrl: database.url.bulkhead_keyring,
      rootPath: keyring.rootPath,
    })
    await other.start()
    const furnished = await furnish()
    const { workspaceId } = furnished
    await expectWhole(other, furnished)
    const elsewhere = clientOf('api', other)
    await elsewhere.contentKey(workspaceId)
    const api = clientOf('api')
    await api.rotate({ scope: 'workspace', workspaceId, actor: 'operator' })
    await rotated(api)
    // The other keyring still takes version 1 for the newest, which is destroyed.
    const late = await elsewhere.contentKey(workspaceId, { sensitive: true })
    const keys = await clientOf('sender').openContentKeys(workspaceId, [late.keyId], 'test')
    expect(keys.get(late.keyId)?.equals(late.key)).toBe(true)
    expect(await rows('select purpose_version from keyring.content_key where id = $1', [late.keyId])).toEqual(
      [{ purpose_version: 2 }],
    )
    await expectWhole(other, furnished)
  })
})

describe('rotation of the root', () => {
  it('goes on after kill -9 where it was, and afterwards the old root is not needed any more', async () => {
    await using own = await createTestDatabase()
    await using first = await makeTestKeyring({ databaseUrl: own.url.bulkhead_keyring })
    await first.start()
    const furnished = await furnish(first)
    const api = clientOf('api', first)
    const [peppered] = await api.pepper('credential', [Buffer.alloc(32)])
    // Enough rows that it is killed in the midst of them.
    for (let i = 0; i < 12; i++)
      await Promise.all(Array.from({ length: 100 }, () => api.blind(randomUUID(), ['x'])))
    const before = await rows('select count(*)::int as n from keyring.workspace_key', [], own)
    await first.kill()
    const newRoot = join(dirname(first.rootPath), 'new.key')
    const moved = { BULKHEAD_KEYRING_ROOT: newRoot, BULKHEAD_KEYRING_PREVIOUS_ROOT: first.rootPath }
    await first.start(moved)
    await expectWhole(first, furnished)
    await api.rotate({ scope: 'root', actor: 'operator' })
    await expect(api.rotate({ scope: 'all', actor: 'operator' })).rejects.toThrow(/running already/)
    await expect
      .poll(
        async () =>
          (await rows('select count(distinct root_id)::int as n from keyring.workspace_key', [], own))[0],
        {
          interval: 5,
        },
      )
      .toEqual({ n: 2 })
    await first.kill()
    expect(await rows('select state from keyring.rotation', [], own)).toEqual([{ state: 'running' }])
    await first.start(moved)
    expect(await rotated(api)).toMatchObject({ state: 'done', total: before[0].n + 1 })
    expect((await api.status()).roots).toHaveLength(1)
    await first.kill()
    await first.start({ BULKHEAD_KEYRING_ROOT: newRoot })
    await expectWhole(first, furnished)
    expect(await api.pepper('credential', [Buffer.alloc(32)])).toEqual([peppered])
    expect(await rows('select count(*)::int as n from keyring.workspace_key', [], own)).toEqual(before)
  })
})

describe('the record of unwraps', () => {
  it('is numbered without gaps, chained, and covered by a signed statement, whatever is asked at once', async () => {
    await using own = await createTestDatabase()
    await using one = await makeTestKeyring({ databaseUrl: own.url.bulkhead_keyring })
    await one.start()
    const furnished = await furnish(one)
    const worker = clientOf('worker', one)
    await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        worker.openSecret(furnished.workspaceId, 'webhook', 'w/1', furnished.secret, `reason ${i}`),
      ),
    )
    const audit = own.pool('bulkhead_audit')
    const client = clientOf('audit', one)
    const [statement] = await client.attestUnwraps()
    const { instance } = statement!
    const records = (await audit.query('select * from keyring.unwraps_after($1, 0, 1000)', [instance])).rows
    expect(records.map((record) => Number(record.number))).toEqual(records.map((_, i) => i + 1))
    expect(records).toHaveLength(60)
    let chain: Buffer = Buffer.alloc(32)
    for (const r of records) {
      const canonical = JSON.stringify([
        instance,
        Number(r.number),
        r.at.toISOString(),
        r.process,
        r.workspace_id,
        r.purpose,
        r.key_count,
        r.reason,
      ])
      chain = createHash('sha256').update(chain).update(canonical).digest()
      expect(r.chain).toEqual(chain)
    }
    const note = parseNote(statement!.statement)
    expect(verifyNote(note, [parseVerifierKey((await client.auditKey()).vkey)])).toHaveLength(1)
    expect(note.text).toContain(`instance ${instance}\ncount 60\nchain ${chain.toString('base64')}\n`)
  })

  it('can be read by the audit process and changed by nobody', async () => {
    const audit = database.pool('bulkhead_audit')
    await expect(audit.query('select * from keyring.unwrap_log')).rejects.toThrow(/permission denied/)
    await expect(audit.query('select keyring.trim_unwraps(1)')).rejects.toThrow(/permission denied/)
    const own = database.pool('bulkhead_keyring')
    await expect(own.query("update keyring.unwrap_log set reason = ''")).rejects.toThrow(/permission denied/)
    await expect(own.query('delete from keyring.unwrap_log')).rejects.toThrow(/permission denied/)
    await own.query('select keyring.trim_unwraps(1000000)')
    await furnish()
    const api = database.pool('bulkhead_api')
    await expect(api.query('select * from keyring.unwraps_after($1, 0, 1)', [randomUUID()])).rejects.toThrow(
      /permission denied/,
    )
  })
})

describe('budgets', () => {
  it('bound the workspaces that a hijacked process opens, raise an alarm, and outlast a restart', async () => {
    await using own = await createTestDatabase()
    await using one = await makeTestKeyring({
      databaseUrl: own.url.bulkhead_keyring,
      env: { BULKHEAD_KEYRING_BUDGETS: '{"api":{"workspacesPerHour":3,"keysPerMinute":50}}' },
    })
    await one.start()
    const api = clientOf('api', one)
    const leases = []
    for (let i = 0; i < 5; i++) {
      const workspaceId = randomUUID()
      leases.push({ workspaceId, keyId: (await api.contentKey(workspaceId)).keyId })
    }
    const open = (at: number, of: KeyringClient) =>
      of.openContentKeys(leases[at]!.workspaceId, [leases[at]!.keyId], 'test')
    for (let i = 0; i < 3; i++) await open(i, api)
    await expect(open(3, api)).rejects.toThrow(KeyringBudget)
    await expect(open(4, api)).rejects.toThrow(KeyringBudget)
    // The connection stays, what was opened before stays open, and others are not touched.
    expect(
      (await clientOf('api', one).openContentKeys(leases[0]!.workspaceId, [leases[0]!.keyId], 'x')).stateOf(
        leases[0]!.keyId,
      ),
    ).toBe('open')
    expect((await open(3, clientOf('sender', one))).stateOf(leases[3]!.keyId)).toBe('open')
    expect((await api.status()).budgets['api']).toMatchObject({ workspacesPerHour: 3, workspacesInHour: 3 })
    const alarms = (await own.pool('bulkhead_audit').query('select * from keyring.refusals_after(0, 10)'))
      .rows
    expect(alarms).toMatchObject([{ process: 'api', kind: 'budget', detail: '3 workspaces an hour' }])
    await one.kill()
    await one.start()
    const again = clientOf('api', one)
    await expect.poll(async () => (await again.status()).budgets['api']?.workspacesInHour).toBe(3)
    await expect(open(4, again)).rejects.toThrow(KeyringBudget)
  })

  it('bound the keys a minute too', async () => {
    await using one = await makeTestKeyring({
      databaseUrl: database.url.bulkhead_keyring,
      rootPath: keyring.rootPath,
      env: { BULKHEAD_KEYRING_BUDGETS: '{"worker":{"keysPerMinute":0}}' },
    })
    await one.start()
    const { workspaceId, secret } = await furnish()
    const opening = clientOf('worker', one).openSecret(workspaceId, 'webhook', 'w/1', secret, 'test')
    await expect(opening).rejects.toThrow(/0 keys a minute/)
  })
})

describe('shredding', () => {
  it('destroys every key of the workspace, in all keyrings within seconds, and leaves the others alone', async () => {
    await using other = await makeTestKeyring({
      databaseUrl: database.url.bulkhead_keyring,
      rootPath: keyring.rootPath,
    })
    await other.start()
    const [victim, neighbour] = [await furnish(), await furnish()]
    await expectWhole(other, victim)
    const { workspaceId } = victim
    const api = clientOf('api')
    expect(await api.requestShred(workspaceId, 'operator')).toMatchObject({ state: 'pending' })
    await expect
      .poll(async () => (await api.shreds())[0], { timeout: 10_000 })
      .toMatchObject({ workspaceId, state: 'shredded' })
    for (const of of [keyring, other]) {
      const refused = async (work: (client: KeyringClient) => Promise<unknown>, kind: Kind) =>
        expect
          .poll(async () => work(clientOf(kind, of)).then(() => 'answered', String), { timeout: 5000 })
          .toMatch(/shredded/)
      await refused((client) => client.contentKey(workspaceId), 'api')
      await refused((client) => client.blind(workspaceId, ['x']), 'api')
      await refused((client) => client.sealSecret(workspaceId, 'totp', 'x', Buffer.from('x')), 'api')
      await refused(
        (client) => client.openSecret(workspaceId, 'webhook', 'w/1', victim.secret, 'x'),
        'worker',
      )
      const sender = clientOf('sender', of)
      const keys = await sender.openContentKeys(workspaceId, [victim.content.keyId], 'x')
      expect(keys.stateOf(victim.content.keyId)).toBe('destroyed')
      const [signature] = await sender.sign([{ keyId: victim.dkim.keyId, data: block('s1') }])
      expect(signature?.state).toBe('refused')
      await expectWhole(of, neighbour)
    }
    for (const [table, column] of [
      ['workspace_key', 'wrapped'],
      ['purpose_key', 'wrapped'],
      ['content_key', 'wrapped'],
      ['dkim_key', 'sealed_private'],
    ]) {
      const left = await rows(
        `select count(*)::int as n, count(${column})::int as living from keyring.${table} where workspace_id = $1`,
        [workspaceId],
      )
      expect(left, table).toEqual([{ n: expect.toSatisfy((n: number) => n > 0), living: 0 }])
    }
    await expect(api.cancelShred(workspaceId, 'operator')).rejects.toThrow(/it is shredded/)
    await api.rotate({ scope: 'all', actor: 'operator' })
    expect(await rotated(api)).toMatchObject({ state: 'done' })
    await expect(clientOf('api').contentKey(workspaceId)).rejects.toThrow(KeyringRefused)
  })

  it('waits, can be cancelled until then, and also holds for a workspace that never had a key', async () => {
    await using patient = await makeTestKeyring({
      databaseUrl: database.url.bulkhead_keyring,
      rootPath: keyring.rootPath,
      env: { BULKHEAD_SHRED_DELAY_HOURS: '168' },
    })
    await patient.start()
    const furnished = await furnish()
    const api = clientOf('api', patient)
    const asked = await api.requestShred(furnished.workspaceId, 'operator')
    expect(Date.parse(asked.executeAt) - Date.parse(asked.requestedAt)).toBe(168 * 3_600_000)
    // Asking again does not move the time.
    expect((await api.requestShred(furnished.workspaceId, 'another')).executeAt).toBe(asked.executeAt)
    expect(await api.cancelShred(furnished.workspaceId, 'operator')).toMatchObject({ state: 'cancelled' })
    await expect(api.cancelShred(randomUUID(), 'operator')).rejects.toThrow(/not asked for/)
    const unused = randomUUID()
    await clientOf('api').requestShred(unused, 'operator')
    await expect
      .poll(async () => (await api.shreds()).find((item) => item.workspaceId === unused)?.state, {
        timeout: 10_000,
      })
      .toBe('shredded')
    await expect(clientOf('api').contentKey(unused)).rejects.toThrow(KeyringRefused)
    await expectWhole(keyring, furnished)
  })
})

describe('keys of sensitive messages', () => {
  const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1'
  const later = (offset: string) => ({
    LD_PRELOAD: FAKETIME,
    FAKETIME: offset,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  })

  it('are out of reach six hours later, with database, root key and spool file of that hour; with the old spool file they open', async () => {
    await using own = await createTestDatabase()
    await using one = await makeTestKeyring({ databaseUrl: own.url.bulkhead_keyring })
    await one.start()
    const { workspaceId, content, sensitive } = await furnish(one)
    // The control's copy, which no attacker of t+6 h has.
    const spool = join(dirname(one.rootPath), 'spool.state')
    const control = join(dirname(one.rootPath), 'control.state')
    await copyFile(spool, control)
    const stateOf = async (keyId: string) =>
      (await clientOf('sender', one, 15_000).openContentKeys(workspaceId, [keyId], 'test')).stateOf(keyId)
    await one.kill()
    // A restart within the hours changes nothing.
    await one.start(later('+3h'))
    expect(await stateOf(sensitive.keyId)).toBe('open')
    await one.kill()
    // The dump holds the wrapped key still, as an old backup does.
    const dump = await rows('select * from keyring.content_key where id = $1', [sensitive.keyId], own)
    await one.start(later('+6h'))
    expect(await stateOf(sensitive.keyId)).toBe('destroyed')
    expect(await stateOf(content.keyId)).toBe('open')
    await one.kill()
    expect(await readFile(spool, 'utf8')).not.toBe(await readFile(control, 'utf8'))
    const putBack = () =>
      own
        .pool('owner')
        .query('update keyring.content_key set wrapped = $2, destroyed_at = null where id = $1', [
          sensitive.keyId,
          dump[0].wrapped,
        ])
    await putBack()
    // With the clock set back, too: what was forgotten does not come back.
    await one.start()
    expect(await stateOf(sensitive.keyId)).toBe('destroyed')
    await one.kill()
    await putBack()
    await one.start({ BULKHEAD_KEYRING_SPOOL: control })
    expect(await stateOf(sensitive.keyId)).toBe('open')
  })

  it('are the same on hosts that were given the same file', async () => {
    await using other = await makeTestKeyring({
      databaseUrl: database.url.bulkhead_keyring,
      rootPath: keyring.rootPath,
    })
    await other.start()
    await expectWhole(other, await furnish())
  })
})

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
    const [mine, theirs] = [await furnish(one), await furnish(one)]
    await clientOf('api', one).rotate({
      scope: 'workspace',
      workspaceId: mine.workspaceId,
      actor: 'operator',
    })
    await rotated(clientOf('api', one))
    const again = await clientOf('api', one).contentKey(mine.workspaceId, { sensitive: true })
    await expectWhole(one, mine)
    const cells: { table: string; column: string; ctid: string; value: Buffer; workspaceId: string }[] = []
    for (const [table, column, order] of CELLS) {
      const found = await rows(
        `select workspace_id, ${column} as value, ctid::text as ctid from keyring.${table}
          where ${column} is not null order by workspace_id = $1, ${order}`,
        [mine.workspaceId],
        own,
      )
      for (const row of found)
        cells.push({ table, column, ctid: row.ctid, value: row.value, workspaceId: row.workspace_id })
    }
    expect(cells.length).toBeGreaterThan(12)
    // A cell that is not what it was opens nothing of its workspace that hangs on it; each is tried with all others' values.
    const { rows: before } = await own
      .pool('owner')
      .query(`select count(*)::int as n from keyring.unwrap_log`)
    let tried = 0
    for (const target of cells) {
      if (target.workspaceId !== mine.workspaceId) continue
      const flipped = Buffer.from(target.value)
      const at = randomBytes(1).readUInt8(0) % flipped.length
      flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (at % 8)), at)
      const others = cells.filter((cell) => cell !== target && !cell.value.equals(target.value))
      const other = others[randomBytes(1).readUInt8(0) % others.length]!
      // A restart for each: one of the two, in turn.
      for (const value of [tried % 2 === 0 ? flipped : other.value]) {
        await one.kill()
        const id = await rowOf(own, target)
        await own
          .pool('owner')
          .query(`update keyring.${target.table} set ${target.column} = $1 where ctid = $2::tid`, [value, id])
        await one.start()
        expect(await works(one, mine, again.keyId), `${target.table} ${tried}`).not.toBe('all')
        await expectWhole(one, theirs)
        tried += 1
        await own
          .pool('owner')
          .query(
            `update keyring.${target.table} set ${target.column} = $1 where ${target.column} = $2 and workspace_id = $3`,
            [target.value, value, mine.workspaceId],
          )
      }
    }
    expect(tried).toBeGreaterThan(8)
    await one.kill()
    await one.start()
    expect(await works(one, mine, again.keyId)).toBe('all')
    expect(before[0].n).toBeGreaterThan(0)
  }, 240_000)

  async function rowOf(
    own: TestDatabase,
    cell: { table: string; column: string; value: Buffer },
  ): Promise<string> {
    const found = await rows(
      `select ctid::text as ctid from keyring.${cell.table} where ${cell.column} = $1`,
      [cell.value],
      own,
    )
    expect(found).toHaveLength(1)
    return found[0].ctid
  }

  /** 'all' where everything of the workspace still opens; else what does not. */
  async function works(
    of: TestKeyring,
    it: Awaited<ReturnType<typeof furnish>>,
    laterKeyId: string,
  ): Promise<string> {
    const { workspaceId } = it
    const api = clientOf('api', of)
    const sender = clientOf('sender', of)
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
      const plain = await clientOf('worker', of).openSecret(workspaceId, 'webhook', 'w/1', it.secret, 'x')
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
    await attempt('index', async () =>
      (await api.blind(workspaceId, ['ann@example.com']))[0]!.equals(it.index!),
    )
    return failed.length === 0 ? 'all' : failed.join(' ')
  }
})

describe('peppers', () => {
  it('are stable, differ by name, and are for those who compare', async () => {
    const digests = [randomBytes(32), randomBytes(32)]
    const api = clientOf('api')
    const [credential, password] = [
      await api.pepper('credential', digests),
      await api.pepper('password', digests),
    ]
    expect(await clientOf('smtp').pepper('credential', digests)).toEqual(credential)
    expect(new Set([...credential, ...password].map((item) => item.toString('hex'))).size).toBe(4)
    const staff = await clientOf('staff').pepper('staff', digests)
    expect(staff[0]).not.toEqual(credential[0])
    await expect(api.pepper('staff', digests)).rejects.toThrow(KeyringRefused)
    await expect(clientOf('smtp').pepper('password', digests)).rejects.toThrow(KeyringRefused)
    await expect(clientOf('staff').pepper('credential', digests)).rejects.toThrow(KeyringRefused)
    await expect(api.pepper('credential', [Buffer.alloc(31)])).rejects.toThrow(KeyringRefused)
  })
})

describe('the audit key', () => {
  it('signs a log that only grows: no fork, no way back, no other origin', async () => {
    const audit = clientOf('audit')
    const { vkey } = await audit.auditKey()
    const origin = parseVerifierKey(vkey).name
    const leaves = Array.from({ length: 4 }, (_, i) => leafHash(Buffer.from(`entry ${i}`)))
    const [a, b, c, d] = leaves as [Buffer, Buffer, Buffer, Buffer]
    const root2 = nodeHash(a, b)
    const root4 = nodeHash(root2, nodeHash(c, d))
    const sign = (size: number, root: Buffer, oldSize: number, consistencyProof: Buffer[], name = origin) =>
      audit.signCheckpoint({
        checkpoint: formatCheckpoint({ origin: name, size, root }),
        oldSize,
        consistencyProof,
      })
    await expect(sign(2, root2, 0, [], 'another/log')).rejects.toThrow(/The origin of this log/)
    const line = await sign(2, root2, 0, [])
    const text = formatCheckpoint({ origin, size: 2, root: root2 })
    expect(verifyNote(parseNote(joinNote(text, [line])), [parseVerifierKey(vkey)])).toHaveLength(1)
    // Asked again after a crash: the same checkpoint is signed again.
    expect(await sign(2, root2, 2, [])).toBe(line)
    await expect(sign(2, randomBytes(32), 2, [])).rejects.toThrow(/only grew/)
    await expect(sign(4, randomBytes(32), 2, [nodeHash(c, d)])).rejects.toThrow(/only grew/)
    await expect(sign(4, root4, 0, [])).rejects.toThrow(/has size 2/)
    await sign(4, root4, 2, [nodeHash(c, d)])
    await expect(sign(2, root2, 4, [])).rejects.toThrow(/only grew/)
    await expect(sign(0, EMPTY_ROOT, 4, [])).rejects.toThrow(/only grew/)
    // Whoever turns the database back gets nothing either.
    await rows('update keyring.checkpoint set size = 2, root = $1', [root2])
    await expect(sign(4, root4, 2, [nodeHash(c, d)])).rejects.toThrow(/turned back/)
    await rows('update keyring.checkpoint set size = 4, root = $1', [root4])
    await expect(sign(5, randomBytes(32), 4, [])).rejects.toThrow(/only grew/)
    expect(await audit.auditKey()).toMatchObject({ lastSize: 4, lastRoot: root4.toString('base64') })
    await expect(
      clientOf('api').signCheckpoint({ checkpoint: text, oldSize: 4, consistencyProof: [] }),
    ).rejects.toThrow(KeyringRefused)
  })
})

describe('containment', () => {
  async function contain(workspaceId: string, actorClass: string, capabilities: string[]) {
    const id = randomUUID()
    await database
      .pool('superuser')
      .query(`insert into workspace (id, name) values ($1, 'x') on conflict do nothing`, [workspaceId])
    await database.pool('superuser').query(
      `insert into containment (id, workspace_id, scope, actor_class, capabilities, reason_code, reason, incident, until, origin, made_by)
       values ($1, $2, 'workspace', $3, $4, 'security_hold', 'stolen key', 'INC-7', now() + interval '1 hour', 'staff', 'test')`,
      [id, workspaceId, actorClass, capabilities],
    )
    return id
  }

  it('stops what it names for whom it names within a second, with the reason, and the rest goes on', async () => {
    const [held, free] = [await furnish(), await furnish()]
    const { workspaceId } = held
    const id = await contain(workspaceId, 'sender', ['deliver'])
    const sender = clientOf('sender')
    await expect
      .poll(
        async () =>
          sender.sign([{ keyId: held.dkim.keyId, data: block('s1') }]).then(
            () => null,
            (error: unknown) => error,
          ),
        { timeout: 1000 },
      )
      .toBeInstanceOf(KeyringContained)
    await expect(
      clientOf('sender').openContentKeys(workspaceId, [held.content.keyId], 'x'),
    ).rejects.toMatchObject({
      name: 'KeyringContained',
      containment: {
        containment: id,
        capability: 'deliver',
        reasonCode: 'security_hold',
        reason: 'stolen key',
        incident: 'INC-7',
        until: expect.any(String),
      },
    })
    await expectWhole(keyring, free)
    // Other kinds of process and other capabilities are not touched.
    expect(
      (await clientOf('api').openContentKeys(workspaceId, [held.content.keyId], 'x')).stateOf(
        held.content.keyId,
      ),
    ).toBe('open')
    await contain(workspaceId, 'any', ['read', 'webhook', 'send', 'credential'])
    const contained = (work: () => Promise<unknown>) =>
      expect
        .poll(
          async () =>
            work().then(
              () => null,
              (error: unknown) => error,
            ),
          { timeout: 2000 },
        )
        .toBeInstanceOf(KeyringContained)
    await contained(() => clientOf('api').openContentKeys(workspaceId, [held.content.keyId], 'x'))
    await contained(() => clientOf('smtp').contentKey(workspaceId))
    await contained(() => clientOf('worker').openSecret(workspaceId, 'webhook', 'w/1', held.secret, 'x'))
    await contained(() => clientOf('api').sealSecret(workspaceId, 'totp', 'x', Buffer.from('x')))
    await contained(() =>
      clientOf('api').resealSecret(workspaceId, 'webhook', 'w/1', 'w/2', held.secret, 'x'),
    )
    await contained(() =>
      clientOf('api').createDkimKey({
        workspaceId,
        domain: 'a.example',
        selector: 's',
        algorithm: 'ed25519',
      }),
    )
    await database
      .pool('superuser')
      .query(`update containment set state = 'lifted', ended_at = now() where workspace_id = $1`, [
        workspaceId,
      ])
    await expect
      .poll(async () => expectWhole(keyring, held).then(() => 'whole', String), { timeout: 3000 })
      .toBe('whole')
  })
})

describe('the access matrix over the socket', () => {
  const KINDS = Object.keys(TEST_TOKENS) as Kind[]
  const ALLOWED: Readonly<Record<string, readonly Kind[]>> = {
    health: KINDS,
    status: ['api'],
    blind: ['api', 'smtp', 'sender', 'worker'],
    blindAddresses: ['api', 'smtp', 'sender', 'worker'],
    pepper: ['api', 'smtp', 'staff'],
    contentKey: ['api', 'smtp'],
    openContentKeys: ['api', 'sender', 'worker'],
    destroyContentKeys: ['sender', 'worker'],
    createDkimKey: ['api'],
    destroyDkimKey: ['api'],
    publicKeys: ['api'],
    sign: ['sender'],
    sealSecret: ['api'],
    openSecret: ['worker'],
    resealSecret: ['api'],
    auditKey: ['api', 'audit'],
    signCheckpoint: ['audit'],
    attestUnwraps: ['audit'],
    rotate: ['api'],
    rotation: ['api'],
    requestShred: ['api'],
    cancelShred: ['api'],
    shreds: ['api'],
  }

  it.each(KINDS)('gives %s what it needs and ends the connection at everything else', async (kind) => {
    for (const [op, allowed] of Object.entries(ALLOWED)) {
      const { answer, closed } = await ask(kind, op)
      const what = `${kind} ${op}`
      if (allowed.includes(kind)) {
        expect([what, closed, String(answer?.body['message'])]).toEqual([
          what,
          false,
          expect.not.stringContaining('may not ask'),
        ])
      } else {
        expect([what, closed, answer?.body]).toEqual([
          what,
          true,
          { ok: false, code: 'refused', message: `A process of kind ${kind} may not ask for ${op}` },
        ])
      }
    }
    const refusals = await rows(
      `select count(*)::int as n from keyring.refusal_log where kind = 'access' and process = $1`,
      [kind],
    )
    expect(refusals[0].n).toBeGreaterThan(0)
  })

  /** One request without arguments; whether the keyring then ends the connection. */
  async function ask(kind: Kind, op: string): Promise<{ answer: Frame | undefined; closed: boolean }> {
    const socket = connect(keyring.socketPath)
    socket.write(
      Buffer.concat([
        encodeFrame(0, { token: TEST_TOKENS[kind] }),
        encodeFrame(1, { op }),
        encodeFrame(2, { op: 'health' }),
      ]),
    )
    const reader = createFrameReader()
    const answers = new Map<number, Frame>()
    for await (const chunk of socket) {
      for (const frame of reader.push(chunk as Buffer)) answers.set(frame.id, frame)
      if (answers.has(1) && answers.has(2)) break
    }
    return { answer: answers.get(1), closed: !answers.has(2) }
  }
})

describe('the process', () => {
  it('when down, sealed data does not open, and the fault says for how long to wait', async () => {
    await using lonely = await makeTestKeyring({
      databaseUrl: database.url.bulkhead_keyring,
      rootPath: keyring.rootPath,
    })
    const sender = clientOf('sender', lonely, 200)
    const failure = sender.openContentKeys(randomUUID(), [randomUUID()], 'x')
    await expect(failure).rejects.toThrow(KeyringUnavailable)
    await expect(failure).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 5 })
    expect(sender.state()).toBe('connecting')
  })
})
