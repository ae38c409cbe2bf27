import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { CryptoKey, JWK, JWTPayload } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIdGenerator, decodeId } from '../../src/kernel/ids.ts'
import { createCredentialPepper, createPeopleAccess } from '../../src/security/access/index.ts'
import { startAudit } from '../support/audit.ts'
import { aPerson } from '../support/people.ts'
import { startApi } from './api-fixture.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'

/** An issuer of workload tokens as CI platforms are: discovery, keys that turn over, tokens of jobs. */
async function startIssuer() {
  const pairs: { kid: string; alg: string; privateKey: CryptoKey; jwk: JWK }[] = []
  const asked: string[] = []
  const state = { away: false, calledIssuer: '', jwks: null as null | string }
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    if (state.away) {
      response.writeHead(503).end()
      return
    }
    response.setHeader('content-type', 'application/json')
    if (request.url === '/.well-known/openid-configuration')
      response.end(JSON.stringify({ issuer: state.calledIssuer, jwks_uri: state.jwks ?? `${issuer}/jwks` }))
    else response.end(JSON.stringify({ keys: pairs.map(({ jwk }) => jwk) }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  state.calledIssuer = issuer
  return {
    issuer,
    asked,
    state,
    async addKey(kid: string, alg = 'RS256') {
      const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
      pairs.push({ kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } })
    },
    async token(
      claims: Readonly<Record<string, unknown>> = {},
      kid = pairs[0]?.kid ?? '',
      more: { typ?: string } = {},
    ) {
      const pair = pairs.find((item) => item.kid === kid)
      if (pair === undefined) throw new Error('no such key')
      const now = Math.floor(Date.now() / 1_000)
      const payload: JWTPayload = {
        iss: issuer,
        aud: 'bulkhead',
        sub: 'repo:example/shop:ref:refs/heads/main',
        jti: randomUUID(),
        iat: now,
        nbf: now - 5,
        exp: now + 300,
        ref: 'refs/heads/main',
        ...claims,
      }
      return new SignJWT(payload).setProtectedHeader({ alg: pair.alg, kid, ...more }).sign(pair.privateKey)
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

let api: ApiFixture
let ci: Awaited<ReturnType<typeof startIssuer>>
let audit: ReturnType<typeof startAudit>
beforeAll(async () => {
  ci = await startIssuer()
  await ci.addKey('one')
  await ci.addKey('curve', 'ES256')
  api = await startApi({ trustedProxies: ['127.0.0.1'] })
  audit = startAudit(api.database)
})
afterAll(async () => {
  await audit[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
  await ci[Symbol.asyncDispose]()
})

const json = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

const newId = createIdGenerator()

/** A workspace, its first key, and a person of a role who has just shown a second factor. */
async function shop(role = 'owner') {
  const { id, key } = await api.workspace()
  await api.call(key, 'POST', '/v1/domains', { name: 'shop.test' })
  const { id: personId } = await aPerson(api, { memberOf: [{ workspace: id, role }] })
  const people = createPeopleAccess({
    pool: api.database.pool('bulkhead_api'),
    pepper: createCredentialPepper({ keyring: api.keyring('api'), name: 'credential' }),
  })
  const { token } = await people.issue({
    personId,
    level: 'full',
    factor: 'totp',
    hours: 1,
    sessionId: newId(),
    device: null,
    clientKey: null,
  })
  return { id, key, session: token.reveal() }
}

const terms = (more: object = {}) => ({
  name: 'shop CI',
  issuer: ci.issuer,
  audience: 'bulkhead',
  subject: 'repo:example/shop:ref:refs/heads/*',
  scopes: ['messages:send'],
  lifetimeSeconds: 120,
  ...more,
})

async function rule(session: string, more: object = {}): Promise<string> {
  const answer = await api.call(session, 'POST', '/v1/federation/rules', terms(more))
  if (answer.status !== 201) throw new Error(answer.text)
  return answer.body.id
}

/** From an address of its own each time: what is tested here is not the limit. */
let client = 0
async function exchange(id: string, token: string): Promise<Answer> {
  client += 1
  const response = await fetch(`${api.url}/v1/federation/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': `10.0.${client >> 8}.${client & 255}` },
    body: JSON.stringify({ rule: id, token }),
  })
  const text = await response.text()
  return { status: response.status, text, headers: response.headers, body: JSON.parse(text) }
}

const send = (key: string, from = 'a@shop.test') =>
  api.call(key, 'POST', '/v1/messages', { from, to: 'b@example.com', subject: 'x', text: 'x', lane: 'bulk' })

describe('a workload', () => {
  it('gets a key for minutes under its rule, which does what the rule says and no more', async () => {
    const { id: workspace, key: first, session } = await shop()
    const id = await rule(session, { allowedSenders: ['a@shop.test'], claims: { ref: 'refs/heads/main' } })
    for (const kid of ['one', 'curve']) {
      const { status, body, text } = await exchange(id, await ci.token({}, kid))
      expect(status, text).toBe(200)
      expect(body).toMatchObject({ workspaceId: workspace, scopes: ['messages:send'] })
      expect(body.key).toMatch(/^bhk_/)
      const lives = Date.parse(body.expiresAt) - Date.now()
      expect(lives).toBeGreaterThan(110_000)
      expect(lives).toBeLessThan(125_000)
      expect((await send(body.key)).status).toBe(202)
      expect((await send(body.key, 'ceo@shop.test')).body.code).toBe('sender_refused')
      expect((await api.call(body.key, 'GET', '/v1/messages')).body.code).toBe('missing_scope')
    }
    await audit.settle()
    const { body } = await api.call(first, 'GET', '/v1/audit?action=federation.exchanged')
    expect(body.data).toHaveLength(2)
    expect(body.data[0].actor).toBe(`federation:${decodeId('federationRule', id)}`)
    const shown = await api.call(session, 'GET', '/v1/federation/rules')
    expect(shown.body.data[0]).toMatchObject({ id, allowedSenders: ['a@shop.test'], issuer: ci.issuer })
    expect(shown.body.data[0].lastUsedAt).not.toBeNull()
  })

  it('has its key ended when its time is over', async () => {
    const { session } = await shop()
    const { body } = await exchange(await rule(session), await ci.token())
    expect((await send(body.key)).status).toBe(202)
    const owner = api.database.pool('superuser')
    await owner.query(`update api_key set ends_at = now() where id = $1`, [decodeId('apiKey', body.id)])
    await expect.poll(async () => (await send(body.key)).status, { timeout: 3_000 }).toBe(401)
  })

  it('exchanges a token once, whoever is quicker, in whatever spelling', async () => {
    const { session } = await shop()
    const id = await rule(session)
    const token = await ci.token()
    const statuses = await Promise.all(
      Array.from({ length: 8 }, async () => (await exchange(id, token)).status),
    )
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    // The other of the two signatures that ECDSA has for the same bytes, for a token without jti.
    const curve = await ci.token({ jti: undefined }, 'curve')
    expect((await exchange(id, curve)).status).toBe(200)
    expect((await exchange(id, otherSignature(curve))).status).toBe(401)
    // Control arm: the other signature is a good one, of a token that was not used.
    expect(
      (await exchange(id, otherSignature(await ci.token({ jti: undefined, run: 'another' }, 'curve'))))
        .status,
    ).toBe(200)
  })

  it('is refused in the same words whatever is wrong', async () => {
    const { session } = await shop()
    const id = await rule(session, { claims: { ref: 'refs/heads/main' } })
    const now = Math.floor(Date.now() / 1_000)
    const other = await startIssuer()
    await other.addKey('one')
    const good = await ci.token()
    const [head = '', payload = '', signature = ''] = good.split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const attempts: readonly (readonly [string, string, string])[] = [
      ['another rule', `fdr_${'0'.repeat(26)}`, good],
      ['no rule', 'x', good],
      ['no token', id, 'x'],
      ['three parts of nothing', id, 'a.b.c'],
      ['expired', id, await ci.token({ iat: now - 400, exp: now - 90 })],
      ['not yet valid', id, await ci.token({ nbf: now + 300 })],
      ['issued in the future', id, await ci.token({ iat: now + 300, exp: now + 600 })],
      ['without end', id, await ci.token({ exp: undefined })],
      ['for a week', id, await ci.token({ exp: now + 7 * 86_400 })],
      ['another audience', id, await ci.token({ aud: 'elsewhere' })],
      ['another subject', id, await ci.token({ sub: 'repo:example/other:ref:refs/heads/main' })],
      ['a pull request', id, await ci.token({ sub: 'repo:example/shop:pull_request' })],
      ['another branch', id, await ci.token({ ref: 'refs/heads/x' })],
      ['no subject', id, await ci.token({ sub: undefined })],
      ["another issuer's key", id, await other.token({ iss: ci.issuer })],
      ['another issuer', id, await other.token()],
      ['a changed payload', id, `${head}.${json({ ...claims, sub: `${claims.sub}x` })}.${signature}`],
      ['no signature', id, `${json({ alg: 'none' })}.${payload}.`],
      ['none and something', id, `${json({ alg: 'none' })}.${payload}.AAAA`],
      ['the public key as a secret', id, `${json({ alg: 'HS256', kid: 'one' })}.${payload}.${signature}`],
      ['an embedded key', id, `${json({ alg: 'RS256', jwk: { kty: 'RSA' } })}.${payload}.${signature}`],
    ]
    const answers = new Map<string, string>()
    for (const [what, ruleId, token] of attempts) {
      const answer = await exchange(ruleId, token)
      answers.set(what, `${answer.status} ${JSON.stringify({ ...answer.body, requestId: undefined })}`)
    }
    await other[Symbol.asyncDispose]()
    expect([...new Set(answers.values())]).toHaveLength(1)
    expect([...answers.values()][0]).toMatch(/^401 /)
    // The control arm: nothing but what each attempt changed was wrong.
    expect((await exchange(id, good)).status).toBe(200)
  })

  it('gets nothing more once its rule is revoked, or while credentials are contained', async () => {
    const { key, session } = await shop()
    const id = await rule(session)
    const contained = await api.call(key, 'POST', '/v1/containments', {
      capabilities: ['credential'],
      reason: 'We look into it.',
    })
    expect(contained.status).toBe(201)
    expect((await exchange(id, await ci.token())).status).toBe(423)
    const { session: second } = await shop()
    const other = await rule(second)
    expect((await exchange(other, await ci.token())).status).toBe(200)
    expect((await api.call(second, 'DELETE', `/v1/federation/rules/${other}`)).status).toBe(204)
    expect((await exchange(other, await ci.token())).status).toBe(401)
  })
})

describe('an issuer', () => {
  it('may turn over its keys, is asked rarely, and not at all by who knows no rule', async () => {
    await using fresh = await startIssuer()
    await fresh.addKey('old')
    const { session } = await shop()
    const id = await rule(session, { issuer: fresh.issuer })
    expect((await exchange(id, await ci.token())).status).toBe(401)
    expect((await exchange(id, await fresh.token({ sub: 'someone' }))).status).toBe(401)
    expect(fresh.asked).toEqual([])
    for (let n = 0; n < 5; n++) expect((await exchange(id, await fresh.token())).status).toBe(200)
    expect(fresh.asked).toEqual(['/.well-known/openid-configuration', '/jwks'])
    await using impostor = await startIssuer()
    for (let n = 0; n < 5; n++) {
      await impostor.addKey(`invented-${n}`)
      const forged = await impostor.token({ iss: fresh.issuer }, `invented-${n}`)
      expect((await exchange(id, forged)).status).toBe(401)
    }
    expect(fresh.asked.length).toBeLessThanOrEqual(4)
  })

  it('that is away is told as such, and one that calls itself otherwise vouches for nothing', async () => {
    await using away = await startIssuer()
    await away.addKey('one')
    away.state.away = true
    const { session } = await shop()
    const id = await rule(session, { issuer: away.issuer })
    expect((await exchange(id, await away.token())).status).toBe(503)
    await using liar = await startIssuer()
    await liar.addKey('one')
    liar.state.calledIssuer = ci.issuer
    expect((await exchange(await rule(session, { issuer: liar.issuer }), await liar.token())).status).toBe(
      503,
    )
    await using leading = await startIssuer()
    await leading.addKey('one')
    leading.state.jwks = 'http://169.254.169.254/latest/meta-data'
    expect(
      (await exchange(await rule(session, { issuer: leading.issuer }), await leading.token())).status,
    ).toBe(503)
    expect(leading.asked).toEqual(['/.well-known/openid-configuration'])
  })
})

describe('a rule', () => {
  it('is made by people only, and gives no more than its maker has', async () => {
    const { key, session } = await shop()
    expect((await api.call(key, 'POST', '/v1/federation/rules', terms())).body.code).toBe('missing_scope')
    const wanted = { name: 'x', scopes: ['federation:write'] }
    expect((await api.call(key, 'POST', '/v1/api-keys', wanted)).status).toBe(400)
    expect((await api.call(session, 'POST', '/v1/api-keys', wanted)).status).toBe(400)
    expect(
      (await api.call(session, 'POST', '/v1/federation/rules', terms({ scopes: ['federation:write'] })))
        .status,
    ).toBe(400)
    for (const role of ['developer', 'marketer', 'auditor']) {
      const { session: theirs } = await shop(role)
      expect((await api.call(theirs, 'POST', '/v1/federation/rules', terms())).status, role).toBe(403)
    }
    for (const wrong of [
      { subject: '*' },
      { issuer: 'http://ci.example.com' },
      { lifetimeSeconds: 3_601 },
      { claims: { sub: 'x' } },
    ])
      expect(
        (await api.call(session, 'POST', '/v1/federation/rules', terms(wrong))).status,
        JSON.stringify(wrong),
      ).toBe(400)
  })

  it('of another workspace is neither seen nor revoked', async () => {
    const [one, two] = [await shop(), await shop()]
    const id = await rule(one.session)
    expect((await api.call(two.session, 'GET', '/v1/federation/rules')).body.data).toEqual([])
    expect((await api.call(two.session, 'DELETE', `/v1/federation/rules/${id}`)).status).toBe(404)
    expect((await exchange(id, await ci.token())).status).toBe(200)
  })

  it('that somebody changed in the database gives nothing', async () => {
    const { session } = await shop()
    const changes = [
      `scopes = '{messages:send,api-keys:write}'`,
      `subject = 'repo:*'`,
      `issuer = issuer || '/x'`,
      `claims = '{"ref":"refs/heads/main"}'`,
      `lifetime_seconds = 3600`,
      `allowed_cidrs = '{10.0.0.0/8}'`,
      `workspace_id = (select w.id from workspace w where w.id <> workspace_id order by w.id desc limit 1)`,
    ]
    for (const change of changes) {
      const id = await rule(session)
      await api.database
        .pool('superuser')
        .query(`update federation_rule set ${change} where id = $1`, [decodeId('federationRule', id)])
      expect((await exchange(id, await ci.token())).status, change).toBe(401)
    }
    expect((await exchange(await rule(session), await ci.token())).status).toBe(200)
  })
})

/** (r, s) and (r, n - s) are both signatures of the same bytes. */
function otherSignature(token: string): string {
  const at = token.lastIndexOf('.')
  const bytes = Buffer.from(token.slice(at + 1), 'base64url')
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  const other = Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex')
  return `${token.slice(0, at)}.${Buffer.concat([bytes.subarray(0, 32), other]).toString('base64url')}`
}
