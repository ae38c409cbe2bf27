import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { asker, sendgridWorld } from './sendgrid-world.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi({ trustedProxies: ['127.0.0.1'] })
})
afterAll(() => api[Symbol.asyncDispose]())

const WAIT_MS = 5_000

/** Until what processes believe of keys is asked anew. */
async function until(check: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + WAIT_MS
  while (!(await check())) {
    if (Date.now() > end) throw new Error('it did not come')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

describe('API keys at the SendGrid door', () => {
  it('are made, shown once, listed, renamed and deleted', async () => {
    const { ask } = await sendgridWorld(api)
    const made = await ask('POST', '/v3/api_keys', {
      body: { name: 'My key', scopes: ['mail.send', 'alerts.create'] },
    })
    expect(made).toMatchObject({
      status: 201,
      body: { name: 'My key', scopes: ['mail.send', 'alerts.create'] },
    })
    const { api_key: key, api_key_id: id } = made.body
    expect(key).toMatch(/^SG\.[\w-]{22}\.[\w-]{43}$/)
    expect(key.split('.')[1]).toBe(id)
    const { body } = await ask('GET', '/v3/api_keys')
    expect(body.result).toContainEqual({ api_key_id: id, name: 'My key' })
    expect((await ask('GET', `/v3/api_keys/${id}`)).body).toMatchObject({
      api_key_id: id,
      name: 'My key',
      scopes: expect.arrayContaining([
        'mail.send',
        'alerts.create',
        '2fa_required',
        'sender_verification_eligible',
      ]),
    })
    expect(await ask('PATCH', `/v3/api_keys/${id}`, { body: { name: 'A New Hope' } })).toEqual({
      status: 200,
      body: { api_key_id: id, name: 'A New Hope' },
    })
    expect((await ask('DELETE', `/v3/api_keys/${id}`)).status).toBe(204)
    expect((await ask('GET', `/v3/api_keys/${id}`)).status).toBe(404)
    expect((await ask('DELETE', `/v3/api_keys/${id}`)).status).toBe(404)
    await until(async () => (await asker(api, key)('GET', '/v3/scopes')).status === 401)
  })

  it('may do what their permissions say, which can be changed without the secret, and nothing else', async () => {
    const { ask } = await sendgridWorld(api)
    const made = await ask('POST', '/v3/api_keys', { body: { name: 'k', scopes: ['templates.read'] } })
    const own = asker(api, made.body.api_key)
    expect((await own('GET', '/v3/scopes')).body.scopes).toEqual([
      'templates.read',
      '2fa_required',
      'sender_verification_eligible',
    ])
    expect((await own('GET', '/v3/templates')).status).toBe(200)
    expect(await own('POST', '/v3/templates', { body: { name: 'x' } })).toMatchObject({
      status: 403,
      body: { errors: [{ message: 'access forbidden' }] },
    })
    const put = await ask('PUT', `/v3/api_keys/${made.body.api_key_id}`, {
      body: { name: 'wider', scopes: ['templates.read', 'templates.create'] },
    })
    expect(put).toEqual({
      status: 200,
      body: {
        api_key_id: made.body.api_key_id,
        name: 'wider',
        scopes: ['templates.read', 'templates.create'],
      },
    })
    await until(async () => (await own('POST', '/v3/templates', { body: { name: 'x' } })).status === 201)
    await ask('PUT', `/v3/api_keys/${made.body.api_key_id}`, {
      body: { name: 'other', scopes: ['api_keys.read'] },
    })
    await until(async () => (await own('GET', '/v3/templates')).status === 403)
    expect((await own('GET', '/v3/api_keys')).status).toBe(200)
  })

  it('may read what the permission for a whole area names', async () => {
    const { ask } = await sendgridWorld(api)
    const today = new Date().toISOString().slice(0, 10)
    const opens: readonly (readonly [string, string])[] = [
      ['stats.read', `/v3/stats?start_date=${today}`],
      ['stats.global.read', `/v3/stats?start_date=${today}`],
      ['suppression.read', '/v3/suppression/bounces'],
      ['suppression.read', '/v3/suppression/blocks'],
      ['suppression.bounces.read', '/v3/suppression/bounces'],
    ]
    for (const [scope, path] of opens) {
      const made = await ask('POST', '/v3/api_keys', { body: { name: 'k', scopes: [scope] } })
      const own = asker(api, made.body.api_key)
      expect([scope, path, (await own('GET', path)).status]).toEqual([scope, path, 200])
      expect((await own('GET', '/v3/suppression/spam_reports')).status).toBe(
        scope === 'suppression.read' ? 200 : 403,
      )
      expect((await own('DELETE', '/v3/suppression/bounces/a@b.example')).status).toBe(403)
    }
  })

  it('make no key that may do more, and give none more than they have', async () => {
    const { ask } = await sendgridWorld(api)
    const some = ['api_keys.create', 'api_keys.read', 'api_keys.update', 'templates.read']
    const middle = await ask('POST', '/v3/api_keys', { body: { name: 'middle', scopes: some } })
    const own = asker(api, middle.body.api_key)
    expect((await own('POST', '/v3/api_keys', { body: { name: 'x', scopes: ['mail.send'] } })).status).toBe(
      403,
    )
    // Without permissions it inherits those of the key that asks.
    expect((await own('POST', '/v3/api_keys', { body: { name: 'x' } })).body.scopes).toEqual(some)
    const { body: small } = await own('POST', '/v3/api_keys', {
      body: { name: 'x', scopes: ['templates.read'] },
    })
    const self = `/v3/api_keys/${middle.body.api_key_id}`
    expect((await own('PUT', self, { body: { name: 'x', scopes: [...some, 'mail.send'] } })).status).toBe(403)
    expect(
      (await own('PUT', `/v3/api_keys/${small.api_key_id}`, { body: { name: 'x', scopes: ['mail.send'] } }))
        .status,
    ).toBe(403)
    expect(
      (await own('PUT', `/v3/api_keys/${small.api_key_id}`, { body: { name: 'x', scopes: some } })).status,
    ).toBe(200)
  })

  it('have permissions of the vendor’s only, and those of billing beside no other', async () => {
    const { ask } = await sendgridWorld(api)
    for (const scopes of [['not.a.scope'], ['mail.send', 'Mail Send'], ['billing.read', 'mail.send']]) {
      expect(await ask('POST', '/v3/api_keys', { body: { name: 'k', scopes } })).toEqual({
        status: 400,
        body: {
          errors: [{ message: 'invalid or unassignable scopes were given', field: 'scopes', help: null }],
        },
      })
    }
    const made = await ask('POST', '/v3/api_keys', {
      body: { name: 'k', scopes: ['billing.read', '2fa_required'] },
    })
    expect(made.status).toBe(201)
    const none = await ask('POST', '/v3/api_keys', { body: { name: 'k', scopes: ['2fa_required'] } })
    expect((await asker(api, none.body.api_key)('GET', '/v3/api_keys')).status).toBe(403)
  })

  it('open nothing once somebody changed them in the database, and a change of theirs heals nothing', async () => {
    const { ask, workspace } = await sendgridWorld(api)
    const { body } = await ask('POST', '/v3/api_keys', { body: { name: 'k', scopes: ['templates.read'] } })
    await api.database
      .pool('bulkhead_api')
      .transaction(
        (db) => db.query(`update api_key set door_scopes = '{templates.read,mail.send}' where name = 'k'`),
        { workspaceId: decodeId('workspace', workspace.id) ?? '' },
      )
    await until(async () => (await asker(api, body.api_key)('GET', '/v3/scopes')).status === 401)
    const healed = await ask('PUT', `/v3/api_keys/${body.api_key_id}`, {
      body: { name: 'k', scopes: ['templates.read'] },
    })
    expect(healed.status).toBe(409)
  })

  it('of our own API keep their scopes, and are no business of a door', async () => {
    const { ask, workspace } = await sendgridWorld(api)
    const { body: native } = await api.call(workspace.key, 'POST', '/v1/api-keys', { name: 'native' })
    const scopes = await api.call(workspace.key, 'PATCH', `/v1/api-keys/${native.id}`, {
      scopes: ['messages:read'],
    })
    expect(scopes.status).toBe(409)
    const named = await api.call(workspace.key, 'PATCH', `/v1/api-keys/${native.id}`, { name: 'other' })
    expect(named.body).toMatchObject({ id: native.id, name: 'other', scopes: native.scopes })
    expect((await api.call(native.key, 'GET', '/v1/workspace')).status).toBe(200)
    expect((await ask('GET', '/v3/api_keys')).body.result.map((row: { name: string }) => row.name)).toEqual([
      'sendgrid',
    ])
  })
})

describe('access settings at the SendGrid door', () => {
  it('list networks, and refuse keys of the door from all others', async () => {
    const { ask, key, workspace } = await sendgridWorld(api)
    const added = await ask('POST', '/v3/access_settings/whitelist', {
      body: { ips: [{ ip: '127.0.0.1' }, { ip: '192.0.2.0/24' }, { ip: '198.51.*.*' }] },
    })
    expect(added).toMatchObject({
      status: 201,
      body: {
        result: [
          { id: 1, ip: '127.0.0.1/32', created_at: expect.any(Number), updated_at: expect.any(Number) },
          { id: 2, ip: '192.0.2.0/24' },
          { id: 3, ip: '198.51.0.0/16' },
        ],
      },
    })
    expect((await ask('GET', '/v3/access_settings/whitelist/2')).body.result).toEqual([added.body.result[1]])
    expect((await ask('DELETE', '/v3/access_settings/whitelist/3')).status).toBe(204)
    expect((await ask('GET', '/v3/access_settings/whitelist/3')).status).toBe(404)
    expect((await ask('GET', '/v3/access_settings/whitelist')).body.result).toHaveLength(2)
    const from = (address: string) =>
      fetch(`${api.url}/compat/sendgrid/v3/scopes`, {
        headers: { authorization: `Bearer ${key}`, 'x-forwarded-for': address },
      })
    await until(async () => (await from('203.0.113.9')).status === 403)
    expect((await from('192.0.2.77')).status).toBe(200)
    // Our own API is not touched.
    expect((await api.call(workspace.key, 'GET', '/v1/doors/sendgrid/networks')).body.data).toHaveLength(2)
    expect((await ask('DELETE', '/v3/access_settings/whitelist', { body: { ids: [1, 2] } })).status).toBe(204)
    await until(async () => (await from('203.0.113.9')).status === 200)
    const { body } = await ask('GET', '/v3/access_settings/activity', { query: { limit: 10 } })
    expect(body.result).toContainEqual(expect.objectContaining({ allowed: false, ip: '203.0.113.0/24' }))
    expect(
      (await ask('POST', '/v3/access_settings/whitelist', { body: { ips: [{ ip: 'x' }] } })).status,
    ).toBe(400)
  })
})
