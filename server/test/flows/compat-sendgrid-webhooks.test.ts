import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { sendgridWorld } from './sendgrid-world.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const SETTINGS = '/v3/user/webhooks/event/settings'

describe('event webhooks at the SendGrid door', () => {
  it('are made, changed and removed by their id', async () => {
    const { ask, workspace } = await sendgridWorld(api)
    const made = await ask('POST', SETTINGS, {
      body: {
        enabled: true,
        url: 'https://a.example/hook',
        delivered: true,
        spam_report: true,
        friendly_name: 'One',
      },
    })
    expect(made).toMatchObject({
      status: 201,
      body: {
        enabled: true,
        url: 'https://a.example/hook',
        delivered: true,
        spam_report: true,
        bounce: false,
        open: false,
        friendly_name: 'One',
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    })
    const { id, created_date: created } = made.body
    expect(created).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    expect(made.body.updated_date).toBe(created)
    await api.database
      .pool('superuser')
      .query("update webhook_endpoint set created_at = '2026-01-02T03:04:05.678Z'")
    const changed = await ask('PATCH', `${SETTINGS}/${id}`, {
      body: { url: 'https://a.example/hook', enabled: false, bounce: true, delivered: false },
    })
    expect(changed).toMatchObject({
      status: 200,
      body: { id, enabled: false, bounce: true, delivered: false, spam_report: true },
    })
    expect(changed.body.created_date).toBe('2026-01-02T03:04:05Z')
    expect(Date.parse(changed.body.updated_date)).toBeGreaterThanOrEqual(Date.parse(created))
    const [native] = (await api.call(workspace.key, 'GET', '/v1/webhooks')).body.data
    expect(native).toMatchObject({
      format: 'sendgrid',
      state: 'disabled',
      formatEvents: ['spamreport', 'bounce'],
    })
    expect((await ask('GET', `${SETTINGS}/${id}`)).body).toMatchObject({ id, public_key: expect.any(String) })
    expect((await ask('DELETE', `${SETTINGS}/${id}`)).status).toBe(204)
    expect(await ask('GET', `${SETTINGS}/${id}`)).toMatchObject({
      status: 404,
      body: { errors: [{ message: 'Invalid id provided.' }] },
    })
  })

  it('are the oldest one where no id is given, which that form makes too', async () => {
    const { ask } = await sendgridWorld(api)
    expect((await ask('GET', SETTINGS)).body).toMatchObject({ enabled: false, url: '', delivered: false })
    const first = await ask('PATCH', SETTINGS, {
      body: { enabled: true, url: 'https://a.example/1', open: true },
    })
    expect(first).toMatchObject({
      status: 200,
      body: { url: 'https://a.example/1', open: true, click: false },
    })
    await ask('POST', SETTINGS, { body: { enabled: true, url: 'https://a.example/2', click: true } })
    expect((await ask('GET', SETTINGS)).body).toMatchObject({ id: first.body.id })
    const { body } = await ask('GET', `${SETTINGS}/all`)
    expect(body.webhooks.map((one: { url: string }) => one.url)).toEqual([
      'https://a.example/1',
      'https://a.example/2',
    ])
    expect(body.max_allowed).toEqual(expect.any(Number))
    expect((await ask('PATCH', SETTINGS, { body: { click: true } })).body).toMatchObject({
      open: true,
      click: true,
    })
  })

  it('tell the key that their requests are verified with, unless they are not signed', async () => {
    const { ask } = await sendgridWorld(api)
    const { body } = await ask('POST', SETTINGS, { body: { url: 'https://a.example/1', processed: true } })
    const signed = `${SETTINGS}/signed/${body.id}`
    const on = await ask('PATCH', signed, { body: { enabled: true } })
    expect(on.body).toEqual({ id: body.id, public_key: expect.stringMatching(/^[\w+/]{100,}=*$/) })
    expect((await ask('GET', signed)).body).toEqual(on.body)
    expect((await ask('GET', `${SETTINGS}/signed`)).body).toEqual(on.body)
    expect((await ask('PATCH', signed, { body: { enabled: false } })).body).toEqual({
      id: body.id,
      public_key: '',
    })
    expect((await ask('GET', `${SETTINGS}/signed/00000000-0000-0000-0000-000000000000`)).status).toBe(404)
  })

  it('get a test, and no two have one URL', async () => {
    const { ask, workspace } = await sendgridWorld(api)
    const { body } = await ask('POST', SETTINGS, { body: { url: 'https://a.example/1', processed: true } })
    expect(
      (
        await ask('POST', '/v3/user/webhooks/event/test', {
          body: { id: body.id, url: 'https://a.example/1' },
        })
      ).status,
    ).toBe(204)
    const [endpoint] = (await api.call(workspace.key, 'GET', '/v1/webhooks')).body.data
    const { data } = (await api.call(workspace.key, 'GET', `/v1/webhooks/${endpoint.id}/deliveries`)).body
    expect(data).toMatchObject([{ type: 'webhook.test' }])
    expect(await ask('POST', SETTINGS, { body: { url: 'https://a.example/1', open: true } })).toMatchObject({
      status: 400,
      body: { errors: [{ id: body.id, url: 'https://a.example/1' }] },
    })
    expect(await ask('POST', SETTINGS, { body: { url: 'nothing', open: true } })).toMatchObject({
      status: 400,
      body: { errors: [{ message: "'nothing' is not a valid url" }] },
    })
  })
})
