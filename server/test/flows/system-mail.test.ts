import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIdGenerator, encodeId } from '../../src/kernel/ids.ts'
import { INSTALLATION_WORKSPACE } from '../../src/kernel/installation.ts'
import { createCapture } from '../../src/modules/inbox/index.ts'
import { createSystemMail } from '../../src/modules/system-mail/index.ts'
import { createTenantTransactions } from '../../src/platform/postgres/tenant.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const LETTER = {
  kind: 'reset',
  to: 'ann@example.com',
  subject: 'Set a new password',
  text: 'Somebody asked.\n\nhttps://mail.example.net/account/reset#bht_secret\n',
  dedupe: 'reset 1',
}

async function sqlState(sql: string, values: readonly unknown[] = []): Promise<string | null> {
  try {
    await api.database.pool('superuser').query(sql, values)
    return null
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  }
}

describe('system mail', () => {
  it('is one sensitive, critical message with one recipient per dedupe, however often it is asked for', async () => {
    const sent = await Promise.all([1, 2, 3].map(() => api.systemMail.send(LETTER)))
    expect(new Set(sent.map(({ messageId }) => messageId)).size).toBe(1)
    const other = await api.systemMail.send({ ...LETTER, dedupe: 'reset 2' })
    expect(other.messageId).not.toBe(sent[0]!.messageId)
    const { rows } = await api.database
      .pool('superuser')
      .query(
        `select lane, sensitive, recipient_count, from_domain, actor, tags from message where workspace_id = $1`,
        [INSTALLATION_WORKSPACE],
      )
    expect(rows).toHaveLength(2)
    expect(rows[0]).toEqual({
      lane: 'critical',
      sensitive: true,
      recipient_count: 1,
      from_domain: 'bulkhead.test',
      actor: 'system:mail',
      tags: ['system', 'reset'],
    })
  })

  it('shows its domain and state to the operator, who can send a test', async () => {
    const state = await api.call(api.operatorKey, 'GET', '/v1/system-mail')
    expect(state.body).toMatchObject({
      ready: true,
      from: 'Bulkhead <no-reply@bulkhead.test>',
      domain: { name: 'bulkhead.test', state: 'verified' },
      problems: [],
    })
    expect(state.body.waiting).toBeGreaterThan(0)
    const test = await api.call(api.operatorKey, 'POST', '/v1/system-mail/test', { to: 'me@example.com' })
    expect(test.status).toBe(202)
    const { key } = await api.workspace()
    for (const [method, path] of [
      ['GET', '/v1/system-mail'],
      ['POST', '/v1/system-mail/test'],
    ] as const)
      expect(
        (await api.call(key, method, path, method === 'POST' ? { to: 'a@b.test' } : undefined)).status,
      ).toBe(403)
  })

  it('keeps the workspace of the installation closed: no key, no credential, no webhook, no member, no containment by members', async () => {
    const w = INSTALLATION_WORKSPACE
    const id = '01900000-0000-7000-8000-000000000001'
    expect(
      await Promise.all([
        sqlState(
          `insert into api_key (id, workspace_id, name, prefix, secret_hash, scopes) values ($2, $1, 'x', 'x', '\\x00', '{}')`,
          [w, id],
        ),
        sqlState(
          `insert into smtp_credential (id, workspace_id, name, username, secret_hash) values ($2, $1, 'x', 'x', '\\x00')`,
          [w, id],
        ),
        sqlState(
          `insert into webhook_endpoint (id, workspace_id, url, secret) values ($2, $1, 'https://x.test', '\\x00')`,
          [w, id],
        ),
        sqlState(
          `insert into member (id, workspace_id, person_id, role, created_by) values ($2, $1, $2, 'owner', 'x')`,
          [w, id],
        ),
        sqlState(
          `insert into containment (id, workspace_id, scope, actor_class, capabilities, reason_code, reason, until, origin, made_by)
           values ($2, $1, 'workspace', 'any', '{send}', 'policy', 'x', now() + interval '1 hour', 'workspace', 'x')`,
          [w, id],
        ),
      ]),
    ).toEqual(['23514', '23514', '23514', '23514', '23514'])
  })

  it('is no tenant: not in lists of workspaces, and not to be shredded', async () => {
    const { id } = await api.workspace()
    const list = await api.call(api.operatorKey, 'GET', '/v1/workspaces?limit=100')
    const ids = list.body.data.map((row: { id: string }) => row.id)
    expect(ids).toContain(id)
    const own = encodeId('workspace', INSTALLATION_WORKSPACE)
    expect(ids).not.toContain(own)
    const staff = await api.database
      .pool('superuser')
      .query(`select id from engine.staff_workspaces('00000000-0000-0000-0000-000000000000', 1000)`)
    expect(staff.rows.map((row) => row['id'])).not.toContain(INSTALLATION_WORKSPACE)
    expect((await api.call(api.operatorKey, 'POST', `/v1/keyring/shreds/${own}`)).status).toBe(409)
    await expect(
      api.keyring('api').requestShred(INSTALLATION_WORKSPACE, 'operator:installation'),
    ).rejects.toThrow()
  })

  it('reaches an address that once bounced: nothing puts one on a suppression list of the installation', async () => {
    await api.database
      .pool('bulkhead_sender')
      .query(
        `select engine.suppress(array[gen_random_uuid()], array[$1]::uuid[], array['\\x00'::bytea], array['\\x00'::bytea], array[gen_random_uuid()], array['{}'])`,
        [INSTALLATION_WORKSPACE],
      )
    const { rows } = await api.database
      .pool('superuser')
      .query('select 1 from suppression where workspace_id = $1', [INSTALLATION_WORKSPACE])
    expect(rows).toEqual([])
  })

  it('says what is missing where nobody set from whom it comes, and sends nothing', async () => {
    const unset = createSystemMail({
      messages: { send: () => Promise.reject(new Error('nothing may be sent')) },
      domains: {
        add: () => Promise.reject(new Error('no domain may be added')),
        get: () => Promise.reject(new Error('there is no domain')),
      },
      transactions: createTenantTransactions(api.database.pool('bulkhead_api')),
      recordAudit: () => Promise.resolve(),
      from: null,
      sensitiveMayLeave: true,
      now: Date.now,
    })
    await unset.ensureDomain()
    expect(await unset.state()).toMatchObject({
      ready: false,
      problems: [expect.stringContaining('BULKHEAD_SYSTEM_FROM is unset')],
    })
    await expect(unset.send(LETTER)).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('is seen in development in the inbox of the oldest workspace', async () => {
    await using own = await startApi()
    const first = await own.workspace('First')
    await own.workspace('Second')
    await createCapture({
      keyring: own.keyring('smtp'),
      transactions: createTenantTransactions(own.database.pool('bulkhead_smtp')),
      newId: createIdGenerator(),
      showSystemMail: true,
    }).store({
      workspaceId: INSTALLATION_WORKSPACE,
      messageId: '01900000-0000-7000-8000-000000000001',
      from: 'no-reply@bulkhead.test',
      to: ['ann@example.com'],
      subject: 'Set a new password',
      headerFrom: null,
      raw: Buffer.from('Subject: x\r\n\r\nhttps://link.test'),
    })
    const inbox = await own.call(first.key, 'GET', '/v1/inbox')
    expect(inbox.body.data).toMatchObject([{ to: ['ann@example.com'], messageId: null }])
  })
})
