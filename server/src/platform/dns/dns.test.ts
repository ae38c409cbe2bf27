import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startDnsServer } from '../../../test/support/dns-server.ts'
import type { DnsRecord, DnsScript, DnsServer } from '../../../test/support/dns-server.ts'
import { createTtlCache } from './cache.ts'
import { createDestinationResolver, createResolver, isPublicAddress } from './index.ts'
import type { DnsResolver, ResolverDeps } from './index.ts'

let dns: DnsServer
let resolver: DnsResolver
let now = 0
const resolverOf = (over: Partial<ResolverDeps> = {}) =>
  createResolver({ servers: [dns.address], timeoutMs: 250, tries: 1, nowMs: () => now, ...over })

beforeEach(async () => {
  now = 0
  dns = await startDnsServer()
  resolver = resolverOf()
})
afterEach(async () => {
  resolver.cancel()
  await dns.close()
})

const a = (value: string, ttl?: number): DnsRecord => ({
  type: 'A',
  value,
  ...(ttl === undefined ? {} : { ttl }),
})
const aaaa = (value: string): DnsRecord => ({ type: 'AAAA', value })
const mx = (preference: number, exchange: string): DnsRecord => ({ type: 'MX', preference, exchange })

describe('resolver', () => {
  it('gives every kind of record', async () => {
    dns.set('x.test', [
      a('192.0.2.1'),
      aaaa('2001:db8::1'),
      mx(10, 'MX.x.test'),
      { type: 'TXT', strings: ['v=spf1 ', '-all'] },
    ])
    dns.set('alias.test', [{ type: 'CNAME', value: 'x.test' }])
    expect(await resolver.a('x.test')).toEqual({ kind: 'found', records: ['192.0.2.1'] })
    expect(await resolver.aaaa('X.test.')).toEqual({ kind: 'found', records: ['2001:db8::1'] })
    expect(await resolver.mx('x.test')).toEqual({
      kind: 'found',
      records: [{ exchange: 'mx.x.test', preference: 10 }],
    })
    expect(await resolver.txt('x.test')).toEqual({ kind: 'found', records: ['v=spf1 -all'] })
    expect(await resolver.cname('alias.test')).toEqual({ kind: 'found', records: ['x.test'] })
    expect(await resolver.a('alias.test')).toEqual({ kind: 'found', records: ['192.0.2.1'] })
  })

  it('tells "does not exist" from "has none" from "nobody knows"', async () => {
    dns.set('empty.test', [a('192.0.2.1')])
    dns.set('broken.test', 'SERVFAIL')
    dns.set('refused.test', 'REFUSED')
    dns.set('silent.test', 'silence')
    dns.set('garbage.test', 'garbage')
    expect(await resolver.mx('nowhere.test')).toEqual({ kind: 'missing' })
    expect(await resolver.mx('empty.test')).toEqual({ kind: 'empty' })
    expect(await resolver.mx('broken.test')).toEqual({ kind: 'failed', code: 'ESERVFAIL' })
    expect(await resolver.mx('refused.test')).toEqual({ kind: 'failed', code: 'EREFUSED' })
    expect(await resolver.mx('silent.test')).toMatchObject({ kind: 'failed' })
    expect(await resolver.mx('garbage.test')).toMatchObject({ kind: 'failed' })
  })

  it('asks over TCP where UDP is too small', async () => {
    dns.set('long.test', {
      truncate: [{ type: 'TXT', strings: Array.from({ length: 20 }, () => 'x'.repeat(250)) }],
    })
    const answer = await resolver.txt('long.test')
    expect(answer.kind === 'found' && answer.records[0]?.length).toBe(5000)
    expect(dns.questions.map(({ transport }) => transport)).toEqual(['udp', 'tcp'])
  })

  it('caches by TTL within bounds, answers one question once, and never caches a failure', async () => {
    dns.set('short.test', [a('192.0.2.1', 2)])
    dns.set('long.test', [a('192.0.2.1', 86_400)])
    dns.set('broken.test', 'SERVFAIL')
    const asked = (name: string) => dns.questions.filter((question) => question.name === name).length
    await Promise.all([resolver.a('short.test'), resolver.a('short.test'), resolver.a('long.test')])
    await resolver.a('short.test')
    expect(asked('short.test')).toBe(1)
    now = 2001
    await resolver.a('short.test')
    expect(asked('short.test')).toBe(2)
    await resolver.a('long.test')
    expect(asked('long.test')).toBe(1)
    now = 300_001
    await resolver.a('long.test')
    expect(asked('long.test')).toBe(2)
    await resolver.a('nowhere.test')
    await resolver.a('nowhere.test')
    expect(asked('nowhere.test')).toBe(1)
    now += 30_001
    await resolver.a('nowhere.test')
    expect(asked('nowhere.test')).toBe(2)
    await resolver.a('broken.test')
    const before = asked('broken.test')
    dns.set('broken.test', [a('192.0.2.9')])
    expect(await resolver.a('broken.test')).toEqual({ kind: 'found', records: ['192.0.2.9'] })
    expect(asked('broken.test')).toBeGreaterThan(before)
  })

  it('forgets sooner where it is told to, what was there and what was not', async () => {
    const fresh = resolverOf({ rememberMs: 1_000 })
    dns.set('changed.test', [{ type: 'TXT', strings: ['old'] }])
    expect(await fresh.txt('changed.test')).toEqual({ kind: 'found', records: ['old'] })
    expect(await fresh.txt('new.test')).toEqual({ kind: 'missing' })
    for (const name of ['changed.test', 'new.test']) dns.set(name, [{ type: 'TXT', strings: ['now'] }])
    now = 999
    expect(await fresh.txt('changed.test')).toEqual({ kind: 'found', records: ['old'] })
    now = 1_001
    expect(await fresh.txt('changed.test')).toEqual({ kind: 'found', records: ['now'] })
    expect(await fresh.txt('new.test')).toEqual({ kind: 'found', records: ['now'] })
    fresh.cancel()
  })

  it('asks nobody about a name that cannot be one', async () => {
    for (const bad of [
      '',
      '.',
      'a..b',
      `${'x'.repeat(64)}.test`,
      `${'a.'.repeat(130)}test`,
      'a b.test',
      'a\0b.test',
      'a/b',
      'a.test/x',
      'é.test/x',
      'é%2f.test',
      'é.test\n',
      '\uff0f.test',
    ])
      expect(await resolver.mx(bad), JSON.stringify(bad)).toEqual({ kind: 'missing' })
    expect(dns.questions).toEqual([])
    dns.set('xn--bcher-kva.test', [a('192.0.2.1')])
    expect(await resolver.a('bücher.test')).toMatchObject({ kind: 'found' })
  })

  it('keeps the cache bounded: the oldest entry goes', () => {
    const cache = createTtlCache<number>({ maxEntries: 2, nowMs: () => 0 })
    for (const i of [1, 2, 3]) cache.set(String(i), i, 1000)
    expect([cache.size, cache.get('1'), cache.get('3')]).toEqual([2, undefined, 3])
  })
})

const resolve = (domain: string, allowPrivate = false, random = () => 0.5) =>
  createDestinationResolver({ resolver, allowPrivate, random })(domain)
const zone = (scripts: Record<string, DnsScript>) => {
  for (const [name, script] of Object.entries(scripts)) dns.set(name, script)
}

const exchanges = async (domain: string, random?: () => number) => {
  const found = await resolve(domain, false, random)
  return found.kind === 'hosts' ? found.hosts.map(({ exchange }) => exchange).join() : found.reason
}

describe('destination', () => {
  it('orders by preference, at random within one, with both families', async () => {
    zone({
      'x.test': [mx(20, 'c.test'), mx(10, 'a.test'), mx(10, 'b.test')],
      'a.test': [a('8.8.8.1'), a('8.8.8.2'), aaaa('2620:fe::1')],
      'b.test': [a('8.8.8.3')],
      'c.test': [aaaa('2620:fe::2')],
    })
    const seen = new Set<string>()
    for (let i = 0; i < 40; i++) seen.add(await exchanges('x.test', Math.random))
    expect([...seen].sort()).toEqual(['a.test,b.test,c.test', 'b.test,a.test,c.test'])
    const found = await resolve('x.test')
    const first =
      found.kind === 'hosts' ? found.hosts.find(({ exchange }) => exchange === 'a.test') : undefined
    expect(first?.addresses.map(({ family }) => family)).toEqual([6, 4, 4])
  })

  it('uses the domain itself where there is no MX', async () => {
    zone({ 'x.test': [a('8.8.8.8')] })
    expect(await resolve('X.test')).toEqual({
      kind: 'hosts',
      hosts: [{ exchange: 'x.test', preference: 0, addresses: [{ address: '8.8.8.8', family: 4 }] }],
    })
  })

  const verdicts: [string, Record<string, DnsScript>, string][] = [
    ['a null MX bounces', { 'x.test': [mx(0, '.'), a('8.8.8.8')] }, 'bounce 5.1.10'],
    ['a domain that does not exist bounces', {}, 'bounce 5.1.2'],
    ['a domain with neither MX nor address bounces', { 'x.test': [] }, 'bounce 5.4.4'],
    ['SERVFAIL for the MX defers', { 'x.test': 'SERVFAIL' }, 'defer 4.4.3'],
    ['REFUSED defers', { 'x.test': 'REFUSED' }, 'defer 4.4.3'],
    ['silence defers', { 'x.test': 'silence' }, 'defer 4.4.3'],
    [
      'SERVFAIL for the only address defers',
      { 'x.test': (type) => (type === 'MX' ? [] : 'SERVFAIL') },
      'defer 4.4.3',
    ],
    ['MX hosts that do not exist bounce', { 'x.test': [mx(1, 'a.test'), mx(2, 'b.test')] }, 'bounce 5.4.4'],
    [
      'one SERVFAIL among them defers',
      { 'x.test': [mx(1, 'a.test'), mx(2, 'b.test')], 'b.test': 'SERVFAIL' },
      'defer 4.4.3',
    ],
    ['an MX that is an address bounces', { 'x.test': [mx(1, '8.8.8.8')] }, 'bounce 5.4.4'],
    [
      'private hosts are refused',
      { 'x.test': [mx(1, 'a.test')], 'a.test': [a('10.0.0.1'), aaaa('fd00::1')] },
      'bounce 5.4.4',
    ],
    [
      'a broken second host does not matter',
      { 'x.test': [mx(1, 'a.test'), mx(2, 'b.test')], 'a.test': [a('8.8.8.8')], 'b.test': 'SERVFAIL' },
      'hosts',
    ],
    [
      'a host without AAAA answer is used by IPv4',
      { 'x.test': (type) => (type === 'A' ? [a('8.8.8.8')] : type === 'MX' ? [] : 'SERVFAIL') },
      'hosts',
    ],
    [
      'an MX that is an alias is tolerated',
      {
        'x.test': [mx(1, 'a.test')],
        'a.test': [{ type: 'CNAME', value: 'b.test' }],
        'b.test': [a('8.8.8.8')],
      },
      'hosts',
    ],
  ]
  it.each(verdicts)('%s', async (_name, scripts, expected) => {
    zone(scripts)
    const found = await resolve('x.test')
    expect(found.kind === 'hosts' ? 'hosts' : `${found.kind} ${found.enhanced}`).toBe(expected)
  })

  it('bounds hosts and addresses', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `m${i}.test`)
    zone({ 'x.test': names.map((name, i) => mx(i, name)) })
    for (const name of names)
      dns.set(
        name,
        Array.from({ length: 9 }, (_, i) => a(`8.8.8.${i}`)),
      )
    const found = await resolve('x.test')
    expect(found.kind === 'hosts' && found.hosts.map(({ addresses }) => addresses.length)).toEqual(
      Array.from({ length: 8 }, () => 4),
    )
    expect(dns.questions.length).toBeLessThanOrEqual(1 + 16)
  })

  it('takes address literals, and private ones only where allowed', async () => {
    expect(await resolve('[8.8.8.8]')).toMatchObject({
      hosts: [{ addresses: [{ address: '8.8.8.8', family: 4 }] }],
    })
    expect(await resolve('[IPv6:2620:fe::1]')).toMatchObject({ hosts: [{ addresses: [{ family: 6 }] }] })
    expect(await resolve('[127.0.0.1]')).toMatchObject({ kind: 'bounce', enhanced: '5.4.4' })
    expect(await resolve('[127.0.0.1]', true)).toMatchObject({ kind: 'hosts' })
    expect(await resolve('[IPv6:::ffff:8.8.8.8]')).toMatchObject({ kind: 'bounce' })
    for (const bad of ['[2620:fe::1]', '[IPv6:8.8.8.8]', '[nonsense]', '[]', '8.8.8.8', 'a b', ''])
      expect(await resolve(bad), bad).toMatchObject({ kind: 'bounce', enhanced: '5.1.2' })
    expect(dns.questions).toEqual([])
  })
})

describe('public addresses', () => {
  it('refuses every special range and every way around', () => {
    for (const bad of [
      '0.0.0.0',
      '10.1.2.3',
      '100.64.0.1',
      '127.0.0.1',
      '127.255.255.255',
      '169.254.169.254',
      '172.16.0.1',
      '172.31.255.255',
      '192.0.0.8',
      '192.0.2.1',
      '192.168.1.1',
      '198.18.0.1',
      '198.51.100.1',
      '203.0.113.1',
      '224.0.0.1',
      '255.255.255.255',
      '::',
      '::1',
      '::ffff:8.8.8.8',
      '::ffff:127.0.0.1',
      '::8.8.8.8',
      '64:ff9b::8.8.8.8',
      '64:ff9b:1::1',
      '100::1',
      'fc00::1',
      'fd12::1',
      'fe80::1',
      'fe80::1%eth0',
      'fec0::1',
      'ff02::1',
      '2001::1',
      '2001:db8::1',
      '2002:7f00:1::',
      '3fff::1',
      '2620:fe::1%lo',
      'example.com',
      '',
      '8.8.8',
      '08.8.8.8',
      '0x7f000001',
      '2130706433',
      '[::1]',
    ])
      expect(isPublicAddress(bad), bad).toBe(false)
  })

  it('accepts the public internet', () => {
    for (const good of [
      '8.8.8.8',
      '100.63.255.255',
      '100.128.0.1',
      '172.32.0.1',
      '192.0.1.1',
      '2620:fe::1',
      '2a00:1450:4001::1b',
      '2001:4860:4860::8888',
    ])
      expect(isPublicAddress(good), good).toBe(true)
  })
})
