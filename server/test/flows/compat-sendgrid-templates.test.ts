import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { sendgridWorld } from './sendgrid-world.ts'
import type { SendGridWorld } from './sendgrid-world.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const FIRST = { name: 'first', subject: 'Hello {{name}}', html_content: '<p>Hello {{name}}</p>' }

async function withTemplate(generation = 'dynamic'): Promise<SendGridWorld & { readonly id: string }> {
  const world = await sendgridWorld(api)
  const made = await world.ask('POST', '/v3/templates', { body: { name: 'Welcome', generation } })
  expect(made.status).toBe(201)
  return { ...world, id: made.body.id }
}

describe('templates at the SendGrid door', () => {
  it('have ids of their generation, and no version at first', async () => {
    const dynamic = await withTemplate()
    expect(dynamic.id).toMatch(/^d-[0-9a-f]{32}$/)
    const legacy = await withTemplate('legacy')
    expect(legacy.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(await legacy.ask('GET', `/v3/templates/${legacy.id}`)).toMatchObject({
      status: 200,
      body: {
        name: 'Welcome',
        generation: 'legacy',
        versions: [],
        updated_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      },
    })
  })

  it('make the first version the active one, and no other unless it is asked for', async () => {
    const { ask, id } = await withTemplate()
    const first = await ask('POST', `/v3/templates/${id}/versions`, { body: FIRST })
    expect(first).toMatchObject({
      status: 201,
      body: {
        ...FIRST,
        template_id: id,
        active: 1,
        plain_content: 'Hello {{name}}',
        generate_plain_content: true,
        editor: 'code',
        thumbnail_url: '',
      },
    })
    const second = await ask('POST', `/v3/templates/${id}/versions`, { body: { ...FIRST, name: 'second' } })
    expect(second.body.active).toBe(0)
    const third = await ask('POST', `/v3/templates/${id}/versions`, {
      body: { ...FIRST, name: 'third', active: 1 },
    })
    expect(third.body.active).toBe(1)
    const { body } = await ask('GET', `/v3/templates/${id}`)
    expect(body.versions.map((row: { name: string; active: number }) => [row.name, row.active])).toEqual([
      ['first', 0],
      ['second', 0],
      ['third', 1],
    ])
    const again = await ask('POST', `/v3/templates/${id}/versions/${first.body.id}/activate`)
    expect(again).toMatchObject({ status: 200, body: { id: first.body.id, active: 1 } })
    const read = await ask('GET', `/v3/templates/${id}/versions/${first.body.id}`)
    expect(read.body).not.toHaveProperty('warnings')
  })

  it('keep the id of a version whose words change, and mail says the new words', async () => {
    const { ask, id, workspace } = await withTemplate()
    const { body: made } = await ask('POST', `/v3/templates/${id}/versions`, { body: FIRST })
    const changed = await ask('PATCH', `/v3/templates/${id}/versions/${made.id}`, {
      body: { name: 'first', subject: 'Bye', html_content: '<p>Bye</p>' },
    })
    expect(changed).toMatchObject({
      status: 200,
      body: { id: made.id, active: 1, subject: 'Bye', html_content: '<p>Bye</p>', plain_content: 'Bye' },
    })
    expect(await ask('GET', `/v3/templates/${id}/versions/${made.id}`)).toMatchObject({
      body: { subject: 'Bye' },
    })
    const { body: shown } = await ask('GET', `/v3/templates/${id}`)
    expect(shown.versions).toMatchObject([{ id: made.id, html_content: '<p>Bye</p>', plain_content: 'Bye' }])
    // What was said before stays readable for the workspace.
    const [template] = (await api.call(workspace.key, 'GET', '/v1/templates')).body.data
    expect(template).toMatchObject({ activeVersion: 2, versions: 2 })
    const before = await api.call(workspace.key, 'GET', `/v1/templates/${template.id}/versions/1`)
    expect(before.body.subject).toBe(FIRST.subject)
  })

  it('lose versions and whole templates for good', async () => {
    const { ask, id } = await withTemplate()
    const { body: first } = await ask('POST', `/v3/templates/${id}/versions`, { body: FIRST })
    const { body: second } = await ask('POST', `/v3/templates/${id}/versions`, {
      body: { ...FIRST, name: 'b' },
    })
    await ask('PATCH', `/v3/templates/${id}/versions/${first.id}`, { body: { subject: 'x' } })
    expect((await ask('DELETE', `/v3/templates/${id}/versions/${second.id}`)).status).toBe(204)
    expect((await ask('DELETE', `/v3/templates/${id}/versions/${first.id}`)).status).toBe(204)
    expect((await ask('GET', `/v3/templates/${id}/versions/${first.id}`)).status).toBe(404)
    expect((await ask('GET', `/v3/templates/${id}`)).body.versions).toEqual([])
    const { body: anew } = await ask('POST', `/v3/templates/${id}/versions`, { body: FIRST })
    expect(anew.active).toBe(1)
    expect((await ask('DELETE', `/v3/templates/${id}`)).status).toBe(204)
    expect((await ask('GET', `/v3/templates/${id}`)).status).toBe(404)
  })

  it('are listed page by page, with both names of the list', async () => {
    const world = await sendgridWorld(api)
    const ids: string[] = []
    for (const generation of ['dynamic', 'legacy', 'dynamic'])
      ids.unshift(
        (await world.ask('POST', '/v3/templates', { body: { name: generation, generation } })).body.id,
      )
    const { body } = await world.ask('GET', '/v3/templates', {
      query: { generations: 'dynamic', page_size: 1 },
    })
    expect(body.result.map((row: { id: string }) => row.id)).toEqual([ids[0]])
    expect(body._metadata).toMatchObject({ count: 2, next: expect.stringContaining('page_token=') })
    const token = new URL(body._metadata.next).searchParams.get('page_token')
    const next = await world.ask('GET', '/v3/templates', {
      query: { generations: 'dynamic', page_size: 1, page_token: token },
    })
    expect(next.body.result.map((row: { id: string }) => row.id)).toEqual([ids[2]])
    expect(next.body._metadata.next).toBeUndefined()
    const all = await world.ask('GET', '/v3/templates', { query: { generations: 'legacy,dynamic' } })
    expect(all.body.templates.map((row: { id: string }) => row.id)).toEqual(ids)
    expect((await world.ask('GET', '/v3/templates', { query: { page_size: 1000 } })).status).toBe(400)
  })

  it('are copied with all their versions', async () => {
    const { ask, id } = await withTemplate()
    await ask('POST', `/v3/templates/${id}/versions`, { body: FIRST })
    await ask('POST', `/v3/templates/${id}/versions`, { body: { ...FIRST, name: 'second', active: 1 } })
    const copy = await ask('POST', `/v3/templates/${id}`, { body: { name: 'Copy' } })
    expect(copy).toMatchObject({
      status: 201,
      body: {
        name: 'Copy',
        generation: 'dynamic',
        versions: [
          { name: 'first', active: 0 },
          { name: 'second', active: 1 },
        ],
      },
    })
    expect(copy.body.id).not.toBe(id)
  })

  it('say of a version that is not sent yet why it could not be', async () => {
    const { ask, id } = await withTemplate()
    await ask('POST', `/v3/templates/${id}/versions`, { body: FIRST })
    const broken = { ...FIRST, name: 'later', html_content: '<p>\n{{#if x}}open</p>' }
    const made = await ask('POST', `/v3/templates/${id}/versions`, { body: broken })
    expect(made).toMatchObject({ status: 201, body: { active: 0 } })
    expect(made.body.warnings).toContainEqual({ message: 'html_content, line 2: {{#if}} is not closed.' })
    const version = `/v3/templates/${id}/versions/${made.body.id}`
    expect((await ask('POST', `${version}/activate`)).status).toBe(400)
    const mended = await ask('PATCH', version, { body: { name: 'later', html_content: '<p>open</p>' } })
    expect(mended).toMatchObject({ status: 200, body: { warnings: [] } })
  })

  it('refuse what is no template with the field', async () => {
    const { ask, id } = await withTemplate()
    expect(await ask('POST', '/v3/templates', { body: {} })).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'name' }] },
    })
    expect(
      await ask('POST', `/v3/templates/${id}/versions`, { body: { ...FIRST, test_data: '[1]' } }),
    ).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'test_data' }] },
    })
    expect((await ask('GET', '/v3/templates/d-00000000000000000000000000000000')).status).toBe(404)
    expect((await ask('GET', `/v3/templates/${id}/versions/nothing`)).status).toBe(404)
  })
})
