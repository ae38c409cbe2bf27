import { randomBytes, randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createFrameReader, encodeFrame } from './frames.ts'
import type { Frame } from './frames.ts'
import { createKeyringClient, KeyringContained, KeyringRefused, KeyringUnavailable } from './index.ts'
import { makeTestKeyring, TEST_TOKENS } from './test-keyring.ts'
import { block, startWorld } from './world.test-support.ts'
import type { Kind, World } from './world.test-support.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

async function contain(workspaceId: string, actorClass: string, capabilities: string[]) {
  const id = randomUUID()
  await world.database
    .pool('superuser')
    .query(`insert into workspace (id, name) values ($1, 'x') on conflict do nothing`, [workspaceId])
  await world.database.pool('superuser').query(
    `insert into containment (id, workspace_id, scope, actor_class, capabilities, reason_code, reason, incident, until, origin, made_by)
     values ($1, $2, 'workspace', $3, $4, 'security_hold', 'stolen key', 'INC-7', now() + interval '1 hour', 'staff', 'test')`,
    [id, workspaceId, actorClass, capabilities],
  )
  return id
}

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

/** One request without arguments; whether the keyring then ends the connection. */
async function ask(kind: Kind, op: string): Promise<{ answer: Frame | undefined; closed: boolean }> {
  const socket = connect(world.keyring.socketPath)
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

describe('peppers', () => {
  it('are stable, differ by name, and are for those who compare', async () => {
    const digests = [randomBytes(32), randomBytes(32)]
    const api = world.clientOf('api')
    const [credential, password] = [
      await api.pepper('credential', digests),
      await api.pepper('password', digests),
    ]
    expect(await world.clientOf('smtp').pepper('credential', digests)).toEqual(credential)
    expect(new Set([...credential, ...password].map((item) => item.toString('hex'))).size).toBe(4)
    const staff = await world.clientOf('staff').pepper('staff', digests)
    expect(staff[0]).not.toEqual(credential[0])
    await expect(api.pepper('staff', digests)).rejects.toThrow(KeyringRefused)
    await expect(world.clientOf('smtp').pepper('password', digests)).rejects.toThrow(KeyringRefused)
    await expect(world.clientOf('staff').pepper('credential', digests)).rejects.toThrow(KeyringRefused)
    await expect(api.pepper('credential', [Buffer.alloc(31)])).rejects.toThrow(KeyringRefused)
  })
})

describe('keys of references', () => {
  it('are the same for all who may have them, over restarts too, and differ by purpose', async () => {
    const returnPath = await world.clientOf('smtp').referenceKey('return-path')
    const links = await world.clientOf('api').referenceKey('links')
    expect([returnPath.length, links.length, returnPath.equals(links)]).toEqual([32, 32, false])
    await using other = await world.another()
    expect(await world.clientOf('sender', other).referenceKey('return-path')).toEqual(returnPath)
    expect(await world.clientOf('worker', other).referenceKey('links')).toEqual(links)
  })

  it('go to nobody else, and no other purpose is known', async () => {
    for (const kind of ['api', 'worker'] as const)
      await expect(world.clientOf(kind).referenceKey('return-path')).rejects.toThrow(KeyringRefused)
    await expect(world.clientOf('sender').referenceKey('links')).rejects.toThrow(KeyringRefused)
    await expect(world.clientOf('smtp').referenceKey('' as 'links')).rejects.toThrow('return-path or links')
    const stored = await world.rows(`select wrapped from keyring.installation_key where name = 'references'`)
    const key = await world.clientOf('smtp').referenceKey('return-path')
    expect([stored.length, stored[0].wrapped.includes(key)]).toEqual([1, false])
  })
})

describe('containment', () => {
  it('stops what it names for whom it names within a second, with the reason, and the rest goes on', async () => {
    const [held, free] = [await world.furnish(), await world.furnish()]
    const { workspaceId } = held
    const id = await contain(workspaceId, 'sender', ['deliver'])
    const sender = world.clientOf('sender')
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
      world.clientOf('sender').openContentKeys(workspaceId, [held.content.keyId], 'x'),
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
    await world.expectWhole(world.keyring, free)
    // Other kinds of process and other capabilities are not touched.
    expect(
      (await world.clientOf('api').openContentKeys(workspaceId, [held.content.keyId], 'x')).stateOf(
        held.content.keyId,
      ),
    ).toBe('open')
    await contain(workspaceId, 'any', ['read', 'webhook', 'send', 'credential'])
    await contained(() => world.clientOf('api').openContentKeys(workspaceId, [held.content.keyId], 'x'))
    await contained(() => world.clientOf('smtp').contentKey(workspaceId))
    await contained(() =>
      world.clientOf('worker').openSecret(workspaceId, 'webhook', 'w/1', held.secret, 'x'),
    )
    await contained(() => world.clientOf('api').sealSecret(workspaceId, 'totp', 'x', Buffer.from('x')))
    await contained(() =>
      world.clientOf('api').resealSecret(workspaceId, 'webhook', 'w/1', 'w/2', held.secret, 'x'),
    )
    await contained(() =>
      world.clientOf('api').createDkimKey({
        workspaceId,
        domain: 'a.example',
        selector: 's',
        algorithm: 'ed25519',
      }),
    )
    await world.database
      .pool('superuser')
      .query(`update containment set state = 'lifted', ended_at = now() where workspace_id = $1`, [
        workspaceId,
      ])
    await expect
      .poll(async () => world.expectWhole(world.keyring, held).then(() => 'whole', String), { timeout: 3000 })
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
    referenceKey: ['api', 'smtp', 'sender', 'worker'],
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
    verifyTotp: ['api'],
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
    const refusals = await world.rows(
      `select count(*)::int as n from keyring.refusal_log where kind = 'access' and process = $1`,
      [kind],
    )
    expect(refusals[0].n).toBeGreaterThan(0)
  })
})

describe('the process', () => {
  it('gives a lease of five minutes, whatever the asker does to its clock', async () => {
    const steady = { nowMs: 1_000_000 }
    const client = createKeyringClient({
      socketPath: world.keyring.socketPath,
      token: TEST_TOKENS.api,
      log: { info: () => undefined, warn: () => undefined },
      now: () => steady.nowMs,
    })
    try {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 300_000 })
      const workspaceId = randomUUID()
      const lease = await client.contentKey(workspaceId)
      expect(lease.expiresAtMs).toBe(1_000_000 + 300_000)
      vi.setSystemTime(Date.now() - 3_600_000)
      steady.nowMs += 299_000
      expect((await client.contentKey(workspaceId)).keyId).toBe(lease.keyId)
      steady.nowMs += 301_000
      expect((await client.contentKey(workspaceId)).keyId).not.toBe(lease.keyId)
    } finally {
      vi.useRealTimers()
      await client[Symbol.asyncDispose]()
    }
  })

  it('when down, sealed data does not open, and the fault says for how long to wait', async () => {
    await using lonely = await makeTestKeyring({
      databaseUrl: world.database.url.bulkhead_keyring,
      rootPath: world.keyring.rootPath,
    })
    const sender = world.clientOf('sender', lonely, 200)
    const failure = sender.openContentKeys(randomUUID(), [randomUUID()], 'x')
    await expect(failure).rejects.toThrow(KeyringUnavailable)
    await expect(failure).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 5 })
    expect(sender.state()).toBe('connecting')
  })
})
