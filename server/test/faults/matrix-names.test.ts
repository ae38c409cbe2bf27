import { once } from 'node:events'
import { createServer } from 'node:https'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSelfSigned } from '../../src/platform/config/self-signed.ts'
import { eventually } from '../flows/engine-fixture.ts'
import { certificate, tlsa } from '../support/certificates.ts'
import type { DnsScript } from '../support/dns-server.ts'
import { makeZone } from '../support/signed-zone.ts'
import type { ZoneRecord } from '../support/signed-zone.ts'
import { startUnbound, UNBOUND } from '../support/unbound.ts'
import { startMatrix } from './matrix-fixture.ts'
import type { Matrix, Receiver } from './matrix-fixture.ts'

const DAY_MS = 86_400_000
const STS_DOMAINS = ['enforce', 'testing', 'stale', 'gone'].map((name) => `${name}.sts.example`)

let matrix: Matrix
let peer: Receiver
/** What the policy server says, by domain. */
const policies = new Map<string, (response: ServerResponse) => void>()
const material = createSelfSigned({
  names: STS_DOMAINS.map((domain) => `mta-sts.${domain}`),
  notBefore: new Date(Date.now() - DAY_MS),
  notAfter: new Date(Date.now() + DAY_MS),
})
const web = createServer(
  { cert: material.certificatePem, key: material.privateKeyPem },
  (request, response) => {
    const domain = (request.headers.host ?? '').replace(/^mta-sts\./, '').replace(/:\d+$/, '')
    const answer = policies.get(domain)
    if (answer === undefined) response.writeHead(404).end()
    else answer(response)
  },
)

beforeAll(async () => {
  matrix = await startMatrix()
  peer = await matrix.receiver({ keep: 100 })
  web.listen(0, '127.0.0.1')
  await once(web, 'listening')
  const { port } = web.address() as AddressInfo
  await matrix.engine({
    ca: material.certificatePem,
    stsUrlOf: (domain) => `https://mta-sts.${domain}:${port}/.well-known/mta-sts.txt`,
  })
})
afterAll(async () => {
  try {
    await matrix.reconcile((state, recipient) => state === 'expired' && recipient.startsWith('expire'))
  } finally {
    web.closeAllConnections()
    web.close()
    await matrix[Symbol.asyncDispose]()
  }
})

const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString()

/** Waits for a deferral and answers its detail. */
async function deferred(id: string) {
  return eventually(async () => {
    const { timeline } = await matrix.workspace.get(id)
    return timeline.find((event: { type: string }) => event.type === 'message.deferred')?.detail
  }, 'a deferral')
}

describe.concurrent('DNS', () => {
  it.each([
    ['SERVFAIL', 'SERVFAIL'],
    ['no answer', 'silence'],
    ['REFUSED', 'REFUSED'],
    ['garbage', 'garbage'],
  ] as const)(
    'that says %s for a while defers and bounces nobody; the message arrives once when it answers',
    async (_name, script) => {
      const domain = matrix.newDomain()
      matrix.dns.set(domain, script)
      const id = await matrix.send({ to: `a@${domain}` })
      expect(await deferred(id)).toMatchObject({ stage: 'dns', enhanced: '4.4.3' })
      matrix.lead(domain, peer.host)
      const story = await matrix.story(id)
      expect(story, JSON.stringify(story.timeline)).toMatchObject({ states: { delivered: 1 }, copies: [1] })
      expect(new Set(story.types)).toEqual(new Set(['accepted', 'deferred', 'delivered']))
    },
  )

  it('that fails for the hosts of an MX, and not for the MX, defers too', async () => {
    const domain = matrix.newDomain()
    matrix.dns.set(domain, [{ type: 'MX', preference: 10, exchange: `mx.${domain}` }])
    matrix.dns.set(`mx.${domain}`, 'SERVFAIL')
    const id = await matrix.send({ to: `a@${domain}` })
    expect(await deferred(id)).toMatchObject({ stage: 'dns' })
    matrix.lead(domain, peer.host)
    expect(await matrix.story(id)).toMatchObject({ states: { delivered: 1 }, copies: [1] })
  })

  it('that never answers lets a message end at its expiry, not later and not as a bounce', async () => {
    const domain = matrix.newDomain()
    matrix.dns.set(domain, 'silence')
    const id = await matrix.send({ to: `expire@${domain}`, expiresAt: inMs(3_000) })
    const story = await matrix.story(id)
    expect(story).toMatchObject({ states: { expired: 1 }, copies: [0] })
    expect(story.types).not.toContain('bounced')
  })

  it.each([
    ['a domain that does not exist', 'NXDOMAIN', '5.1.2'],
    ['a null MX', [{ type: 'MX', preference: 0, exchange: '' }], '5.1.10'],
  ] as readonly (readonly [string, DnsScript, string])[])(
    '%s bounces at once, and nothing is offered to anybody',
    async (_name, script, enhanced) => {
      const domain = matrix.newDomain()
      matrix.dns.set(domain, script)
      const story = await matrix.story(await matrix.send({ to: `bounce-a@${domain}` }))
      expect(story).toMatchObject({ states: { bounced: 1 }, types: ['accepted', 'bounced'], copies: [0] })
      expect(story.timeline[1].detail).toMatchObject({ stage: 'dns', enhanced, class: 'recipient' })
    },
  )
})

const publish = (domain: string, mode: string, mx: string) => {
  policies.set(domain, (response) =>
    response
      .setHeader('content-type', 'text/plain')
      .end(`version: STSv1\nmode: ${mode}\nmx: ${mx}\nmax_age: 86400\n`),
  )
}
/** A domain with a policy; its server's certificate is nobody's. */
function announce(name: string, id: string): string {
  const domain = `${name}.sts.example`
  matrix.lead(domain, peer.host)
  matrix.dns.set(`mta-sts.${domain}`, [{ type: 'A', value: '127.0.0.1' }])
  matrix.dns.set(`_mta-sts.${domain}`, [{ type: 'TXT', strings: [`v=STSv1; id=${id};`], ttl: 0 }])
  return domain
}

describe.concurrent('MTA-STS', () => {
  it('enforced keeps mail from a server that cannot prove its name: it waits, and ends at its expiry', async () => {
    const domain = announce('enforce', '1')
    publish(domain, 'enforce', `mx.${domain}`)
    const story = await matrix.story(await matrix.send({ to: `expire@${domain}`, expiresAt: inMs(3_000) }))
    expect(story, JSON.stringify(story.timeline)).toMatchObject({ states: { expired: 1 }, copies: [0] })
    expect(story.timeline.some((event) => /certificate|trust/i.test(JSON.stringify(event.detail)))).toBe(true)
  })

  it('enforced keeps mail from a host that the policy does not name', async () => {
    const domain = announce('gone', '1')
    publish(domain, 'enforce', 'mx.elsewhere.example')
    const id = await matrix.send({ to: `expire@${domain}`, expiresAt: inMs(3_000) })
    expect(await deferred(id)).toMatchObject({ enhanced: '4.7.5' })
    expect(await matrix.story(id)).toMatchObject({ states: { expired: 1 }, copies: [0] })
  })

  it('in testing changes nothing: the same server gets the mail, encrypted, at the first attempt', async () => {
    const domain = announce('testing', '1')
    publish(domain, 'testing', 'mx.elsewhere.example')
    const story = await matrix.story(await matrix.send({ to: `a@${domain}` }))
    expect(story).toMatchObject({ types: ['accepted', 'delivered'], copies: [1] })
    expect(story.timeline[1].detail.tls).toMatchObject({ protocol: 'TLSv1.3' })
  })

  it('known to enforce goes on to while it cannot be refreshed, also for a sender that starts meanwhile', async () => {
    const domain = announce('stale', '1')
    publish(domain, 'enforce', `mx.${domain}`)
    const first = await matrix.send({ to: `expire1@${domain}`, expiresAt: inMs(2_000) })
    expect(await matrix.story(first)).toMatchObject({ states: { expired: 1 } })
    // Another policy is announced, and its server is down.
    announce('stale', '2')
    policies.set(domain, (response) => response.writeHead(503).end())
    await matrix.engine({
      ca: material.certificatePem,
      stsUrlOf: (name) => `https://mta-sts.${name}:${(web.address() as AddressInfo).port}/`,
    })
    const second = await matrix.send({ to: `expire2@${domain}`, expiresAt: inMs(3_000) })
    expect(await matrix.story(second)).toMatchObject({ states: { expired: 1 }, copies: [0] })
    expect(peer.sink.messages().some(({ recipients }) => recipients.some((to) => to.endsWith(domain)))).toBe(
      false,
    )
  })
})

describe.skipIf(UNBOUND === null)('DANE, with unbound as the validating resolver', () => {
  it('that cannot be had or is forged defers and never falls back; a proven key gets the mail, once', async () => {
    const dane = await startMatrix()
    try {
      const own = certificate({ subject: 'mx.good.signed.test', names: ['mx.good.signed.test'] })
      const there = await dane.receiver({ tls: { key: own.key, cert: own.cert }, keep: 50 })
      const records: Record<string, ZoneRecord[]> = {}
      for (const name of ['good', 'failing', 'forged', 'wrong']) {
        const domain = `${name}.signed.test`
        records[domain] = [{ type: 'MX', preference: 10, exchange: `mx.${domain}` }]
        records[`mx.${domain}`] = [{ type: 'A', value: there.host }]
        const key = name === 'wrong' ? certificate({ subject: 'another' }) : own
        records[`_${dane.port}._tcp.mx.${domain}`] = [{ type: 'TLSA', ...tlsa(3, 1, 1, key) }]
      }
      const zone = makeZone('signed.test', {
        signed: true,
        records,
        servfail: [`_${dane.port}._tcp.mx.failing.signed.test TLSA`],
        bogus: [`_${dane.port}._tcp.mx.forged.signed.test TLSA`],
      })
      await using unbound = await startUnbound([zone], [zone])
      await dane.engine({ secureDns: { server: unbound, trust: 'loopback', timeoutMs: 3_000 } })
      const good = await dane.send({ to: 'a@good.signed.test', lane: 'critical' })
      const held = await Promise.all(
        ['failing', 'forged', 'wrong'].map((name) =>
          dane.send({ to: `expire@${name}.signed.test`, expiresAt: inMs(6_000) }),
        ),
      )
      const story = await dane.story(good)
      expect(story, JSON.stringify(story.timeline)).toMatchObject({ states: { delivered: 1 }, copies: [1] })
      expect(story.timeline.at(-1).detail.tls).toMatchObject({ authenticated: 'dane-ee' })
      for (const id of held) {
        const { states, types, copies, timeline } = await dane.story(id)
        expect(states, JSON.stringify(timeline)).toEqual({ expired: 1 })
        expect(types).toContain('deferred')
        expect(types).not.toContain('bounced')
        expect(copies).toEqual([0])
      }
      await dane.reconcile((state, recipient) => state === 'expired' && recipient.startsWith('expire'))
    } finally {
      await dane[Symbol.asyncDispose]()
    }
  })
})
