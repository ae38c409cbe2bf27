import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import type { Engine } from '../../src/modules/delivery/index.ts'
import type { Sink } from '../../../bench/sink.ts'
import { startApi } from './api-fixture.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'
import { newId } from './operation-samples.ts'
import { eventually, sendingWorkspace, startRelayingEngine, startTestSink } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'
import { contentOf, fetchLink, linksIn, pathOf } from './tracking-fixture.ts'

let api: ApiFixture
let sink: Sink & AsyncDisposable
let engine: Engine
let workspace: TestWorkspace

beforeAll(async () => {
  api = await startApi()
  sink = await startTestSink()
  sink.behave({ rules: [{ at: 'rcpt', recipient: '*@gone.example', reply: '550 5.1.1 no such user' }] })
  engine = await startRelayingEngine(api, sink)
})
afterAll(async () => {
  await engine[Symbol.asyncDispose]()
  await sink.stop()
  await api[Symbol.asyncDispose]()
})
beforeEach(async () => {
  workspace = await sendingWorkspace(api)
})

const superuser = (sql: string, values: readonly unknown[] = []) =>
  api.database.pool('superuser').query(sql, [...values])

function resend(id: string, body: Record<string, unknown> = {}, key = workspace.key): Promise<Answer> {
  return api.call(key, 'POST', `/v1/messages/${id}/resend`, body)
}

const preview = async (id: string) => (await api.call(workspace.key, 'GET', `/v1/messages/${id}/resend`)).body

/** As a client that repeats itself. */
async function resendOnce(id: string, key: string, body: Record<string, unknown>) {
  const response = await fetch(`${api.url}/v1/messages/${id}/resend`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${workspace.key}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: JSON.parse(await response.text()) }
}

async function aKey(scopes: readonly string[], more: Record<string, unknown> = {}): Promise<string> {
  const made = await api.call(workspace.key, 'POST', '/v1/api-keys', { name: 'one', scopes, ...more })
  return made.body.key
}

const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString()
const HTML = '<html><body><a href="https://shop.example/sale?a=1&amp;b=2">Sale</a></body></html>'

describe('sending a message again', () => {
  it('goes to those who did not get it, as a message of its own, and both know of each other', async () => {
    const id = await workspace.send({
      to: ['ann@reader.example', 'bob@gone.example'],
      subject: 'Grüße',
      text: 'Hello, both.',
      tags: ['letters'],
      metadata: { order: 4711 },
    })
    await workspace.ended(id)
    const { refusal, recipients } = await preview(id)
    expect(refusal).toBeNull()
    expect(recipients).toMatchObject([
      {
        email: 'ann@reader.example',
        state: 'delivered',
        isChosen: false,
        mayBeChosen: true,
        isSuppressed: false,
      },
      { email: 'bob@gone.example', state: 'bounced', isChosen: true, mayBeChosen: true, isSuppressed: true },
    ])
    // Who bounced for good is suppressed since; he may have a mailbox again.
    await api.call(workspace.key, 'POST', '/v1/suppressions/delete-by-email', { email: 'bob@gone.example' })
    await superuser('delete from suppression where workspace_id = $1', [workspace.uuid])
    sink.behave({ rules: [] })
    // The audit log keeps it for ever.
    const told = await resend(id, { reason: 'bob@gone.example is back' })
    expect([told.status, told.body.errors]).toMatchObject([
      400,
      [{ field: 'reason', problem: expect.stringContaining('no address belongs here') }],
    ])
    const answer = await resend(id, { reason: 'the mailbox is back' })
    expect(answer.status, answer.text).toBe(202)
    expect(answer.body.recipients).toEqual([{ number: 1, email: 'bob@gone.example', state: 'pending' }])
    const again = await workspace.ended(answer.body.id)
    expect(again).toMatchObject({
      resentFrom: id,
      resentAs: [],
      source: 'resend',
      subject: 'Grüße',
      tags: ['letters'],
      metadata: { order: 4711 },
      states: { delivered: 1 },
    })
    const first = await workspace.get(id)
    expect(first).toMatchObject({
      resentFrom: null,
      resentAs: [{ id: answer.body.id, recipients: 1 }],
      states: { delivered: 1, bounced: 1 },
    })
    expect(first.timeline.at(-1)).toMatchObject({
      type: 'message.resent',
      recipient: null,
      detail: { as: answer.body.id, recipients: 1, reason: 'the mailbox is back' },
    })
    const text = async (which: string) => (await contentOf(api, workspace, which)).toString('latin1')
    const withoutDate = async (which: string) => (await text(which)).replace(/^Date: .*\r\n/m, '')
    expect(await withoutDate(answer.body.id)).toBe(await withoutDate(id))
    const { rows } = await superuser(
      `select action, actor, target, detail from audit_outbox where workspace_id = $1 and action = 'message.resent'
       union all select record::jsonb ->> 'action', record::jsonb ->> 'actor', record::jsonb ->> 'target', record::jsonb -> 'detail'
       from audit_entry where workspace_id = $1 and record::jsonb ->> 'action' = 'message.resent'`,
      [workspace.uuid],
    )
    expect(rows).toMatchObject([
      { target: id, detail: { as: answer.body.id, reason: 'the mailbox is back' } },
    ])
    sink.behave({ rules: [{ at: 'rcpt', recipient: '*@gone.example', reply: '550 5.1.1 no such user' }] })
  })

  it('has a new Message-ID only where somebody gets it twice', async () => {
    const id = await workspace.send({ to: 'ann@reader.example' })
    await workspace.ended(id)
    const refused = await resend(id)
    expect(refused.body).toMatchObject({ code: 'invalid_request', errors: [{ field: 'recipients' }] })
    const { body } = await resend(id, { recipients: [1] })
    const [first, second] = [await workspace.get(id), await workspace.ended(body.id)]
    expect(second.messageIdHeader).not.toBe(first.messageIdHeader)
    expect((await contentOf(api, workspace, body.id)).toString()).toContain(
      `Message-ID: ${second.messageIdHeader}\r\n`,
    )
    expect(second.states).toEqual({ delivered: 1 })
  })

  it('tells opens, clicks and unsubscribing of the new message, and still leads to the same places', async () => {
    const id = await workspace.send({
      to: 'eve@gone.example',
      html: HTML,
      lane: 'bulk',
      tracking: { opens: true, clicks: true },
    })
    await workspace.ended(id)
    const { body } = await resend(id, { recipients: [1] })
    const links = await linksIn(await contentOf(api, workspace, body.id))
    const before = await linksIn(await contentOf(api, workspace, id))
    expect(links.clicks).toHaveLength(1)
    expect(links.clicks).not.toEqual(before.clicks)
    expect(links.unsubscribe).not.toBe(before.unsubscribe)
    expect(links.header('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click')
    await fetchLink(api, 'GET', pathOf(links.open))
    const clicked = await fetchLink(api, 'GET', pathOf(links.clicks[0]))
    expect([clicked.status, clicked.headers.location]).toEqual([302, 'https://shop.example/sale?a=1&b=2'])
    await api.tracked.recorder.flush(true)
    const typesOf = async (which: string) =>
      (await workspace.get(which)).timeline.map((entry: { type: string }) => entry.type)
    expect(await typesOf(body.id)).toEqual(expect.arrayContaining(['message.opened', 'message.clicked']))
    expect(await typesOf(id)).not.toContain('message.clicked')
  })

  it('tracks no more where the workspace has stopped tracking, and the links lead straight there', async () => {
    const id = await workspace.send({
      to: 'eve@gone.example',
      html: HTML,
      tracking: { opens: true, clicks: true },
    })
    await workspace.ended(id)
    await api.call(workspace.key, 'PATCH', '/v1/tracking', { opens: 'never', clicks: 'never' })
    const { body } = await resend(id, { recipients: [1] })
    const { html, clicks, open } = await linksIn(await contentOf(api, workspace, body.id))
    expect([clicks, open]).toEqual([[], undefined])
    expect(html).toContain('<a href="https://shop.example/sale?a=1&amp;b=2">Sale</a>')
  })

  it('keeps a message of base64 and one with its sender’s own signature as they are', async () => {
    const base64 = Buffer.from(HTML).toString('base64')
    const raw = [
      `From: ${workspace.from}`,
      'To: eve@gone.example',
      'Subject: Whole',
      'Date: Thu, 01 Jan 2026 00:00:00 +0000',
      'Message-ID: <whole@example.com>',
      'DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=a; h=from; bh=x; b=y',
      'MIME-Version: 1.0',
      'Content-Type: text/html; charset=utf-8',
      'Content-Transfer-Encoding: base64',
      '',
      base64,
      '',
    ].join('\r\n')
    const sent = await fetch(`${api.url}/v1/messages/mime`, {
      method: 'POST',
      headers: { authorization: `Bearer ${workspace.key}`, 'content-type': 'message/rfc822' },
      body: raw,
    })
    const { id } = (await sent.json()) as { id: string }
    await workspace.ended(id)
    const { body } = await resend(id, { recipients: [1] })
    expect((await contentOf(api, workspace, body.id)).toString()).toBe(raw)
  })

  it('is the same message for a repeated request, and a conflict for another one with its key', async () => {
    const id = await workspace.send({ to: ['ann@reader.example', 'bob@reader.example'] })
    await workspace.ended(id)
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => resendOnce(id, 'ticket-1', { recipients: [2] })),
    )
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1)
    expect(answers[0]?.body.recipients).toMatchObject([{ number: 1, email: 'bob@reader.example' }])
    expect((await workspace.get(id)).resentAs).toHaveLength(1)
    const other = await resendOnce(id, 'ticket-1', { recipients: [1] })
    expect(other.body.code).toBe('idempotency_conflict')
    const { rows } = await superuser('select count(*)::integer as n from message where workspace_id = $1', [
      workspace.uuid,
    ])
    expect(rows).toEqual([{ n: 2 }])
  })

  it('refuses what cannot be sent again, and says why', async () => {
    const secret = await workspace.send({ to: 'ann@reader.example', sensitive: true })
    await workspace.ended(secret)
    expect((await preview(secret)).refusal).toMatch(/sensitive/)
    expect((await resend(secret, { recipients: [1] })).body).toMatchObject({ code: 'content_gone' })

    const waiting = await workspace.send({ to: 'ann@reader.example', sendAt: inAnHour() })
    expect((await resend(waiting, { recipients: [1] })).body.errors[0].problem).toMatch(/is scheduled/)
    expect((await resend(waiting, { recipients: [2] })).body.errors[0].problem).toMatch(/no recipient 2/)

    const old = await workspace.send({ to: 'ann@reader.example' })
    await workspace.ended(old)
    await superuser('delete from body where message_id = $1', [decodeId('message', old)])
    expect((await preview(old)).refusal).toMatch(/no longer stored/)
    expect((await resend(old, { recipients: [1] })).body).toMatchObject({ code: 'content_gone' })
    expect((await workspace.get(old)).resentAs).toEqual([])

    const other = await sendingWorkspace(api)
    const unknown = await resend('msg_00000000000000000000000000')
    const foreign = await resend(old, {}, other.key)
    expect([foreign.status, foreign.body.detail]).toEqual([404, unknown.body.detail])
  })

  it('obeys suppressions, quotas, senders, scopes and containments as any sending does', async () => {
    const id = await workspace.send({ to: 'bob@gone.example' })
    await workspace.ended(id)
    // The bounce has suppressed him.
    await eventually(
      async () => ((await preview(id)).recipients[0].isSuppressed === true ? true : undefined),
      'the suppression',
    )
    const suppressed = await resend(id)
    expect(suppressed.body.recipients).toMatchObject([{ state: 'suppressed' }])

    const sendOnly = await aKey(['messages:send'])
    expect((await resend(id, {}, sendOnly)).body).toMatchObject({ code: 'missing_scope' })
    const elsewhere = await aKey(['messages:send', 'messages:read'], {
      allowedSenders: ['other@example.com'],
    })
    expect((await resend(id, {}, elsewhere)).body).toMatchObject({ code: 'sender_refused' })

    await api.call(api.operatorKey, 'PUT', `/v1/workspaces/${workspace.id}/quotas`, {
      limits: [{ period: 'day', amount: 1 }],
    })
    await eventually(async () => ((await resend(id)).status === 429 ? true : undefined), 'the quota')
    // What was refused is nowhere: no link and no message without the other.
    const { rows } = await superuser(
      `select count(*)::integer as n from message where workspace_id = $1 and source = 'resend'`,
      [workspace.uuid],
    )
    expect((await workspace.get(id)).resentAs).toHaveLength(rows[0]?.n)
    await api.call(api.operatorKey, 'PUT', `/v1/workspaces/${workspace.id}/quotas`, { limits: [] })

    await api.call(workspace.key, 'POST', '/v1/containments', { capabilities: ['send'], reason: 'a drill' })
    expect((await resend(id)).status).toBe(423)
  })
})

describe('the webhooks of a message', () => {
  it('are listed over all endpoints, the newest first', async () => {
    const hook = await api.call(workspace.key, 'POST', '/v1/webhooks', { url: 'http://127.0.0.1:9/hook' })
    expect(hook.status, hook.text).toBe(201)
    const id = await workspace.send({ to: 'ann@reader.example' })
    await workspace.ended(id)
    await workspace.send({ to: 'bob@reader.example' })
    await resend(id, { recipients: [1] })
    const { body } = await api.call(workspace.key, 'GET', `/v1/messages/${id}/webhooks`)
    expect(body.isWhole).toBe(true)
    expect(
      body.data.map((row: { type: string; recipient: number | null }) => [row.type, row.recipient]),
    ).toEqual([
      ['message.resent', null],
      ['message.delivered', 1],
      ['message.accepted', null],
    ])
    expect(body.data[0]).toMatchObject({
      webhookId: hook.body.id,
      url: 'http://127.0.0.1:9/hook',
      state: 'pending',
    })
    const other = await sendingWorkspace(api)
    expect((await api.call(other.key, 'GET', `/v1/messages/${id}/webhooks`)).status).toBe(404)
  })
})

describe('finding few messages among many', () => {
  it('finds by tag, lane, state, recipient and time, in any combination, page by page', async () => {
    const made: { id: string; tag: string; lane: string; state: string; to: string }[] = []
    for (let n = 0; n < 24; n++) {
      const [tag, lane, later] = [`t${n % 3}`, n % 4 === 0 ? 'bulk' : 'transactional', n % 2 === 0]
      const to = `reader${n % 5}@reader.example`
      const id = await workspace.send({ to, tags: [tag], lane, ...(later ? { sendAt: inAnHour() } : {}) })
      made.push({ id, tag, lane, to, state: later ? 'scheduled' : 'delivered' })
    }
    for (const { id, state } of made) if (state === 'delivered') await workspace.ended(id)
    const all = async (query: string): Promise<string[]> => {
      const ids: string[] = []
      let cursor = ''
      do {
        const { status, body, text } = await api.call(
          workspace.key,
          'GET',
          `/v1/messages?limit=3&${query}${cursor}`,
        )
        expect(status, text).toBe(200)
        ids.push(...body.data.map((row: { id: string }) => row.id))
        cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`
      } while (cursor !== '')
      return ids
    }
    const fields = ['tag', 'lane', 'state', 'to'] as const
    const pattern = made[8]!
    const expectAll = async (masks: readonly number[]): Promise<void> => {
      for (const mask of masks) {
        const asked = fields.filter((_, bit) => (mask & (1 << bit)) !== 0)
        const wanted = made
          .filter((one) => asked.every((field) => one[field] === pattern[field]))
          .map(({ id }) => id)
          .toReversed()
        const query = asked
          .map((field) => `${field === 'to' ? 'recipient' : field}=${encodeURIComponent(pattern[field])}`)
          .join('&')
        expect(await all(query), query).toEqual(wanted)
      }
    }
    const masks = Array.from({ length: 16 }, (_, mask) => mask)
    await expectAll(masks)
    // Behind more newer messages than are looked at one by one, each filter finds them from its own index. Nothing of these is asked for.
    await superuser(
      `insert into message (id, workspace_id, lane, source, sensitive, from_domain, size_bytes, recipient_count, expires_at, actor, summary)
       select x, $2, 'internal', 'api', false, 'x.test', 1, 1, now(), 'api_key:x', '' from unnest($1::uuid[]) x`,
      [Array.from({ length: 5_200 }, () => newId()), workspace.uuid],
    )
    await expectAll(masks.slice(1))
    expect(await all('tag=t')).toEqual([])
    expect(await all(`tag=t1&until=${encodeURIComponent(new Date(0).toISOString())}`)).toEqual([])
    expect(await all(`since=${encodeURIComponent(new Date(Date.now() + 60_000).toISOString())}`)).toEqual([])
  }, 120_000)

  it('finds nothing of another workspace', async () => {
    await workspace.send({ to: 'ann@reader.example', tags: ['mine'] })
    const other = await sendingWorkspace(api)
    for (const query of ['tag=mine', 'state=delivered', 'recipient=ann@reader.example', 'lane=transactional'])
      expect((await api.call(other.key, 'GET', `/v1/messages?${query}`)).body.data).toEqual([])
  })
})
