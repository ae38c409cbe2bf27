import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSecureResolver } from '../../src/platform/dns/index.ts'
import type { SecureResolver } from '../../src/platform/dns/index.ts'
import { createTransport, createTransportPolicy } from '../../src/modules/transport/index.ts'
import { createTenantTransactions } from '../../src/platform/postgres/tenant.ts'
import { certificate, tlsa as tlsaOf } from '../support/certificates.ts'
import { createTestDatabase } from '../support/database.ts'
import { run, serve } from '../support/smtp-run.ts'
import type { StsPolicies } from '../../src/modules/transport/index.ts'
import { makeZone } from '../support/signed-zone.ts'
import type { ZoneRecord } from '../support/signed-zone.ts'
import { startUnbound, UNBOUND } from '../support/unbound.ts'
import type { ValidatingResolver } from '../support/unbound.ts'

const DIGEST = Buffer.alloc(32, 7)
const a: ZoneRecord = { type: 'A', value: '127.0.0.1' }
const mx = (exchange: string): ZoneRecord => ({ type: 'MX', preference: 10, exchange })
const tlsa = (usage: number, matchingType = 1, data: Buffer = DIGEST): ZoneRecord => ({
  type: 'TLSA',
  usage,
  selector: 1,
  matchingType,
  data,
})

const server = certificate({ subject: 'any name will do' })
const stranger = certificate({ subject: 'stranger', names: ['mx.real.signed.test'] })

const signed = makeZone('signed.test', {
  signed: true,
  records: {
    'ee.signed.test': [mx('mx.ee.signed.test')],
    'mx.ee.signed.test': [a],
    '_25._tcp.mx.ee.signed.test': [tlsa(3)],
    'ta.signed.test': [mx('mx.ta.signed.test')],
    'mx.ta.signed.test': [a],
    '_25._tcp.mx.ta.signed.test': [tlsa(2), tlsa(1)],
    'none.signed.test': [mx('mx.none.signed.test')],
    'mx.none.signed.test': [a],
    'unusable.signed.test': [mx('mx.unusable.signed.test')],
    'mx.unusable.signed.test': [a],
    '_25._tcp.mx.unusable.signed.test': [tlsa(1), tlsa(3, 1, Buffer.alloc(5)), tlsa(3, 9)],
    'forged.signed.test': [mx('mx.forged.signed.test')],
    'mx.forged.signed.test': [a],
    '_25._tcp.mx.forged.signed.test': [tlsa(3)],
    'forgedmx.signed.test': [mx('mx.ee.signed.test')],
    'broken.signed.test': [mx('mx.broken.signed.test'), mx('mx.ee.signed.test')],
    'mx.broken.signed.test': [a],
    '_25._tcp.mx.broken.signed.test': [tlsa(3)],
    'alias.signed.test': [mx('mx.alias.signed.test')],
    'mx.alias.signed.test': [{ type: 'CNAME', value: 'mx.ee.signed.test' }],
    'outside.signed.test': [mx('mx.plain.signed.test')],
    'abroad.signed.test': [mx('mx.abroad.signed.test')],
    'mx.abroad.signed.test': [{ type: 'CNAME', value: 'mx.plain.signed.test' }],
    '_25._tcp.mx.abroad.signed.test': [tlsa(3)],
    'real.signed.test': [mx('mx.real.signed.test')],
    'mx.real.signed.test': [a],
    '_25._tcp.mx.real.signed.test': [{ type: 'TLSA', ...tlsaOf(3, 1, 1, server) }],
    'self.signed.test': [a],
    '_25._tcp.self.signed.test': [tlsa(3)],
    'plain.signed.test': [{ type: 'NS', value: 'ns.plain.signed.test' }],
  },
  bogus: ['_25._tcp.mx.forged.signed.test TLSA', 'forgedmx.signed.test MX'],
  servfail: ['_25._tcp.mx.broken.signed.test TLSA'],
})
/** A delegation without DS: the way to it is proven to be insecure. */
const plain = makeZone('plain.signed.test', {
  signed: false,
  records: {
    'plain.signed.test': [mx('mx.plain.signed.test')],
    'mx.plain.signed.test': [a],
    '_25._tcp.mx.plain.signed.test': [tlsa(3)],
    'foreign.plain.signed.test': [mx('mx.ee.signed.test')],
  },
})

const NO_STS: StsPolicies = {
  policyOf: () => Promise.resolve({ policy: null, problem: null }),
  refreshDue: () => Promise.resolve(0),
}

describe.skipIf(UNBOUND === null)(
  'DANE, with unbound as the validating resolver (apt-get install unbound)',
  () => {
    let unbound: ValidatingResolver
    let dns: SecureResolver
    beforeAll(async () => {
      unbound = await startUnbound([signed, plain], [signed])
      dns = createSecureResolver({ server: unbound, trust: 'loopback' })
    })
    afterAll(() => unbound?.[Symbol.asyncDispose]())

    const policyFor = (domain: string, ...exchanges: string[]) =>
      createTransportPolicy({ secure: dns, sts: NO_STS }).policyFor({
        domain,
        hosts: exchanges.map((exchange) => ({ exchange })),
      })

    it('tells what is proven from what is not', async () => {
      expect(await dns.mx('ee.signed.test')).toEqual({
        kind: 'found',
        records: [{ exchange: 'mx.ee.signed.test', preference: 10 }],
        secure: true,
        canonical: 'ee.signed.test',
      })
      expect(await dns.mx('plain.signed.test')).toMatchObject({ kind: 'found', secure: false })
      expect(await dns.tlsa('_25._tcp.mx.none.signed.test')).toMatchObject({ kind: 'missing', secure: true })
      expect(await dns.a('ee.signed.test')).toMatchObject({ kind: 'empty', secure: true })
      expect(await dns.mx('forgedmx.signed.test')).toEqual({ kind: 'failed', code: 'ESERVFAIL', bogus: true })
      expect(await dns.a('mx.alias.signed.test')).toMatchObject({
        secure: true,
        canonical: 'mx.ee.signed.test',
      })
    })

    it('believes AD only from loopback, or from a resolver that the operator names', async () => {
      // The same resolver, under an address of this host that is not loopback by its form.
      const server = { host: '::ffff:127.0.0.1', port: unbound.port }
      for (const [trust, secure] of [
        ['loopback', false],
        ['configured', true],
      ] as const)
        expect(await createSecureResolver({ server, trust }).mx('ee.signed.test')).toMatchObject({
          kind: 'found',
          secure,
        })
    })

    it('verifies by TLSA records that are proven', async () => {
      const verdict = await policyFor('ee.signed.test', 'mx.ee.signed.test')
      expect(verdict).toMatchObject({
        kind: 'policy',
        policy: 'dane',
        hosts: [
          {
            expectsDane: true,
            tls: {
              mode: 'required',
              servername: 'mx.ee.signed.test',
              verify: { kind: 'dane', records: [{ usage: 3, selector: 1, matchingType: 1, data: DIGEST }] },
            },
            report: { policyType: 'tlsa', policyStrings: [`3 1 1 ${DIGEST.toString('hex')}`] },
          },
        ],
      })
    })

    it('takes usage 2 with the names of host and domain, and leaves usages 0 and 1 out', async () => {
      const verdict = await policyFor('ta.signed.test', 'mx.ta.signed.test')
      expect(verdict).toMatchObject({
        hosts: [
          {
            tls: {
              verify: {
                records: [{ usage: 2 }],
                names: ['mx.ta.signed.test', 'ta.signed.test'],
              },
            },
          },
        ],
      })
    })

    it('is not applied where there are provably no TLSA records', async () => {
      expect(await policyFor('none.signed.test', 'mx.none.signed.test')).toMatchObject({
        kind: 'policy',
        id: 'none',
        policy: 'none',
        hosts: [{ tls: { mode: 'opportunistic' }, expectsDane: false }],
      })
    })

    it('demands encryption without verifying where no TLSA record can be used', async () => {
      expect(await policyFor('unusable.signed.test', 'mx.unusable.signed.test')).toMatchObject({
        kind: 'policy',
        hosts: [{ tls: { mode: 'required', verify: 'none' }, expectsDane: true }],
      })
    })

    it('defers where the TLSA records are forged, and never falls back', async () => {
      expect(await policyFor('forged.signed.test', 'mx.forged.signed.test')).toMatchObject({
        kind: 'defer',
        enhanced: '4.7.5',
        tlsFailure: 'dnssec-invalid',
        reason: expect.stringContaining('signatures are wrong'),
      })
    })

    it('defers where the MX records are forged', async () => {
      expect(await policyFor('forgedmx.signed.test', 'mx.ee.signed.test')).toMatchObject({
        kind: 'defer',
        enhanced: '4.7.5',
      })
    })

    it('leaves out a host whose TLSA records cannot be had, and uses the others', async () => {
      expect(
        await policyFor('broken.signed.test', 'mx.broken.signed.test', 'mx.ee.signed.test'),
      ).toMatchObject({
        kind: 'policy',
        policy: 'dane',
        hosts: [{ exchange: 'mx.ee.signed.test' }],
        removed: [{ exchange: 'mx.broken.signed.test', tlsFailure: 'dnssec-invalid' }],
      })
      expect(await policyFor('broken.signed.test', 'mx.broken.signed.test')).toMatchObject({ kind: 'defer' })
    })

    it('is not applied behind an insecure delegation, nor from insecure MX records', async () => {
      expect(await policyFor('plain.signed.test', 'mx.plain.signed.test')).toMatchObject({ policy: 'none' })
      expect(await policyFor('outside.signed.test', 'mx.plain.signed.test')).toMatchObject({ policy: 'none' })
      expect(await policyFor('foreign.plain.signed.test', 'mx.ee.signed.test')).toMatchObject({
        policy: 'none',
      })
    })

    it('follows secure aliases to the name whose records count, and stays with its own where the target is insecure', async () => {
      expect(await policyFor('alias.signed.test', 'mx.alias.signed.test')).toMatchObject({
        hosts: [{ exchange: 'mx.alias.signed.test', tls: { servername: 'mx.ee.signed.test' } }],
      })
      expect(await policyFor('abroad.signed.test', 'mx.abroad.signed.test')).toMatchObject({
        hosts: [{ tls: { servername: 'mx.abroad.signed.test', verify: { kind: 'dane' } } }],
      })
    })

    it('holds for a domain without MX records, which is its own host', async () => {
      expect(await policyFor('self.signed.test', 'self.signed.test')).toMatchObject({ policy: 'dane' })
    })

    it('refuses a host that another resolver claims and the signed MX records do not name', async () => {
      expect(await policyFor('ee.signed.test', 'mx.evil.test')).toMatchObject({
        kind: 'defer',
        tlsFailure: 'dnssec-invalid',
        removed: [{ exchange: 'mx.evil.test' }],
      })
      expect(await policyFor('ee.signed.test', 'mx.evil.test', 'mx.ee.signed.test')).toMatchObject({
        hosts: [{ exchange: 'mx.ee.signed.test' }],
      })
    })

    it('gives the mail to the server whose key is in DNS, and to no other that answers in its place', async () => {
      const verdict = await policyFor('real.signed.test', 'mx.real.signed.test')
      const tls = verdict.kind === 'policy' ? verdict.hosts[0]?.tls : undefined
      if (tls === undefined) throw new Error('no verdict')
      const meet = (own: typeof server) =>
        run(
          async (peer) => {
            await peer.greet('STARTTLS', 'PIPELINING')
            await peer.line()
            peer.send('220 go\r\n')
            await peer.secure({ key: own.key, cert: own.cert }).catch(() => {})
            await peer.ehlo('PIPELINING')
            await serve(peer)
          },
          [1],
          { tls },
        )
      const right = await meet(server)
      expect([right.kinds, right.infos[0]?.tls?.authenticated]).toEqual([['1 delivered'], 'dane-ee'])
      const wrong = await meet(stranger)
      expect(wrong).toMatchObject({
        kinds: [],
        left: 1,
        reason: { tlsFailed: true, tlsFailure: 'validation-failure' },
      })
    })

    it('tells the operator whether the resolver validates', async () => {
      await using database = await createTestDatabase()
      const stateBy = async (zone: string, resolver = dns) => {
        const transport = createTransport({
          transactions: createTenantTransactions(database.pool('bulkhead_api')),
          dnssec: { name: '127.0.0.1:53', resolver: { ns: () => resolver.ns(zone) } },
          ownDomains: [],
          reportsSent: true,
        })
        return (await transport.state({ limit: 10 })).dane.state
      }
      expect(await stateBy('signed.test')).toBe('on')
      expect(await stateBy('plain.signed.test')).toBe('not-validating')
      const nobody = { host: '127.0.0.1', port: 9 }
      const away = createSecureResolver({ server: nobody, trust: 'loopback', timeoutMs: 300, tries: 1 })
      expect(await stateBy('signed.test', away)).toBe('unreachable')
    })

    it('shares an id between domains whose host is treated alike, and with no other', async () => {
      const [one, other, none] = await Promise.all([
        policyFor('ee.signed.test', 'mx.ee.signed.test'),
        policyFor('broken.signed.test', 'mx.ee.signed.test'),
        policyFor('none.signed.test', 'mx.none.signed.test'),
      ])
      const idOf = (verdict: typeof one) => (verdict.kind === 'policy' ? verdict.id : '')
      expect(idOf(one)).toBe(idOf(other))
      expect(idOf(one)).not.toBe(idOf(none))
    })
  },
)

describe('DANE without its resolver', () => {
  it('defers while the validating resolver does not answer', async () => {
    const dns = createSecureResolver({
      server: { host: '127.0.0.1', port: 9 },
      trust: 'loopback',
      timeoutMs: 300,
      tries: 1,
    })
    const verdict = await createTransportPolicy({ secure: dns, sts: NO_STS }).policyFor({
      domain: 'any.test',
      hosts: [{ exchange: 'mx.any.test' }],
    })
    expect(verdict).toMatchObject({ kind: 'defer', enhanced: '4.4.3' })
  })

  it('is off where none is configured', async () => {
    const verdict = await createTransportPolicy({ secure: null, sts: NO_STS }).policyFor({
      domain: 'any.test',
      hosts: [{ exchange: 'mx.any.test' }],
    })
    expect(verdict).toMatchObject({
      kind: 'policy',
      policy: 'none',
      hosts: [{ tls: { mode: 'opportunistic' } }],
    })
  })
})
