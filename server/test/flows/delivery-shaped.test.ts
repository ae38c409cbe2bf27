import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sink, SinkOptions } from '../../../bench/sink.ts'
import { decodeId } from '../../src/kernel/ids.ts'
import type { Engine } from '../../src/modules/delivery/index.ts'
import { readReturnPath, WHOLE_MESSAGE } from '../../src/security/references/index.ts'
import { startDnsServer, type DnsServer } from '../support/dns-server.ts'
import { scriptedSmtp } from '../support/scripted-smtp.ts'
import { startApi, type ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace, startTestEngine, startTestSink } from './engine-fixture.ts'
import type { EngineOptions, TestWorkspace } from './engine-fixture.ts'

let directory: string
let api: ApiFixture
let dns: DnsServer
/** Holds the port of all mail servers of this file. */
let holder: Sink & AsyncDisposable
let ours: TestWorkspace
let theirs: TestWorkspace
let files = 0
let hosts = 40

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-shaped-'))
  api = await startApi()
  dns = await startDnsServer()
  holder = await startTestSink({ host: '127.0.0.31' })
  ours = await sendingWorkspace(api)
  theirs = await sendingWorkspace(api)
})
afterAll(async () => {
  for (const workspace of [ours, theirs])
    expect(await workspace.ledger()).toMatchObject({ balanced: true, lost: 0, doubled: 0 })
  await holder[Symbol.asyncDispose]()
  await dns.close()
  await api[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

/** The real engine under these rules. */
async function sender(rules: string, options: Partial<EngineOptions> = {}): Promise<Engine> {
  const shapingFile = join(directory, `${++files}.toml`)
  await writeFile(shapingFile, rules)
  return startTestEngine({
    pool: api.database.pool('bulkhead_sender'),
    keyring: api.keyring('sender'),
    dnsServer: dns.address,
    outbound: { kind: 'direct' },
    directPort: holder.port,
    shapingFile,
    ...options,
  })
}

/** A site of its own: a sink, and a domain whose mail it takes. */
async function site(options: SinkOptions = {}) {
  const host = `127.0.0.${++hosts}`
  const domain = `site${hosts}.test`
  const mx = `mx.site${hosts}.test`
  dns.set(domain, [{ type: 'MX', preference: 10, exchange: mx }])
  dns.set(mx, [{ type: 'A', value: host }])
  const sink = await startTestSink({ host, port: holder.port, ...options })
  return { domain, mx, host, sink, [Symbol.asyncDispose]: () => sink.stop() }
}

type Site = Awaited<ReturnType<typeof site>>

const slowly = (delayMs: number) => ({ rules: [{ at: 'dot', action: 'continue', delayMs }] })
const to = (where: { readonly domain: string }, count: number, name = 'r') =>
  Array.from({ length: count }, (_, at) => `${name}${at}@${where.domain}`)

/** One message to each of them. */
function sendEach(workspace: TestWorkspace, recipients: readonly string[], lane = 'transactional') {
  return Promise.all(recipients.map((email) => workspace.send({ to: email, lane })))
}

function took(where: Site, recipients: number, withinMs?: number): Promise<true> {
  return eventually(
    () => (where.sink.stats().recipients >= recipients ? true : undefined),
    `${recipients} recipients at ${where.domain}`,
    withinMs,
  )
}

/** The most messages of any second. */
function busiestSecond(where: Site): number {
  const times = where.sink.messages().map(({ timeMs }) => timeMs)
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length))
}

/** When the next attempt is, in seconds from the event that told of the last. */
async function pauseOf(workspace: TestWorkspace, id: string): Promise<number> {
  return eventually(async () => {
    const { recipients, timeline } = await workspace.get(id)
    const deferred = timeline.find(({ type }: { type: string }) => type === 'message.deferred')
    return deferred === undefined
      ? undefined
      : (Date.parse(recipients[0].nextAttemptAt) - Date.parse(deferred.at)) / 1_000
  }, 'a deferral')
}

async function inLines(workspace: TestWorkspace): Promise<number> {
  const { rows } = await api.database
    .pool('superuser')
    .query<{ count: string }>('select count(*) from queue where workspace_id = $1 and line <> 0', [
      workspace.uuid,
    ])
  return Number(rows[0]?.count)
}

describe('limits of the rules', () => {
  it('of connections, messages each and rate are kept by one sender, and by two together', async () => {
    await using there = await site()
    there.sink.behave(slowly(60))
    const rules = `[site."${there.mx}"]\nconnections = 3\nmessage_rate = "20/s"\nmessages_per_connection = 6\n`
    await using one = await sender(rules)
    await sendEach(ours, to(there, 50))
    await took(there, 50)
    const alone = there.sink.stats()
    expect(alone.maxOpenConnections).toBeLessThanOrEqual(3)
    expect(alone.connections).toBeGreaterThanOrEqual(9)
    expect(busiestSecond(there)).toBeLessThanOrEqual(26)
    await using two = await sender(rules)
    await sendEach(ours, to(there, 80, 'again'))
    await took(there, 130, 20_000)
    expect(there.sink.stats().maxOpenConnections).toBeLessThanOrEqual(3)
    expect(busiestSecond(there)).toBeLessThanOrEqual(26)
    expect(there.sink.stats().duplicates).toBe(0)
    expect([one.state(), two.state()]).toHaveLength(2)
  }, 90_000)

  it('are one for domains of the same hosts, in whatever order of preference they name them', async () => {
    await using there = await site()
    there.sink.behave(slowly(250))
    for (const [name, first, second] of [
      ['order1.test', 10, 20],
      ['order2.test', 20, 10],
    ] as const) {
      dns.set(name, [
        { type: 'MX', preference: first, exchange: 'mx1.order.test' },
        { type: 'MX', preference: second, exchange: 'mx2.order.test' },
      ])
    }
    for (const name of ['mx1', 'mx2']) dns.set(`${name}.order.test`, [{ type: 'A', value: there.host }])
    await using engine = await sender(`[site."(mx1|mx2).order.test"]\nconnections = 2\n`)
    await sendEach(ours, [...to({ domain: 'order1.test' }, 12), ...to({ domain: 'order2.test' }, 12)])
    await took(there, 24)
    expect(there.sink.stats().maxOpenConnections).toBeLessThanOrEqual(2)
    expect(engine.sites().length).toBeGreaterThan(0)
  }, 90_000)

  it('of messages hold at their full pace where new connections are rare', async () => {
    await using there = await site()
    await using engine = await sender(
      `[site."${there.mx}"]\nconnections = 4\nconnection_rate = "1/min"\nmessage_rate = "20/s"\n`,
    )
    const begun = performance.now()
    await sendEach(ours, to(there, 100))
    await took(there, 100, 25_000)
    expect(performance.now() - begun).toBeLessThan(11_000)
    expect(there.sink.stats().connections).toBe(1)
    expect(engine.state()).toBeDefined()
  }, 90_000)

  it('of one source hold for that source', async () => {
    await using there = await site()
    await using engine = await sender(
      `[[source]]\nname = "one"\naddress = "127.0.0.11"\n[site."${there.mx}".source.one]\nmessage_rate = "4/s"\nconnections = 1\n`,
    )
    await sendEach(ours, to(there, 24))
    await took(there, 24, 20_000)
    expect(busiestSecond(there)).toBeLessThanOrEqual(6)
    expect(there.sink.stats().maxOpenConnections).toBe(1)
    expect(engine.state()).toBeDefined()
  }, 90_000)

  it('that let few wait in memory strand nothing', async () => {
    await using there = await site()
    there.sink.behave(slowly(100))
    await using engine = await sender(`[site."${there.mx}"]\nconnections = 1\nmax_ready = 3\n`)
    await sendEach(ours, to(there, 10), 'bulk')
    await took(there, 1)
    await sendEach(ours, to(there, 50, 'more'), 'bulk')
    await eventually(async () => ((await inLines(ours)) > 0 ? true : undefined), 'a line')
    await took(there, 60, 25_000)
    expect(engine.state()).toBeDefined()
  }, 90_000)
})

describe('a slow site', () => {
  it('lets its mail stand in a line while all other mail goes, and takes it in fair order, over a restart too', async () => {
    await using slow = await site()
    await using fast = await site()
    // Slower than any sender on any machine makes the line; the limit on answers is 1.5 s here.
    slow.sink.behave(slowly(1_000))
    const rules = `[site."${slow.mx}"]\nconnections = 1\nmax_ready = 12\n`
    {
      await using engine = await sender(rules)
      await sendEach(ours, to(slow, 20), 'bulk')
      await took(slow, 1)
      await sendEach(ours, to(slow, 60, 'more'), 'bulk')
      await eventually(async () => ((await inLines(ours)) > 30 ? true : undefined), 'a line')
      slow.sink.behave(slowly(300))
      const begun = performance.now()
      const before = slow.sink.stats().messages
      await Promise.all([sendEach(theirs, to(fast, 30)), sendEach(ours, to(fast, 30, 'mine'))])
      await took(fast, 60)
      expect(performance.now() - begun).toBeLessThan(8_000)
      expect(slow.sink.stats().messages).toBeLessThan(70)
      await sendEach(theirs, to(slow, 4, 'fair'), 'bulk')
      const fair = () =>
        slow.sink.messages().filter(({ recipients }) => recipients[0]?.startsWith('fair')).length
      await eventually(() => (fair() === 4 ? true : undefined), 'the others’ turn')
      expect(slow.sink.stats().messages).toBeLessThan(80)
      expect(before).toBeLessThan(60)
      expect(engine.state()).toBeDefined()
    }
    expect(await inLines(ours)).toBeGreaterThan(0)
    slow.sink.behave({ rules: [] })
    await using next = await sender(rules)
    await took(slow, 84, 20_000)
    expect(slow.sink.stats().duplicates).toBe(0)
    expect(next.state()).toBeDefined()
  }, 60_000)
})

describe('critical mail', () => {
  it('goes before a backlog of other mail at a site with one connection and a slow pace', async () => {
    await using there = await site({ tls: true })
    await using engine = await sender(`[site."${there.mx}"]\nconnections = 1\nmessage_rate = "5/s"\n`)
    const backlog = await sendEach(ours, to(there, 60), 'bulk')
    await took(there, 3)
    const begun = performance.now()
    const critical = await ours.send({ to: `urgent@${there.domain}`, lane: 'critical' })
    expect((await ours.ended(critical)).states).toEqual({ delivered: 1 })
    expect(performance.now() - begun).toBeLessThan(5_000)
    expect(there.sink.stats()).toMatchObject({ maxOpenConnections: 1 })
    expect(there.sink.stats().messages).toBeLessThan(backlog.length - 10)
    await took(there, 61, 25_000)
    expect(engine.state()).toBeDefined()
  }, 90_000)
})

describe('attempts', () => {
  it('that fail are made again by the schedule of the rules, whether a reply or no connection was the reason', async () => {
    await using there = await site()
    there.sink.behave({ rules: [{ at: 'rcpt', reply: '451 4.2.1 later' }] })
    dns.set('nobody.test', [{ type: 'MX', preference: 10, exchange: 'mx.nobody.test' }])
    dns.set('mx.nobody.test', [{ type: 'A', value: '127.0.0.249' }])
    await using engine = await sender(
      `[site."${there.mx}"]\nretry = ["5h"]\n[site."mx.nobody.test"]\nretry = ["6h"]\n`,
      { retryScale: 1 },
    )
    const refused = await ours.send({ to: `a@${there.domain}` })
    const unreached = await ours.send({ to: 'a@nobody.test' })
    expect(Math.abs((await pauseOf(ours, refused)) / 3_600 - 5)).toBeLessThan(1.1)
    expect(Math.abs((await pauseOf(ours, unreached)) / 3_600 - 6)).toBeLessThan(1.3)
    expect(engine.state()).toBeDefined()
  }, 90_000)

  it('share a transaction up to the limit, and bounces of it name the message; one recipient alone is named itself', async () => {
    await using there = await site()
    await using engine = await sender(`[site."${there.mx}"]\nrecipients_per_transaction = 3\n`, {
      returnPathDomain: 'bounces.example.net',
    })
    const id = await ours.send({ to: to(there, 7) })
    expect((await ours.ended(id)).states).toEqual({ delivered: 7 })
    const kept = there.sink.messages()
    expect(kept.map(({ recipients }) => recipients.length).toSorted((a, b) => a - b)).toEqual([1, 3, 3])
    const key = await api.keyring('sender').referenceKey('return-path')
    for (const { from, recipients } of kept) {
      const [local = '', host] = from.split('@')
      const read = readReturnPath(key, local)
      expect([host, read?.messageId]).toEqual(['bounces.example.net', decodeId('message', id)])
      if (recipients.length > 1) expect(read?.number).toBe(WHOLE_MESSAGE)
      else expect(read?.number).not.toBe(WHOLE_MESSAGE)
    }
    expect(engine.state()).toBeDefined()
  }, 90_000)
})

describe('what is learnt from replies', () => {
  it('stops one workspace at one site, with evidence; others’ and critical mail go; a lift frees it within seconds', async () => {
    await using there = await site({ tls: true })
    there.sink.behave({ rules: [{ at: 'rcpt', recipient: 'bad*', reply: '451 4.7.1 slow down now' }] })
    await using engine = await sender(
      `[[automation]]\nname = "less"\nsite = "${there.mx}"\nmatch = 'slow down now'\nthreshold = { count = 2, within = "10m" }\naction = "suspend-workspace"\nduration = "1h"\n`,
    )
    await sendEach(ours, to(there, 2, 'bad'))
    const overlays = async () => (await api.call(api.operatorKey, 'GET', '/v1/shaping/overlays')).body.data
    const overlay = await eventually(
      async () => (await overlays()).find(({ rule }: { rule: string }) => rule === 'less'),
      'the overlay',
    )
    expect(overlay).toMatchObject({ kind: 'suspend', workspaceId: ours.id, place: there.mx })
    expect(JSON.stringify(overlay.evidence)).toContain('slow down now')
    const waiting = await ours.send({ to: `good@${there.domain}` })
    const critical = await ours.send({ to: `urgent@${there.domain}`, lane: 'critical' })
    const other = await theirs.send({ to: `other@${there.domain}` })
    expect((await theirs.ended(other)).states).toEqual({ delivered: 1 })
    expect((await ours.ended(critical)).states).toEqual({ delivered: 1 })
    const told = await eventually(async () => {
      const { timeline } = await ours.get(waiting)
      return timeline.find(({ type }: { type: string }) => type === 'message.deferred')
    }, 'why it waits')
    expect(told.detail.reason).toContain('less')
    there.sink.behave({ rules: [] })
    expect((await api.call(api.operatorKey, 'DELETE', `/v1/shaping/overlays/${overlay.id}`)).status).toBe(204)
    expect((await ours.ended(waiting, 20_000)).recipients[0]).toMatchObject({
      state: 'delivered',
      attempts: 1,
    })
    expect(engine.state()).toBeDefined()
  }, 60_000)
})

/** A mail server that notes where each message came from, and under what name. */
async function noting() {
  const host = `127.0.0.${++hosts}`
  const domain = `site${hosts}.test`
  const mx = `mx.site${hosts}.test`
  dns.set(domain, [{ type: 'MX', preference: 10, exchange: mx }])
  dns.set(mx, [{ type: 'A', value: host }])
  const seen: string[] = []
  const server = await scriptedSmtp(
    async (peer) => {
      peer.send('220 sink.test ESMTP\r\n')
      const name = (await peer.line()).trim().split(' ')[1]
      peer.send('250 sink.test\r\n')
      const from = peer.socket.remoteAddress ?? ''
      for (;;) {
        await peer.acceptContent()
        seen.push(`${name} ${from}`)
        peer.send('250 2.0.0 taken\r\n')
      }
    },
    { host, port: holder.port },
  )
  const count = (name: string) => seen.filter((each) => each.startsWith(name)).length
  return { domain, mx, seen, count, [Symbol.asyncDispose]: () => server.close() }
}

const TWO_SOURCES = `
[[source]]
name = "one"
address = "127.0.0.11"
ehlo = "out1.example.net"
weight = 3
[[source]]
name = "two"
address = "127.0.0.12"
ehlo = "out2.example.net"
`

describe('sources', () => {
  it('share the mail by weight, each from its address and under its name', async () => {
    await using there = await noting()
    await using engine = await sender(TWO_SOURCES)
    await sendEach(ours, to(there, 40))
    await eventually(() => (there.seen.length === 40 ? true : undefined), 'all mail')
    expect(new Set(there.seen)).toEqual(
      new Set(['out1.example.net 127.0.0.11', 'out2.example.net 127.0.0.12']),
    )
    expect(there.count('out1')).toBe(30)
    expect(engine.state()).toBeDefined()
  }, 90_000)

  it('that warm up send the number of the day, and the rest leaves from the others', async () => {
    await using there = await noting()
    const today = new Date().toISOString().slice(0, 10)
    await using engine = await sender(
      `${TWO_SOURCES}[[warm_up]]\nsource = "two"\nstart = ${today}\nramp = [5, 5, 5]\n`,
    )
    await sendEach(ours, to(there, 60))
    await eventually(() => (there.seen.length === 60 ? true : undefined), 'all mail')
    expect(there.count('out2')).toBeGreaterThan(0)
    expect(there.count('out2')).toBeLessThanOrEqual(5)
    expect(engine.state()).toBeDefined()
  }, 90_000)

  it('that are changed are used as they are from then on, and one that is removed strands nothing', async () => {
    await using there = await noting()
    const path = join(directory, 'changing.toml')
    const limits = `[site."${there.mx}"]\nmessage_rate = "20/s"\n`
    await writeFile(path, `${TWO_SOURCES}${limits}`)
    await using engine = await sender('', { shapingFile: path })
    const ids = await sendEach(ours, to(there, 90))
    await eventually(() => (there.seen.length > 5 ? true : undefined), 'a beginning')
    await writeFile(
      path,
      `[[source]]\nname = "one"\naddress = "127.0.0.11"\nehlo = "new.example.net"\n${limits}`,
    )
    await eventually(async () => {
      if (there.count('new') > 0) return true
      if (ids.length < 120) ids.push(await ours.send({ to: `later${ids.length}@${there.domain}` }))
      return undefined
    }, 'the new name')
    expect(there.seen.length).toBeLessThan(ids.length)
    await eventually(() => (there.seen.length === ids.length ? true : undefined), 'all mail', 25_000)
    for (const id of ids) expect((await ours.ended(id)).states).toEqual({ delivered: 1 })
    expect(engine.state()).toBeDefined()
  }, 90_000)
})

describe('encryption', () => {
  it('critical mail waits where there is none and says why; other mail to the same place goes at once', async () => {
    await using there = await site()
    await using engine = await sender('', { retryScale: 1 })
    const critical = await ours.send({ to: `a@${there.domain}`, lane: 'critical' })
    const told = await eventually(async () => {
      const { timeline } = await ours.get(critical)
      return timeline.find(({ type }: { type: string }) => type === 'message.deferred')
    }, 'why it waits')
    expect(JSON.stringify(told.detail)).toMatch(/starttls/i)
    const other = await ours.send({ to: `b@${there.domain}` })
    expect((await ours.ended(other, 5_000)).states).toEqual({ delivered: 1 })
    expect(there.sink.stats()).toMatchObject({ messages: 1 })
    await api.call(ours.key, 'POST', `/v1/messages/${critical}/cancel`)
    expect(engine.state()).toBeDefined()
  }, 90_000)

  it('mail of a domain that demands it waits where there is none, and goes where there is', async () => {
    await using clear = await site()
    await using encrypted = await site({ tls: true })
    await using engine = await sender('', { retryScale: 1 })
    const list = await api.call(ours.key, 'GET', '/v1/domains')
    const path = `/v1/domains/${list.body.data[0].id}`
    const changed = await api.call(ours.key, 'PATCH', path, { tls: 'required' })
    expect(changed.body.tls).toBe('required')
    const kept = await eventually(async () => {
      // What processes believe of a domain is a second old at most.
      const id = await ours.send({ to: `a@${clear.domain}`, lane: 'bulk' })
      const { states } = await ours.ended(id, 700).catch(() => ours.get(id))
      return states.delivered === 1 ? undefined : id
    }, 'mail that waits')
    const delivered = clear.sink.stats().messages
    const gone = await ours.send({ to: `a@${encrypted.domain}` })
    expect((await ours.ended(gone)).states).toEqual({ delivered: 1 })
    const told = await eventually(async () => {
      const { timeline } = await ours.get(kept)
      return timeline.find(({ type }: { type: string }) => type === 'message.deferred')
    }, 'why it waits')
    expect(JSON.stringify(told.detail)).toMatch(/starttls/i)
    expect(clear.sink.stats()).toMatchObject({ messages: delivered })
    await api.call(ours.key, 'POST', `/v1/messages/${kept}/cancel`)
    await api.call(ours.key, 'PATCH', path, { tls: 'opportunistic' })
    await eventually(async () => {
      const id = await ours.send({ to: `a@${clear.domain}` })
      const { states } = await ours.ended(id, 700).catch(() => ours.get(id))
      if (states.delivered === 1) return true
      await api.call(ours.key, 'POST', `/v1/messages/${id}/cancel`)
      return undefined
    }, 'mail that goes again')
    expect(engine.state()).toBeDefined()
  }, 90_000)

  it('that the rules demand is demanded of all mail', async () => {
    await using clear = await site()
    await using encrypted = await site({ tls: true })
    await using engine = await sender(
      `[site."${clear.mx}"]\ntls = "required"\n[site."${encrypted.mx}"]\ntls = "required"\n`,
    )
    const kept = await ours.send({
      to: `a@${clear.domain}`,
      expiresAt: new Date(Date.now() + 3_000).toISOString(),
    })
    const sent = await ours.send({ to: `a@${encrypted.domain}` })
    expect((await ours.ended(sent)).states).toEqual({ delivered: 1 })
    expect(encrypted.sink.messages()[0]?.tls).toBe(true)
    const { timeline } = await eventually(async () => {
      const message = await ours.get(kept)
      return message.timeline.length > 1 ? message : undefined
    }, 'a deferral')
    expect(JSON.stringify(timeline[1].detail)).toMatch(/starttls/i)
    expect(clear.sink.stats().messages).toBe(0)
    expect(engine.state()).toBeDefined()
  }, 90_000)

  it('a message that requires TLS goes to nobody who does not prove a name', async () => {
    await using clear = await site()
    await using unproven = await site({ tls: true })
    await using engine = await sender('')
    const ids = await Promise.all(
      [clear, unproven].map(({ domain }) =>
        ours.send({
          to: `a@${domain}`,
          requireTls: true,
          expiresAt: new Date(Date.now() + 3_000).toISOString(),
        }),
      ),
    )
    for (const id of ids)
      await eventually(
        async () => ((await ours.get(id)).timeline.length > 1 ? true : undefined),
        'a deferral',
      )
    expect([clear.sink.stats().messages, unproven.sink.stats().messages]).toEqual([0, 0])
    expect(engine.state()).toBeDefined()
  }, 90_000)
})
