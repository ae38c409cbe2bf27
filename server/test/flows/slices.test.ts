import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCapture } from '../../src/modules/inbox/index.ts'
import { createIdGenerator, decodeId } from '../../src/kernel/ids.ts'
import { createTenantTransactions } from '../../src/platform/postgres/tenant.ts'
import { createAccess, createCredentialPepper } from '../../src/security/access/index.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const audited = async (action: string): Promise<number> => {
  const found = await api.database
    .pool('superuser')
    .query<{ n: number }>('select count(*)::int as n from audit_outbox where action = $1', [action])
  return found.rows[0]?.n ?? 0
}

describe('workspaces', () => {
  it('are made and listed by the operator, who can open none', async () => {
    const made = await api.call(api.operatorKey, 'POST', '/v1/workspaces', { name: 'Acme' })
    expect(made.status).toBe(201)
    expect(made.body.apiKey.key).toMatch(/^bhk_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/)
    const listed = await api.call(api.operatorKey, 'GET', '/v1/workspaces?limit=100')
    expect(listed.body.data).toContainEqual(made.body.workspace)
    expect((await api.call(api.operatorKey, 'GET', '/v1/suppressions')).status).toBe(403)
    const own = await api.call(made.body.apiKey.key, 'GET', '/v1/workspace')
    expect(own.body).toEqual(made.body.workspace)
    expect((await api.call(made.body.apiKey.key, 'GET', '/v1/workspaces')).status).toBe(403)
    expect(await audited('workspace.created')).toBeGreaterThan(0)
  })
})

describe('API keys', () => {
  it('are shown once, give at most the scopes of their maker, and die within a second of being revoked', async () => {
    const { key } = await api.workspace()
    const made = await api.call(key, 'POST', '/v1/api-keys', {
      name: 'narrow',
      scopes: ['api-keys:read', 'api-keys:write'],
    })
    expect(made.status).toBe(201)
    const narrow = made.body.key
    const wider = await api.call(narrow, 'POST', '/v1/api-keys', { name: 'x', scopes: ['messages:send'] })
    expect(wider.status).toBe(403)
    expect(wider.body.errors[0].field).toBe('scopes')
    const child = await api.call(narrow, 'POST', '/v1/api-keys', { name: 'x' })
    expect(child.body.scopes).toEqual(['api-keys:read', 'api-keys:write'])
    expect((await api.call(narrow, 'GET', '/v1/domains')).status).toBe(403)
    const listed = await api.call(narrow, 'GET', '/v1/api-keys')
    expect(listed.text).not.toContain(narrow.slice(17, 60))
    expect(listed.body.data).toHaveLength(3)

    expect((await api.call(key, 'DELETE', `/v1/api-keys/${made.body.id}`)).status).toBe(204)
    await expect
      .poll(async () => (await api.call(narrow, 'GET', '/v1/api-keys')).status, {
        timeout: 2_500,
        interval: 100,
      })
      .toBe(401)
    const after = await api.call(key, 'GET', '/v1/api-keys')
    expect(after.body.data.find((item: { id: string }) => item.id === made.body.id).revokedAt).not.toBeNull()
  })

  it('expire', async () => {
    const { key } = await api.workspace()
    const past = { name: 'x', expiresAt: '2020-01-01T00:00:00Z' }
    expect((await api.call(key, 'POST', '/v1/api-keys', past)).status).toBe(400)
    const soon = { name: 'x', expiresAt: new Date(Date.now() + 600).toISOString() }
    const made = await api.call(key, 'POST', '/v1/api-keys', soon)
    expect(made.status).toBe(201)
    await expect
      .poll(async () => (await api.call(made.body.key, 'GET', '/v1/workspace')).status, { timeout: 3_000 })
      .toBe(401)
  })

  it('of another workspace do not exist', async () => {
    const [one, two] = [await api.workspace(), await api.workspace()]
    const made = await api.call(one.key, 'POST', '/v1/api-keys', { name: 'mine' })
    const foreign = await api.call(two.key, 'DELETE', `/v1/api-keys/${made.body.id}`)
    const invented = await api.call(two.key, 'DELETE', '/v1/api-keys/key_00000000000000000000000000')
    expect([foreign.status, invented.status]).toEqual([404, 404])
    expect((await api.call(made.body.key, 'GET', '/v1/workspace')).status).toBe(200)
  })

  it('are listed page by page, each once', async () => {
    const { key } = await api.workspace()
    for (let i = 0; i < 4; i++) await api.call(key, 'POST', '/v1/api-keys', { name: `key ${i}` })
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`
      const { body } = await api.call(key, 'GET', `/v1/api-keys?limit=2${query}`)
      seen.push(...body.data.map((item: { name: string }) => item.name))
      cursor = body.nextCursor
    }
    expect(seen).toEqual(['key 3', 'key 2', 'key 1', 'key 0', 'First key'])
    expect((await api.call(key, 'GET', '/v1/api-keys?limit=0')).status).toBe(400)
    expect((await api.call(key, 'GET', '/v1/api-keys?cursor=nonsense')).body.errors[0].field).toBe('cursor')
  })
})

describe('SMTP credentials', () => {
  it('log in with their generated password, and no longer once revoked', async () => {
    const { key, id } = await api.workspace()
    const made = await api.call(key, 'POST', '/v1/smtp-credentials', { name: 'shop' })
    const { username, password } = made.body
    const access = createAccess({
      pool: api.database.pool('bulkhead_smtp'),
      pepper: createCredentialPepper({ keyring: api.keyring('smtp'), name: 'credential' }),
    })
    const identity = await access.authenticateSmtp(username, password)
    expect(identity.workspaceId).toBe(decodeId('workspace', id))
    expect((await access.findDeadCredentials([identity.credential])).size).toBe(0)
    const byKey = await access.authenticateSmtp('whoever', key)
    expect(byKey.credential.kind).toBe('api_key')

    const refusals = await Promise.all(
      [
        access.authenticateSmtp(username, `${password}x`),
        access.authenticateSmtp('smtp_nobody', password),
        access.authenticateSmtp(username, `${key.slice(0, -1)}_`),
      ].map((attempt) => attempt.catch((error: Error) => error.message)),
    )
    expect(new Set(refusals).size).toBe(1)
    expect(refusals[0]).toContain('unauthenticated')

    await api.call(key, 'DELETE', `/v1/smtp-credentials/${made.body.id}`)
    expect((await access.findDeadCredentials([identity.credential])).get(identity.credential.id)).toBe(
      'revoked',
    )
    await expect
      .poll(
        () =>
          access.authenticateSmtp(username, password).then(
            () => 'in',
            () => 'out',
          ),
        { timeout: 2_500 },
      )
      .toBe('out')
    await access.close()
    const used = await api.call(key, 'GET', '/v1/smtp-credentials')
    expect(used.body.data[0].lastUsedAt).not.toBeNull()
    expect(used.text).not.toContain(password)
  })

  it('are never called wrong while the database is away', async () => {
    const { createPool } = await import('../../src/platform/postgres/index.ts')
    await using pool = createPool({ url: 'postgresql://nobody@127.0.0.1:1/none', applicationName: 'test' })
    const access = createAccess({
      pool,
      pepper: createCredentialPepper({ keyring: api.keyring('smtp'), name: 'credential' }),
    })
    await expect(access.authenticateSmtp('smtp_x', 'secret')).rejects.toMatchObject({ code: 'unavailable' })
  })
})

describe('senders', () => {
  it('lie in a domain of the workspace', async () => {
    const { key } = await api.workspace()
    const outside = await api.call(key, 'POST', '/v1/senders', { email: 'ann@shop.test' })
    expect(outside.status).toBe(400)
    expect(outside.body.errors[0].field).toBe('email')
    await api.call(key, 'POST', '/v1/domains', { name: 'shop.test' })
    const made = await api.call(key, 'POST', '/v1/senders', { email: 'Ann@SHOP.test', name: 'Ann' })
    expect(made.body).toMatchObject({ email: 'Ann@shop.test', name: 'Ann', replyTo: null })
    expect((await api.call(key, 'POST', '/v1/senders', { email: 'Ann@shop.test' })).status).toBe(409)
    const injected = await api.call(key, 'POST', '/v1/senders', {
      email: 'bob@shop.test',
      name: 'x\r\nBcc: y',
    })
    expect(injected.status).toBe(400)
    expect((await api.call(key, 'DELETE', `/v1/senders/${made.body.id}`)).status).toBe(204)
    expect((await api.call(key, 'GET', '/v1/senders')).body.data).toEqual([])
  })
})

describe('suppressions', () => {
  it('are found by address in any spelling, shown readable and stored sealed', async () => {
    const { key } = await api.workspace()
    const made = await api.call(key, 'POST', '/v1/suppressions', {
      email: 'Secret.Person@Example.COM',
      note: 'asked',
    })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ email: 'Secret.Person@example.com', reason: 'manual', messageId: null })
    const again = await api.call(key, 'POST', '/v1/suppressions', { email: 'secret.person@example.com' })
    expect(again.body.id).toBe(made.body.id)
    const found = await api.call(key, 'GET', '/v1/suppressions?email=SECRET.person%40example.com')
    expect(found.body.data).toEqual([made.body])
    expect((await api.call(key, 'GET', '/v1/suppressions?reason=complaint')).body.data).toEqual([])
    expect((await api.call(key, 'GET', `/v1/suppressions/${made.body.id}`)).body).toEqual(made.body)
    const rows = await api.database.pool('superuser').query('select address, address_index from suppression')
    expect(
      JSON.stringify(rows.rows.map((row) => Object.values(row).map(String))).toLowerCase(),
    ).not.toContain('secret')
    const other = await api.workspace()
    expect((await api.call(other.key, 'GET', `/v1/suppressions/${made.body.id}`)).status).toBe(404)
    expect((await api.call(key, 'DELETE', '/v1/suppressions?email=secret.person%40example.com')).status).toBe(
      204,
    )
    expect((await api.call(key, 'DELETE', '/v1/suppressions?email=secret.person%40example.com')).status).toBe(
      404,
    )
    expect((await api.call(key, 'DELETE', `/v1/suppressions/${made.body.id}`)).status).toBe(404)
  })
})

describe('the inbox', () => {
  const raw = Buffer.from(
    [
      'From: Ann <ann@shop.test>',
      'To: bob@example.com',
      'Subject: Hi',
      'Date: Sat, 21 Nov 2026 20:00:00 +0000',
      'Message-ID: <1@shop.test>',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/html',
      '',
      '<p>Hello <a href="http://x.example">x</a></p>',
      '--b',
      'Content-Type: text/plain; name="note.txt"',
      'Content-Disposition: attachment; filename="note.txt"',
      '',
      'attached',
      '--b--',
      '',
    ].join('\r\n'),
  )

  it('shows captured mail parsed, checked and byte for byte, and is emptied on request', async () => {
    const { key, id } = await api.workspace()
    const capture = createCapture({
      keyring: api.keyring('smtp'),
      transactions: createTenantTransactions(api.database.pool('bulkhead_smtp')),
      newId: createIdGenerator(),
    })
    await capture.store({
      workspaceId: decodeId('workspace', id)!,
      messageId: null,
      from: 'bounce@shop.test',
      to: ['bob@example.com'],
      subject: 'Hi',
      headerFrom: 'Ann <ann@shop.test>',
      raw,
    })
    const { body } = await api.call(key, 'GET', '/v1/inbox')
    expect(body.data).toMatchObject([
      { from: 'Ann <ann@shop.test>', to: ['bob@example.com'], subject: 'Hi', sizeBytes: raw.length },
    ])
    const path = `/v1/inbox/${body.data[0].id}`
    const shown = await api.call(key, 'GET', path)
    expect(shown.body.html).toContain('<p>Hello')
    expect(shown.body.attachments).toMatchObject([
      { index: 0, filename: 'note.txt', contentType: 'text/plain' },
    ])
    expect(shown.body.checks).toContainEqual(
      expect.objectContaining({ name: 'DKIM signature', state: 'problem' }),
    )
    const source = await api.call(key, 'GET', `${path}/source`)
    expect(source.text).toBe(raw.toString())
    expect(source.headers.get('content-type')).toBe('message/rfc822')
    expect((await api.call(key, 'GET', `${path}/attachments/0`)).text.trim()).toBe('attached')
    expect((await api.call(key, 'GET', `${path}/attachments/7`)).status).toBe(404)
    const other = await api.workspace()
    expect((await api.call(other.key, 'GET', `${path}/source`)).status).toBe(404)
    expect((await api.call(key, 'DELETE', '/v1/inbox')).status).toBe(204)
    expect((await api.call(key, 'GET', '/v1/inbox')).body.data).toEqual([])
  })
})
