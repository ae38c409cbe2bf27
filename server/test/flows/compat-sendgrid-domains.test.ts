import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { sendgridWorld } from './sendgrid-world.ts'

let api: ApiFixture
let zoned: ApiFixture
beforeAll(async () => {
  api = await startApi()
  zoned = await startApi({ delegationZone: 'keys.example.net' })
})
afterAll(async () => {
  await api[Symbol.asyncDispose]()
  await zoned[Symbol.asyncDispose]()
})

describe('domains at the SendGrid door', () => {
  it('have two keys in DNS, so that one can take the place of the other without their owner', async () => {
    const { ask } = await sendgridWorld(zoned)
    const made = await ask('POST', '/v3/whitelabel/domains', {
      body: { domain: 'example.com', subdomain: 'news' },
    })
    expect(made).toMatchObject({
      status: 201,
      body: {
        id: expect.any(Number),
        user_id: expect.any(Number),
        subdomain: 'rp',
        domain: 'example.com',
        ips: [],
        custom_spf: false,
        default: false,
        legacy: false,
        automatic_security: true,
        valid: false,
        dns: {
          mail_cname: { valid: false, type: 'cname', host: 'rp.example.com', data: 'rp.keys.example.net' },
          dkim1: {
            valid: false,
            type: 'cname',
            host: expect.stringMatching(/^bh1-\w+\._domainkey\.example\.com$/),
          },
          dkim2: {
            valid: false,
            type: 'cname',
            host: expect.stringMatching(/^bh2-\w+\._domainkey\.example\.com$/),
          },
        },
      },
    })
    const { dns } = made.body
    expect(dns.dkim1.data).toMatch(/\.keys\.example\.net$/)
    expect(dns.dkim1.data).not.toBe(dns.dkim2.data)
  })

  it('point at names under the host of the installation where it has no zone of its own', async () => {
    const { ask } = await sendgridWorld(api)
    const { body } = await ask('POST', '/v3/whitelabel/domains', { body: { domain: 'example.com' } })
    expect(body.automatic_security).toBe(true)
    expect(body.dns.dkim1).toMatchObject({ type: 'cname', data: expect.stringMatching(/^bh1-.*\.dkim\./) })
  })

  it('are listed, found, made the default, checked and removed by their number', async () => {
    const { ask, workspace } = await sendgridWorld(api)
    const one = (await ask('POST', '/v3/whitelabel/domains', { body: { domain: 'one.test', default: true } }))
      .body
    const two = (await ask('POST', '/v3/whitelabel/domains', { body: { domain: 'two.test' } })).body
    expect([one.default, one.valid, two.default]).toEqual([true, true, false])
    expect((await ask('GET', '/v3/whitelabel/domains/default')).body).toMatchObject({ id: one.id })
    expect(await ask('PATCH', `/v3/whitelabel/domains/${two.id}`, { body: { default: true } })).toMatchObject(
      {
        status: 200,
        body: { id: two.id, default: true },
      },
    )
    expect((await ask('GET', `/v3/whitelabel/domains/${one.id}`)).body).toMatchObject({ default: false })
    const listed = await ask('GET', '/v3/whitelabel/domains', { query: { limit: 1 } })
    expect(listed.body).toMatchObject([{ id: two.id }])
    expect(
      (await ask('GET', '/v3/whitelabel/domains', { query: { domain: 'one.test' } })).body,
    ).toMatchObject([{ id: one.id }])
    const checked = await ask('POST', `/v3/whitelabel/domains/${one.id}/validate`)
    expect(checked).toMatchObject({
      status: 200,
      body: {
        id: one.id,
        valid: true,
        validation_results: { dkim1: { valid: true, reason: null }, dkim2: { valid: true, reason: null } },
      },
    })
    expect((await ask('DELETE', `/v3/whitelabel/domains/${one.id}`)).status).toBe(204)
    expect((await ask('GET', `/v3/whitelabel/domains/${one.id}`)).status).toBe(404)
    expect((await ask('POST', '/v3/whitelabel/domains', { body: { domain: 'two.test' } })).status).toBe(400)
    expect(await ask('POST', '/v3/whitelabel/domains', { body: {} })).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'domain' }] },
    })
    const native = await api.call(workspace.key, 'GET', '/v1/domains?name=two.test')
    expect(native.body.data).toMatchObject([{ number: two.id, isDefault: true }])
  })

  it('of another workspace are not there', async () => {
    const first = await sendgridWorld(api)
    const other = await sendgridWorld(api)
    const { body } = await first.ask('POST', '/v3/whitelabel/domains', { body: { domain: 'mine.test' } })
    for (const method of ['GET', 'PATCH', 'DELETE'])
      expect(
        (await other.ask(method, `/v3/whitelabel/domains/${body.id}`, method === 'PATCH' ? { body: {} } : {}))
          .status,
      ).toBe(404)
  })
})
