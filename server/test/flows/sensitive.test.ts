import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { startUpkeep } from '../../src/modules/upkeep/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { startInstallation } from '../constellation/installation.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace, startRelayingEngine, startTestSink } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'

const HOUR_MS = 3_600_000
let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const inHours = (hours: number): string => new Date(Date.now() + hours * HOUR_MS).toISOString()

async function rows(sql: string, values: readonly unknown[] = []) {
  return (await api.database.pool('superuser').query(sql, [...values])).rows
}

/** Keys of sensitive messages of the workspace that still open. */
async function livingKeys(workspace: TestWorkspace): Promise<number> {
  const found = await rows(
    'select id from keyring.content_key where workspace_id = $1 and single_use and destroyed_at is null',
    [workspace.uuid],
  )
  return found.length
}

function post(workspace: TestWorkspace, message: Record<string, unknown>, idempotencyKey?: string) {
  return fetch(`${api.url}/v1/messages`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${workspace.key}`,
      'content-type': 'application/json',
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    },
    body: JSON.stringify({
      from: workspace.from,
      to: 'ann@reader.example',
      subject: 'Your code',
      text: 'It is 123456.',
      sensitive: true,
      ...message,
    }),
  }).then(async (response) => ({ status: response.status, body: JSON.parse(await response.text()) }))
}

/** One round of every upkeep, as the worker runs it. */
async function upkeepUntil(done: () => Promise<boolean>, what: string): Promise<void> {
  const stop = new AbortController()
  const running = startUpkeep({
    pool: api.database.pool('bulkhead_worker'),
    keyring: api.keyring('worker'),
    log: createLogger({ name: 'upkeep', level: 'error' }),
    signal: stop.signal,
    retentionDays: 35,
  })
  try {
    await eventually(async () => ((await done()) ? true : undefined), what)
  } finally {
    stop.abort()
    await running
  }
}

describe('a sensitive message', () => {
  it.each([
    ['two recipients', { to: ['a@x.example', 'b@x.example'] }, 'sensitive'],
    ['a copy', { cc: 'b@x.example' }, 'sensitive'],
    ['a blind copy', { bcc: 'b@x.example' }, 'sensitive'],
    ['a copy to its own recipient', { cc: 'ann@reader.example' }, 'cc'],
    ['an expiry beyond four hours', { expiresAt: inHours(4.1) }, 'expiresAt'],
    ['a time beyond four hours', { sendAt: inHours(5) }, 'sendAt'],
    ['a time and an expiry beyond four hours', { sendAt: inHours(3), expiresAt: inHours(5) }, 'expiresAt'],
  ])('is refused with %s, and nothing of it is kept', async (_name, change, field) => {
    const workspace = await sendingWorkspace(api)
    const answer = await post(workspace, change)
    expect([answer.status, answer.body.errors?.[0]?.field]).toEqual([400, field])
    expect(await rows('select id from message where workspace_id = $1', [workspace.uuid])).toEqual([])
    expect(await livingKeys(workspace)).toBe(0)
  })

  it('is refused as MIME with copies in its header', async () => {
    const workspace = await sendingWorkspace(api)
    const mail = `From: ${workspace.from}\r\nTo: ann@reader.example\r\nCc: bob@reader.example\r\nSubject: x\r\nX-Bulkhead-Sensitive: true\r\n\r\nx\r\n`
    const answer = await fetch(`${api.url}/v1/messages/mime?to=ann@reader.example`, {
      method: 'POST',
      headers: { authorization: `Bearer ${workspace.key}`, 'content-type': 'message/rfc822' },
      body: mail,
    })
    expect([answer.status, JSON.parse(await answer.text()).errors?.[0]?.field]).toEqual([400, 'cc'])
    expect(await rows('select id from message where workspace_id = $1', [workspace.uuid])).toEqual([])
  })

  it('is over four hours after it was accepted, whenever it is sent, and cannot be moved beyond', async () => {
    const workspace = await sendingWorkspace(api)
    const before = Date.now()
    const id = await workspace.send({ to: 'ann@reader.example', sensitive: true, sendAt: inHours(3) })
    const expiresAt = Date.parse((await workspace.get(id)).expiresAt)
    expect(expiresAt).toBeGreaterThanOrEqual(before + 4 * HOUR_MS)
    expect(expiresAt).toBeLessThanOrEqual(Date.now() + 4 * HOUR_MS)
    const moved = await api.call(workspace.key, 'POST', `/v1/messages/${id}/reschedule`, {
      sendAt: inHours(3.9),
    })
    expect(Date.parse(moved.body.expiresAt)).toBeLessThanOrEqual(Date.now() + 4 * HOUR_MS)
    const beyond = await api.call(workspace.key, 'POST', `/v1/messages/${id}/reschedule`, {
      sendAt: inHours(4.1),
    })
    expect([beyond.status, beyond.body.errors[0].field]).toEqual([400, 'sendAt'])
  })

  it('repeated with its idempotency key makes no second key, and is compared without its content', async () => {
    const workspace = await sendingWorkspace(api)
    const first = await post(workspace, {}, 'reset-1')
    expect(first.status).toBe(202)
    expect(await livingKeys(workspace)).toBe(1)
    const again = await post(workspace, {}, 'reset-1')
    expect([again.status, again.body.id]).toEqual([202, first.body.id])
    // Another code under the same key is the same request: nothing stored tells the codes apart.
    const otherCode = await post(workspace, { text: 'It is 654321.' }, 'reset-1')
    expect(otherCode.body.id).toBe(first.body.id)
    const otherPerson = await post(workspace, { to: 'bob@reader.example' }, 'reset-1')
    expect([otherPerson.status, otherPerson.body.type]).toEqual([409, expect.stringContaining('idempotency')])
    expect(await livingKeys(workspace)).toBe(1)
    // Who has the database tries all codes against what is stored, and must find none.
    const [stored] = await rows('select body_hash from idempotency where workspace_id = $1', [workspace.uuid])
    const request = (code: string): string =>
      JSON.stringify({
        from: workspace.from,
        to: 'ann@reader.example',
        subject: 'Your code',
        text: `It is ${code}.`,
        sensitive: true,
      })
    expect(stored?.body_hash).toHaveLength(32)
    expect(createHash('sha256').update(request('123456')).digest().equals(stored?.body_hash)).toBe(false)
    const ordinary = await post(workspace, { sensitive: false }, 'plain-1')
    expect(ordinary.status).toBe(202)
  })

  it('leaves no body and no key when it is cancelled, when it runs out, and when its address is suppressed', async () => {
    const workspace = await sendingWorkspace(api)
    await api.call(workspace.key, 'POST', '/v1/suppressions', { email: 'never@reader.example' })
    const cancelled = await workspace.send({ to: 'ann@reader.example', sensitive: true })
    const expired = await workspace.send({
      to: 'ann@reader.example',
      sensitive: true,
      expiresAt: new Date(Date.now() + 1500).toISOString(),
    })
    const suppressed = await workspace.send({ to: 'never@reader.example', sensitive: true })
    const kept = await workspace.send({ to: 'ann@reader.example', sensitive: true })
    expect(await livingKeys(workspace)).toBe(4)
    await api.call(workspace.key, 'POST', `/v1/messages/${cancelled}/cancel`)
    const bodies = async (): Promise<(string | undefined)[]> => {
      const found = await rows('select message_id from body where workspace_id = $1', [workspace.uuid])
      return found.map((row) => row['message_id'])
    }
    const keptId = decodeId('message', kept)
    await upkeepUntil(async () => (await bodies()).length === 2, 'two bodies are erased')
    await eventually(
      async () => (Date.now() > Date.parse((await workspace.get(expired)).expiresAt) ? true : undefined),
      'the expiry',
    )
    await upkeepUntil(async () => (await workspace.get(expired)).states.expired === 1, 'it is expired')
    await upkeepUntil(async () => (await bodies()).length === 1, 'three bodies are erased')
    expect(await bodies()).toEqual([keptId])
    expect(await livingKeys(workspace)).toBe(1)
    for (const id of [cancelled, expired, suppressed]) {
      const message = await workspace.get(id)
      expect(message).toMatchObject({ sensitive: true, subject: null })
      expect(JSON.stringify(message)).not.toContain('123456')
    }
  })

  it('is refused where mail passes a relay and nobody has allowed it; other mail goes on', async () => {
    await using strict = await startApi({ sensitiveMayLeave: false })
    const workspace = await sendingWorkspace(strict)
    const message = { from: workspace.from, to: 'ann@reader.example', subject: 'x', text: 'x' }
    const refused = await strict.call(workspace.key, 'POST', '/v1/messages', { ...message, sensitive: true })
    expect(refused.status).toBe(400)
    expect(refused.body.errors[0]).toMatchObject({
      field: 'sensitive',
      problem: expect.stringContaining('relay'),
      fix: expect.stringContaining('BULKHEAD_SENSITIVE_VIA_RELAY=on'),
    })
    expect((await strict.call(workspace.key, 'POST', '/v1/messages', message)).status).toBe(202)
    const keys = await strict.database
      .pool('superuser')
      .query('select 1 from keyring.content_key where single_use and workspace_id = $1', [workspace.uuid])
    expect(keys.rows).toEqual([])
  })

  it('that was accepted before mail was turned to a relay waits unopened, with the reason in its timeline', async () => {
    const workspace = await sendingWorkspace(api)
    const secret = await workspace.send({ to: 'ann@reader.example', sensitive: true })
    const ordinary = await workspace.send({ to: 'ann@reader.example' })
    await using sink = await startTestSink()
    await using engine = await startRelayingEngine(api, sink, {
      sensitiveMayLeave: false,
    })
    engine.wake(['critical', 'transactional'])
    expect((await workspace.ended(ordinary)).states).toEqual({ delivered: 1 })
    const waiting = await eventually(async () => {
      const message = await workspace.get(secret)
      return message.timeline.some((item: { type: string }) => item.type === 'message.deferred')
        ? message
        : undefined
    }, 'the reason is in the timeline')
    expect(waiting.states).toEqual({ scheduled: 1 })
    expect(JSON.stringify(waiting.timeline)).toContain('BULKHEAD_SENSITIVE_VIA_RELAY')
    expect(sink.messages().filter(({ raw }) => raw.toString().includes(secret))).toEqual([])
    const [stored] = await rows(
      `select count(*)::integer as n from body b join queue q using (message_id) where message_id = $1`,
      [decodeId('message', secret)],
    )
    expect(stored).toEqual({ n: 1 })
  })
})

describe.runIf(process.platform === 'linux')('the local inbox of development', () => {
  it('shows sensitive mail to whoever builds it, while the message itself shows nothing', async () => {
    await using installation = await startInstallation()
    await installation.untilReady()
    const ask = async (path: string, body?: unknown) => {
      const response = await fetch(`${installation.apiUrl}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${installation.apiKey}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: response.status, body: JSON.parse(await response.text()) }
    }
    const sent = await ask('/v1/messages', {
      from: installation.from,
      to: 'ann@reader.example',
      subject: 'Your code',
      text: 'It is 123456.',
      sensitive: true,
    })
    expect(sent.status).toBe(202)
    const captured = await eventually(async () => {
      const list = await ask(`/v1/inbox?messageId=${sent.body.id}`)
      return list.body.data?.[0]
    }, 'the mail is in the inbox')
    expect((await ask(`/v1/inbox/${captured.id}`)).body.text).toContain('It is 123456.')
    expect((await ask(`/v1/messages/${sent.body.id}`)).body.subject).toBeNull()
    expect((await ask(`/v1/messages/${sent.body.id}/content`)).status).toBe(410)
  }, 120_000)
})
