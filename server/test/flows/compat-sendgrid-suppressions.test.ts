import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { sendgridWorld } from './sendgrid-world.ts'
import type { SendGridWorld } from './sendgrid-world.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

async function suppress(
  world: SendGridWorld,
  email: string,
  reason: string,
  scope?: string,
): Promise<string> {
  const { status, body } = await api.call(world.workspace.key, 'POST', '/v1/suppressions', {
    email,
    reason,
    scope,
  })
  expect(status).toBe(201)
  return body.id
}

async function inWorkspace(world: SendGridWorld, sql: string, values: unknown[]): Promise<void> {
  await api.database.pool('bulkhead_api').transaction((db) => db.query(sql, values), {
    workspaceId: decodeId('workspace', world.workspace.id) ?? '',
  })
}

describe('suppressions at the SendGrid door', () => {
  it('are told apart by why, with the words of the server', async () => {
    const world = await sendgridWorld(api)
    const { ask } = world
    const bounced = await suppress(world, 'gone@example.com', 'hard_bounce')
    const invalid = await suppress(world, 'x@nowhere.example', 'hard_bounce')
    await suppress(world, 'angry@example.com', 'complaint')
    await suppress(world, 'left@example.com', 'unsubscribe')
    const evidence = 'update suppression set evidence = $2::jsonb where id = $1'
    await inWorkspace(world, evidence, [
      decodeId('suppression', bounced),
      { stage: 'rcpt', code: 550, enhanced: '5.1.1', reply: 'no such user' },
    ])
    await inWorkspace(world, evidence, [
      decodeId('suppression', invalid),
      { stage: 'dns', enhanced: '5.1.2', reply: 'the domain does not exist' },
    ])
    expect((await ask('GET', '/v3/suppression/bounces')).body).toEqual([
      {
        created: expect.any(Number),
        email: 'gone@example.com',
        reason: '550 5.1.1 no such user',
        status: '5.1.1',
      },
    ])
    expect((await ask('GET', '/v3/suppression/invalid_emails')).body).toEqual([
      { created: expect.any(Number), email: 'x@nowhere.example', reason: '5.1.2 the domain does not exist' },
    ])
    expect((await ask('GET', '/v3/suppression/spam_reports')).body).toEqual([
      { created: expect.any(Number), email: 'angry@example.com', ip: '' },
    ])
    expect((await ask('GET', '/v3/suppression/unsubscribes')).body).toEqual([
      { created: expect.any(Number), email: 'left@example.com' },
    ])
    expect((await ask('GET', '/v3/suppression/bounces/gone@example.com')).body).toHaveLength(1)
    expect(await ask('GET', '/v3/suppression/bounces/unknown@example.com')).toEqual({ status: 200, body: [] })
  })

  it('are found by page, time and the begin of an address', async () => {
    const world = await sendgridWorld(api)
    const { ask } = world
    for (const name of ['anna', 'bert', 'anton', 'carl'])
      await suppress(world, `${name}@example.com`, 'hard_bounce')
    const emails = async (query: Record<string, unknown>) =>
      (await ask('GET', '/v3/suppression/bounces', { query })).body.map((row: { email: string }) => row.email)
    expect(await emails({ limit: 2 })).toEqual(['carl@example.com', 'anton@example.com'])
    expect(await emails({ limit: 2, offset: 2 })).toEqual(['bert@example.com', 'anna@example.com'])
    expect(await emails({ email: 'an%' })).toEqual(['anton@example.com', 'anna@example.com'])
    expect(await emails({ email: 'bert@example.com' })).toEqual(['bert@example.com'])
    expect(await emails({ email: 'AN' })).toEqual(['anton@example.com', 'anna@example.com'])
    expect(await emails({ email: '%nn' })).toEqual(['anna@example.com'])
    expect(await emails({ email: '%n%ton%com' })).toEqual(['anton@example.com'])
    expect(await emails({ email: '%r%', limit: 1, offset: 1 })).toEqual(['bert@example.com'])
    expect(await emails({ email: '%com%n' })).toEqual([])
    const now = Math.floor(Date.now() / 1_000)
    expect(await emails({ start_time: now - 100, end_time: now + 100 })).toHaveLength(4)
    expect(await emails({ start_time: now + 100 })).toEqual([])
    expect((await ask('GET', '/v3/suppression/bounces', { query: { limit: 501 } })).status).toBe(400)
  })

  it('are lifted for one reason, and other reasons go on to stop mail', async () => {
    const world = await sendgridWorld(api)
    const { ask } = world
    await suppress(world, 'both@example.com', 'hard_bounce')
    await suppress(world, 'both@example.com', 'unsubscribe')
    await suppress(world, 'one@example.com', 'hard_bounce')
    await suppress(world, 'two@example.com', 'hard_bounce')
    expect((await ask('DELETE', '/v3/suppression/bounces/both@example.com')).status).toBe(204)
    expect((await ask('GET', '/v3/suppression/bounces/both@example.com')).body).toEqual([])
    expect((await ask('GET', '/v3/suppression/unsubscribes')).body).toMatchObject([
      { email: 'both@example.com' },
    ])
    const { body } = await api.call(world.workspace.key, 'GET', '/v1/suppressions?email=both@example.com')
    expect(body.data).toMatchObject([{ reason: 'unsubscribe', reasons: ['unsubscribe'], scope: 'bulk' }])
    const some = await ask('DELETE', '/v3/suppression/bounces', {
      body: { emails: ['one@example.com', 'x@example.com'] },
    })
    expect(some.status).toBe(204)
    expect((await ask('GET', '/v3/suppression/bounces')).body).toMatchObject([{ email: 'two@example.com' }])
    expect((await ask('DELETE', '/v3/suppression/bounces', { body: { delete_all: true } })).status).toBe(204)
    expect((await ask('GET', '/v3/suppression/bounces')).body).toEqual([])
    expect((await ask('DELETE', '/v3/suppression/bounces', { body: {} })).status).toBe(400)
  })

  it('are told apart from mail that was refused for another reason than its address', async () => {
    const world = await sendgridWorld(api)
    const { ask, workspace } = world
    await api.call(workspace.key, 'POST', '/v1/domains', { name: 'shop.test' })
    const send = async (to: string) => {
      const mail = { from: 'me@shop.test', to: [to], subject: 'x', text: 'x' }
      const sent = await api.call(workspace.key, 'POST', '/v1/messages', mail)
      expect(sent.status, sent.text).toBe(202)
      return decodeId('message', sent.body.id)
    }
    const end = async (to: string, detail: object) =>
      api.database.pool('superuser').query(
        `insert into outcome (message_id, number, workspace_id, event_id, state, attempts, detail)
         values ($1, 1, $2, gen_random_uuid(), 'bounced', 1, $3)`,
        [await send(to), decodeId('workspace', workspace.id), detail],
      )
    await end('listed@example.com', {
      class: 'policy',
      code: 550,
      enhanced: '5.7.1',
      reply: 'you are listed',
    })
    await end('gone@example.com', { class: 'recipient', code: 550, enhanced: '5.1.1', reply: 'unknown' })
    const blocks = await ask('GET', '/v3/suppression/blocks')
    expect(blocks.body).toEqual([
      {
        created: expect.any(Number),
        email: 'listed@example.com',
        reason: '550 5.7.1 you are listed',
        status: '5.7.1',
      },
    ])
    expect((await ask('GET', '/v3/suppression/blocks/listed@example.com')).body).toEqual(blocks.body)
    expect((await ask('GET', '/v3/suppression/blocks/gone@example.com')).body).toEqual([])
    expect((await ask('DELETE', '/v3/suppression/blocks/listed@example.com')).status).toBe(204)
    expect((await ask('GET', '/v3/suppression/blocks')).body).toEqual([])
    expect((await ask('GET', '/v3/suppression/blocks/listed@example.com')).body).toEqual([])
    const policy = { class: 'policy', code: 550, reply: 'no' }
    for (const to of ['listed@example.com', 'two@example.com']) await end(to, policy)
    expect((await ask('GET', '/v3/suppression/blocks')).body).toHaveLength(2)
    const one = { body: { emails: ['two@example.com'] } }
    expect((await ask('DELETE', '/v3/suppression/blocks', one)).status).toBe(204)
    expect((await ask('GET', '/v3/suppression/blocks')).body).toMatchObject([{ email: 'listed@example.com' }])
    expect((await ask('DELETE', '/v3/suppression/blocks', { body: { delete_all: true } })).status).toBe(204)
    expect((await ask('GET', '/v3/suppression/blocks')).body).toEqual([])
    const { body } = await api.call(workspace.key, 'GET', '/v1/outcomes?dismissed=true')
    expect(body.data).toHaveLength(4)
  })
})

describe('unsubscribe groups at the SendGrid door', () => {
  it('are made, changed, listed and removed', async () => {
    const { ask } = await sendgridWorld(api)
    const made = await ask('POST', '/v3/asm/groups', {
      body: { name: 'Product Suggestions', description: 'Suggestions', is_default: false },
    })
    expect(made).toEqual({
      status: 201,
      body: {
        id: expect.any(Number),
        name: 'Product Suggestions',
        description: 'Suggestions',
        is_default: false,
      },
    })
    const { id } = made.body
    expect(
      await ask('PATCH', `/v3/asm/groups/${id}`, { body: { name: 'Items', is_default: true } }),
    ).toMatchObject({
      status: 201,
      body: { id, name: 'Items', description: 'Suggestions', is_default: true },
    })
    await ask('POST', `/v3/asm/groups/${id}/suppressions`, { body: { recipient_emails: ['a@example.com'] } })
    expect((await ask('GET', `/v3/asm/groups/${id}`)).body).toMatchObject({ id, unsubscribes: 1 })
    const other = await ask('POST', '/v3/asm/groups', { body: { name: 'Other' } })
    expect((await ask('GET', '/v3/asm/groups')).body).toHaveLength(2)
    expect((await ask('GET', '/v3/asm/groups', { query: { id: other.body.id } })).body).toMatchObject([
      { name: 'Other' },
    ])
    expect((await ask('DELETE', `/v3/asm/groups/${id}`)).status).toBe(204)
    expect((await ask('GET', `/v3/asm/groups/${id}`)).status).toBe(404)
    const taken = await ask('POST', '/v3/asm/groups', { body: { name: 'Other' } })
    expect([taken.status, taken.body.errors[0].field]).toEqual([400, 'name'])
    for (const body of [{}, { name: 'x'.repeat(31) }, { name: 'x', description: 'x'.repeat(101) }])
      expect((await ask('POST', '/v3/asm/groups', { body })).status).toBe(400)
  })

  it('say who left what', async () => {
    const { ask } = await sendgridWorld(api)
    const group = async (name: string) => (await ask('POST', '/v3/asm/groups', { body: { name } })).body.id
    const [weekly, daily] = [await group('Weekly'), await group('Daily')]
    const recipient_emails = ['test1@example.com', 'test2@example.com']
    expect(await ask('POST', `/v3/asm/groups/${daily}/suppressions`, { body: { recipient_emails } })).toEqual(
      {
        status: 201,
        body: { recipient_emails },
      },
    )
    await ask('POST', `/v3/asm/groups/${weekly}/suppressions`, {
      body: { recipient_emails: ['test1@example.com'] },
    })
    const listed = await ask('GET', `/v3/asm/groups/${daily}/suppressions`)
    expect(listed.body.toSorted()).toEqual(recipient_emails)
    const search = { recipient_emails: ['test2@example.com', 'other@example.com'] }
    expect((await ask('POST', `/v3/asm/groups/${daily}/suppressions/search`, { body: search })).body).toEqual(
      ['test2@example.com'],
    )
    expect((await ask('GET', '/v3/asm/suppressions')).body).toContainEqual({
      email: 'test1@example.com',
      group_id: weekly,
      group_name: 'Weekly',
      created_at: expect.any(Number),
    })
    const of = await ask('GET', '/v3/asm/suppressions/test2@example.com')
    expect(of.body.suppressions).toEqual([
      { id: weekly, name: 'Weekly', description: '', is_default: false, suppressed: false },
      { id: daily, name: 'Daily', description: '', is_default: false, suppressed: true },
    ])
    expect((await ask('DELETE', `/v3/asm/groups/${daily}/suppressions/test2@example.com`)).status).toBe(204)
    expect((await ask('GET', `/v3/asm/groups/${daily}/suppressions`)).body).toEqual(['test1@example.com'])
  })

  it('that are not there are left for the global list, as the vendor documents it', async () => {
    const { ask } = await sendgridWorld(api)
    const gone = (await ask('POST', '/v3/asm/groups', { body: { name: 'Gone' } })).body.id
    await ask('DELETE', `/v3/asm/groups/${gone}`)
    for (const [id, email] of [
      [gone, 'one@example.com'],
      [99_999, 'two@example.com'],
    ]) {
      const body = { recipient_emails: [email] }
      expect(await ask('POST', `/v3/asm/groups/${id}/suppressions`, { body })).toEqual({ status: 201, body })
      expect((await ask('GET', `/v3/asm/suppressions/global/${email}`)).body).toEqual({
        recipient_email: email,
      })
    }
    const refused = { recipient_emails: ['no'] }
    expect((await ask('POST', `/v3/asm/groups/${gone}/suppressions`, { body: refused })).status).toBe(400)
  })

  it('stand beside the global list, which stops everything', async () => {
    const world = await sendgridWorld(api)
    const { ask } = world
    const body = { recipient_emails: ['test1@example.com', 'test2@example.com'] }
    expect(await ask('POST', '/v3/asm/suppressions/global', { body })).toEqual({ status: 201, body })
    expect(await ask('GET', '/v3/asm/suppressions/global/test1@example.com')).toEqual({
      status: 200,
      body: { recipient_email: 'test1@example.com' },
    })
    expect(await ask('GET', '/v3/asm/suppressions/global/unknown@example.com')).toEqual({
      status: 200,
      body: {},
    })
    const native = await api.call(world.workspace.key, 'GET', '/v1/suppressions?email=test1@example.com')
    expect(native.body.data).toMatchObject([{ reason: 'unsubscribe', scope: 'all' }])
    expect((await ask('DELETE', '/v3/asm/suppressions/global/test1@example.com')).status).toBe(204)
    expect((await ask('GET', '/v3/asm/suppressions/global/test1@example.com')).body).toEqual({})
    expect(
      (await ask('POST', '/v3/asm/suppressions/global', { body: { recipient_emails: ['no'] } })).status,
    ).toBe(400)
  })
})
