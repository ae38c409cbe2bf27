import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { startListUpkeep } from '../../src/modules/contacts/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { startApi } from './api-fixture.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

interface Own {
  readonly uuid: string
  call(method: string, path: string, body?: unknown): Promise<Answer>
  contact(email: string, more?: Record<string, unknown>): Promise<string>
}

async function aWorkspace(): Promise<Own> {
  const { id, key } = await api.workspace()
  const call: Own['call'] = (method, path, body) => api.call(key, method, path, body)
  return {
    uuid: decodeId('workspace', id) ?? '',
    call,
    async contact(email, more = {}) {
      const { status, body, text } = await call('POST', '/v1/contacts', { email, ...more })
      expect([status, text]).toEqual([201, text])
      return body.id
    },
  }
}

const idsOf = ({ body }: Answer): string[] => body.data.map((contact: { id: string }) => contact.id)

const sql = <Row extends Record<string, unknown>>(text: string, values: unknown[]) =>
  api.database.pool('superuser').query<Row>(text, values)

describe('contacts', () => {
  it('are kept with names and typed attributes, found by id and by any spelling of the address', async () => {
    const own = await aWorkspace()
    const made = await own.call('POST', '/v1/contacts', {
      email: 'Ann@Example.com',
      firstName: 'Ann',
      lastName: 'Lee',
      attributes: { plan: 'gold', seats: 3, trial: false },
    })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({
      email: 'Ann@example.com',
      firstName: 'Ann',
      lastName: 'Lee',
      attributes: { plan: 'gold', seats: 3, trial: false },
      unsubscribed: false,
      unsubscribedAt: null,
    })
    const byId = await own.call('GET', `/v1/contacts/${made.body.id}`)
    const byAddress = await own.call('GET', `/v1/contacts/${encodeURIComponent('ann@EXAMPLE.com')}`)
    expect(byId.body).toEqual(made.body)
    expect(byAddress.body).toEqual(made.body)
    const other = await aWorkspace()
    expect((await other.call('GET', `/v1/contacts/${made.body.id}`)).status).toBe(404)
    expect((await other.call('GET', '/v1/contacts/ann%40example.com')).status).toBe(404)
  })

  it('have nothing readable in the database', async () => {
    const own = await aWorkspace()
    await own.contact('zebedee@example.com', { firstName: 'Zebedee', attributes: { plan: 'zebedee-plan' } })
    const { rows } = await sql<{ row: string }>(
      `select encode(c.sealed, 'escape') || to_jsonb(c)::text as row from contact c where c.workspace_id = $1`,
      [own.uuid],
    )
    expect(rows).toHaveLength(1)
    expect(rows[0]?.row.toLowerCase()).not.toContain('zebedee')
  })

  it('are one for each address: a second is refused with the id of the first, or changes it where upsert says so', async () => {
    const own = await aWorkspace()
    const id = await own.contact('ann@example.com', {
      firstName: 'Ann',
      attributes: { plan: 'gold', seats: 3 },
    })
    const again = await own.call('POST', '/v1/contacts', { email: 'ANN@example.com' })
    expect([again.status, again.body.code]).toEqual([409, 'conflict'])
    expect(again.text).toContain(id)
    const upserted = await own.call('POST', '/v1/contacts', {
      email: 'ann@example.com',
      lastName: 'Lee',
      attributes: { seats: 4 },
      upsert: true,
    })
    expect(upserted.body).toMatchObject({
      id,
      firstName: 'Ann',
      lastName: 'Lee',
      attributes: { plan: 'gold', seats: 4 },
    })
    const parallel = await Promise.all(
      Array.from({ length: 8 }, () => own.call('POST', '/v1/contacts', { email: 'bob@example.com' })),
    )
    expect(parallel.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(parallel.filter(({ status }) => status === 409)).toHaveLength(7)
    expect((await own.call('GET', '/v1/contacts/count')).body).toEqual({ contacts: 2, unsubscribed: 0 })
  })

  it('are changed in part; changes at the same moment lose nothing of each other', async () => {
    const own = await aWorkspace()
    const id = await own.contact('ann@example.com', { firstName: 'Ann', attributes: { a: 1, b: 2 } })
    const changed = await own.call('PATCH', `/v1/contacts/${id}`, {
      firstName: null,
      attributes: { a: null },
    })
    expect(changed.body).toMatchObject({ firstName: null, attributes: { b: 2 } })
    const answers = await Promise.all(
      ['x', 'y', 'z'].map((name) =>
        own.call('PATCH', `/v1/contacts/${id}`, { attributes: { [name]: true } }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    const { body } = await own.call('GET', `/v1/contacts/${id}`)
    expect(body.attributes).toEqual({ b: 2, x: true, y: true, z: true })
    const moved = await own.call('PATCH', '/v1/contacts/ann%40example.com', { email: 'ann@new.example' })
    expect(moved.body).toMatchObject({ id, email: 'ann@new.example' })
    await own.contact('bob@example.com')
    expect((await own.call('PATCH', `/v1/contacts/${id}`, { email: 'bob@example.com' })).status).toBe(409)
    for (const attributes of [{ 'a b': 1 }, { a: ['list'] }, { a: 'x'.repeat(1_001) }])
      expect((await own.call('PATCH', `/v1/contacts/${id}`, { attributes })).status).toBe(400)
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`n${n}`, n]))
    expect((await own.call('PATCH', `/v1/contacts/${id}`, { attributes: many })).status).toBe(400)
    expect((await own.call('PATCH', `/v1/contacts/${id}`, {})).status).toBe(400)
  })

  it('are listed page by page, newest first, each once', async () => {
    const own = await aWorkspace()
    const ids: string[] = []
    for (let n = 0; n < 5; n++) ids.unshift(await own.contact(`n${n}@example.com`, { unsubscribed: n === 3 }))
    const first = await own.call('GET', '/v1/contacts?limit=3')
    const second = await own.call('GET', `/v1/contacts?limit=3&cursor=${first.body.nextCursor}`)
    expect([...idsOf(first), ...idsOf(second)]).toEqual(ids)
    expect(second.body.nextCursor).toBeNull()
    expect(idsOf(await own.call('GET', '/v1/contacts?unsubscribed=true'))).toEqual([ids[1]])
    expect((await own.call('GET', '/v1/contacts/count')).body).toEqual({ contacts: 5, unsubscribed: 1 })
  })
})

describe('an opt-out', () => {
  it('of a contact that is deleted stays: no bulk mail goes there, and the contact that is made again has it', async () => {
    const own = await aWorkspace()
    await own.call('POST', '/v1/domains', { name: 'shop.test' })
    const id = await own.contact('ann@example.com', { unsubscribed: true })
    const stayed = await own.contact('bob@example.com')
    for (const contact of [id, stayed])
      expect((await own.call('DELETE', `/v1/contacts/${contact}`)).status).toBe(204)
    expect((await own.call('GET', `/v1/contacts/${id}`)).status).toBe(404)
    const { body: kept } = await own.call('GET', '/v1/suppressions')
    expect(kept.data).toMatchObject([{ email: 'ann@example.com', reason: 'unsubscribe', scope: 'bulk' }])
    const again = await own.call('POST', '/v1/contacts', { email: 'Ann@example.com', unsubscribed: false })
    expect(again.body).toMatchObject({ unsubscribed: true })
    const sent = await own.call('POST', '/v1/messages', {
      from: 'a@shop.test',
      to: ['ann@example.com', 'bob@example.com'],
      subject: 'x',
      text: 'x',
      lane: 'bulk',
    })
    expect(sent.body.recipients.map(({ state }: { state: string }) => state)).toEqual([
      'suppressed',
      'pending',
    ])
  })

  it('that the person asked for is taken back by who may lift the suppression, and by nobody else', async () => {
    const own = await aWorkspace()
    const id = await own.contact('ann@example.com')
    const entry = await own.call('POST', '/v1/suppressions', {
      email: 'ann@example.com',
      reason: 'unsubscribe',
    })
    expect((await own.call('GET', `/v1/contacts/${id}`)).body.unsubscribed).toBe(true)
    const refused = await own.call('PATCH', `/v1/contacts/${id}`, { unsubscribed: false })
    expect([refused.status, refused.body.code]).toEqual([409, 'conflict'])
    expect(refused.text).toContain(entry.body.id)
    await own.call('DELETE', `/v1/suppressions/${entry.body.id}`)
    expect((await own.call('GET', `/v1/contacts/${id}`)).body).toMatchObject({
      unsubscribed: false,
      unsubscribedAt: null,
    })
    await own.call('PATCH', `/v1/contacts/${id}`, { unsubscribed: true })
    expect((await own.call('PATCH', `/v1/contacts/${id}`, { unsubscribed: false })).body.unsubscribed).toBe(
      false,
    )
  })

  it('outlives a suppression that became one for another reason', async () => {
    const own = await aWorkspace()
    const id = await own.contact('ann@example.com')
    await own.call('POST', '/v1/suppressions', { email: 'ann@example.com', reason: 'unsubscribe' })
    const bounced = await own.call('POST', '/v1/suppressions', {
      email: 'ann@example.com',
      reason: 'hard_bounce',
    })
    await own.call('DELETE', `/v1/suppressions/${bounced.body.id}`)
    expect((await own.call('GET', `/v1/contacts/${id}`)).body.unsubscribed).toBe(true)
  })
})

describe('lists', () => {
  it('hold contacts by id or address, a contact on several, each once, counted as they come and go', async () => {
    const own = await aWorkspace()
    const list = async (name: string): Promise<string> =>
      (await own.call('POST', '/v1/lists', { name, description: 'x' })).body.id
    const [news, offers] = [await list('News'), await list('Offers')]
    const [ann, bob] = [
      await own.contact('ann@example.com', { lists: [news] }),
      await own.contact('bob@example.com'),
    ]
    const add = (id: string, contacts: string[]) => own.call('POST', `/v1/lists/${id}/contacts`, { contacts })
    expect((await add(news, [ann, 'bob@example.com', 'BOB@example.com'])).body).toEqual({
      added: 1,
      unchanged: 2,
    })
    expect((await add(offers, [bob])).body).toEqual({ added: 1, unchanged: 0 })
    const unknown = await add(offers, [ann, 'nobody@example.com'])
    expect([unknown.status, unknown.body.errors?.[0]?.field ?? unknown.text]).toEqual([400, 'contacts[1]'])
    expect((await own.call('GET', `/v1/lists/${news}`)).body).toMatchObject({ name: 'News', contacts: 2 })
    const members = await own.call('GET', `/v1/contacts?listId=${news}`)
    expect(members.body.data.map(({ email }: { email: string }) => email)).toEqual([
      'bob@example.com',
      'ann@example.com',
    ])
    const ofBob = await own.call('GET', '/v1/lists?contact=bob%40example.com')
    expect(ofBob.body.data.map(({ name }: { name: string }) => name)).toEqual(['Offers', 'News'])
    await own.call('DELETE', `/v1/contacts/${bob}`)
    expect((await own.call('GET', `/v1/lists/${news}`)).body.contacts).toBe(1)
    expect((await own.call('GET', `/v1/lists/${offers}`)).body.contacts).toBe(0)
    const removed = await own.call('POST', `/v1/lists/${news}/contacts/remove`, { contacts: [ann, ann] })
    expect(removed.body).toEqual({ removed: 1, unchanged: 1 })
    expect((await own.call('GET', `/v1/contacts/${ann}`)).status).toBe(200)
  })

  it('that are deleted are gone at once, their contacts stay, and what is left is taken away by the worker', async () => {
    const own = await aWorkspace()
    const id = (await own.call('POST', '/v1/lists', { name: 'News' })).body.id
    for (let n = 0; n < 3; n++) await own.contact(`n${n}@example.com`, { lists: [id] })
    expect((await own.call('DELETE', `/v1/lists/${id}`)).status).toBe(204)
    for (const path of [`/v1/lists/${id}`, `/v1/contacts?listId=${id}`])
      expect((await own.call('GET', path)).status).toBe(404)
    expect(
      (await own.call('POST', `/v1/lists/${id}/contacts`, { contacts: ['n0@example.com'] })).status,
    ).toBe(404)
    const stop = new AbortController()
    const log = createLogger({ name: 'test', level: 'error' })
    const running = startListUpkeep({
      pool: api.database.pool('bulkhead_worker'),
      log,
      signal: stop.signal,
    })
    await expect
      .poll(async () => (await sql('select 1 from contact_list where workspace_id = $1', [own.uuid])).rows)
      .toEqual([])
    stop.abort()
    await running
    expect((await sql('select 1 from contact_list_member where workspace_id = $1', [own.uuid])).rows).toEqual(
      [],
    )
    expect((await own.call('GET', '/v1/contacts/count')).body.contacts).toBe(3)
  })
})

describe('whoever reads contacts', () => {
  it('reads a bounded number in an hour; the owners hear of more, and others go on', async () => {
    const own = await aWorkspace()
    await own.contact('ann@example.com')
    const read = () => own.call('GET', '/v1/contacts')
    expect((await read()).status).toBe(200)
    // As if 20,000 had been read.
    await sql(
      `update detection.bucket set full_at = now() + interval '1 hour' where bucket = 'contacts.read'`,
      [],
    )
    const refused = await read()
    expect([refused.status, refused.body.code]).toEqual([429, 'too_many_requests'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    const alarms = await own.call('GET', '/v1/alerts')
    expect(alarms.body.data).toMatchObject([{ kind: 'contacts.bulk_read', severity: 'high' }])
    const other = await own.call('POST', '/v1/api-keys', { name: 'other', scopes: ['contacts:read'] })
    expect((await api.call(other.body.key, 'GET', '/v1/contacts')).status).toBe(200)
  })
})
