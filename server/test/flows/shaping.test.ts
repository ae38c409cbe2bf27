import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId, encodeId } from '../../src/kernel/ids.ts'
import { startDnsServer, type DnsServer } from '../support/dns-server.ts'
import { startApi, type ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace, startTestEngine, startTestSink } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'

const CLI = join(import.meta.dirname, '../../../cli/src/main.ts')
const RULES = `
[default]
idle = "20s"

[provider.big]
match = [{ mx_suffix = "big.test" }]
connections = 4

[domain."second.test"]
messages_per_connection = 3

[[automation]]
name = "big-rate"
provider = "big"
code = [421, 450, 451]
match = 'slow down'
threshold = { count = 2, within = "10m" }
action = ["suspend-workspace", "set"]
set = { connections = 1 }
duration = "1h"
reason = "Big wants less"
`

let directory: string
let file: string
let dns: DnsServer
let api: ApiFixture
let ours: TestWorkspace
let theirs: TestWorkspace

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-shaping-'))
  file = join(directory, 'shaping.toml')
  await writeFile(file, RULES)
  dns = await startDnsServer({
    'shop.test': [{ type: 'MX', preference: 10, exchange: 'mx1.big.test' }],
    'second.test': [{ type: 'MX', preference: 10, exchange: 'mx1.big.test' }],
    'mx1.big.test': [{ type: 'A', value: '127.0.0.1' }],
    'silent.test': 'SERVFAIL',
    'none.test': [{ type: 'MX', preference: 0, exchange: '.' }],
  })
  api = await startApi({ dnsServers: [dns.address], shaping: file })
  ours = await sendingWorkspace(api)
  theirs = await sendingWorkspace(api)
})
afterAll(async () => {
  await api[Symbol.asyncDispose]()
  await dns.close()
  await rm(directory, { recursive: true, force: true })
})

const operator = (method: string, path: string, body?: unknown) =>
  api.call(api.operatorKey, method, path, body)
const overlays = async (query = '') => (await operator('GET', `/v1/shaping/overlays${query}`)).body.data

function bulkhead(key: string, ...args: string[]): Promise<{ readonly code: number; readonly out: string }> {
  const env = {
    PATH: process.env['PATH'],
    BULKHEAD_CLI_URL: api.url,
    BULKHEAD_CLI_KEY: key,
  }
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], { env }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out: `${out}${err}` }),
    )
  })
}

describe('shaping, for the operator', () => {
  it('resolves a domain to its limits, each with the layer and the line that decided it', async () => {
    const { status, body } = await operator('GET', '/v1/shaping/resolve?domain=Second.test')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      domain: 'second.test',
      site: 'mx1.big.test',
      provider: 'big',
      mxHosts: ['mx1.big.test'],
      ofDomain: true,
      overlays: [],
    })
    const reasons = new Map(body.because.map((each: { key: string }) => [each.key, each]))
    expect(reasons.get('connections')).toMatchObject({ value: '4', layer: 'provider', rule: `${file}:7` })
    expect(reasons.get('messages_per_connection')).toMatchObject({ value: '3', layer: 'domain' })
    expect(reasons.get('idle')).toMatchObject({ value: '20s', layer: 'default' })
    expect(reasons.get('tls')).toMatchObject({ value: 'opportunistic', layer: 'built-in' })
  })

  it('says why a domain or a source cannot be resolved', async () => {
    const status = async (query: string) => (await operator('GET', `/v1/shaping/resolve?${query}`)).status
    expect(await status('domain=silent.test')).toBe(503)
    expect(await status('domain=none.test')).toBe(404)
    expect(await status('domain=nowhere.test')).toBe(404)
    expect(await status('domain=not%20a%20domain')).toBe(400)
    const unknown = await operator('GET', '/v1/shaping/resolve?domain=shop.test&source=ip9')
    expect([unknown.status, unknown.text]).toEqual([400, expect.stringContaining('source')])
  })

  it('checks a text without applying it', async () => {
    const { body } = await operator('POST', '/v1/shaping/check', { text: '[default]\nconections = 3\n' })
    expect(body).toMatchObject({
      ok: false,
      inForce: 'given',
      problems: [{ line: 2, field: 'default.conections', fix: 'write connections, or remove it' }],
    })
    const good = await operator('POST', '/v1/shaping/check', { text: '[default]\nconnections = 3\n' })
    expect(good.body).toMatchObject({ ok: true, problems: [] })
    const resolved = await operator('GET', '/v1/shaping/resolve?domain=shop.test')
    expect(resolved.text).not.toContain('"value":"3"')
  })

  it('keeps the last good rules when the file breaks, and raises an alarm once', async () => {
    await writeFile(file, '[default]\nidle = "20 parsecs"\n')
    const broken = await operator('POST', '/v1/shaping/check', {})
    expect(broken.body).toMatchObject({ ok: false, file, inForce: 'file', problems: [{ file, line: 2 }] })
    await operator('POST', '/v1/shaping/check', {})
    const alerts = (await operator('GET', '/v1/installation/alerts')).body.data
    expect(alerts.filter((each: { kind: string }) => each.kind === 'shaping.file_broken')).toMatchObject([
      { severity: 'high', occurrences: 1, detail: { problem: expect.stringContaining('shaping.toml:2') } },
    ])
    const resolved = await operator('GET', '/v1/shaping/resolve?domain=shop.test')
    expect(resolved.body).toMatchObject({ provider: 'big' })
    await rm(file)
    expect((await operator('POST', '/v1/shaping/check', {})).body).toMatchObject({
      ok: false,
      problems: [{ problem: 'it does not exist' }],
    })
    await writeFile(file, RULES)
    expect((await operator('POST', '/v1/shaping/check', {})).body).toMatchObject({
      ok: true,
      inForce: 'file',
    })
  })
})

describe('what is learnt from replies', () => {
  it('suspends the workspace at the site, shows it with its evidence, explains it, and ends when it is lifted', async () => {
    await using sink = await startTestSink()
    sink.behave({
      rules: [{ at: 'rcpt', recipient: 'slow*@shop.test', reply: '451 4.7.1 slow down, <slow1@shop.test>' }],
    })
    const options = {
      pool: api.database.pool('bulkhead_sender'),
      keyring: api.keyring('sender'),
      outbound: { kind: 'direct' } as const,
      dnsServer: dns.address,
      shapingFile: file,
      retryScale: 1,
    }
    const engine = await startTestEngine({ ...options, directPort: sink.port })
    expect(engine.state()).toBeDefined()
    const refused = [await ours.send({ to: 'slow1@shop.test' }), await ours.send({ to: 'slow2@shop.test' })]
    const active = await eventually(async () => {
      const data = await overlays()
      return data.length === 2 ? data : undefined
    }, 'two overlays')
    expect(
      active
        .map((each: { kind: string; workspaceId: string | null }) => [each.kind, each.workspaceId])
        .sort(),
    ).toEqual([
      ['set', null],
      ['suspend', ours.id],
    ])
    const suspension = active.find((each: { kind: string }) => each.kind === 'suspend')
    expect(suspension).toMatchObject({ place: 'mx1.big.test', rule: 'big-rate', hits: 2, endedAt: null })
    expect(suspension.evidence).toHaveLength(2)
    expect(JSON.stringify(active)).not.toContain('@')

    // Mail of the workspace waits, another's goes.
    const waiting = await ours.send({ to: 'ann@shop.test' })
    const other = await theirs.send({ to: 'bob@shop.test' })
    await theirs.ended(other)
    const explained = await eventually(async () => {
      const { body } = await api.call(ours.key, 'GET', `/v1/messages/${waiting}/shaping`)
      return body.recipients[0]?.site === null ? undefined : body
    }, 'where it goes')
    expect(explained.recipients).toMatchObject([
      {
        email: 'ann@shop.test',
        site: 'mx1.big.test',
        provider: 'big',
        attempts: 0,
        why: expect.stringContaining('Mail of this workspace to mx1.big.test waits until'),
        pause: null,
      },
    ])
    expect(explained.recipients[0].because).toContainEqual({
      key: 'connections',
      value: '1',
      layer: 'overlay',
      rule: 'big-rate',
    })
    const tried = (await api.call(ours.key, 'GET', `/v1/messages/${refused[0]}/shaping`)).body.recipients[0]
    expect(tried).toMatchObject({
      attempts: 1,
      lastReplies: [{ code: 451, text: expect.stringContaining('slow down') }],
    })

    // Another workspace sees neither the message nor the suspension.
    expect((await api.call(theirs.key, 'GET', `/v1/messages/${waiting}/shaping`)).status).toBe(404)
    expect((await api.call(theirs.key, 'GET', '/v1/shaping/overlays')).status).toBe(403)
    const later = await theirs.send({ to: 'slow3@shop.test' })
    const theirView = await eventually(async () => {
      const { body } = await api.call(theirs.key, 'GET', `/v1/messages/${later}/shaping`)
      return body.recipients[0]?.attempts === 1 ? body : undefined
    }, 'their attempt')
    expect(theirView.recipients[0].overlays.map((each: { kind: string }) => each.kind)).toEqual(['set'])
    expect(JSON.stringify(theirView)).not.toContain(ours.id)

    // The command line says the same.
    const shown = await bulkhead(ours.key, 'shaping', 'explain', waiting)
    expect(shown.out).toContain('Big wants less')
    const listed = await bulkhead(api.operatorKey, 'shaping', 'overlays', '--evidence')
    expect(listed.out).toContain('slow down')

    // Lifted, its mail goes.
    expect((await operator('DELETE', `/v1/shaping/overlays/${suspension.id}`)).status).toBe(204)
    expect((await operator('DELETE', `/v1/shaping/overlays/${suspension.id}`)).status).toBe(404)
    expect(
      (await overlays('?ended=true')).find((each: { id: string }) => each.id === suspension.id),
    ).toMatchObject({
      endedBy: 'operator:installation',
    })
    const { rows } = await api.database
      .pool('superuser')
      .query(`select action, target from audit_outbox where action = 'shaping.overlay_lifted'`)
    expect(rows).toEqual([{ action: 'shaping.overlay_lifted', target: suspension.id }])
    // Another sender, which has heard of nothing, finds it lifted.
    await engine[Symbol.asyncDispose]()
    await api.database
      .pool('superuser')
      .query('update queue set due = now(), line = 0 where message_id = $1', [decodeId('message', waiting)])
    await using next = await startTestEngine({ ...options, directPort: sink.port })
    expect(next.state()).toBeDefined()
    expect((await ours.ended(waiting, 30_000)).recipients[0]).toMatchObject({ state: 'delivered' })
  }, 60_000)

  it('explains a pause, what is not looked up yet, and what is done', async () => {
    const id = await ours.send({
      to: ['ann@later.test'],
      sendAt: new Date(Date.now() + 3_600_000).toISOString(),
    })
    const first = (await api.call(ours.key, 'GET', `/v1/messages/${id}/shaping`)).body
    expect(first).toMatchObject({
      done: 0,
      recipients: [{ site: null, provider: null, because: [], why: 'Its time has not come yet.' }],
    })
    await api.database.pool('superuser').query(
      `with pause as (
         insert into operations.pause (id, workspace_id, reason, made_by) values (gen_random_uuid(), $1, 'a drill', 'test:1') returning id)
       insert into operations.act (id, kind, origin, workspace_id, actor, reason, filter, pause_id, state, shown)
       select id, 'pause', 'workspace', $1, 'test:1', 'a drill', '{}', id, 'standing', 0 from pause`,
      [ours.uuid],
    )
    const paused = (await api.call(ours.key, 'GET', `/v1/messages/${id}/shaping`)).body
    expect(paused.recipients).toMatchObject([
      { why: 'It is stopped: a drill.', pause: { reason: 'a drill' } },
    ])
    await api.database.pool('superuser').query('delete from operations.pause')
    await api.database.pool('superuser').query('delete from operations.act')
  })
})

describe('the command line', () => {
  it('checks a file, resolves a domain and lifts what is in force', async () => {
    const path = join(directory, 'mine.toml')
    await writeFile(path, '[domain."x.test"]\nconnections = 0\n')
    const checked = await bulkhead(api.operatorKey, 'shaping', 'check', path)
    expect(checked.code).toBe(1)
    expect(checked.out).toContain(`${path}:2: domain."x.test".connections is no whole number from 1 to 1000`)
    expect((await bulkhead(api.operatorKey, 'shaping', 'check')).code).toBe(0)
    const resolved = await bulkhead(api.operatorKey, 'shaping', 'resolve', 'second.test')
    expect(resolved.out).toMatch(/messages_per_connection +3 +domain/)
    const made = await api.database
      .pool('bulkhead_sender')
      .query<{ id: string }>(
        `select engine.put_overlay(gen_random_uuid(), 'suspend', 'drill', 'site', 'mx.drill.test', null, null, '{}', 'a drill', '[]', 1, 600) as id`,
      )
    const id = encodeId('overlay', made.rows[0]?.id ?? '')
    expect((await bulkhead(api.operatorKey, 'shaping', 'overlays')).out).toContain('mx.drill.test')
    expect((await bulkhead(api.operatorKey, 'shaping', 'lift', id)).out).toContain(`${id} is lifted.`)
    expect((await bulkhead(api.operatorKey, 'shaping', 'overlays')).out).not.toContain('mx.drill.test')
  })
})
