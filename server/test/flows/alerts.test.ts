import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { evaluateDetection } from '../../src/security/detection/index.ts'
import { startAudit } from '../support/audit.ts'
import { startApi } from './api-fixture.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const operator = (method: string, path: string, body?: unknown): Promise<Answer> =>
  api.call(api.operatorKey, method, path, body)

function raise(workspace: string | null, about: string): Promise<string | null> {
  return api.persons.detection.raise({
    kind: 'stuffing.client',
    severity: 'high',
    workspaceId: workspace === null ? null : decodeId('workspace', workspace),
    personId: null,
    about,
    quietSeconds: 3_600,
    detail: { people: 3 },
  })
}

async function logIn(email: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${api.url}/v1/log-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: 'a long password that is wrong', transport: 'token' }),
  })
  const { requestId: _, ...rest } = JSON.parse(await response.text())
  return { status: response.status, text: JSON.stringify(rest) }
}

describe('alerts', () => {
  it('are read and acknowledged by the workspace that they concern, and by nobody else', async () => {
    const ours = await api.workspace('Ours')
    const theirs = await api.workspace('Theirs')
    await raise(ours.id, 'one')
    expect(await raise(ours.id, 'one')).toBeNull()
    await raise(theirs.id, 'one')
    const listed = await api.call(ours.key, 'GET', '/v1/alerts?state=open')
    expect(listed.status, listed.text).toBe(200)
    expect(listed.body.data).toMatchObject([
      {
        kind: 'stuffing.client',
        severity: 'high',
        occurrences: 2,
        detail: { people: 3 },
        acknowledgedAt: null,
      },
    ])
    const [{ id }] = listed.body.data
    expect((await api.call(theirs.key, 'GET', `/v1/alerts/${id}`)).status).toBe(404)
    expect((await api.call(theirs.key, 'POST', `/v1/alerts/${id}/acknowledge`)).status).toBe(404)
    expect((await operator('POST', `/v1/installation/alerts/${id}/acknowledge`)).status).toBe(404)
    expect((await api.call(ours.key, 'POST', `/v1/alerts/${id}/acknowledge`)).status).toBe(204)
    expect((await api.call(ours.key, 'GET', '/v1/alerts?state=open')).body.data).toEqual([])
    const seen = await api.call(ours.key, 'GET', `/v1/alerts/${id}`)
    expect(seen.body.acknowledgedBy).toMatch(/^api_key:/)
  })

  it('of the installation are the operator’s, in pages', async () => {
    for (let n = 0; n < 3; n++) await raise(null, `client ${n}`)
    const first = await operator('GET', '/v1/installation/alerts?limit=2')
    expect(first.body.data).toHaveLength(2)
    const second = await operator('GET', `/v1/installation/alerts?limit=2&cursor=${first.body.nextCursor}`)
    expect(second.body.data).toHaveLength(1)
    const { id } = second.body.data[0]
    expect((await operator('POST', `/v1/installation/alerts/${id}/acknowledge`)).status).toBe(204)
    const all = await operator('GET', '/v1/installation/alerts')
    expect(all.body.data.find((row: { id: string }) => row.id === id).acknowledgedBy).toMatch(/^operator:/)
  })

  it('keep what whoever saw them first wrote, and are listed by severity', async () => {
    const { id: workspace, key } = await api.workspace()
    await raise(workspace, 'noted')
    const find = (severity: string): Promise<Answer> =>
      api.call(key, 'GET', `/v1/alerts?severity=${severity}`)
    expect((await find('critical')).body.data).toEqual([])
    const [{ id, response, note }] = (await find('high')).body.data
    expect(note).toBeNull()
    expect(response).toMatch(/marked/)
    const see = (said: string): Promise<Answer> =>
      api.call(key, 'POST', `/v1/alerts/${id}/acknowledge`, { note: said })
    expect((await see('')).status).toBe(400)
    expect((await see('it was our load test')).status).toBe(204)
    expect((await see('no, it was not')).status).toBe(204)
    expect((await api.call(key, 'GET', `/v1/alerts/${id}`)).body.note).toBe('it was our load test')
    await raise(null, 'open and shut')
    const [open] = (await operator('GET', '/v1/installation/alerts?state=open&severity=high')).body.data
    await operator('POST', `/v1/installation/alerts/${open.id}/acknowledge`, { note: 'seen' })
    const left = await operator('GET', '/v1/installation/alerts?state=open')
    expect(left.body.data.some((row: { id: string }) => row.id === open.id)).toBe(false)
    const all = await operator('GET', '/v1/installation/alerts?severity=high')
    expect(all.body.data[0]).toMatchObject({ id: open.id, note: 'seen' })
  })

  it('and what is done with them and with people is in the audit log', async () => {
    const { id, key } = await api.workspace()
    await raise(id, 'recorded')
    const [alert] = (await api.call(key, 'GET', '/v1/alerts')).body.data
    await api.call(key, 'POST', `/v1/alerts/${alert.id}/acknowledge`)
    await using audit = startAudit(api.database)
    await audit.settle()
    const log = await api.call(key, 'GET', '/v1/audit')
    const actions = log.body.data.map((entry: { action: string }) => entry.action)
    expect(actions).toEqual(expect.arrayContaining(['alert.raised', 'alert.acknowledged']))
  })
})

describe('honey accounts', () => {
  it('are made, listed and removed by the operator; an address that somebody has is refused', async () => {
    const made = await operator('POST', '/v1/honey-accounts', { email: 'M.Ashdown@example.com' })
    expect(made.status, made.text).toBe(201)
    expect((await operator('POST', '/v1/honey-accounts', { email: 'm.ashdown@EXAMPLE.com' })).status).toBe(
      409,
    )
    expect((await operator('POST', '/v1/honey-accounts', { email: 'no address' })).status).toBe(400)
    const listed = await operator('GET', '/v1/honey-accounts')
    expect(listed.body.data).toEqual([
      { id: made.body.id, email: 'M.Ashdown@example.com', createdAt: made.body.createdAt, touchedAt: null },
    ])
    const { key } = await api.workspace()
    expect((await api.call(key, 'GET', '/v1/honey-accounts')).status).toBe(403)
    expect((await operator('DELETE', `/v1/honey-accounts/${made.body.id}`)).status).toBe(204)
    expect((await operator('DELETE', `/v1/honey-accounts/${made.body.id}`)).status).toBe(404)
  })

  it('never take a person away', async () => {
    const { rows } = await api.database
      .pool('superuser')
      .query<{ id: string }>(
        `insert into account.person (id, email_index, sealed_email) values (gen_random_uuid(), '\\x0102', '\\x00') returning id`,
      )
    const { removed } = (
      await api.database
        .pool('bulkhead_api')
        .query<{ removed: boolean }>('select engine.remove_honey($1) as removed', [rows[0]?.id])
    ).rows[0] ?? { removed: true }
    expect(removed).toBe(false)
  })

  it('answer a log-in as any other address does, and raise an alarm (C-17)', async () => {
    const made = await operator('POST', '/v1/honey-accounts', { email: 'honey@example.com' })
    expect(made.status).toBe(201)
    const unknown = await logIn('nobody@example.com')
    expect(await logIn('honey@example.com')).toEqual(unknown)
    expect(unknown.status).toBe(401)
    await api.persons.drain()
    await evaluateDetection(api.database.pool('bulkhead_worker'), 500)
    const alerts = await operator('GET', '/v1/installation/alerts')
    expect(alerts.body.data.filter((row: { kind: string }) => row.kind === 'honey.touched')).toMatchObject([
      { severity: 'critical', occurrences: 1 },
    ])
    const listed = await operator('GET', '/v1/honey-accounts')
    expect(listed.body.data[0].touchedAt).not.toBeNull()
  })

  it('and many addresses tried over HTTP from one client raise one alarm, whose people are marked (C-03)', async () => {
    const index = await api
      .keyring('api')
      .blindAddresses('00000000-0000-7000-8000-000000000001', ['victim@example.com'])
    await api.database
      .pool('superuser')
      .query(
        `insert into account.person (id, email_index, sealed_email) values (gen_random_uuid(), $1, '\\x00')`,
        [index[0]?.index],
      )
    await logIn('victim@example.com')
    for (let n = 0; n < 12; n++) await logIn(`guess-${n}@example.com`)
    await api.persons.drain()
    await evaluateDetection(api.database.pool('bulkhead_worker'), 500)
    const alerts = await operator('GET', '/v1/installation/alerts')
    const found = alerts.body.data.filter(
      (row: { kind: string; detail: Record<string, unknown> }) =>
        row.kind === 'stuffing.client' && 'identifiers' in row.detail,
    )
    // One alarm, however often the rule was judged meanwhile: the api judges too.
    expect(found).toMatchObject([{ severity: 'high' }])
    const { rows } = await api.database
      .pool('superuser')
      .query<{ flag_reason: string | null }>(
        'select flag_reason from account.person where email_index = $1',
        [index[0]?.index],
      )
    expect(rows).toEqual([{ flag_reason: expect.stringMatching(/^(stuffing|honey)\./) }])
  })
})
