import { describe, expect, it } from 'vitest'
import { createConnection } from 'node:net'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createMix } from './engine/mix.ts'
import { openWorld } from './engine/open-mix.ts'
import { Gate, parseDoors } from './engine/gate.ts'
import type { Door } from './engine/gate.ts'
import { MemorySamples, slope } from './engine/memory-samples.ts'
import { preloadUrl } from './engine/preload-url.ts'
import { selfTimes } from './engine/profile.ts'
import { keptLimits, overstepped, renderFairness } from './engine/report-engine.ts'
import { loadSmtp } from './load-smtp.ts'
import { startSink } from './sink.ts'
import { loadRules } from '../server/src/modules/shaping/index.ts'
import { createResolver } from '../server/src/platform/dns/index.ts'

const door = (over: Partial<Door> = {}): Door => ({
  name: 'big',
  hosts: ['127.25.99.1'],
  limits: { connections: 2, perSecond: 3, perConnection: 2 },
  deferPercent: 0,
  deferrals: ['452 4.2.2 full'],
  delayMs: 0,
  tooMany: '421 4.7.0 too many',
  tooFast: '421 4.7.28 too fast',
  ...over,
})

const frame = (functionName: string, url: string) => ({ functionName, url, lineNumber: 4 })
const times = (p99Ms: number) => ({ count: 50, p50Ms: 5, p90Ms: 5, p99Ms, maxMs: p99Ms })

describe('the mix of destinations', () => {
  it('has the shares of the large providers in any thousand recipients, and more than 500 small domains', () => {
    const mix = createMix({ limits: 'raised', deferPercent: 1 })
    expect(mix.domains).toBeGreaterThan(500)
    for (const from of [0, 123_456]) {
      const counts = new Map<string, number>()
      for (let i = from; i < from + 1000; i++) {
        const domain = mix.domainOf(i)
        counts.set(domain, (counts.get(domain) ?? 0) + 1)
      }
      expect(Math.abs((counts.get('gmail.com') ?? 0) - 674)).toBeLessThanOrEqual(3)
      const hotmail = (counts.get('hotmail.com') ?? 0) + (counts.get('outlook.com') ?? 0)
      expect(Math.abs(hotmail - 88)).toBeLessThanOrEqual(3)
      expect(Math.abs((counts.get('yahoo.com') ?? 0) - 59)).toBeLessThanOrEqual(3)
    }
  })

  it('stands on loopback addresses only, each host on its own', () => {
    const { doors } = createMix({ limits: 'published', deferPercent: 1 })
    const hosts = doors.flatMap((each) => each.hosts)
    expect(new Set(hosts).size).toBe(hosts.length)
    expect(parseDoors(JSON.parse(JSON.stringify(doors)))).toEqual(doors)
    expect(() => parseDoors([door({ hosts: ['192.0.2.1'] })])).toThrow('127.0.0.0/8')
  })

  it('meets the shipped rules by the names of its hosts, and its own rules stay below what its sink takes', () => {
    const mix = createMix({ limits: 'raised', deferPercent: 0 })
    const shipped = readFileSync('server/src/modules/shaping/shipped.toml', 'utf8')
    const loaded = loadRules([
      { name: 'shipped', text: shipped },
      { name: 'bench', text: mix.shaping ?? '' },
    ])
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
    for (const { name, limits } of mix.doors) {
      if (name === 'tail') continue
      const domain = Object.keys(mix.routes).find((each) => mix.routes[each]?.provider === name) ?? ''
      const mxHosts = (mix.zone[domain] ?? []).flatMap((record) =>
        record.type === 'MX' ? [record.exchange] : [],
      )
      const resolved = loaded.rules.resolve({ domain, mxHosts })
      expect(resolved.provider).toBe(name)
      expect(resolved.limits.connections).toBeLessThanOrEqual(limits.connections ?? Number.POSITIVE_INFINITY)
      expect(resolved.limits.messagesPerConnection).toBeLessThanOrEqual(limits.perConnection ?? 0)
      // A pace may bring a quarter of a second's worth at once on top of its second.
      const perSecond = (resolved.limits.messageRate?.count ?? Number.POSITIVE_INFINITY) * 1.25
      expect(perSecond).toBeLessThanOrEqual(limits.perSecond ?? 0)
    }
  })

  it('is what DNS says and where the sink listens, with TLS', async () => {
    const mix = createMix({ limits: 'raised', deferPercent: 0, tail: 3 })
    await using world = await openWorld(mix)
    const resolver = createResolver({ servers: [world.dnsServer], timeoutMs: 2000, tries: 1 })
    const answer = await resolver.mx('gmail.com')
    expect(answer).toMatchObject({ kind: 'found' })
    resolver.cancel()
    const report = await loadSmtp({
      host: mix.routes['gmail.com']?.address ?? '',
      port: world.sink.port,
      tls: 'starttls',
      messages: 5,
      connections: 1,
      recipientDomain: 'gmail.com',
    })
    expect(report.accepted).toBe(5)
    const { providers } = await world.sink.stats()
    expect(providers['google']).toMatchObject({ messages: 5, maxOpen: 1, maxPerConnection: 5 })
  })
})

describe('a provider of the sink', () => {
  it('answers 421 above its connections, and counts what it saw', async () => {
    await using sink = await startSink({ doors: [door()] })
    const sockets = Array.from({ length: 3 }, () =>
      createConnection({ host: '127.25.99.1', port: sink.port }),
    )
    const banners = await Promise.all(sockets.map(async (socket) => String((await once(socket, 'data'))[0])))
    for (const socket of sockets) socket.destroy()
    expect(banners.filter((banner) => banner.startsWith('421 4.7.0 too many'))).toHaveLength(1)
    expect(sink.stats().providers['big']).toMatchObject({ maxOpen: 3, over: { connections: 1 } })
    expect(overstepped(sink.stats().providers)).toBe(1)
    expect(
      keptLimits({
        big: {
          ...new Gate(door()).report(),
          messages: 1,
          over: { connections: 1, perSecond: 0, perConnection: 0 },
          maxOpen: 3,
        },
      })[0],
    ).toContain('connections 3 of 2 (1 over)')
  })

  it('keeps its rate over any second and its messages per connection', () => {
    let nowMs = 0
    const gate = new Gate(
      door({ limits: { connections: null, perSecond: 3, perConnection: 4 } }),
      () => 0.5,
      () => nowMs,
    )
    const one = gate.enter()
    const say = (visit: typeof one): string => visit.decide('mail', [])?.reply ?? 'ok'
    expect([say(one), say(one), say(one), say(one)]).toEqual(['ok', 'ok', 'ok', '421 4.7.28 too fast'])
    nowMs = 1001
    expect(say(one)).toBe('421 4.7.0 too many')
    const two = gate.enter()
    expect(say(two)).toBe('ok')
    expect(gate.report()).toMatchObject({
      maxOpen: 2,
      maxPerSecond: 4,
      maxPerConnection: 5,
      over: { perSecond: 1, perConnection: 1 },
    })
    one.leave()
    two.leave()
    gate.reset()
    expect(gate.report()).toMatchObject({ maxOpen: 0, maxPerSecond: 0 })
  })

  it('puts off the share that it is told to, in its own words', async () => {
    let draws = 0
    await using sink = await startSink({
      doors: [
        door({ deferPercent: 50, limits: { connections: null, perSecond: null, perConnection: null } }),
      ],
      random: () => (draws++ % 3 === 0 ? 0.1 : 0.9),
    })
    const report = await loadSmtp({
      host: '127.25.99.1',
      port: sink.port,
      messages: 20,
      connections: 1,
      retryBusy: false,
    })
    const deferred = sink.stats().providers['big']?.deferred ?? {}
    expect(report.accepted + (deferred['452 4.2.2 full'] ?? 0)).toBe(20)
    expect(deferred['452 4.2.2 full']).toBeGreaterThan(0)
  })
})

describe('what is worked out', () => {
  it('finds the growth of the second half, and none where memory is flat', () => {
    const samples = new MemorySamples()
    for (let at = 0; at < 100; at++) {
      samples.add(
        at * 36,
        new Map([
          ['sender', at < 50 ? at * 10_000 : 500_000],
          ['api', 1024 * (100 + at)],
        ]),
      )
    }
    const trends = new Map(samples.trends().map((each) => [each.process, each]))
    expect(trends.get('sender')?.mbPerHour).toBeCloseTo(0, 6)
    expect(trends.get('api')?.mbPerHour).toBeCloseTo(100, 6)
    expect(slope([])).toBe(0)
    expect(slope([[1, 5]])).toBe(0)
  })

  it('adds up self times of a V8 profile by place', () => {
    const found = selfTimes({
      nodes: [
        { id: 1, callFrame: frame('(idle)', '') },
        { id: 2, callFrame: frame('sign', 'file:///work/keyring/src/sign.ts') },
        { id: 3, callFrame: frame('sign', 'file:///work/keyring/src/sign.ts') },
      ],
      samples: [1, 2, 3, 2],
      timeDeltas: [1000, 10, 20, 30],
    })
    expect([...found]).toEqual([
      ['(idle)', 1000],
      ['sign keyring/src/sign.ts:5', 60],
    ])
    expect(selfTimes({ nodes: 'no' }).size).toBe(0)
  })

  it('says how many times longer the small workspace waits', () => {
    const text = renderFairness({
      bulk: 1000,
      bulkPerSecond: 100,
      arms: [
        {
          lane: 'bulk',
          alone: { attempt: times(10), delivery: times(20) },
          beside: { attempt: times(15), delivery: times(60) },
        },
      ],
    })
    expect(text).toContain('p99 10 → 15 ms (× 1.50)')
    expect(text).toContain('p99 20 → 60 ms (× 3.00)')
  })

  it('loads nothing into the product where nothing is asked for', () => {
    expect(preloadUrl({})).toBe(null)
    expect(preloadUrl({ port: 2525, profile: '/tmp/a b' })).toMatch(
      /preload\.ts\?port=2525&profile=%2Ftmp%2Fa\+b$/,
    )
  })
})
