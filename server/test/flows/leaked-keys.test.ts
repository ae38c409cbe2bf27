import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DOORS, type DoorName } from '../../src/kernel/doors.ts'
import { decodeId } from '../../src/kernel/ids.ts'
import { startAudit } from '../support/audit.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

/** Publishes public keys as GitHub does, and signs reports with the private ones. */
async function startScanner() {
  const keys = new Map<string, { readonly pem: string; readonly privateKey: KeyObject }>()
  let asked = 0
  const server = createServer((_request, response) => {
    asked += 1
    const list = [...keys].map(([id, { pem }]) => ({ key_identifier: id, key: pem, is_current: true }))
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ public_keys: list }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/meta/public_keys/secret_scanning`,
    asked: () => asked,
    addKey(id: string) {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      keys.set(id, {
        pem: String(pair.publicKey.export({ type: 'spki', format: 'pem' })),
        privateKey: pair.privateKey,
      })
    },
    headers(id: string, body: string): Record<string, string> {
      const key = keys.get(id)
      if (key === undefined) throw new Error('no such key')
      return {
        'content-type': 'application/json',
        'github-public-key-identifier': id,
        'github-public-key-signature': sign('sha256', Buffer.from(body), key.privateKey).toString('base64'),
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

let api: ApiFixture
let scanner: Awaited<ReturnType<typeof startScanner>>
let audit: ReturnType<typeof startAudit>
beforeAll(async () => {
  scanner = await startScanner()
  scanner.addKey('current')
  api = await startApi({ trustedProxies: ['127.0.0.1'], leakReportKeysUrl: scanner.url })
  audit = startAudit(api.database)
})
afterAll(async () => {
  await audit[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
  await scanner[Symbol.asyncDispose]()
})

const owner = () => api.database.pool('superuser')
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

async function post(path: string, body: string, headers: Record<string, string>) {
  const response = await fetch(`${api.url}${path}`, { method: 'POST', headers, body })
  const text = await response.text()
  return { status: response.status, text, body: JSON.parse(text) }
}

const finding = (token: string) => ({
  token,
  type: 'bulkhead_api_key',
  url: 'https://github.com/example/shop/blob/main/.env',
  source: 'content',
})
const report = (tokens: readonly string[]) => {
  const body = JSON.stringify(tokens.map(finding))
  return post('/v1/leaked-keys', body, scanner.headers('current', body))
}
const works = async (key: string, from = '127.0.0.1'): Promise<number> => {
  const response = await fetch(`${api.url}/v1/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'x-forwarded-for': from, 'content-type': 'application/json' },
    body: JSON.stringify({ from: 'a@shop.test', to: 'b@example.com', subject: 'x', text: 'x', lane: 'bulk' }),
  })
  await response.arrayBuffer()
  return response.status
}

const ASK: Readonly<Record<DoorName, readonly [method: string, path: string]>> = {
  sendgrid: ['GET', '/compat/sendgrid/v3/scopes'],
  resend: ['GET', '/compat/resend/domains'],
  mandrill: ['POST', '/compat/mandrill/api/1.0/users/ping2.json'],
}

/** Whether a key opens its door. */
async function opens(door: DoorName, key: string): Promise<boolean> {
  const [method, path] = ASK[door]
  const response = await fetch(`${api.url}${path}`, { method, headers: { authorization: `Bearer ${key}` } })
  await response.arrayBuffer()
  return response.ok
}

async function shop(more: object = {}) {
  const { key } = await api.workspace()
  await api.call(key, 'POST', '/v1/domains', { name: 'shop.test' })
  const made = await api.call(key, 'POST', '/v1/api-keys', { name: 'x', scopes: ['messages:send'], ...more })
  return {
    first: key,
    id: String(made.body.id),
    uuid: decodeId('apiKey', made.body.id),
    key: String(made.body.key),
  }
}

/** As if the key had worked from a network since two days. */
async function usedFrom(uuid: string | null, network: string, sinceHours = 48): Promise<void> {
  await owner().query(`select engine.touch_credentials('{api_key}', $1, $2, '{curl/8}')`, [[uuid], [network]])
  await owner().query(
    `update credential_use set first_used_at = now() - make_interval(hours => $2) where credential_id = $1 and network = $3`,
    [uuid, sinceHours, network],
  )
}

const told = (key: string) => api.call('', 'POST', '/v1/leaked-keys/report', { key })

const reportNothing = (n: number) =>
  fetch(`${api.url}/v1/leaked-keys/report`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.200' },
    body: JSON.stringify({ key: `nothing-${n}` }),
  }).then((response) => response.status)

describe('a report that GitHub signs', () => {
  it('ends a key that can do more than send at once, names it to nobody, and tells the owners', async () => {
    const mighty = await shop({ scopes: ['messages:send', 'messages:read'] })
    expect(await works(mighty.key)).toBe(202)
    const unknown = `${mighty.key.slice(0, -1)}_`
    const answer = await report([mighty.key, unknown, 'AKIAsomethingelse'])
    expect(answer.status, answer.text).toBe(200)
    expect(answer.body).toEqual(
      [mighty.key, unknown, 'AKIAsomethingelse'].map((token, at) => ({
        token_hash: sha256(token),
        token_type: 'bulkhead_api_key',
        label: at === 0 ? 'true_positive' : 'false_positive',
      })),
    )
    expect(answer.text).not.toContain(mighty.key)
    expect(await works(mighty.key)).toBe(401)
    const { rows } = await owner().query(
      `select severity, detail ->> 'outcome' as outcome from security_alert where kind = 'credential.leaked' and about = $1`,
      [mighty.uuid],
    )
    expect(rows).toEqual([{ severity: 'critical', outcome: 'revoked' }])
    await audit.settle()
    const records = await api.call(mighty.first, 'GET', '/v1/audit?limit=100')
    const actions = records.body.data.map((entry: { action: string }) => entry.action)
    expect(actions).toEqual(expect.arrayContaining(['credential.leaked', 'api_key.revoked', 'alert.raised']))
    expect(records.text).not.toContain(mighty.key)
    // Told of again: it is a key all the same, and nothing more happens.
    expect((await report([mighty.key])).body[0].label).toBe('true_positive')
    expect(await works(mighty.first)).toBe(202)
  })

  it('is worth nothing without the signature of exactly these bytes by a key of the list', async () => {
    const { key } = await shop({ scopes: ['messages:read', 'messages:send'] })
    const body = JSON.stringify([finding(key)])
    const good = scanner.headers('current', body)
    const forged = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    const attempts: readonly (readonly [string, string, Record<string, string>])[] = [
      ['no headers', body, { 'content-type': 'application/json' }],
      [
        'another key',
        body,
        {
          ...good,
          'github-public-key-signature': sign('sha256', Buffer.from(body), forged).toString('base64'),
        },
      ],
      ['an unknown identifier', body, { ...good, 'github-public-key-identifier': 'other' }],
      ['another body', `${body} `, good],
      ['no signature', body, { ...good, 'github-public-key-signature': '' }],
      ['no base64', body, { ...good, 'github-public-key-signature': '!'.repeat(90) }],
    ]
    const answers = new Set<string>()
    for (const [what, text, headers] of attempts) {
      const answer = await post('/v1/leaked-keys', text, headers)
      expect(answer.status, what).toBe(401)
      answers.add(JSON.stringify({ ...answer.body, requestId: undefined }))
    }
    expect(answers.size).toBe(1)
    expect(await works(key)).toBe(202)
    // The control arm: the same bytes with their own signature.
    expect((await post('/v1/leaked-keys', body, good)).status).toBe(200)
    expect(await works(key)).toBe(401)
  })

  it('asks for the keys rarely, whoever invents identifiers', async () => {
    const before = scanner.asked()
    for (let n = 0; n < 20; n++) {
      const body = '[]'
      const headers = { ...scanner.headers('current', body), 'github-public-key-identifier': `invented-${n}` }
      expect((await post('/v1/leaked-keys', body, headers)).status).toBe(401)
    }
    expect(scanner.asked() - before).toBeLessThanOrEqual(1)
  })

  it('is refused whole where it is no report, and where it is too large', async () => {
    const body = '{"token":"x"}'
    expect((await post('/v1/leaked-keys', body, scanner.headers('current', body))).status).toBe(400)
    const large = JSON.stringify([finding('x'.repeat(1_100_000))])
    expect((await post('/v1/leaked-keys', large, scanner.headers('current', large))).status).toBe(413)
  })

  it.each(DOORS)('ends a key of the door of %s as one of our own', async (door) => {
    const { id, key } = await shop({ scopes: undefined, door })
    const { key: other } = await shop({ scopes: undefined, door })
    expect(await opens(door, key)).toBe(true)
    const unknown = `${key.slice(0, -1)}${key.endsWith('x') ? 'y' : 'x'}`
    const answer = await report([key, unknown])
    expect(answer.body.map(({ label }: { label: string }) => label)).toEqual([
      'true_positive',
      'false_positive',
    ])
    expect(await opens(door, key)).toBe(false)
    const { rows } = await owner().query(
      `select detail ->> 'outcome' as outcome from security_alert where kind = 'credential.leaked' and about = $1`,
      [decodeId('apiKey', id)],
    )
    expect(rows).toEqual([{ outcome: 'revoked' }])
    // By whoever has it, too.
    expect(await opens(door, other)).toBe(true)
    expect((await told(other)).body).toEqual({ outcome: 'revoked' })
    expect(await opens(door, other)).toBe(false)
  })
})

describe('a key that can only send', () => {
  it('goes on for 72 hours from where it worked before, and from nowhere else', async () => {
    const { first, id, uuid, key } = await shop()
    await usedFrom(uuid, '192.0.2.0/24')
    await usedFrom(uuid, '198.51.100.0/24', 2)
    expect((await report([key])).body[0].label).toBe('true_positive')
    expect(await works(key, '192.0.2.77')).toBe(202)
    // Where it was first seen two hours before the report, somebody may have had it already.
    expect(await works(key, '198.51.100.1')).toBe(401)
    expect(await works(key, '203.0.113.1')).toBe(401)
    const { body } = await api.call(first, 'GET', '/v1/api-keys')
    const shown = body.data.find((row: { id: string }) => row.id === id)
    expect(shown.leakedAt).not.toBeNull()
    const hours = (Date.parse(shown.endsAt) - Date.now()) / 3_600_000
    expect(hours).toBeGreaterThan(71.9)
    expect(hours).toBeLessThan(72.1)
    // No process takes it back.
    await owner().query(
      `update api_key set leaked_at = null, tightened_cidrs = null, ends_at = null where id = $1`,
      [uuid],
    )
    expect(await works(key, '203.0.113.1')).toBe(401)
    // The way out: its successor is free.
    const rotated = await api.call(first, 'POST', `/v1/api-keys/${id}/rotate`, {})
    expect(rotated.status, rotated.text).toBe(201)
    expect(await works(rotated.body.key, '203.0.113.1')).toBe(202)
  })

  it('is revoked where nothing stops by it, and where its owner wants it so', async () => {
    const idle = await shop()
    await report([idle.key])
    expect(await works(idle.key)).toBe(401)
    const strict = await shop({ onLeak: 'revoke' })
    await usedFrom(strict.uuid, '192.0.2.0/24')
    await report([strict.key])
    expect(await works(strict.key, '192.0.2.1')).toBe(401)
    const lenient = await shop({ onLeak: 'tighten', scopes: ['messages:send', 'messages:read'] })
    await usedFrom(lenient.uuid, '192.0.2.0/24')
    await report([lenient.key])
    expect(await works(lenient.key, '192.0.2.1')).toBe(202)
  })

  it('is ended also while credentials of its workspace are contained', async () => {
    const { first, key } = await shop()
    const contained = await api.call(first, 'POST', '/v1/containments', {
      capabilities: ['credential'],
      reason: 'We look into it.',
    })
    expect(contained.status).toBe(201)
    expect((await report([key])).body[0].label).toBe('true_positive')
    expect(await works(key)).toBe(401)
  })
})

describe('a report by whoever has the key', () => {
  it('needs nothing but the key, and does the same', async () => {
    const { key } = await shop({ scopes: ['messages:send', 'messages:read'] })
    expect((await told(`${key.slice(0, -1)}_`)).body).toEqual({ outcome: 'unknown' })
    expect((await told(key)).body).toEqual({ outcome: 'revoked' })
    expect(await works(key)).toBe(401)
    expect((await told(key)).body).toEqual({ outcome: 'already' })
  })

  it('is taken from nobody without end', async () => {
    const statuses = await Promise.all(Array.from({ length: 40 }, (_, n) => reportNothing(n)))
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(22)
    expect(statuses).toContain(429)
  })
})
