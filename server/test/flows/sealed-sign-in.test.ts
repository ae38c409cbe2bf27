import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCanaries } from '../replays/canaries.ts'
import { createScan } from '../support/plaintext-scan/places.ts'
import { createSearch } from '../support/plaintext-scan/search.ts'
import { startProvider } from '../support/sso-provider.ts'
import type { TestProvider } from '../support/sso-provider.ts'
import { PUBLIC_URL, startApi } from './api-fixture.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'
import { aPerson } from './people-fixture.ts'

let api: ApiFixture
let provider: TestProvider
beforeAll(async () => {
  api = await startApi()
  provider = await startProvider(PUBLIC_URL, api.url)
})
afterAll(async () => {
  await provider[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

/** What the provider knows as the secret of its first client. */
const CLIENT_SECRET = 'secret of one'

describe('what signs people in through a provider', () => {
  it('leaves no secret, no subject, no address and no token in the database', async () => {
    const canaries = createCanaries()
    canaries.adopt('client secret', CLIENT_SECRET)
    canaries.adopt('issuer', provider.issuer)
    const workspace = await api.workspace()
    const domain = 'corp-sealed.test'
    expect((await api.call(workspace.key, 'POST', '/v1/domains', { name: domain })).status).toBe(201)
    const owner = await aPerson(api, { workspace: workspace.id, role: 'owner', factor: 'passkey' })
    const connected = await owner.call('PUT', '/v1/sso/connection', {
      issuer: provider.issuer,
      clientId: 'one',
      clientSecret: CLIENT_SECRET,
      domains: [domain],
      defaultRole: 'developer',
    })
    expect(connected.status, connected.text).toBe(200)
    const finish = async (begun: Answer): Promise<Answer> => {
      const back = await provider.follow(begun.body.url)
      const [code, state] = [back.get('code') ?? '', back.get('state') ?? '']
      canaries.adopt('code', code)
      canaries.adopt('state', state)
      canaries.adopt('verifier', begun.body.verifier.split('_')[1])
      return api.call('', 'POST', '/v1/sso/finish', {
        code,
        state,
        ...(back.has('iss') ? { issuer: back.get('iss') } : {}),
        verifier: begun.body.verifier,
        transport: 'token',
      })
    }
    await provider.be({ sub: canaries.make('subject'), email: `${canaries.make('address')}@${domain}` })
    expect((await finish(await owner.call('POST', '/v1/sso/connection/test', {}))).status).toBe(200)
    const email = `${canaries.make('address')}@${domain}`
    await provider.be({ sub: canaries.make('subject'), email })
    const answer = await finish(await api.call('', 'POST', '/v1/sso/start', { email, fresh: false }))
    expect(answer.status, answer.text).toBe(200)
    canaries.adopt('session', answer.body.session.token.split('_')[1])
    // One that was begun and is still on its way.
    const waiting = await api.call('', 'POST', '/v1/sso/start', { email, fresh: false })
    canaries.adopt('state', new URL(waiting.body.url).searchParams.get('state') ?? '')
    canaries.adopt('verifier', waiting.body.verifier.split('_')[1])

    const scan = createScan(createSearch(canaries.all()))
    await scan.dump('dump', api.database.superuserUrl)
    // The control: who the provider is may be read, and is found.
    expect([...scan.found.keys()]).toEqual(['issuer'])
  })
})
