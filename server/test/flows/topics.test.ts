import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../../src/modules/delivery/index.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace, startRelayingEngine, startTestSink } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'
import { contentOf, fetchLink, FORM, linksIn, ONE_CLICK, pathOf } from './tracking-fixture.ts'

let api: ApiFixture
let workspace: TestWorkspace
let sink: Awaited<ReturnType<typeof startTestSink>>
let engine: Engine
let count = 0

beforeAll(async () => {
  api = await startApi()
  workspace = await sendingWorkspace(api)
  sink = await startTestSink()
  engine = await startRelayingEngine(api, sink)
})
afterAll(async () => {
  const ledger = await workspace.ledger()
  await engine[Symbol.asyncDispose]()
  await sink[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
  expect(ledger).toMatchObject({ balanced: true, lost: 0, doubled: 0 })
})

const call = (method: string, path: string, body?: unknown, key = workspace.key) =>
  api.call(key, method, path, body)
const anAddress = (): string => `reader${(count += 1)}@example.com`
const aTopic = async (over: Record<string, unknown> = {}) => {
  const { status, body, text } = await call('POST', '/v1/topics', { name: `Topic ${(count += 1)}`, ...over })
  expect(status, text).toBe(201)
  return body as { id: string; number: number; name: string }
}
const message = (to: string | string[], over: Record<string, unknown> = {}) => ({
  from: workspace.from,
  to,
  subject: 'x',
  html: '<p>News</p>',
  ...over,
})
const accept = async (to: string | string[], over: Record<string, unknown> = {}) => {
  const { status, body, text } = await call('POST', '/v1/messages', message(to, over))
  expect(status, text).toBe(202)
  return body as { id: string; recipients: { state: string; reason?: string }[] }
}
const fates = async (to: string, over: Record<string, unknown>) =>
  (await accept(to, over)).recipients.map(({ state, reason }) => reason ?? state)
const ended = (id: string) =>
  eventually(async () => {
    const { states } = await workspace.get(id)
    return states.pending === undefined && states.scheduled === undefined ? states : undefined
  }, `${id} has ended`)
const settled = () =>
  eventually(async () => {
    await api.tracked.unsubscribeLoop.round()
    const { rows } = await api.database
      .pool('superuser')
      .query('select 1 from unsubscribe_request where applied_at is null')
    return rows.length === 0 ? true : undefined
  }, 'unsubscribes are applied')
const leftOf = async (email: string) =>
  (await call('GET', `/v1/topics/of-address?email=${encodeURIComponent(email)}`)).body.data.flatMap(
    (topic: { id: string; leftAt: string | null }) => (topic.leftAt === null ? [] : [topic.id]),
  )
const linksOf = async (id: string) => linksIn(await contentOf(api, workspace, id))
const fieldsOf = (form: string) =>
  [...form.matchAll(/name="([^"]+)" value="([^"]+)"/g)]
    .map(([, name = '', value = '']) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&')

const suppress = async (reason: string, email = anAddress()) => {
  const { status, text } = await call('POST', '/v1/suppressions', { email, reason, scope: 'all' })
  expect(status, text).toBe(201)
  return email
}

describe('a topic', () => {
  it('has a number of its own that is never used again, and a name that is there once', async () => {
    const other = await sendingWorkspace(api)
    const first = await call('POST', '/v1/topics', { name: 'One' }, other.key)
    expect(first.body).toMatchObject({ number: 1, name: 'One', isDefault: false, left: 0 })
    expect((await call('POST', '/v1/topics', { name: 'one' }, other.key)).status).toBe(409)
    const many = await Promise.all(
      ['Two', 'Three', 'Four'].map((name) => call('POST', '/v1/topics', { name }, other.key)),
    )
    expect(many.map(({ body }) => body.number).toSorted((a, b) => a - b)).toEqual([2, 3, 4])
    expect((await call('DELETE', `/v1/topics/${many[2]?.body.id}`, undefined, other.key)).status).toBe(204)
    expect((await call('POST', '/v1/topics', { name: 'Four' }, other.key)).body.number).toBe(5)
    expect((await call('GET', '/v1/topics/2', undefined, other.key)).body.number).toBe(2)
    const renamed = await call('PATCH', '/v1/topics/2', { name: 'ONE' }, other.key)
    expect(renamed.status).toBe(409)
  })

  it('is one default at most, which messages name as such', async () => {
    const [one, two] = [await aTopic({ isDefault: true }), await aTopic({ isDefault: true })]
    expect((await call('GET', `/v1/topics/${one.id}`)).body.isDefault).toBe(false)
    const { id } = await accept(anAddress(), { topic: 'default' })
    expect((await workspace.get(id)).topic).toBe(two.id)
    await call('PATCH', `/v1/topics/${two.id}`, { isDefault: false })
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    const refused = await call('POST', '/v1/messages', message(anAddress(), { topic: 'default' }))
    expect(refused.body.errors[0].field).toBe('topic')
  })

  it('is nobody else’s', async () => {
    const topic = await aTopic()
    const other = await sendingWorkspace(api)
    for (const [method, path, body] of [
      ['GET', `/v1/topics/${topic.id}`, undefined],
      ['PATCH', `/v1/topics/${topic.id}`, { name: 'x' }],
      ['DELETE', `/v1/topics/${topic.id}`, undefined],
      ['POST', `/v1/topics/${topic.id}/suppressions`, { emails: ['a@example.com'] }],
      ['GET', `/v1/topic-suppressions?topic=${topic.id}`, undefined],
    ] as const)
      expect((await call(method, path, body, other.key)).status, path).toBe(404)
    const wrong = { ...message('a@example.com', { topic: topic.id }), from: other.from }
    expect((await call('POST', '/v1/messages', wrong, other.key)).status).toBe(400)
  })

  it('stops mail to who has left it, in every lane, and no other mail', async () => {
    const [topic, another] = [await aTopic(), await aTopic()]
    const email = anAddress()
    const added = await call('POST', `/v1/topics/${topic.number}/suppressions`, {
      emails: [email, email.toUpperCase(), anAddress()],
    })
    expect(added.body).toMatchObject({ added: 2 })
    for (const lane of ['critical', 'transactional', 'bulk'])
      expect(await fates(email, { topic: topic.id, lane })).toEqual(['topic'])
    expect(await fates(email, { topic: String(another.number) })).toEqual(['pending'])
    expect(await fates(email, {})).toEqual(['pending'])
    const { timeline } = await workspace.get((await accept(email, { topic: topic.id })).id)
    expect(timeline.at(-1)).toMatchObject({
      type: 'message.suppressed',
      detail: { reason: 'left the topic', suppression: 'topic' },
    })
    const searched = await call('POST', `/v1/topics/${topic.id}/suppressions/search`, {
      emails: [email, 'nobody@example.com'],
    })
    expect(searched.body).toEqual({ emails: [email] })
    const listed = await call('GET', `/v1/topic-suppressions?topic=${topic.id}&email=${email}`)
    expect(listed.body.data).toMatchObject([
      { email, topicId: topic.id, topicNumber: topic.number, topicName: topic.name, via: 'added' },
    ])
    await call('DELETE', `/v1/topics/${topic.id}/suppressions?email=${email}`)
    expect(await fates(email, { topic: topic.id })).toEqual(['pending'])
  })

  it('that is left while a message waits stops it', async () => {
    const topic = await aTopic()
    const email = anAddress()
    const { id } = await accept(email, {
      topic: topic.id,
      sendAt: new Date(Date.now() + 1_200).toISOString(),
    })
    await call('POST', `/v1/topics/${topic.id}/suppressions`, { emails: [email] })
    expect(await ended(id)).toEqual({ suppressed: 1 })
    expect((await workspace.get(id)).timeline.at(-1).detail).toMatchObject({ suppression: 'topic' })
  })

  it('is left with one click, and that alone; the event says which', async () => {
    const topic = await aTopic()
    const email = anAddress()
    const { id } = await accept(email, { topic: topic.id })
    const { unsubscribe, header } = await linksOf(id)
    expect(header('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click')
    await fetchLink(api, 'POST', pathOf(unsubscribe), { headers: FORM, body: ONE_CLICK })
    await settled()
    expect(await leftOf(email)).toEqual([topic.id])
    expect((await call('GET', `/v1/suppressions?email=${email}`)).body.data).toEqual([])
    expect(await fates(email, { lane: 'bulk' })).toEqual(['pending'])
    expect((await workspace.get(id)).timeline).toContainEqual(
      expect.objectContaining({
        type: 'message.unsubscribed',
        detail: { via: 'one-click', topic: topic.id, topicNumber: topic.number },
      }),
    )
    const listed = await call('GET', `/v1/topic-suppressions?topic=${topic.id}`)
    expect(listed.body.data).toMatchObject([{ email, via: 'one-click', messageId: id }])
  })

  it('is left on the page or everything is, and either is taken back', async () => {
    const topic = await aTopic()
    const email = anAddress()
    const { id } = await accept(email, { topic: topic.id })
    const path = pathOf((await linksOf(id)).unsubscribe)
    const page = await fetchLink(api, 'GET', path)
    const [only, everything] = page.text.split('<form').slice(1)
    const post = (form: string) => fetchLink(api, 'POST', path, { headers: FORM, body: fieldsOf(form) })
    const done = await post(only ?? '')
    expect(done.text).toContain('Mail on this topic stops')
    await settled()
    expect(await leftOf(email)).toEqual([topic.id])
    const back = await post(done.text)
    expect(back.text).toContain('You are subscribed again')
    await settled()
    expect(await leftOf(email)).toEqual([])
    expect((await post(everything ?? '')).text).toContain('mailings stop within a minute')
    await settled()
    expect((await call('GET', `/v1/suppressions?email=${email}`)).body.data).toMatchObject([
      { reason: 'unsubscribe' },
    ])
    expect(await leftOf(email)).toEqual([])
  })

  it('is none of a sensitive message’s', async () => {
    const topic = await aTopic()
    const { body } = await call(
      'POST',
      '/v1/messages',
      message(anAddress(), { topic: topic.id, sensitive: true }),
    )
    expect(body.errors).toMatchObject([{ field: 'topic' }])
  })

  it('is named by a finished message in its header', async () => {
    const topic = await aTopic()
    const raw = `From: ${workspace.from}\r\nTo: ann@example.com\r\nSubject: Hi\r\nX-Bulkhead-Topic: ${topic.number}\r\n\r\nHi\r\n`
    const response = await fetch(`${api.url}/v1/messages/mime`, {
      method: 'POST',
      headers: { authorization: `Bearer ${workspace.key}`, 'content-type': 'message/rfc822' },
      body: raw,
    })
    const { id } = JSON.parse(await response.text())
    expect((await workspace.get(id)).topic).toBe(topic.id)
    expect((await linksOf(id)).unsubscribe).toBeDefined()
  })
})

describe('a message that bypasses suppressions', () => {
  it('is stopped by none of the reasons it names, and by every other; the timeline says so', async () => {
    for (const reason of ['hard_bounce', 'complaint', 'unsubscribe', 'manual']) {
      const email = await suppress(reason)
      expect(await fates(email, {})).toEqual([reason])
      const others = ['hard_bounce', 'complaint', 'unsubscribe', 'manual', 'topic'].filter(
        (other) => other !== reason,
      )
      expect(await fates(email, { bypass: others })).toEqual([reason])
      const { id, recipients } = await accept(email, { bypass: [reason] })
      expect(recipients).toMatchObject([{ state: 'pending' }])
      // The sender looks again before it sends.
      expect(await ended(id)).toEqual({ delivered: 1 })
      const shown = await workspace.get(id)
      expect(shown.bypass).toEqual([reason])
      expect(shown.timeline).toContainEqual(
        expect.objectContaining({ type: 'message.bypassed', detail: { suppressions: [reason] } }),
      )
    }
  })

  it('does not reach who is suppressed for another reason as well, in whichever order they were told', async () => {
    for (const [first, second] of [
      ['hard_bounce', 'unsubscribe'],
      ['unsubscribe', 'hard_bounce'],
      ['manual', 'complaint'],
    ] as const) {
      const email = await suppress(first)
      const { text } = await call('POST', '/v1/suppressions', { email, reason: second })
      expect(text).toContain(email)
      for (const bypass of [[first], [second]])
        expect(await fates(email, { lane: 'bulk', bypass })).not.toEqual(['pending'])
      expect(await fates(email, { lane: 'bulk', bypass: [first, second] })).toEqual(['pending'])
    }
  })

  it('bypasses topics too, and only where it says so', async () => {
    const topic = await aTopic()
    const email = anAddress()
    await call('POST', `/v1/topics/${topic.id}/suppressions`, { emails: [email] })
    expect(await fates(email, { topic: topic.id, bypass: ['unsubscribe'] })).toEqual(['topic'])
    const { id } = await accept(email, { topic: topic.id, bypass: ['topic'] })
    expect(await ended(id)).toEqual({ delivered: 1 })
  })

  it('writes nothing of it where there was nothing to bypass', async () => {
    const { id } = await accept(anAddress(), { bypass: ['complaint'] })
    await ended(id)
    const { timeline } = await workspace.get(id)
    expect(timeline.map((event: { type: string }) => event.type)).not.toContain('message.bypassed')
  })
})
