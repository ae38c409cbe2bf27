import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { createAccess, createCredentialPepper } from '../../src/security/access/index.ts'
import type { Access, CredentialClient } from '../../src/security/access/index.ts'
import { openSmtp } from '../constellation/smtp.ts'
import { startAudit } from '../support/audit.ts'
import { startApi } from './api-fixture.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'
import { startTestSubmission } from './submission-fixture.ts'
import type { SubmissionFixture } from './submission-fixture.ts'

let api: ApiFixture
let submission: SubmissionFixture
let audit: ReturnType<typeof startAudit>
beforeAll(async () => {
  // What comes from loopback is a proxy here, so that a test can come from anywhere.
  api = await startApi({ trustedProxies: ['127.0.0.1'] })
  audit = startAudit(api.database)
  submission = await startTestSubmission(api, { watchesCredentials: true })
})
afterAll(async () => {
  await submission[Symbol.asyncDispose]()
  await audit[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

const owner = () => api.database.pool('superuser')

async function from(
  address: string,
  key: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(`${api.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      'x-forwarded-for': address,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    text,
    headers: response.headers,
    body: text === '' ? null : JSON.parse(text),
  }
}

/** A workspace that may send from shop.test and other.test. */
async function shop(): Promise<{
  id: string
  key: string
  make: (path: string, body: object) => Promise<Answer['body']>
}> {
  const { id, key } = await api.workspace()
  const make = async (path: string, body: object) => {
    const answer = await api.call(key, 'POST', path, body)
    if (answer.status !== 201) throw new Error(`${path}: ${answer.text}`)
    return answer.body
  }
  await make('/v1/domains', { name: 'shop.test' })
  await make('/v1/domains', { name: 'other.test' })
  return { id, key, make }
}

const message = (sender: string) => ({
  from: sender,
  to: 'bob@example.com',
  subject: 'Hi',
  text: 'Hi',
  lane: 'bulk',
})
const mime = (headers: string) => `${headers}\r\nTo: bob@example.com\r\nSubject: Hi\r\n\r\nHi\r\n`
const sendMime = async (key: string, text: string): Promise<number> => {
  const response = await fetch(`${api.url}/v1/messages/mime`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'message/rfc822' },
    body: text,
  })
  await response.arrayBuffer()
  return response.status
}

const works = async (secret: string) =>
  (await from('192.0.2.1', secret, 'POST', '/v1/messages', message('orders@shop.test'))).status

const masked = ({ status, body }: Answer) => JSON.stringify({ status, ...body, requestId: undefined })

const newAccess = (role: 'api' | 'smtp'): Access =>
  createAccess({
    pool: api.database.pool(role === 'api' ? 'bulkhead_api' : 'bulkhead_smtp'),
    pepper: createCredentialPepper({ keyring: api.keyring(role), name: 'credential' }),
  })
const at = (address: string | null): CredentialClient => ({ address, userAgent: null })

describe('a key that is bound to networks', () => {
  it('works from them and is refused from elsewhere like a key that does not exist; the owner learns from where', async () => {
    const { key, make } = await shop()
    const bound = await make('/v1/api-keys', {
      name: 'office',
      allowedCidrs: ['192.0.2.0/24', '2001:db8::/48'],
    })
    expect(bound.allowedCidrs).toEqual(['192.0.2.0/24', '2001:db8::/48'])
    for (const address of ['192.0.2.1', '192.0.2.255', '::ffff:192.0.2.9', '2001:db8:0:9::1'])
      expect((await from(address, bound.key, 'GET', '/v1/messages')).status, address).toBe(200)
    const unknown = await from('192.0.2.1', bound.key.replace(/.$/, '_'), 'GET', '/v1/messages')
    for (const address of ['192.0.3.1', '2001:db8:1::1', '198.51.100.7', '::ffff:198.51.100.7'])
      expect(masked(await from(address, bound.key, 'GET', '/v1/messages')), address).toBe(masked(unknown))
    const networks = ['192.0.3.0/24', '198.51.100.0/24', '2001:db8:1::/48']
    const recorded = async () => {
      await audit.settle()
      const { body } = await api.call(key, 'GET', '/v1/audit?action=credential.refused_network')
      return body.data.map((entry: { detail: { network: string } }) => entry.detail.network).sort()
    }
    await expect.poll(recorded, { timeout: 10_000 }).toEqual(networks)
    // Once in an hour for each network, whichever process sees it.
    await expect(
      newAccess('smtp').authenticateSmtp('any', bound.key, { address: '192.0.3.77', userAgent: null }),
    ).rejects.toMatchObject({ code: 'unauthenticated' })
    expect(await recorded()).toEqual(networks)
    const { rows } = await owner().query(
      `select severity from security_alert where kind = 'credential.refused_network' and detail ->> 'credential' = $1`,
      [decodeId('apiKey', bound.id)],
    )
    expect(rows).toEqual([{ severity: 'medium' }])
  })

  it('is shown with where it was last used: a network and a program, never an address', async () => {
    const { key, make } = await shop()
    const { id, key: secret } = await make('/v1/api-keys', { name: 'x' })
    const access = newAccess('api')
    await access.authenticateBearer(`Bearer ${secret}`, {
      address: '203.0.113.77',
      userAgent: 'shop-backend/2.1 (Ann Example; ann@example.com)',
    })
    await access.close()
    const { body } = await api.call(key, 'GET', '/v1/api-keys')
    const shown = body.data.find((row: { id: string }) => row.id === id)
    expect(shown.lastUsedFrom).toEqual({ network: '203.0.113.0/24', program: 'shop-backend/2.1' })
    const { rows } = await owner().query('select * from credential_use where credential_id = $1', [
      decodeId('apiKey', id),
    ])
    expect(JSON.stringify(rows)).not.toMatch(/203\.0\.113\.77|Ann|ann@/)
    await expect(
      owner().query(`select engine.touch_credentials('{api_key}', $1, '{203.0.113.77/32}', '{null}')`, [
        [decodeId('apiKey', id)],
      ]),
    ).rejects.toThrow(/check constraint/)
  })

  it('keeps at most 32 networks, the last ones', async () => {
    const { make } = await shop()
    const id = decodeId('apiKey', (await make('/v1/api-keys', { name: 'x' })).id)
    for (let n = 0; n < 40; n++)
      await owner().query(`select engine.touch_credentials('{api_key}', $1, $2, '{null}')`, [
        [id],
        [`10.0.${n}.0/24`],
      ])
    const { rows } = await owner().query(
      'select network::text from credential_use where credential_id = $1',
      [id],
    )
    expect(rows).toHaveLength(32)
    expect(rows.map((row) => row.network)).toContain('10.0.39.0/24')
    expect(rows.map((row) => row.network)).not.toContain('10.0.0.0/24')
  })
})

describe('a key that is bound to senders', () => {
  it('sends as nobody else: API, batch, MIME with From and Sender, SMTP', async () => {
    const { make } = await shop()
    const { key } = await make('/v1/api-keys', {
      name: 'x',
      scopes: ['messages:send'],
      allowedSenders: ['orders@shop.test', '@other.test'],
    })
    const status = async (sender: string) => {
      const answer = await api.call(key, 'POST', '/v1/messages', message(sender))
      return answer.status === 202 ? 202 : answer.body.code
    }
    expect(await status('Orders <Orders@Shop.test>')).toBe(202)
    expect(await status('"orders"@shop.test')).toBe(202)
    expect(await status('anyone@other.test')).toBe(202)
    expect(await status('ceo@shop.test')).toBe('sender_refused')
    expect(await status('x@sub.other.test')).toBe('sender_refused')
    const batch = await api.call(key, 'POST', '/v1/messages/batch', {
      messages: [message('orders@shop.test'), message('ceo@shop.test')],
    })
    expect(batch.body.data.map((row: { status: number }) => row.status)).toEqual([202, 403])
    expect(await sendMime(key, mime('From: orders@shop.test'))).toBe(202)
    expect(await sendMime(key, mime('From: ceo@shop.test'))).toBe(403)
    expect(await sendMime(key, mime('From: orders@shop.test\r\nSender: ceo@shop.test'))).toBe(403)
    expect(await sendMime(key, mime('From: ceo@shop.test\r\nSender: orders@shop.test'))).toBe(403)
    expect(await sendMime(key, mime('From: orders@shop.test\r\nSender: a@other.test'))).toBe(202)
    const login = await make('/v1/smtp-credentials', { name: 'x', allowedSenders: ['orders@shop.test'] })
    for (const [credentials, label] of [
      [{ username: 'any', password: key }, 'API key'],
      [{ username: login.username, password: login.password }, 'SMTP credential'],
    ] as const) {
      await using wire = await openSmtp(submission.ports.implicit, credentials)
      const send = async (headers: string, path = 'orders@shop.test') =>
        (await wire.send(path, ['bob@example.com'], mime(headers))).code
      expect(await send('From: orders@shop.test'), label).toBe(250)
      expect(await send('From: ceo@shop.test'), label).toBe(550)
      expect(await send('From: orders@shop.test\r\nSender: ceo@shop.test'), label).toBe(550)
    }
    // The control arm: without the list the same key sends as all of them.
    const { key: free } = await make('/v1/api-keys', { name: 'free', scopes: ['messages:send'] })
    expect((await api.call(free, 'POST', '/v1/messages', message('ceo@shop.test'))).status).toBe(202)
    expect(await sendMime(free, mime('From: ceo@shop.test'))).toBe(202)
  })

  it('keeps its addresses sealed, and shows them', async () => {
    const { key, make } = await shop()
    const { id } = await make('/v1/api-keys', {
      name: 'x',
      allowedSenders: ['Secret.Person@shop.test', '@other.test'],
    })
    const { rows } = await owner().query<{ allowed_senders: string[] }>(
      'select * from api_key where id = $1',
      [decodeId('apiKey', id)],
    )
    expect(rows[0]?.allowed_senders).toEqual([expect.stringMatching(/^#[0-9a-f]{64}$/), '@other.test'])
    expect(JSON.stringify(rows)).not.toMatch(/secret\.person/i)
    const { body } = await api.call(key, 'GET', '/v1/api-keys')
    expect(body.data[0].allowedSenders).toEqual(['secret.person@shop.test', '@other.test'])
  })

  it('refuses what is no network and no sender, and names it', async () => {
    const { key } = await shop()
    const fields = async (body: object) =>
      (await api.call(key, 'POST', '/v1/api-keys', { name: 'x', ...body })).body.errors?.map(
        (error: { field: string }) => error.field,
      )
    expect(await fields({ allowedCidrs: ['192.0.2.0/24', '10.0.0.1/8'] })).toEqual(['allowedCidrs[1]'])
    expect(await fields({ allowedSenders: ['nobody'] })).toEqual(['allowedSenders[0]'])
    expect(await fields({ allowedCidrs: Array(101).fill('192.0.2.1') })).toEqual(['allowedCidrs'])
  })
})

describe('a bound key that makes others', () => {
  it('hands on its bounds where nothing is said, and never more than it has', async () => {
    const { make } = await shop()
    const inADay = new Date(Date.now() + 86_400_000).toISOString()
    const inTwo = new Date(Date.now() + 2 * 86_400_000).toISOString()
    const bounds = { allowedCidrs: ['192.0.2.0/24'], allowedSenders: ['orders@shop.test'], expiresAt: inADay }
    const scopes = ['api-keys:write', 'smtp-credentials:write', 'messages:send']
    const parent = await make('/v1/api-keys', { name: 'parent', scopes, ...bounds })
    const ask = (path: string, body: object) =>
      from('192.0.2.1', parent.key, 'POST', path, { name: 'child', ...body })
    for (const path of ['/v1/api-keys', '/v1/smtp-credentials']) {
      const same = await ask(path, {})
      expect(same.status, same.text).toBe(201)
      expect(same.body).toMatchObject(bounds)
      const narrower = await ask(path, {
        allowedCidrs: ['192.0.2.128/25'],
        expiresAt: new Date(Date.now() + 60_000).toISOString(),
      })
      expect(narrower.status, narrower.text).toBe(201)
      for (const wider of [
        { allowedCidrs: [] },
        { allowedCidrs: ['192.0.0.0/16'] },
        { allowedCidrs: ['192.0.2.0/24', '198.51.100.0/24'] },
        { allowedSenders: [] },
        { allowedSenders: ['@shop.test'] },
        { allowedSenders: ['orders@shop.test', 'ceo@shop.test'] },
        { expiresAt: inTwo },
      ]) {
        const answer = await ask(path, wider)
        expect([answer.status, answer.body.code], `${path} ${JSON.stringify(wider)}`).toEqual([
          403,
          'missing_scope',
        ])
      }
    }
    // The child is held in as its parent is.
    const child = (await ask('/v1/api-keys', {})).body
    expect(
      (await from('198.51.100.1', child.key, 'POST', '/v1/messages', message('orders@shop.test'))).status,
    ).toBe(401)
    expect(
      (await from('192.0.2.1', child.key, 'POST', '/v1/messages', message('ceo@shop.test'))).status,
    ).toBe(403)
    expect(
      (await from('192.0.2.1', child.key, 'POST', '/v1/messages', message('orders@shop.test'))).status,
    ).toBe(202)
  })

  it('makes no user name for SMTP without being allowed to send', async () => {
    const { make } = await shop()
    const { key } = await make('/v1/api-keys', { name: 'x', scopes: ['smtp-credentials:write'] })
    const answer = await api.call(key, 'POST', '/v1/smtp-credentials', { name: 'x' })
    expect([answer.status, answer.body.code]).toEqual([403, 'missing_scope'])
  })
})

describe('rotation', () => {
  it('makes a key with the same bounds, and ends the old one after the overlap', async () => {
    const { key, make } = await shop()
    const bounds = { allowedCidrs: ['192.0.2.0/24'], allowedSenders: ['orders@shop.test', '@other.test'] }
    const old = await make('/v1/api-keys', {
      name: 'x',
      scopes: ['messages:send'],
      onLeak: 'revoke',
      ...bounds,
    })
    const rotated = await api.call(key, 'POST', `/v1/api-keys/${old.id}/rotate`, { overlapHours: 2 })
    expect(rotated.status, rotated.text).toBe(201)
    expect(rotated.body).toMatchObject({
      ...bounds,
      scopes: ['messages:send'],
      name: 'x',
      rotatedFrom: old.id,
      onLeak: 'revoke',
    })
    expect(rotated.body.key).not.toBe(old.key)
    expect([await works(old.key), await works(rotated.body.key)]).toEqual([202, 202])
    const { body } = await api.call(key, 'GET', '/v1/api-keys')
    const shown = body.data.find((row: { id: string }) => row.id === old.id)
    expect(Date.parse(shown.endsAt) - Date.now()).toBeGreaterThan(7_100_000)
    expect(Date.parse(shown.endsAt) - Date.now()).toBeLessThan(7_300_000)
    // Once only; and no process moves the end away.
    expect((await api.call(key, 'POST', `/v1/api-keys/${old.id}/rotate`, {})).body.code).toBe('conflict')
    await owner().query(`update api_key set ends_at = now() + interval '1 year' where id = $1`, [
      decodeId('apiKey', old.id),
    ])
    await owner().query(`update api_key set ends_at = null where id = $1`, [decodeId('apiKey', old.id)])
    const { rows } = await owner().query<{ soon: boolean }>(
      `select ends_at < now() + interval '3 hours' as soon from api_key where id = $1`,
      [decodeId('apiKey', old.id)],
    )
    expect(rows).toEqual([{ soon: true }])
    // The overlap passes.
    await owner().query(`update api_key set ends_at = now() where id = $1`, [decodeId('apiKey', old.id)])
    await expect.poll(() => works(old.key), { timeout: 3_000 }).toBe(401)
    expect(await works(rotated.body.key)).toBe(202)
  })

  it('with no overlap ends the old one at once, and its SMTP sessions', async () => {
    const { key, make } = await shop()
    const old = await make('/v1/smtp-credentials', { name: 'x', allowedSenders: ['orders@shop.test'] })
    const wire = await openSmtp(submission.ports.implicit, old)
    const rotated = await api.call(key, 'POST', `/v1/smtp-credentials/${old.id}/rotate`, { overlapHours: 0 })
    expect(rotated.status, rotated.text).toBe(201)
    expect(rotated.body).toMatchObject({ allowedSenders: ['orders@shop.test'], rotatedFrom: old.id })
    expect((await wire.reply(3_000)).code).toBe(421)
    await wire.closed
    await using again = await openSmtp(submission.ports.implicit, rotated.body)
    expect((await again.command('NOOP')).code).toBe(250)
    await expect(openSmtp(submission.ports.implicit, old)).rejects.toThrow()
  })

  it('gives nobody a key that reaches further than his own', async () => {
    const { id, make, key } = await shop()
    void id
    const mighty = await make('/v1/api-keys', { name: 'mighty' })
    const small = await make('/v1/api-keys', { name: 'small', scopes: ['api-keys:write', 'messages:send'] })
    const bound = await make('/v1/api-keys', { name: 'bound', allowedCidrs: ['127.0.0.1'] })
    expect((await api.call(small.key, 'POST', `/v1/api-keys/${mighty.id}/rotate`, {})).body.code).toBe(
      'missing_scope',
    )
    expect(
      (await from('127.0.0.1', bound.key, 'POST', `/v1/api-keys/${mighty.id}/rotate`, {})).body.code,
    ).toBe('missing_scope')
    // A key that was rotated cannot rotate itself into a longer life.
    expect(
      (await api.call(key, 'POST', `/v1/api-keys/${mighty.id}/rotate`, { overlapHours: 1 })).status,
    ).toBe(201)
    const other = await make('/v1/api-keys', { name: 'other', scopes: ['messages:send'] })
    await expect
      .poll(async () => (await api.call(mighty.key, 'POST', `/v1/api-keys/${other.id}/rotate`, {})).status, {
        timeout: 2_000,
      })
      .toBe(403)
  })
})

describe('an SMTP credential', () => {
  it('expires, and its open sessions end then', async () => {
    const { make } = await shop()
    const made = await make('/v1/smtp-credentials', {
      name: 'x',
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    })
    const wire = await openSmtp(submission.ports.implicit, made)
    await owner().query('alter table smtp_credential disable trigger user')
    await owner().query(`update smtp_credential set ends_at = now() where id = $1`, [
      decodeId('smtpCredential', made.id),
    ])
    await owner().query('alter table smtp_credential enable trigger user')
    expect((await wire.reply(5_000)).code).toBe(421)
    await expect(openSmtp(submission.ports.implicit, made)).rejects.toThrow()
  })
})

describe('whoever owns the database', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['takes the networks away', `allowed_cidrs = '{}'`],
    ['adds a network', `allowed_cidrs = allowed_cidrs || '{0.0.0.0/0}'`],
    ['takes the senders away', `allowed_senders = '{}', sealed_senders = null`],
    ['adds a sender', `allowed_senders = allowed_senders || '{@other.test}'`],
    ['takes both away', `allowed_cidrs = '{}', allowed_senders = '{}', sealed_senders = null`],
    ['swaps them', `allowed_cidrs = allowed_senders, allowed_senders = allowed_cidrs`],
  ]
  it.each(cases)('%s: the key opens nothing', async (_what, change) => {
    const { make } = await shop()
    const { id, key } = await make('/v1/api-keys', {
      name: 'x',
      allowedCidrs: ['192.0.2.0/24'],
      allowedSenders: ['orders@shop.test'],
    })
    const ask = () =>
      newAccess('api')
        .authenticateBearer(`Bearer ${key}`, at('192.0.2.1'))
        .then(
          () => 'open',
          () => 'shut',
        )
    expect(await ask()).toBe('open')
    await owner().query(`update api_key set ${change} where id = $1`, [decodeId('apiKey', id)])
    expect(await ask()).toBe('shut')
  })

  it('gives no bounds to a key that had none, and takes none from an SMTP credential', async () => {
    const { make } = await shop()
    const plain = await make('/v1/api-keys', { name: 'x' })
    await owner().query(`update api_key set allowed_cidrs = '{192.0.2.0/24}' where id = $1`, [
      decodeId('apiKey', plain.id),
    ])
    await expect(
      newAccess('api').authenticateBearer(`Bearer ${plain.key}`, at('192.0.2.1')),
    ).rejects.toMatchObject({
      code: 'unauthenticated',
    })
    const smtp = await make('/v1/smtp-credentials', {
      name: 'x',
      allowedCidrs: ['192.0.2.0/24'],
      expiresAt: new Date(Date.now() + 60_000).toISOString(),
    })
    const ask = () =>
      newAccess('smtp')
        .authenticateSmtp(smtp.username, smtp.password, at('192.0.2.1'))
        .then(
          () => 'open',
          () => 'shut',
        )
    expect(await ask()).toBe('open')
    await owner().query(`update smtp_credential set expires_at = null where id = $1`, [
      decodeId('smtpCredential', smtp.id),
    ])
    expect(await ask()).toBe('shut')
  })
})
