import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { startApi } from './api-fixture.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const sql = <Row extends Record<string, unknown>>(text: string, values: unknown[]) =>
  api.database.pool('superuser').query<Row>(text, values)

interface Own {
  readonly uuid: string
  readonly key: string
  call(method: string, path: string, body?: unknown): Promise<Answer>
  /** Another key of it. */
  other(wanted: Record<string, unknown>): Promise<string>
}

async function aWorkspace(): Promise<Own> {
  const { id, key } = await api.workspace()
  const call: Own['call'] = (method, path, body) => api.call(key, method, path, body)
  await call('POST', '/v1/domains', { name: 'shop.test' })
  return {
    uuid: decodeId('workspace', id) ?? '',
    key,
    call,
    other: async (wanted) => (await call('POST', '/v1/api-keys', { name: 'other', ...wanted })).body.key,
  }
}

async function suppressed(own: Own, count: number): Promise<void> {
  const begun = await own.call('POST', '/v1/suppression-imports', { format: 'jsonl' })
  const lines = Array.from(
    { length: count },
    (_, n) => `{"email":"p${n}@example.com","reason":"hard_bounce"}\n`,
  )
  const { status } = await own.call('POST', `/v1/suppression-imports/${begun.body.id}/lines`, {
    fromLine: 1,
    text: lines.join(''),
    isLast: true,
  })
  expect(status).toBe(200)
}

/** As if all had been read that may be, and a minute's share more, by everybody who has read something. */
async function spent(bucket: string): Promise<void> {
  await sql(`update detection.bucket set full_at = now() + interval '61 minutes' where bucket = $1`, [bucket])
}

const alarmsOf = async (own: Own): Promise<string[]> =>
  (await own.call('GET', '/v1/alerts')).body.data.map(({ kind }: { kind: string }) => kind)

const refused = ({ status, body, headers }: Answer) => [
  status,
  body.code,
  Number(headers.get('retry-after')) > 0,
]
const NO_MORE = [429, 'too_many_requests', true]

describe('whoever reads suppressed addresses', () => {
  it('reads a bounded number in an hour by whatever list; the owners hear of more, and others go on', async () => {
    const own = await aWorkspace()
    await suppressed(own, 3)
    const topic = await own.call('POST', '/v1/topics', { name: 'News' })
    await own.call('POST', `/v1/topics/${topic.body.id}/suppressions`, { emails: ['p1@example.com'] })
    await own.call('POST', '/v1/suppression-exemptions', { email: 'ops@example.com' })
    const first = await own.call('GET', '/v1/suppressions')
    expect(first.body.data).toHaveLength(3)
    await spent('suppressions.read')
    const one = `/v1/suppressions/${first.body.data[0].id}`
    for (const [method, path, body] of [
      ['GET', '/v1/suppressions'],
      ['GET', '/v1/suppressions/export'],
      ['GET', one],
      ['PATCH', one, { note: 'x' }],
      ['GET', '/v1/suppression-exemptions'],
      ['GET', '/v1/topic-suppressions'],
    ] as const)
      expect([path, refused(await own.call(method, path, body))]).toEqual([path, NO_MORE])
    expect(await alarmsOf(own)).toContain('suppressions.bulk_read')
    // What shows no address goes on, and so does writing: an import must not stop.
    expect((await own.call('POST', '/v1/suppressions', { email: 'new@example.com' })).status).toBe(201)
    const other = await own.other({ scopes: ['suppressions:read'] })
    expect((await api.call(other, 'GET', '/v1/suppressions')).status).toBe(200)
  })

  it('gets no further with keys that it makes: a workspace has a budget too', async () => {
    const own = await aWorkspace()
    await suppressed(own, 1)
    expect((await own.call('GET', '/v1/suppressions')).status).toBe(200)
    await spent('suppressions.read.workspace')
    const made = await own.other({ scopes: ['suppressions:read'] })
    expect(refused(await api.call(made, 'GET', '/v1/suppressions'))).toEqual(NO_MORE)
  })

  it('reads no more through a door, and is told so in the words of the vendor', async () => {
    const own = await aWorkspace()
    await suppressed(own, 2)
    const sendgrid = await own.other({ door: 'sendgrid' })
    const mandrill = await own.other({ door: 'mandrill' })
    const resend = await own.other({ door: 'resend' })
    const ask = async () => [
      await api.call(sendgrid, 'GET', '/compat/sendgrid/v3/suppression/bounces'),
      await api.call(resend, 'GET', '/compat/resend/suppressions'),
      await api.call('', 'POST', '/compat/mandrill/api/1.0/rejects/list', { key: mandrill }),
    ]
    for (const { status, text } of await ask()) {
      expect(status).toBe(200)
      expect(text).toContain('p1@example.com')
    }
    await spent('suppressions.read')
    const [first, second, third] = await ask()
    expect([first?.status, second?.status]).toEqual([429, 429])
    for (const answer of [first, second, third]) {
      expect(answer?.text).not.toContain('@example.com')
      expect(Number(answer?.headers.get('retry-after'))).toBeGreaterThan(0)
    }
    expect(third?.body.status).toBe('error')
  })

  it('is on record with how many', async () => {
    const own = await aWorkspace()
    await suppressed(own, 150)
    const { body } = await own.call('GET', '/v1/suppressions?limit=60')
    await own.call('GET', `/v1/suppressions?limit=60&cursor=${body.nextCursor}`)
    await own.call('GET', '/v1/suppressions?limit=5')
    const { rows } = await sql(
      `select actor, target, detail from audit_outbox where workspace_id = $1 and action = 'addresses.read'`,
      [own.uuid],
    )
    expect(rows).toEqual([
      { actor: expect.stringMatching(/^api_key:/), target: 'suppressions', detail: { addresses: 120 } },
    ])
  })

  it('passes over entries without paying for them', async () => {
    const own = await aWorkspace()
    await suppressed(own, 150)
    const sendgrid = await own.other({ door: 'sendgrid' })
    const page = (offset: number) =>
      api.call(sendgrid, 'GET', `/compat/sendgrid/v3/suppression/bounces?limit=10&offset=${offset}`)
    const { body } = await page(140)
    expect(body).toHaveLength(10)
    expect((await page(150)).body).toEqual([])
    const { rows } = await sql(
      `select action from audit_outbox where workspace_id = $1 and action = 'addresses.read'`,
      [own.uuid],
    )
    expect(rows).toEqual([])
  })
})

/** Where all recipients of a message are shown. */
const pathsOf = (id: string) => [`/v1/messages/${id}`, `/v1/messages/${id}/content`]

describe('whoever reads messages', () => {
  it('sees a bounded number of recipients in an hour, and what was shown to it already', async () => {
    const own = await aWorkspace()
    const send = async (): Promise<string> => {
      const to = Array.from({ length: 100 }, (_, n) => `p${n}@example.com`)
      const mail = { from: 'a@shop.test', to, subject: 'x', text: 'x' }
      return (await own.call('POST', '/v1/messages', mail)).body.id
    }
    const known = pathsOf(await send())
    for (const path of known) expect((await own.call('GET', path)).status).toBe(200)
    await spent('messages.read')
    for (const path of known) expect([path, (await own.call('GET', path)).status]).toEqual([path, 200])
    for (const path of pathsOf(await send()))
      expect([path, refused(await own.call('GET', path))]).toEqual([path, NO_MORE])
    // A few of a list, sending, and following one's mail by its id without addresses go on.
    expect((await own.call('GET', '/v1/messages?limit=1')).status).toBe(200)
    expect((await own.call('GET', '/v1/events')).status).toBe(200)
    expect(await alarmsOf(own)).toContain('messages.bulk_read')
  })

  it('that looks at few waits for no write, also while limits cannot be asked', async () => {
    const own = await aWorkspace()
    const mail = { from: 'a@shop.test', to: 'ann@example.com', subject: 'x', text: 'x' }
    const { id } = (await own.call('POST', '/v1/messages', mail)).body
    await sql('alter table detection.bucket rename to bucket_away', [])
    try {
      for (const path of ['/v1/messages', ...pathsOf(id)])
        expect([path, (await own.call('GET', path)).status]).toEqual([path, 200])
    } finally {
      await sql('alter table detection.bucket_away rename to bucket', [])
    }
  })
})
