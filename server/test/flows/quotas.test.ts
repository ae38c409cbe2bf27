import { execFile } from 'node:child_process'
import { connect as connectTls } from 'node:tls'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startQuotaUpkeep } from '../../src/modules/quotas/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { startAudit } from '../support/audit.ts'
import { startApi, type Answer, type ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace, type TestWorkspace } from './engine-fixture.ts'
import { aPerson } from './people-fixture.ts'
import { startTestSubmission } from './submission-fixture.ts'

const CLI = join(import.meta.dirname, '../../../cli/src/main.ts')

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

interface Limit {
  readonly period: 'minute' | 'hour' | 'day' | 'month'
  readonly amount: number
  readonly lane?: string
  readonly burst?: number
}

const operator = (method: string, path: string, body?: unknown) =>
  api.call(api.operatorKey, method, path, body)
const quotasOf = async (workspace: TestWorkspace) =>
  (await api.call(workspace.key, 'GET', '/v1/quotas')).body.data

/** Set before the first message, so that no process remembers that there was none. */
async function limited(...limits: readonly Limit[]): Promise<TestWorkspace> {
  const workspace = await sendingWorkspace(api)
  const answer = await operator('PUT', `/v1/workspaces/${workspace.id}/quotas`, { limits })
  if (answer.status !== 200) throw new Error(answer.text)
  return workspace
}

/** Sends one message, with an Idempotency-Key where one is given. */
async function send(
  workspace: TestWorkspace,
  message: Record<string, unknown> = {},
  more: { readonly key?: string; readonly idempotencyKey?: string } = {},
): Promise<Answer> {
  const response = await fetch(`${api.url}/v1/messages`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${more.key ?? workspace.key}`,
      'content-type': 'application/json',
      ...(more.idempotencyKey === undefined ? {} : { 'idempotency-key': more.idempotencyKey }),
    },
    body: JSON.stringify({
      from: workspace.from,
      to: ['bob@example.com'],
      subject: 'Hello',
      text: 'x',
      ...message,
    }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) }
}

const many = (count: number): string[] => Array.from({ length: count }, (_, n) => `to${n}@example.com`)

/** As if so many seconds had passed since anything was taken. */
const pass = (workspace: TestWorkspace, seconds: number) =>
  api.database
    .pool('superuser')
    .query('update sending_use set at = at - make_interval(secs => $2) where workspace_id = $1', [
      workspace.uuid,
      seconds,
    ])

describe('a limited workspace', () => {
  it('is told of its limits with every answer, and beyond them which, how long to wait, and what to do', async () => {
    const workspace = await limited({ period: 'minute', amount: 6 }, { period: 'day', amount: 1_000 })
    const first = await send(workspace, { to: many(4) })
    expect(first.status).toBe(202)
    expect(first.headers.get('ratelimit-policy')).toBe(
      '"installation-day";q=1000;w=86400;qu="recipients", "installation-minute";q=6;w=60;qu="recipients"',
    )
    expect(first.headers.get('ratelimit')).toMatch(
      /^"installation-day";r=996;t=\d{1,5}, "installation-minute";r=2;t=40$/,
    )
    expect(first.headers.get('retry-after')).toBeNull()
    const refused = await send(workspace, { to: many(5) })
    expect(refused.status).toBe(429)
    const wait = Number(refused.headers.get('retry-after'))
    expect(wait).toBeGreaterThan(20)
    expect(wait).toBeLessThanOrEqual(30)
    expect(refused.headers.get('ratelimit')).toContain(`"installation-minute";r=2;t=${wait}`)
    expect(refused.body).toMatchObject({
      type: '/problems/rate_limited',
      code: 'rate_limited',
      limit: {
        name: 'installation-minute',
        amount: 6,
        period: 'minute',
        lane: 'all',
        used: 4,
        wanted: 5,
        retryAfterSeconds: wait,
      },
    })
    expect(refused.body.detail).toContain(`in ${wait} seconds`)
    await pass(workspace, wait)
    expect((await send(workspace, { to: many(5) })).status).toBe(202)
  })

  it('gets exactly its quota when a hundred requests come at once, and pays nothing for refused, invalid and repeated ones', async () => {
    const workspace = await limited({ period: 'day', amount: 40 })
    expect((await send(workspace, { to: ['not an address'] })).status).toBe(400)
    const once = await send(workspace, {}, { idempotencyKey: 'once' })
    const all = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        send(workspace, {}, n % 5 === 0 ? { idempotencyKey: 'once' } : {}),
      ),
    )
    const repeated = all.filter((_, n) => n % 5 === 0)
    expect(new Set(repeated.map((answer) => answer.body.id))).toEqual(new Set([once.body.id]))
    const others = all.filter((_, n) => n % 5 !== 0)
    expect(others.filter((answer) => answer.status === 202)).toHaveLength(39)
    expect(others.filter((answer) => answer.body.code === 'quota_exceeded')).toHaveLength(41)
    expect(await quotasOf(workspace)).toMatchObject([{ used: 40, remaining: 0 }])
    const ledger = await workspace.ledger()
    expect(ledger.accepted).toBe(40)
    // What was sent stays answered, though nothing is left.
    expect((await send(workspace, {}, { idempotencyKey: 'once' })).body.id).toBe(once.body.id)
  })

  it('has the messages of a batch judged one by one', async () => {
    const workspace = await limited({ period: 'day', amount: 5 })
    const message = (recipients: number) => ({
      from: workspace.from,
      to: many(recipients),
      subject: 'Hi',
      text: 'x',
    })
    const { status, body, headers } = await api.call(workspace.key, 'POST', '/v1/messages/batch', {
      messages: [...Array.from({ length: 8 }, () => message(1)), message(6)],
    })
    expect([status, body.accepted, body.refused]).toEqual([207, 5, 4])
    const outcomes = body.data.map((each: { problem?: { code: string } }) => each.problem?.code)
    expect(outcomes.slice(0, 8).filter((code: string) => code === 'quota_exceeded')).toHaveLength(3)
    expect(outcomes[8]).toBe('too_many_recipients')
    const refused = body.data.find((each: { status: number }) => each.status === 429)
    expect(refused.problem.limit).toMatchObject({ name: 'installation-day', wanted: 1, used: 5 })
    expect(refused.problem.limit.retryAfterSeconds).toBeGreaterThan(0)
    expect(body.data[8].problem.limit.retryAfterSeconds).toBeNull()
    expect(headers.get('ratelimit')).toMatch(/^"installation-day";r=0;t=\d+$/)
  })

  it('sends its password resets whatever marketing has used up', async () => {
    const workspace = await limited(
      { period: 'day', amount: 10 },
      { lane: 'critical', period: 'day', amount: 5 },
    )
    expect((await send(workspace, { lane: 'bulk', to: many(10) })).status).toBe(202)
    expect((await send(workspace, { lane: 'bulk' })).status).toBe(429)
    const reset = await send(workspace, { lane: 'critical' })
    expect([reset.status, reset.headers.get('ratelimit-policy')]).toEqual([
      202,
      '"installation-critical-day";q=5;w=86400;qu="recipients"',
    ])
  })

  it('accepts a raw message within its limits, with the same headers', async () => {
    const workspace = await limited({ period: 'day', amount: 1 })
    const upload = () =>
      fetch(`${api.url}/v1/messages/mime`, {
        method: 'POST',
        headers: { authorization: `Bearer ${workspace.key}`, 'content-type': 'message/rfc822' },
        body: `From: ${workspace.from}\r\nTo: bob@example.com\r\nSubject: Hi\r\n\r\nHi\r\n`,
      })
    expect((await upload()).headers.get('ratelimit')).toContain('"installation-day";r=0;t=')
    expect((await upload()).status).toBe(429)
  })
})

describe('limits of the workspace’s own and of its keys', () => {
  it('go below those of the server and never above, and hold beside them', async () => {
    const workspace = await limited({ period: 'day', amount: 100 }, { period: 'hour', amount: 50, burst: 20 })
    const owner = await aPerson(api, { workspace: workspace.id, role: 'owner' })
    const set = (limits: readonly Limit[]) => owner.call('PUT', '/v1/quotas', { limits })
    const above = await set([{ period: 'day', amount: 101 }])
    expect([above.status, above.body.errors]).toEqual([
      400,
      [expect.objectContaining({ field: 'limits[0].amount', fix: 'Write at most 100.' })],
    ])
    expect((await set([{ lane: 'bulk', period: 'hour', amount: 50 }])).body.errors[0].field).toBe(
      'limits[0].burst',
    )
    expect((await set([{ period: 'month', amount: 9, burst: 3 }])).status).toBe(400)
    expect(
      (
        await set([
          { period: 'day', amount: 9 },
          { period: 'day', amount: 8 },
        ])
      ).status,
    ).toBe(400)
    const done = await set([{ period: 'day', amount: 3 }])
    expect(done.body.data).toMatchObject([
      { name: 'installation-hour', burst: 20 },
      { name: 'installation-day', amount: 100, setBy: expect.stringContaining('operator') },
      { name: 'workspace-day', amount: 3, remaining: 3, setBy: expect.stringContaining('member:') },
    ])
    expect((await send(workspace, { to: many(3) })).status).toBe(202)
    expect((await send(workspace)).body).toMatchObject({
      code: 'quota_exceeded',
      limit: { name: 'workspace-day' },
      detail: expect.stringContaining('An owner'),
    })
    // A key changes no limit of its workspace.
    expect((await api.call(workspace.key, 'PUT', '/v1/quotas', { limits: [] })).status).toBe(403)
  })

  it('bind one key, which takes them along when it is rotated, with what it has used', async () => {
    const workspace = await limited({ period: 'day', amount: 100 })
    const made = await api.call(workspace.key, 'POST', '/v1/api-keys', {
      name: 'shop',
      scopes: ['messages:send'],
    })
    const { id, key } = { id: made.body.id, key: made.body.key }
    const limit = (target: string, limits: readonly Limit[]) =>
      api.call(workspace.key, 'PUT', `/v1/api-keys/${target}/quotas`, { limits })
    expect((await limit(id, [{ period: 'day', amount: 101 }])).status).toBe(400)
    expect((await limit(id, [{ period: 'day', amount: 2 }])).status).toBe(200)
    expect((await send(workspace, { to: many(2) }, { key })).status).toBe(202)
    const refused = await send(workspace, {}, { key })
    expect(refused.body).toMatchObject({ code: 'quota_exceeded', limit: { name: 'credential-day', used: 2 } })
    expect((await send(workspace)).status).toBe(202)
    const rotated = await api.call(workspace.key, 'POST', `/v1/api-keys/${id}/rotate`, { overlapHours: 1 })
    expect((await send(workspace, {}, { key: rotated.body.key })).status).toBe(429)
    expect(await quotasOf(workspace)).toMatchObject([
      { scope: 'installation', used: 3 },
      { scope: 'credential', credential: { name: 'shop' }, used: 2, remaining: 0 },
      { scope: 'credential', credential: { id: rotated.body.id }, used: 2 },
    ])
    const other = await limited({ period: 'day', amount: 100 })
    expect((await api.call(other.key, 'PUT', `/v1/api-keys/${id}/quotas`, { limits: [] })).status).toBe(404)
  })

  it('are on record, and at four fifths and at the end the workspace is told once', async () => {
    const workspace = await limited({ period: 'day', amount: 5 })
    await send(workspace, { to: many(4) })
    const stop = new AbortController()
    const upkeep = startQuotaUpkeep({
      pool: api.database.pool('bulkhead_worker'),
      log: createLogger({ name: 'test', level: 'error' }),
      signal: stop.signal,
      warnEveryMs: 20,
    })
    const alerts = async (count: number) =>
      eventually(async () => {
        const { data } = (await api.call(workspace.key, 'GET', '/v1/alerts')).body
        const own = data.filter((each: { kind: string }) => each.kind.startsWith('quota.'))
        return own.length >= count ? own : undefined
      }, `${count} alarms`)
    await alerts(1)
    await send(workspace)
    expect(await alerts(2)).toMatchObject([
      { kind: 'quota.reached', severity: 'high', detail: { used: 5, amount: 5 }, occurrences: 1 },
      { kind: 'quota.near', severity: 'medium', command: 'bulkhead quotas' },
    ])
    stop.abort()
    await upkeep
    await using audit = startAudit(api.database)
    await audit.settle()
    const records = await api.database
      .pool('superuser')
      .query(
        "select record from (select to_jsonb(e) as record from audit_entry e) x where record::text like '%quotas.installation_set%'",
      )
    expect(records.rows.length).toBeGreaterThan(0)
  })
})

describe('over SMTP', () => {
  it('a message beyond a limit is refused whole after DATA, for now, with the seconds, and the session goes on', async () => {
    const workspace = await limited({ period: 'hour', amount: 100, burst: 3 })
    await using submission = await startTestSubmission(api)
    const made = await api.call(workspace.key, 'POST', '/v1/smtp-credentials', { name: 'test' })
    const socket = connectTls({
      host: '127.0.0.1',
      port: submission.ports.implicit,
      rejectUnauthorized: false,
    })
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
    })
    const say = async (line: string): Promise<string> => {
      text = ''
      if (line !== '') socket.write(`${line}\r\n`)
      return eventually(() => (/^\d{3} .*\r\n/m.test(text) ? text : undefined), `an answer to ${line}`)
    }
    await say('')
    await say('EHLO client.test')
    const auth = Buffer.from(`\0${made.body.username}\0${made.body.password}`).toString('base64')
    expect(await say(`AUTH PLAIN ${auth}`)).toMatch(/^235/)
    const deliver = async (recipients: number): Promise<string> => {
      await say(`MAIL FROM:<${workspace.from}>`)
      for (const to of many(recipients)) expect(await say(`RCPT TO:<${to}>`)).toMatch(/^250/)
      await say('DATA')
      return say(`From: ${workspace.from}\r\nTo: x@example.com\r\nSubject: Hi\r\n\r\nHi\r\n.`)
    }
    expect(await deliver(2)).toMatch(/^250 2\.0\.0/)
    const refused = await deliver(2)
    expect(refused).toMatch(/^451[ -]4\.7\.1/)
    const seconds = Number(/in (\d+) seconds/.exec(refused.replaceAll(/\r\n451[ -]4\.7\.1 /g, ' '))?.[1])
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(36)
    expect(await deliver(4)).toMatch(/^550[ -]5\.5\.3/)
    expect(await deliver(1)).toMatch(/^250/)
    await pass(workspace, 72)
    expect(await deliver(2)).toMatch(/^250/)
    expect((await workspace.ledger()).accepted).toBe(5)
    await say('QUIT')
    socket.destroy()
  })
})

function bulkhead(key: string, ...args: string[]): Promise<{ readonly code: number; readonly out: string }> {
  const env = { PATH: process.env['PATH'], BULKHEAD_CLI_URL: api.url, BULKHEAD_CLI_KEY: key }
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], { env }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out: `${out}${err}` }),
    )
  })
}

describe('the command line', () => {
  it('sets and shows limits, for the operator and for keys', async () => {
    const workspace = await sendingWorkspace(api)
    expect((await bulkhead(workspace.key, 'quotas')).out).toBe('Nothing is limited.\n')
    const set = await bulkhead(
      api.operatorKey,
      'quotas',
      'set-workspace',
      workspace.id,
      '--limit',
      '1000/day',
      '--limit',
      'bulk:60/minute,burst=120',
    )
    expect(set).toMatchObject({ code: 0, out: expect.stringContaining('installation-bulk-minute') })
    const key = await api.call(workspace.key, 'POST', '/v1/api-keys', {
      name: 'shop',
      scopes: ['messages:send'],
    })
    const ofKey = await bulkhead(workspace.key, 'quotas', 'set-credential', key.body.id, '--limit', '10/hour')
    expect(ofKey.out).toMatch(/credential-hour +shop +all +10 a hour +0 +10 +-/)
    const shown = await bulkhead(api.operatorKey, 'quotas', '--workspace', workspace.id, '--json')
    expect(JSON.parse(shown.out)).toMatchObject({ data: [{}, {}, {}] })
    for (const bad of ['10', '0/day', 'x:1/day', '1/week', '1/day,burst=x'])
      expect((await bulkhead(workspace.key, 'quotas', 'set', '--limit', bad)).code).toBe(2)
    expect((await bulkhead(workspace.key, 'quotas', 'set')).code).toBe(2)
    const none = await bulkhead(workspace.key, 'quotas', 'set-credential', key.body.id, '--none')
    expect(none.out).not.toContain('credential-hour')
  })
})
