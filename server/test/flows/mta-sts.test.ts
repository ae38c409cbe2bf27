import { once } from 'node:events'
import { createServer } from 'node:https'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createStsPolicies,
  createStsStore,
  createTransportPolicy,
} from '../../src/modules/transport/index.ts'
import type { StsPolicies } from '../../src/modules/transport/index.ts'
import { createSelfSigned } from '../../src/platform/config/self-signed.ts'
import { createResolver } from '../../src/platform/dns/index.ts'
import { createEgress } from '../../src/platform/egress/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { createTestDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import { startDnsServer } from '../support/dns-server.ts'
import type { DnsServer } from '../support/dns-server.ts'

const log = createLogger({ name: 'test', level: 'error' })
const DAY = 86_400_000
const certificate = createSelfSigned({
  names: ['mta-sts.shop.test'],
  notBefore: new Date(Date.now() - DAY),
  notAfter: new Date(Date.now() + DAY),
})

let database: TestDatabase
let dns: DnsServer
let web: Server
let fetches: number
let serve: (request: IncomingMessage, response: ServerResponse) => void
let now: number
const cleanUp: (() => void)[] = []

beforeEach(async () => {
  database = await createTestDatabase()
  dns = await startDnsServer()
  fetches = 0
  now = 0
  publish('enforce', 'mx.shop.test')
  web = createServer(
    { cert: certificate.certificatePem, key: certificate.privateKeyPem },
    (request, response) => {
      fetches += 1
      serve(request, response)
    },
  )
  web.listen(0, '127.0.0.1')
  await once(web, 'listening')
  dns.set('mta-sts.shop.test', [{ type: 'A', value: '127.0.0.1' }])
  announce('1')
})
afterEach(async () => {
  for (const end of cleanUp.splice(0)) end()
  web.closeAllConnections()
  web.close()
  await dns.close()
  await database[Symbol.asyncDispose]()
})

function publish(mode: string, mx: string, type = 'text/plain; charset=utf-8'): void {
  serve = (_request, response) => {
    response.setHeader('content-type', type)
    response.end(`version: STSv1\nmode: ${mode}\nmx: ${mx}\nmax_age: 86400\n`)
  }
}

function announce(id: string): void {
  dns.set('_mta-sts.shop.test', [{ type: 'TXT', strings: [`v=STSv1; id=${id};`] }])
}

/** A sender of its own, with no memory of others. */
function sender(
  options: { ca?: string; allowPrivate?: boolean; role?: 'bulkhead_sender' | 'bulkhead_worker' } = {},
): StsPolicies {
  const resolver = createResolver({ servers: [dns.address], timeoutMs: 400, tries: 1 })
  const egress = createEgress({
    resolver,
    allowPrivateTargets: options.allowPrivate ?? true,
    ca: options.ca ?? certificate.certificatePem,
  })
  cleanUp.push(() => {
    resolver.cancel()
    egress[Symbol.dispose]()
  })
  const { port } = web.address() as AddressInfo
  return createStsPolicies({
    store: createStsStore(database.pool(options.role ?? 'bulkhead_sender')),
    resolver,
    egress,
    log,
    urlOf: (domain) => `https://mta-sts.${domain}:${port}/.well-known/mta-sts.txt`,
    nowMs: () => now,
  })
}

const verdictOf = (sts: StsPolicies, ...exchanges: string[]) =>
  createTransportPolicy({ secure: null, sts }).policyFor({
    domain: 'shop.test',
    hosts: exchanges.map((exchange) => ({ exchange })),
  })
const atWork = (sql: string) => database.pool('superuser').query(sql)

describe('MTA-STS', () => {
  it('enforces a policy: hosts of it with a verified certificate, no others', async () => {
    const verdict = await verdictOf(sender(), 'mx.evil.test', 'mx.shop.test')
    expect(verdict).toMatchObject({
      kind: 'policy',
      policy: 'sts',
      stsMode: 'enforce',
      hosts: [
        {
          exchange: 'mx.shop.test',
          tls: {
            mode: 'required',
            verify: { kind: 'pkix', names: ['mx.shop.test'] },
            servername: 'mx.shop.test',
          },
          report: { policyType: 'sts', mxHostPatterns: ['mx.shop.test'] },
        },
      ],
      removed: [{ exchange: 'mx.evil.test', tlsFailure: 'validation-failure' }],
    })
    expect(await verdictOf(sender(), 'mx.evil.test')).toMatchObject({
      kind: 'defer',
      enhanced: '4.7.5',
      tlsFailure: 'validation-failure',
    })
  })

  it('changes nothing in testing but what is reported', async () => {
    publish('testing', 'mx.shop.test')
    expect(await verdictOf(sender(), 'mx.evil.test', 'mx.shop.test')).toMatchObject({
      kind: 'policy',
      policy: 'none',
      id: expect.stringMatching(/^testing [0-9a-f]{40}$/),
      stsMode: 'testing',
      hosts: [
        { exchange: 'mx.evil.test', tls: { mode: 'opportunistic' }, testingFailure: 'validation-failure' },
        {
          exchange: 'mx.shop.test',
          tls: { mode: 'opportunistic', check: { kind: 'pkix', names: ['mx.shop.test'] } },
          testingFailure: null,
          report: { policyType: 'sts' },
        },
      ],
      removed: [],
    })
  })

  it('demands nothing in mode none, and nothing where no policy is announced', async () => {
    publish('none', 'mx.shop.test')
    expect(await verdictOf(sender(), 'mx.evil.test')).toMatchObject({ id: 'none', stsMode: 'none' })
    dns.set('_mta-sts.shop.test', 'NXDOMAIN')
    await atWork('delete from transport.sts_policy')
    const before = fetches
    expect(await verdictOf(sender(), 'mx.evil.test')).toMatchObject({
      id: 'none',
      stsMode: null,
      stsProblem: null,
    })
    expect(fetches).toBe(before)
  })

  it('shares what one sender fetched with all, and fetches again when the id changes', async () => {
    const first = sender()
    await verdictOf(first, 'mx.shop.test')
    expect(await verdictOf(sender(), 'mx.shop.test')).toMatchObject({ policy: 'sts' })
    expect(fetches).toBe(1)
    publish('none', 'mx.shop.test')
    announce('2')
    // For a minute a process goes on with what it knows.
    expect(await verdictOf(first, 'mx.shop.test')).toMatchObject({ policy: 'sts' })
    expect(await verdictOf(sender(), 'mx.shop.test')).toMatchObject({ stsMode: 'none' })
    expect(fetches).toBe(2)
  })

  it('goes on to enforce what is known when the refresh fails in whatever way', async () => {
    await verdictOf(sender(), 'mx.shop.test')
    announce('2')
    const failures: [string, typeof serve][] = [
      ['sts-policy-fetch-error', (_request, response) => response.writeHead(500).end()],
      ['sts-policy-fetch-error', (_request, response) => response.writeHead(302, { location: '/x' }).end()],
      ['sts-policy-fetch-error', (request) => request.socket.destroy()],
      ['sts-policy-fetch-error', (_request, response) => response.end(Buffer.alloc(70_000, 10))],
      [
        'sts-policy-invalid',
        (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(),
      ],
      [
        'sts-policy-invalid',
        (_request, response) =>
          response.writeHead(200, { 'content-type': 'text/plain' }).end('version: STSv2\n'),
      ],
    ]
    for (const [problem, broken] of failures) {
      serve = broken
      expect(await verdictOf(sender(), 'mx.evil.test', 'mx.shop.test'), problem).toMatchObject({
        stsMode: 'enforce',
        stsProblem: problem,
        hosts: [{ exchange: 'mx.shop.test' }],
      })
    }
    dns.set('_mta-sts.shop.test', 'NXDOMAIN')
    expect(await verdictOf(sender(), 'mx.shop.test')).toMatchObject({ stsMode: 'enforce' })
    dns.set('_mta-sts.shop.test', 'SERVFAIL')
    expect(await verdictOf(sender(), 'mx.shop.test')).toMatchObject({ stsMode: 'enforce' })
    const { rows } = await atWork('select problem from transport.sts_policy')
    expect(rows).toEqual([{ problem: 'sts-policy-invalid' }])
  })

  it('goes on without a policy that was never seen and cannot be fetched, says so, and waits five minutes', async () => {
    serve = (_request, response) => response.writeHead(404).end()
    const sts = sender()
    const lost = { kind: 'policy', id: 'none', stsMode: null, stsProblem: 'sts-policy-fetch-error' }
    expect(await verdictOf(sts, 'mx.shop.test')).toMatchObject(lost)
    now = 61_000
    expect(await verdictOf(sts, 'mx.shop.test')).toMatchObject(lost)
    expect(fetches).toBe(1)
    publish('enforce', 'mx.shop.test')
    now = 361_000
    expect(await verdictOf(sts, 'mx.shop.test')).toMatchObject({ stsMode: 'enforce', stsProblem: null })
  })

  it('takes no policy over a certificate that does not verify, and none from a private address in production', async () => {
    const stranger = createSelfSigned({
      names: ['mta-sts.shop.test'],
      notBefore: new Date(Date.now() - DAY),
      notAfter: new Date(Date.now() + DAY),
    })
    expect(await verdictOf(sender({ ca: stranger.certificatePem }), 'mx.shop.test')).toMatchObject({
      stsMode: null,
      stsProblem: 'sts-webpki-invalid',
    })
    expect(await verdictOf(sender({ allowPrivate: false }), 'mx.shop.test')).toMatchObject({
      stsMode: null,
      stsProblem: 'sts-policy-fetch-error',
    })
    expect(fetches).toBe(0)
  })

  it('stops enforcing when a policy has ended and is not announced any more', async () => {
    await verdictOf(sender(), 'mx.shop.test')
    dns.set('_mta-sts.shop.test', 'NXDOMAIN')
    await atWork("update transport.sts_policy set expires_at = now() - interval '1 second'")
    expect(await verdictOf(sender(), 'mx.evil.test')).toMatchObject({ id: 'none', stsMode: null })
  })

  it('has a worker fetch again what is in use, before it ends, once for all', async () => {
    await verdictOf(sender(), 'mx.shop.test')
    const workers = [sender({ role: 'bulkhead_worker' }), sender({ role: 'bulkhead_worker' })]
    expect(await Promise.all(workers.map((worker) => worker.refreshDue()))).toEqual([0, 0])
    await atWork(
      "update transport.sts_policy set refresh_at = now() - interval '1 second', expires_at = now() + interval '1 hour'",
    )
    const done = await Promise.all(workers.map((worker) => worker.refreshDue()))
    expect(done.toSorted((a, b) => a - b)).toEqual([0, 1])
    expect(fetches).toBe(2)
    const { rows } = await atWork(
      "select expires_at > now() + interval '23 hours' as renewed from transport.sts_policy",
    )
    expect(rows).toEqual([{ renewed: true }])
    await atWork(
      "update transport.sts_policy set refresh_at = now() - interval '1 second', used_at = now() - interval '31 days'",
    )
    expect(await workers[0]?.refreshDue()).toBe(0)
  })

  it('lets mail wait while it cannot read what is known', async () => {
    const sts = createStsPolicies({
      store: {
        ...createStsStore(database.pool('bulkhead_sender')),
        find: () => Promise.reject(new Error('away')),
      },
      resolver: createResolver({ servers: [dns.address], timeoutMs: 400, tries: 1 }),
      egress: { call: () => Promise.reject(new Error('not asked')) },
      log,
    })
    expect(await verdictOf(sts, 'mx.shop.test')).toMatchObject({ kind: 'defer', enhanced: '4.4.3' })
  })
})
