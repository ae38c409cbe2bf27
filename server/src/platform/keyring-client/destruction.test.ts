import { randomUUID } from 'node:crypto'
import { copyFile, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/support/database.ts'
import { KeyringShredded } from './index.ts'
import type { KeyringClient } from './index.ts'
import { makeTestKeyring } from './test-keyring.ts'
import { block, startWorld } from './world.test-support.ts'
import type { Kind, World } from './world.test-support.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

describe('shredding', () => {
  it('destroys every key of the workspace, in all keyrings within seconds, and leaves the others alone', async () => {
    await using other = await world.another()
    const [victim, neighbour] = [await world.furnish(), await world.furnish()]
    await world.expectWhole(other, victim)
    const { workspaceId } = victim
    const api = world.clientOf('api')
    expect(await api.requestShred(workspaceId, 'operator')).toMatchObject({ state: 'pending' })
    await expect
      .poll(async () => (await api.shreds())[0], { timeout: 10_000 })
      .toMatchObject({ workspaceId, state: 'shredded' })
    for (const each of [world.keyring, other]) {
      const refused = async (work: (client: KeyringClient) => Promise<unknown>, kind: Kind) =>
        expect
          .poll(async () => work(world.clientOf(kind, each)).then(() => 'answered', String), {
            timeout: 5000,
          })
          .toMatch(/shredded/)
      await refused((client) => client.contentKey(workspaceId), 'api')
      await refused((client) => client.blind(workspaceId, ['x']), 'api')
      await refused((client) => client.sealSecret(workspaceId, 'totp', 'x', Buffer.from('x')), 'api')
      await refused(
        (client) => client.openSecret(workspaceId, 'webhook', 'w/1', victim.secret, 'x'),
        'worker',
      )
      const sender = world.clientOf('sender', each)
      const keys = await sender.openContentKeys(workspaceId, [victim.content.keyId], 'x')
      expect(keys.stateOf(victim.content.keyId)).toBe('destroyed')
      const [signature] = await sender.sign([{ keyId: victim.dkim.keyId, data: block('s1') }])
      expect(signature?.state).toBe('refused')
      await world.expectWhole(each, neighbour)
    }
    for (const [table, column] of [
      ['workspace_key', 'wrapped'],
      ['purpose_key', 'wrapped'],
      ['content_key', 'wrapped'],
      ['dkim_key', 'sealed_private'],
    ]) {
      const left = await world.rows(
        `select count(*)::int as n, count(${column})::int as living from keyring.${table} where workspace_id = $1`,
        [workspaceId],
      )
      expect(left, table).toEqual([{ n: expect.toSatisfy((n: number) => n > 0), living: 0 }])
    }
    await expect(api.cancelShred(workspaceId, 'operator')).rejects.toThrow(/it is shredded/)
    await api.rotate({ scope: 'all', actor: 'operator' })
    expect(await world.rotated(api)).toMatchObject({ state: 'done' })
    await expect(world.clientOf('api').contentKey(workspaceId)).rejects.toThrow(KeyringShredded)
  })

  it('waits, can be cancelled until then, and also holds for a workspace that never had a key', async () => {
    await using patient = await world.another({ BULKHEAD_SHRED_DELAY_HOURS: '168' })
    const furnished = await world.furnish()
    const api = world.clientOf('api', patient)
    const asked = await api.requestShred(furnished.workspaceId, 'operator')
    expect(Date.parse(asked.executeAt) - Date.parse(asked.requestedAt)).toBe(168 * 3_600_000)
    // Asking again does not move the time.
    expect((await api.requestShred(furnished.workspaceId, 'another')).executeAt).toBe(asked.executeAt)
    expect(await api.cancelShred(furnished.workspaceId, 'operator')).toMatchObject({ state: 'cancelled' })
    await expect(api.cancelShred(randomUUID(), 'operator')).rejects.toThrow(/not asked for/)
    const unused = randomUUID()
    await world.clientOf('api').requestShred(unused, 'operator')
    await expect
      .poll(async () => (await api.shreds()).find((item) => item.workspaceId === unused)?.state, {
        timeout: 10_000,
      })
      .toBe('shredded')
    await expect(world.clientOf('api').contentKey(unused)).rejects.toThrow(KeyringShredded)
    await world.expectWhole(world.keyring, furnished)
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
    const { workspaceId, content, sensitive } = await world.furnish(one)
    // The control's copy, which no attacker of t+6 h has.
    const spool = join(dirname(one.rootPath), 'spool.state')
    const control = join(dirname(one.rootPath), 'control.state')
    await copyFile(spool, control)
    const stateOf = async (keyId: string) =>
      (await world.clientOf('sender', one, 15_000).openContentKeys(workspaceId, [keyId], 'test')).stateOf(
        keyId,
      )
    await one.kill()
    // A restart within the hours changes nothing.
    await one.start(later('+3h'))
    expect(await stateOf(sensitive.keyId)).toBe('open')
    await one.kill()
    // The dump holds the wrapped key still, as an old backup does.
    const dump = await world.rows('select * from keyring.content_key where id = $1', [sensitive.keyId], own)
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

  it('of another host with another file are lost one by one, loudly, and the rest of the workspace opens', async () => {
    await using own = await createTestDatabase()
    await using one = await makeTestKeyring({ databaseUrl: own.url.bulkhead_keyring })
    await one.start()
    const { workspaceId, content, sensitive } = await world.furnish(one)
    // The first start of all has nothing to warn of.
    expect(one.output()).toContain('A new spool state is made')
    expect(one.output()).not.toMatch(/"level":(40|50).*spool/)
    await one.kill()
    await rm(join(dirname(one.rootPath), 'spool.state'))
    await one.start()
    await expect
      .poll(() => one.output(), { timeout: 5000 })
      .toMatch(/Sensitive messages are under way that were sealed with another spool state/)
    const ids = [content.keyId, sensitive.keyId]
    const keys = await world.clientOf('sender', one).openContentKeys(workspaceId, ids, 'test')
    expect(ids.map((id) => keys.stateOf(id))).toEqual(['open', 'destroyed'])
    expect(one.output()).toMatch(/give all hosts the same file/)
  })

  it('are the same on hosts that were given the same file', async () => {
    await using other = await world.another()
    await world.expectWhole(other, await world.furnish())
  })
})
