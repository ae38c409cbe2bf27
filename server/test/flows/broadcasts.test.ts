import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import type { BroadcastRunner } from '../../src/modules/broadcasts/index.ts'
import { startApi } from './api-fixture.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'
import { eventually } from './engine-fixture.ts'
import { fetchLink, FORM, ONE_CLICK, pathOf } from './tracking-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

interface Own {
  readonly uuid: string
  readonly key: string
  readonly listId: string
  call(method: string, path: string, body?: unknown): Promise<Answer>
  contact(email: string, more?: Record<string, unknown>): Promise<string>
  draft(over?: Record<string, unknown>): Promise<string>
  send(id: string, over?: Record<string, unknown>): Promise<Answer>
  get(id: string): Promise<Answer['body']>
}

async function aWorkspace(): Promise<Own> {
  const { id, key } = await api.workspace()
  const call: Own['call'] = (method, path, body) => api.call(key, method, path, body)
  await call('POST', '/v1/domains', { name: 'shop.test' })
  const listId = (await call('POST', '/v1/lists', { name: 'News' })).body.id
  const made = async (path: string, body: unknown): Promise<string> => {
    const answer = await call('POST', path, body)
    expect([answer.status, answer.text]).toEqual([201, answer.text])
    return answer.body.id
  }
  return {
    uuid: decodeId('workspace', id) ?? '',
    key,
    listId,
    call,
    contact: (email, more = {}) => made('/v1/contacts', { email, lists: [listId], ...more }),
    draft: (over = {}) =>
      made('/v1/broadcasts', {
        name: 'November',
        listId,
        from: 'Ann <ann@shop.test>',
        subject: 'Hello {{ first_name | default: "you" }}',
        html: '<body><p>{{ plan }} for {{ email }}</p><a href="{{ unsubscribe_url }}">no more</a></body>',
        text: '{{ FIRST_NAME }} {{ unsubscribe_url }}',
        ...over,
      }),
    send: (broadcastId, over = {}) => call('POST', `/v1/broadcasts/${broadcastId}/send`, over),
    get: async (broadcastId) => (await call('GET', `/v1/broadcasts/${broadcastId}`)).body,
  }
}

/** Rounds until nothing is due any more. */
async function settle(runner: BroadcastRunner = api.broadcastRunner()): Promise<void> {
  for (let rounds = 0; rounds < 200; rounds++) if (!(await runner.round())) return
  throw new Error('broadcasts never end')
}

const sql = <Row extends Record<string, unknown>>(text: string, values: unknown[]) =>
  api.database.pool('superuser').query<Row>(text, values)

/** What is scheduled or waits is due now. */
async function due(own: Own): Promise<void> {
  await sql(`update broadcast set scheduled_at = now() where workspace_id = $1 and state = 'scheduled'`, [
    own.uuid,
  ])
  await sql(`update broadcast_run set next_at = now() where workspace_id = $1`, [own.uuid])
}

/** Every message of a workspace: to whom, of which broadcast. */
async function mails(own: Own): Promise<{ id: string; to: string; tags: string[] }[]> {
  const found: { id: string; to: string; tags: string[] }[] = []
  let cursor: string | null = null
  do {
    const more: string = cursor === null ? '' : `&cursor=${cursor}`
    const { body }: Answer = await own.call('GET', `/v1/messages?limit=100${more}`)
    for (const item of body.data) found.push({ id: item.id, to: item.to[0], tags: item.tags })
    cursor = body.nextCursor
  } while (cursor !== null)
  return found
}

async function mailOf(own: Own, messageId: string): Promise<string> {
  const response = await fetch(`${api.url}/v1/messages/${messageId}/content`, {
    headers: { authorization: `Bearer ${own.key}` },
  })
  return (await response.text()).replaceAll(/=\r\n/g, '').replaceAll('=3D', '=')
}

async function recipients(own: Own, id: string): Promise<Record<string, string>> {
  const { body } = await own.call('GET', `/v1/broadcasts/${id}/recipients?limit=100`)
  return Object.fromEntries(
    body.data.map((row: { email: string; state: string; reason: string | null }) => [
      row.email,
      row.reason === null ? row.state : `${row.state} ${row.reason}`,
    ]),
  )
}

describe('a broadcast', () => {
  it('writes to everybody on the list once, each filled with what is known of them, and says what became of each', async () => {
    const own = await aWorkspace()
    await own.contact('ann@example.com', { firstName: 'Ann', attributes: { plan: 'Gold' } })
    await own.contact('bob@example.com', { attributes: { plan: '<b>', email: 'evil@example.com' } })
    await own.contact('left@example.com', { unsubscribed: true })
    await own.contact('bounced@example.com')
    await own.call('POST', '/v1/suppressions', { email: 'bounced@example.com', reason: 'hard_bounce' })
    await own.call('POST', '/v1/contacts', { email: 'stranger@example.com' })
    const id = await own.draft({ previewText: 'For {{ first_name }}' })
    const sent = await own.send(id)
    expect([sent.status, sent.body.state]).toEqual([200, 'queued'])
    await settle()
    expect(await own.get(id)).toMatchObject({
      state: 'sent',
      waitsFor: null,
      problem: null,
      progress: { total: 4, pending: 0, sent: 2, skipped: 1, suppressed: 1, failed: 0, cancelled: 0 },
    })
    expect(await recipients(own, id)).toEqual({
      'ann@example.com': 'sent',
      'bob@example.com': 'sent',
      'left@example.com': 'skipped unsubscribed',
      'bounced@example.com': 'suppressed hard_bounce',
    })
    const all = await mails(own)
    expect(all.map(({ to, tags }) => [to, tags]).toReversed()).toEqual([
      ['ann@example.com', []],
      ['bob@example.com', []],
    ])
    const found = await own.call('GET', `/v1/messages?tag=broadcast:${id}`)
    expect(found.body.data).toHaveLength(2)
    const toAnn = await mailOf(own, all.find(({ to }) => to === 'ann@example.com')?.id ?? '')
    expect(toAnn).toMatch(/^Subject: Hello Ann\r?$/m)
    expect(toAnn).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r?$/m)
    expect(toAnn).toContain('>For Ann</div>')
    expect(toAnn).toContain('Gold for ann@example.com')
    const toBob = await mailOf(own, all.find(({ to }) => to === 'bob@example.com')?.id ?? '')
    expect(toBob).toMatch(/^Subject: Hello you\r?$/m)
    expect(toBob).toContain('&lt;b&gt; for bob@example.com')
  })

  it('ends mail to whoever follows its link: the contact is unsubscribed, and the next broadcast skips it', async () => {
    const own = await aWorkspace()
    const ann = await own.contact('ann@example.com')
    await own.send(await own.draft())
    await settle()
    const [mail] = await mails(own)
    const url = /href="(http[^"]+\/u\/[^"]+)"/.exec(await mailOf(own, mail?.id ?? ''))?.[1] ?? ''
    // What a recipient asks for is done though nobody of the workspace may write.
    const contained = await own.call('POST', '/v1/containments', {
      capabilities: ['write'],
      reason: 'We look into it.',
    })
    expect(contained.status).toBe(201)
    expect((await own.call('PATCH', `/v1/contacts/${ann}`, { firstName: 'x' })).status).toBe(423)
    const answer = await fetchLink(api, 'POST', pathOf(url), { headers: FORM, body: ONE_CLICK })
    expect(answer.status).toBe(200)
    await api.tracked.unsubscribeLoop.round()
    await eventually(
      async () =>
        (await own.call('GET', `/v1/contacts/${ann}`)).body.unsubscribed === true ? true : undefined,
      'the contact is unsubscribed',
    )
    await sql(`update containment set until = now() where workspace_id = $1`, [own.uuid])
    await eventually(
      async () =>
        (await own.call('PATCH', `/v1/contacts/${ann}`, { firstName: 'Ann' })).status === 200
          ? true
          : undefined,
      'the containment is over',
    )
    const second = await own.draft()
    await own.send(second)
    await settle()
    expect(await recipients(own, second)).toEqual({ 'ann@example.com': 'skipped unsubscribed' })
    expect(await mails(own)).toHaveLength(1)
  })

  it('reaches those who were on the list when it began; who left since gets nothing', async () => {
    const own = await aWorkspace()
    for (const name of ['a', 'b', 'c', 'd']) await own.contact(`${name}@example.com`)
    const id = await own.draft()
    const { body } = await own.send(id, { scheduledAt: new Date(Date.now() + 3_600_000).toISOString() })
    expect(body.state).toBe('scheduled')
    await settle()
    expect((await own.get(id)).progress.total).toBe(0)
    await due(own)
    // Frozen, and stopped before the first mail.
    let stopping = true
    const stopped = api.broadcastRunner({
      messages: {
        sendOfBroadcast: async (...given) => {
          if (stopping) throw new Error('stopped')
          return api.messages.sendOfBroadcast(...given)
        },
      },
    })
    await stopped.round()
    stopping = false
    expect((await own.get(id)).progress).toMatchObject({ total: 4, pending: 4 })
    await own.contact('late@example.com')
    await own.call('PATCH', '/v1/contacts/b%40example.com', { unsubscribed: true })
    await own.call('DELETE', '/v1/contacts/c%40example.com')
    await own.call('POST', '/v1/suppressions', { email: 'd@example.com', reason: 'complaint' })
    await due(own)
    await settle()
    expect(await own.get(id)).toMatchObject({
      state: 'sent',
      progress: { total: 4, pending: 0, sent: 1, skipped: 1, suppressed: 1, failed: 1 },
    })
    expect((await mails(own)).map(({ to }) => to)).toEqual(['a@example.com'])
  })

  it('whose runner is killed anywhere sends nothing twice and leaves nobody out', async () => {
    const own = await aWorkspace()
    const emails = Array.from({ length: 23 }, (_, n) => `n${n}@example.com`)
    for (const email of emails) await own.contact(email)
    const id = await own.draft()
    await own.send(id)
    let accepted = 0
    let killed = false
    /** A runner that is dead from the nth mail on: after it was accepted, or before. It answers nobody any more. */
    const dying = (nth: number, when: 'before' | 'after') => {
      killed = false
      let here = 0
      return api.broadcastRunner({
        holdSeconds: 1,
        freezeAtOnce: 7,
        sendAtOnce: 5,
        messages: {
          sendOfBroadcast: async (...given) => {
            here += 1
            const isLast = here >= nth
            if (killed || (isLast && when === 'before')) {
              killed = true
              return new Promise(() => {})
            }
            const answer = await api.messages.sendOfBroadcast(...given)
            accepted += 1
            if (isLast) {
              killed = true
              return new Promise(() => {})
            }
            return answer
          },
        },
      })
    }
    for (const [nth, when] of [
      [3, 'after'],
      [4, 'before'],
      [7, 'after'],
      [1, 'after'],
    ] as const) {
      const runner = dying(nth, when)
      void runner.round()
      await eventually(async () => (killed ? true : undefined), 'the runner is dead')
      // Until it is known to be dead, nobody else takes what it has.
      await eventually(async () => {
        const { rows } = await sql(
          'select 1 from broadcast_run where workspace_id = $1 and next_at <= clock_timestamp()',
          [own.uuid],
        )
        return rows.length > 0 ? true : undefined
      }, 'its hold is over')
    }
    expect(accepted).toBeGreaterThan(5)
    expect(accepted).toBeLessThan(23)
    await settle(api.broadcastRunner({ freezeAtOnce: 7, sendAtOnce: 5 }))
    expect(await own.get(id)).toMatchObject({
      state: 'sent',
      progress: { total: 23, pending: 0, sent: 23, failed: 0 },
    })
    expect((await mails(own)).map(({ to }) => to).toSorted()).toEqual(emails.toSorted())
  })

  it('waits while sending is contained, and goes on afterwards', async () => {
    const own = await aWorkspace()
    for (const name of ['a', 'b']) await own.contact(`${name}@example.com`)
    const id = await own.draft()
    await own.send(id)
    const made = await own.call('POST', '/v1/containments', {
      capabilities: ['send'],
      reason: 'We look into it.',
    })
    expect(made.status).toBe(201)
    await settle()
    expect(await own.get(id)).toMatchObject({
      state: 'sending',
      waitsFor: 'contained',
      progress: { total: 2, pending: 2 },
    })
    expect(await mails(own)).toEqual([])
    await sql(`update containment set until = now() where workspace_id = $1`, [own.uuid])
    await eventually(async () => {
      await due(own)
      await settle()
      return (await own.get(id)).state === 'sent' ? true : undefined
    }, 'the broadcast goes on')
    expect(await mails(own)).toHaveLength(2)
  })

  it('sends nothing more once the key that had it sent is revoked, scheduled or begun', async () => {
    const own = await aWorkspace()
    await own.contact('a@example.com')
    const thief = await own.call('POST', '/v1/api-keys', {
      name: 'thief',
      scopes: ['broadcasts:send', 'broadcasts:read'],
    })
    const [later, begun] = [await own.draft(), await own.draft()]
    const send = (id: string, body: Record<string, unknown>) =>
      api.call(thief.body.key, 'POST', `/v1/broadcasts/${id}/send`, body)
    const soon = new Date(Date.now() + 3_600_000).toISOString()
    expect((await send(later, { scheduledAt: soon })).body.state).toBe('scheduled')
    expect((await send(begun, {})).body.state).toBe('queued')
    expect((await own.call('DELETE', `/v1/api-keys/${thief.body.id}`)).status).toBeLessThan(300)
    await sql(
      `update broadcast set scheduled_at = now() where workspace_id = $1 and scheduled_at is not null`,
      [own.uuid],
    )
    await due(own)
    await settle()
    expect(await own.get(later)).toMatchObject({ state: 'scheduled', waitsFor: 'sender_revoked' })
    expect(await own.get(begun)).toMatchObject({ state: 'queued', waitsFor: 'sender_revoked' })
    expect(await mails(own)).toEqual([])
    expect((await own.call('POST', `/v1/broadcasts/${later}/cancel`, {})).status).toBe(200)
    await due(own)
    await settle()
    expect((await own.get(later)).state).toBe('cancelled')
  })

  it('about a topic skips those who left it, and its link leaves that topic only', async () => {
    const own = await aWorkspace()
    const ann = await own.contact('ann@example.com')
    await own.contact('bob@example.com')
    const topic = (await own.call('POST', '/v1/topics', { name: 'Offers' })).body.id
    await own.call('POST', `/v1/topics/${topic}/suppressions`, { emails: ['bob@example.com'] })
    const id = await own.draft({ topic })
    await own.send(id)
    await settle()
    expect(await recipients(own, id)).toEqual({
      'ann@example.com': 'sent',
      'bob@example.com': 'skipped topic',
    })
    const [mail] = await mails(own)
    const url = /href="(http[^"]+\/u\/[^"]+)"/.exec(await mailOf(own, mail?.id ?? ''))?.[1] ?? ''
    await fetchLink(api, 'POST', pathOf(url), { headers: FORM, body: ONE_CLICK })
    await api.tracked.unsubscribeLoop.round()
    const again = await own.draft({ topic })
    await eventually(async () => {
      const { rows } = await sql('select 1 from topic_suppression where workspace_id = $1', [own.uuid])
      return rows.length === 2 ? true : undefined
    }, 'the topic is left')
    await own.send(again)
    await settle()
    expect(await recipients(own, again)).toMatchObject({ 'ann@example.com': 'skipped topic' })
    expect((await own.call('GET', `/v1/contacts/${ann}`)).body.unsubscribed).toBe(false)
    const other = await own.draft()
    await own.send(other)
    await settle()
    expect(await recipients(own, other)).toEqual({ 'ann@example.com': 'sent', 'bob@example.com': 'sent' })
  })

  it('that is cancelled sends no more, and every member has a last state', async () => {
    const own = await aWorkspace()
    for (let n = 0; n < 6; n++) await own.contact(`n${n}@example.com`)
    const id = await own.draft()
    await own.send(id)
    let sent = 0
    const slow = api.broadcastRunner({
      sendAtOnce: 2,
      messages: {
        sendOfBroadcast: async (...given) => {
          sent += 1
          if (sent === 2) expect((await own.call('POST', `/v1/broadcasts/${id}/cancel`)).status).toBe(200)
          return api.messages.sendOfBroadcast(...given)
        },
      },
    })
    await settle(slow)
    expect(await own.get(id)).toMatchObject({
      state: 'cancelled',
      progress: { total: 6, pending: 0, sent: 2, cancelled: 4 },
    })
    expect(await mails(own)).toHaveLength(2)
    expect((await own.send(id)).status).toBe(409)
    expect((await own.call('POST', `/v1/broadcasts/${id}/cancel`)).status).toBe(409)
    expect((await own.call('DELETE', `/v1/broadcasts/${id}`)).status).toBe(204)
    expect((await own.call('GET', `/v1/broadcasts/${id}`)).status).toBe(404)
    await settle()
    for (const table of ['broadcast', 'broadcast_recipient', 'broadcast_run'])
      expect((await sql(`select 1 from ${table} where workspace_id = $1`, [own.uuid])).rows).toEqual([])
  })

  it('is refused when it is sent for what would refuse its mails, and stays a draft that can be changed', async () => {
    const own = await aWorkspace()
    await own.contact('ann@example.com')
    const foreign = await own.draft({ from: 'ann@elsewhere.test' })
    expect((await own.send(foreign)).body.code).toBe('sender_refused')
    const broken = await own.draft({ html: '{% if %}' })
    expect((await own.send(broken)).status).toBe(422)
    const empty = await own.draft({ html: undefined, text: undefined })
    expect((await own.send(empty)).status).toBe(400)
    expect((await own.get(empty)).state).toBe('draft')
    const changed = await own.call('PATCH', `/v1/broadcasts/${empty}`, {
      text: 'Hello',
      replyTo: ['help@shop.test'],
      name: 'December',
    })
    expect(changed.body).toMatchObject({
      name: 'December',
      subject: 'Hello {{ first_name | default: "you" }}',
      replyTo: [{ email: 'help@shop.test' }],
      text: 'Hello',
      html: null,
    })
    expect((await own.send(empty)).status).toBe(200)
    expect((await own.call('PATCH', `/v1/broadcasts/${empty}`, { name: 'x' })).status).toBe(409)
    expect((await own.call('DELETE', `/v1/broadcasts/${empty}`)).status).toBe(409)
    expect((await own.send(empty)).status).toBe(409)
    const other = await aWorkspace()
    expect((await other.call('GET', `/v1/broadcasts/${empty}`)).status).toBe(404)
    await settle()
    const { body } = await own.call('GET', '/v1/broadcasts?state=sent')
    expect(body.data.map(({ name }: { name: string }) => name)).toEqual(['December'])
  })

  it('fails as a whole where its domain is taken away, and one mail that cannot be written fails alone', async () => {
    const own = await aWorkspace()
    await own.contact('ann@example.com', { attributes: { n: 1 } })
    await own.contact('bob@example.com', { attributes: { n: 100_000_000 } })
    const id = await own.draft({
      html: undefined,
      text: '{% for i in (1..n) %}x{% endfor %}.',
    })
    expect((await own.send(id)).status).toBe(200)
    await settle()
    expect(await own.get(id)).toMatchObject({ state: 'sent', progress: { sent: 1, failed: 1 } })
    expect(await recipients(own, id)).toMatchObject({ 'bob@example.com': 'failed template_failed' })
    const second = await own.draft()
    await own.send(second, { scheduledAt: new Date(Date.now() + 3_600_000).toISOString() })
    const { body } = await own.call('GET', '/v1/domains')
    await own.call('DELETE', `/v1/domains/${body.data[0].id}`)
    const mail = { from: 'ann@shop.test', to: 'x@example.com', subject: 'x', text: 'x' }
    await eventually(
      async () => ((await own.call('POST', '/v1/messages', mail)).status === 403 ? true : undefined),
      'the domain is gone for everybody',
    )
    await due(own)
    await settle()
    const failed = await own.get(second)
    expect([failed.state, failed.problem]).toEqual(['failed', expect.stringContaining('shop.test')])
    expect(failed.progress).toMatchObject({ total: 2, pending: 0, failed: 2 })
  })
})
