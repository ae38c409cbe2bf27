import { randomBytes, randomUUID } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KeyringRefused } from './index.ts'
import { startWorld } from './world.test-support.ts'
import type { World } from './world.test-support.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

/** An app that another project wrote, and its seed as a person's row would hold it. */
async function enrol(context = 'account.totp/1') {
  const seed = randomBytes(20)
  const workspaceId = randomUUID()
  const sealed = await world.clientOf('api').sealSecret(workspaceId, 'totp', context, seed)
  const app = new TOTP({ secret: new Secret({ buffer: new Uint8Array(seed).buffer }) })
  return { seed, app, place: { workspaceId, context, sealed, lastStep: 0, reason: 'sign-in' } }
}

describe('verifyTotp', () => {
  it('answers the step of a right code, null for any other, and records every look at the seed', async () => {
    const { app, place } = await enrol()
    const api = world.clientOf('api')
    const code = app.generate()
    const step = await api.verifyTotp({ ...place, code })
    expect(Math.abs((step ?? 0) - app.counter())).toBeLessThanOrEqual(1)
    const wrong = String((Number(app.generate()) + 500_000) % 1_000_000).padStart(6, '0')
    expect(await api.verifyTotp({ ...place, code: wrong })).toBeNull()
    expect(await api.verifyTotp({ ...place, code, lastStep: step ?? 0 })).toBeNull()
    const records = await world.rows(
      `select purpose, reason, key_count from keyring.unwrap_log where workspace_id = $1`,
      [place.workspaceId],
    )
    expect(records).toEqual(
      Array.from({ length: 3 }, () => ({ purpose: 'totp', reason: 'sign-in', key_count: 1 })),
    )
  })

  it('opens a seed only in its place, and nothing that is no seed', async () => {
    const { app, place } = await enrol()
    const api = world.clientOf('api')
    const code = app.generate()
    await expect(api.verifyTotp({ ...place, code, context: 'account.totp/2' })).rejects.toThrow(
      KeyringRefused,
    )
    await expect(api.verifyTotp({ ...place, code, workspaceId: randomUUID() })).rejects.toThrow(
      KeyringRefused,
    )
    const webhook = await api.sealSecret(place.workspaceId, 'webhook', place.context, randomBytes(20))
    await expect(api.verifyTotp({ ...place, code, sealed: webhook })).rejects.toThrow(KeyringRefused)
    const short = await api.sealSecret(place.workspaceId, 'totp', place.context, randomBytes(15))
    await expect(api.verifyTotp({ ...place, code, sealed: short })).rejects.toThrow('not the seed')
    for (const bad of ['', '12345', '1234567', '12345a', '１２３４５６', ' 12345']) {
      await expect(api.verifyTotp({ ...place, code: bad })).rejects.toThrow(KeyringRefused)
    }
    for (const lastStep of [-1, 1.5, 2 ** 60]) {
      await expect(api.verifyTotp({ ...place, code, lastStep })).rejects.toThrow(KeyringRefused)
    }
  })

  it('keeps seeds from everybody: no process opens one', async () => {
    const { place } = await enrol()
    await expect(
      world.clientOf('worker').openSecret(place.workspaceId, 'totp', place.context, place.sealed, 'x'),
    ).rejects.toThrow('does not leave the keyring')
  })

  it('goes on after the keys were rotated: nobody has to enrol anew', async () => {
    const { app, place } = await enrol()
    const api = world.clientOf('api')
    await api.rotate({ scope: 'workspace', workspaceId: place.workspaceId, actor: 'operator' })
    expect((await world.rotated(api))?.state).toBe('done')
    expect(await api.verifyTotp({ ...place, code: app.generate() })).not.toBeNull()
  })

  it('counts against the budget of the api', async () => {
    const { app, place } = await enrol()
    await using tight = await world.another({
      BULKHEAD_KEYRING_BUDGETS: '{"api":{"keysPerMinute":5}}',
    })
    const api = world.clientOf('api', tight)
    const tries = await Promise.allSettled(
      Array.from({ length: 40 }, () => api.verifyTotp({ ...place, code: app.generate() })),
    )
    const answered = tries.filter((one) => one.status === 'fulfilled').length
    expect(answered).toBeGreaterThan(0)
    // Two minutes may have met.
    expect(answered).toBeLessThanOrEqual(10)
  })
})
