import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { aClient, aPassword, anAddress } from './accounts-fixture.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

let api: ApiFixture

beforeAll(async () => {
  api = await startApi({ trustedProxies: ['127.0.0.1'] })
})
afterAll(() => api[Symbol.asyncDispose]())

const complete = (token: string, more: object = {}) =>
  aClient(api).call('POST', '/v1/first-run/complete', {
    token,
    email: anAddress(),
    workspaceName: 'Shop',
    password: aPassword(),
    ...more,
  })

async function offered() {
  const workspace = await api.workspace('Development')
  const link = await api.accounts.firstRun.offer(workspace.id, null)
  if (link === null) throw new Error('nothing was offered')
  return { workspace, link }
}

describe('the first run', () => {
  it('makes the owner of the workspace that waits, gives it its name, and is over', async () => {
    const { workspace, link } = await offered()
    expect((await aClient(api).call('GET', '/v1/first-run')).body).toMatchObject({
      state: 'open',
      workspace: 'Development',
    })
    const at = aClient(api)
    const email = anAddress()
    const done = await at.call('POST', '/v1/first-run/complete', {
      token: link.token,
      email,
      name: 'Ann',
      workspaceName: 'Northwind',
    })
    expect(done).toMatchObject({ status: 200, body: { level: 'enrolment', factor: 'none', token: null } })
    const own = await at.call('GET', '/v1/account')
    expect(own.body).toMatchObject({
      email,
      name: 'Ann',
      hasPassword: false,
      workspaces: [{ id: workspace.id, name: 'Northwind', role: 'owner' }],
    })
    // Until there is a second factor the session does nothing else.
    expect((await at.call('GET', '/v1/workspace')).body).toMatchObject({ code: 'second_factor_required' })
    // The key of development goes on.
    expect((await api.call(workspace.key, 'GET', '/v1/workspace')).body).toMatchObject({ name: 'Northwind' })

    expect((await aClient(api).call('GET', '/v1/first-run')).body).toMatchObject({ state: 'closed' })
    expect((await complete(link.token)).status).toBe(400)
    expect(await api.accounts.firstRun.offer(workspace.id, link)).toBeNull()
  })

  it('makes one owner of two who use the link at the same time', async () => {
    const { workspace, link } = await offered()
    const answers = await Promise.all([complete(link.token), complete(link.token), complete(link.token)])
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400, 400])
    const { rows } = await api.database
      .pool('superuser')
      .query(`select role from member where workspace_id::text = $1`, [uuidOf(workspace.id)])
    expect(rows).toEqual([{ role: 'owner' }])
  })

  it('takes no other link, and keeps this one where a password or an address is refused', async () => {
    const { link } = await offered()
    for (const token of [`bht_${'0'.repeat(43)}`, link.token.slice(0, -1), `${link.token}x`, 'x'])
      expect((await complete(token)).status).toBe(400)
    expect((await complete(link.token, { password: 'password' })).status).toBe(400)
    expect((await complete(link.token, { email: 'no address' })).status).toBe(400)
    expect((await complete(link.token, { workspaceName: ' ' })).status).toBe(400)
    expect((await complete(link.token)).status).toBe(200)
  })

  it('ends with its time: the next start makes another link, and one that is fresh is kept', async () => {
    const { workspace, link } = await offered()
    expect(await api.accounts.firstRun.offer(workspace.id, link)).toEqual(link)
    const old = { token: link.token, expiresAt: new Date(Date.now() - 1) }
    const fresh = await api.accounts.firstRun.offer(workspace.id, old)
    expect(fresh?.token).not.toBe(link.token)
    expect((await complete(link.token)).status).toBe(400)
    expect((await complete(fresh?.token ?? '')).status).toBe(200)
  })

  it('is refused for an address that has an account, and the link stays', async () => {
    const first = await offered()
    const email = anAddress()
    expect((await complete(first.link.token, { email })).status).toBe(200)
    const second = await offered()
    expect((await complete(second.link.token, { email })).status).toBe(409)
    expect((await complete(second.link.token)).status).toBe(200)
  })
})

function uuidOf(workspaceId: string): string | null {
  return decodeId('workspace', workspaceId)
}
