import { createHash, randomBytes, randomUUID } from 'node:crypto'
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
import { KeyringBudget, KeyringRefused } from './index.ts'
import type { KeyringClient } from './index.ts'
import { makeTestKeyring } from './test-keyring.ts'
import { startWorld } from './world.test-support.ts'
import type { World } from './world.test-support.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

describe('the record of unwraps', () => {
  it('is numbered without gaps, chained, and covered by a signed statement, whatever is asked at once', async () => {
    await using own = await createTestDatabase()
    await using one = await makeTestKeyring({ databaseUrl: own.url.bulkhead_keyring })
    await one.start()
    const furnished = await world.furnish(one)
    const worker = world.clientOf('worker', one)
    await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        worker.openSecret(furnished.workspaceId, 'webhook', 'w/1', furnished.secret, `reason ${i}`),
      ),
    )
    const audit = own.pool('bulkhead_audit')
    const client = world.clientOf('audit', one)
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
    const audit = world.database.pool('bulkhead_audit')
    await expect(audit.query('select * from keyring.unwrap_log')).rejects.toThrow(/permission denied/)
    await expect(audit.query('select keyring.trim_unwraps(1)')).rejects.toThrow(/permission denied/)
    const own = world.database.pool('bulkhead_keyring')
    await expect(own.query("update keyring.unwrap_log set reason = ''")).rejects.toThrow(/permission denied/)
    await expect(own.query('delete from keyring.unwrap_log')).rejects.toThrow(/permission denied/)
    await own.query('select keyring.trim_unwraps(1000000)')
    await world.furnish()
    const api = world.database.pool('bulkhead_api')
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
    const api = world.clientOf('api', one)
    const leases: { workspaceId: string; keyId: string }[] = []
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
      (
        await world.clientOf('api', one).openContentKeys(leases[0]!.workspaceId, [leases[0]!.keyId], 'x')
      ).stateOf(leases[0]!.keyId),
    ).toBe('open')
    expect((await open(3, world.clientOf('sender', one))).stateOf(leases[3]!.keyId)).toBe('open')
    expect((await api.status()).budgets['api']).toMatchObject({ workspacesPerHour: 3, workspacesInHour: 3 })
    const alarms = (
      await own.pool('bulkhead_audit').query("select * from keyring.refusals_since('-infinity', 10)")
    ).rows
    expect(alarms).toMatchObject([{ process: 'api', kind: 'budget', detail: '3 workspaces an hour' }])
    await one.kill()
    await one.start()
    const again = world.clientOf('api', one)
    await expect.poll(async () => (await again.status()).budgets['api']?.workspacesInHour).toBe(3)
    await expect(open(4, again)).rejects.toThrow(KeyringBudget)
  })

  it('bound the keys a minute too', async () => {
    await using one = await makeTestKeyring({
      databaseUrl: world.database.url.bulkhead_keyring,
      rootPath: world.keyring.rootPath,
      env: { BULKHEAD_KEYRING_BUDGETS: '{"worker":{"keysPerMinute":0}}' },
    })
    await one.start()
    const { workspaceId, secret } = await world.furnish()
    const opening = world.clientOf('worker', one).openSecret(workspaceId, 'webhook', 'w/1', secret, 'test')
    await expect(opening).rejects.toThrow(/0 keys a minute/)
  })
})

describe('the audit key', () => {
  it('signs a log that only grows: no fork, no way back, no other origin', async () => {
    const audit = world.clientOf('audit')
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
    const [before] = await world.rows('select size, root, seal from keyring.checkpoint')
    await sign(4, root4, 2, [nodeHash(c, d)])
    await expect(sign(2, root2, 4, [])).rejects.toThrow(/only grew/)
    await expect(sign(0, EMPTY_ROOT, 4, [])).rejects.toThrow(/only grew/)
    // Whoever turns the database back gets nothing either.
    const put = (row: { size: number; root: Buffer; seal: Buffer }) =>
      world.rows('update keyring.checkpoint set size = $1, root = $2, seal = $3', [
        row.size,
        row.root,
        row.seal,
      ])
    const [latest] = await world.rows('select size, root, seal from keyring.checkpoint')
    await put(before)
    await expect(sign(4, root4, 2, [nodeHash(c, d)])).rejects.toThrow(/turned back/)
    await put(latest)
    await expect(sign(5, randomBytes(32), 4, [])).rejects.toThrow(/only grew/)
    expect(await audit.auditKey()).toMatchObject({ lastSize: 4, lastRoot: root4.toString('base64') })
    await expect(
      world.clientOf('api').signCheckpoint({ checkpoint: text, oldSize: 4, consistencyProof: [] }),
    ).rejects.toThrow(KeyringRefused)
  })
})
