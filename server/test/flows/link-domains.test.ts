import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLinkDomainRecheck } from '../../src/modules/tracking/index.ts'
import { createResolver } from '../../src/platform/dns/index.ts'
import { createTenantTransactions } from '../../src/platform/postgres/tenant.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { startDnsServer } from '../support/dns-server.ts'
import type { DnsServer } from '../support/dns-server.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

let api: ApiFixture
let dns: DnsServer
let key: string

beforeAll(async () => {
  dns = await startDnsServer()
  api = await startApi({ production: true, dnsServers: [dns.address] })
  key = (await api.workspace()).key
  expect((await api.call(key, 'POST', '/v1/domains', { name: 'shop.example' })).status).toBe(201)
  await api.database
    .pool('superuser')
    .query(`update sending_domain set state = 'verified' where name = 'shop.example'`)
})
afterAll(async () => {
  await api[Symbol.asyncDispose]()
  await dns.close()
})

let hosts = 0
interface Host {
  readonly name: string
  /** One round of the worker, with an empty cache of DNS; what is seen of the host then. */
  look(): Promise<Record<string, unknown>>
}

const recorded: string[] = []
async function recheck(): Promise<void> {
  const pool = api.database.pool('bulkhead_worker')
  const resolver = createResolver({ servers: [dns.address], timeoutMs: 1_000, tries: 1 })
  await createLinkDomainRecheck({
    pool,
    transactions: createTenantTransactions(pool),
    resolver,
    target: 'localhost',
    trustTestDomains: false,
    nowMs: Date.now,
    log: createLogger({ name: 'test', level: 'error' }),
    recordAudit: (_db, record) => {
      recorded.push(record.action)
      return Promise.resolve()
    },
  })()
  resolver.cancel()
}

const write = (statement: string, name: string) => api.database.pool('superuser').query(statement, [name])

async function aHost(): Promise<Host> {
  const name = `links${(hosts += 1)}.shop.example`
  expect((await api.call(key, 'POST', '/v1/link-domains', { name })).status).toBe(201)
  return {
    name,
    async look() {
      await write('update link_domain set next_check_at = now() where name = $1', name)
      await recheck()
      const { body } = await api.call(key, 'GET', '/v1/link-domains')
      return body.data.find((item: { name: string }) => item.name === name)
    },
  }
}
const alias = (value: string) => [{ type: 'CNAME' as const, value }]
const THREE_DAYS = `update link_domain set failing_since = now() - interval '73 hours' where name = $1`

describe('the record of a link domain', () => {
  it('verifies it where it leads here, and nothing else does', async () => {
    const host = await aHost()
    expect(await host.look()).toMatchObject({
      state: 'pending',
      record: { advice: `Publish CNAME ${host.name} → localhost.` },
    })
    dns.set(host.name, alias('elsewhere.example'))
    expect(await host.look()).toMatchObject({
      state: 'pending',
      record: { found: ['elsewhere.example'], advice: expect.stringContaining('It points elsewhere') },
    })
    dns.set(host.name, 'SERVFAIL')
    expect(await host.look()).toMatchObject({
      state: 'pending',
      record: { advice: expect.stringContaining('Could not check') },
    })
    dns.set(host.name, [{ type: 'A', value: '127.0.0.1' }])
    expect(await host.look()).toMatchObject({ state: 'pending' })
    dns.set(host.name, alias('localhost'))
    expect(await host.look()).toMatchObject({
      state: 'verified',
      record: { found: ['localhost'], advice: null },
    })
    expect(recorded).toEqual(['link_domain.verified'])
  })

  it('may vanish for three days, and what DNS cannot say counts for nothing', async () => {
    const host = await aHost()
    dns.set(host.name, alias('localhost'))
    expect(await host.look()).toMatchObject({ state: 'verified' })
    dns.set(host.name, 'SERVFAIL')
    expect(await host.look()).toMatchObject({ state: 'verified', failingSince: null })
    dns.set(host.name, 'NXDOMAIN')
    expect(await host.look()).toMatchObject({ state: 'verified', failingSince: expect.any(String) })
    await write(THREE_DAYS, host.name)
    expect(await host.look()).toMatchObject({ state: 'failing' })
    dns.set(host.name, alias('localhost'))
    expect(await host.look()).toMatchObject({ state: 'verified', failingSince: null })
  })

  it('does not help without the sending domain above it', async () => {
    const host = await aHost()
    dns.set(host.name, alias('localhost'))
    expect(await host.look()).toMatchObject({ state: 'verified' })
    await write('update sending_domain set state = $1', 'failing')
    await write(THREE_DAYS, host.name)
    expect(await host.look()).toMatchObject({ state: 'failing' })
    await write('update sending_domain set state = $1', 'verified')
  })

  it('is asked for at once where a person asks', async () => {
    const name = 'now.shop.example'
    dns.set(name, alias('localhost'))
    const { body } = await api.call(key, 'POST', '/v1/link-domains', { name })
    const checked = await api.call(key, 'POST', `/v1/link-domains/${body.id}/verify`)
    expect(checked.body).toMatchObject({ state: 'verified', record: { found: ['localhost'] } })
  })

  it('of a host of another workspace’s domain cannot be claimed', async () => {
    const other = await api.workspace()
    dns.set('stolen.shop.example', alias('localhost'))
    const refused = await api.call(other.key, 'POST', '/v1/link-domains', { name: 'stolen.shop.example' })
    expect(refused.status).toBe(400)
  })
})
