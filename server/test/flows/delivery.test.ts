import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KeptMessage, Sink } from '../../../bench/sink.ts'
import { decodeId } from '../../src/kernel/ids.ts'
import type { Engine } from '../../src/modules/delivery/index.ts'
import { dkimRecord } from '../../src/platform/dkim/index.ts'
import { sealedKeyId } from '../../src/platform/sealing/index.ts'
import { startDnsServer } from '../support/dns-server.ts'
import type { DnsServer } from '../support/dns-server.ts'
import { scriptedSmtp } from '../support/scripted-smtp.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace, startTestEngine, startTestSink } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'

let api: ApiFixture
let dns: DnsServer
let engine: Engine
/** 127.0.0.1; its port is the port of all hosts of this file. */
let sink: Sink & AsyncDisposable
let workspace: TestWorkspace
let hosts = 10
let names = 0

beforeAll(async () => {
  api = await startApi()
  dns = await startDnsServer()
  sink = await startTestSink({ tls: true })
  workspace = await sendingWorkspace(api)
  engine = await startTestEngine({
    pool: api.database.pool('bulkhead_sender'),
    keyring: api.keyring('sender'),
    dnsServer: dns.address,
    outbound: { kind: 'direct' },
    directPort: sink.port,
  })
})
afterAll(async () => {
  const { accepted, balanced, lost, doubled } = await workspace.ledger()
  await engine[Symbol.asyncDispose]()
  await sink.stop()
  await dns.close()
  await api[Symbol.asyncDispose]()
  expect({ balanced, lost, doubled }).toEqual({ balanced: true, lost: 0, doubled: 0 })
  expect(accepted).toBeGreaterThan(40)
})

const soon = () => new Date(Date.now() + 1_200).toISOString()

/** A loopback address that no other test of this file uses. */
const nextHost = () => `127.0.0.${++hosts}`

/** A domain whose only mail server is at `address`. */
function domainAt(address: string): string {
  const domain = `receiver${++names}.example`
  dns.set(domain, [{ type: 'MX', preference: 10, exchange: `mx.${domain}` }])
  dns.set(`mx.${domain}`, [{ type: address.includes(':') ? 'AAAA' : 'A', value: address }])
  return domain
}

/** A domain with a sink of its own that behaves as the rules say. */
async function receiver(rules: readonly unknown[] = [], options: { tls?: boolean } = {}) {
  const host = nextHost()
  const own = await startTestSink({ host, port: sink.port, tls: true, ...options })
  own.behave({ rules })
  return { domain: domainAt(host), sink: own, [Symbol.asyncDispose]: () => own.stop() }
}

const types = (message: { timeline: { type: string }[] }) => message.timeline.map(({ type }) => type)
// oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into by tests only
const last = (message: any) => message.timeline.at(-1)
const messageIdOf = (kept: KeptMessage | undefined) =>
  /^Message-ID: (.*)\r$/m.exec(kept?.raw.toString('latin1') ?? '')?.[1]

async function suppressionOf(email: string) {
  const { body, text } = await api.call(workspace.key, 'GET', '/v1/suppressions?limit=100')
  expect(body.data, text).toBeDefined()
  return body.data.find((entry: { email: string }) => entry.email === email)
}

describe.concurrent('where a message goes', () => {
  it('the host of the lowest preference takes it, and the next one where that cannot be reached', async () => {
    await using second = await receiver()
    const both = `receiver${++names}.example`
    dns.set(both, [
      { type: 'MX', preference: 20, exchange: `mx.${second.domain}` },
      { type: 'MX', preference: 10, exchange: 'first.example' },
    ])
    dns.set('first.example', [{ type: 'A', value: '127.0.0.1' }])
    const preferred = await workspace.ended(await workspace.send({ to: `a@${both}` }))
    expect(last(preferred)).toMatchObject({ type: 'message.delivered', detail: { host: 'first.example' } })
    expect(second.sink.stats().messages).toBe(0)

    const fallen = `receiver${++names}.example`
    dns.set(fallen, [
      { type: 'MX', preference: 20, exchange: `mx.${second.domain}` },
      { type: 'MX', preference: 10, exchange: 'nobody.example' },
    ])
    dns.set('nobody.example', [{ type: 'A', value: nextHost() }])
    const message = await workspace.ended(await workspace.send({ to: `a@${fallen}` }))
    expect(last(message)).toMatchObject({
      type: 'message.delivered',
      detail: { host: `mx.${second.domain}`, attempts: 1 },
    })
  })

  it('IPv6 hosts are used, and IPv4 where IPv6 does not answer', async () => {
    await using six = await startTestSink({ host: '::1', port: sink.port })
    const message = await workspace.ended(await workspace.send({ to: `a@${domainAt('::1')}` }))
    expect(last(message)).toMatchObject({ type: 'message.delivered', detail: { address: '::1' } })
    expect(six.stats().messages).toBe(1)
    await using four = await receiver()
    dns.set(`mx.${four.domain}`, [
      { type: 'AAAA', value: '::ffff:127.0.0.250' },
      { type: 'A', value: four.sink.host },
    ])
    const other = await workspace.ended(await workspace.send({ to: `a@${four.domain}` }))
    expect(last(other)).toMatchObject({ type: 'message.delivered', detail: { address: four.sink.host } })
  })

  it('a domain without MX is its own mail server', async () => {
    const domain = `receiver${++names}.example`
    dns.set(domain, [{ type: 'A', value: '127.0.0.1' }])
    const message = await workspace.ended(await workspace.send({ to: `a@${domain}` }))
    expect(last(message)).toMatchObject({ type: 'message.delivered', detail: { host: domain } })
  })

  it('a domain that does not exist, and one with a null MX, bounce at once and are suppressed', async () => {
    const nullMx = `receiver${++names}.example`
    dns.set(nullMx, [{ type: 'MX', preference: 0, exchange: '' }])
    for (const [domain, enhanced] of [
      [`missing${++names}.example`, '5.1.2'],
      [nullMx, '5.1.10'],
    ]) {
      const message = await workspace.ended(await workspace.send({ to: `a@${domain}` }))
      expect(last(message)).toMatchObject({ type: 'message.bounced', detail: { stage: 'dns', enhanced } })
      await eventually(() => suppressionOf(`a@${domain}`), 'the suppression')
    }
  })

  it('a DNS server that fails defers, and the message goes when it answers', async () => {
    const domain = domainAt('127.0.0.1')
    let failures = 2
    dns.set(domain, (type) =>
      type === 'MX' && failures-- > 0
        ? 'SERVFAIL'
        : [{ type: 'MX', preference: 10, exchange: `mx.${domain}` }],
    )
    const message = await workspace.ended(await workspace.send({ to: `a@${domain}` }))
    expect(types(message)).toEqual([
      'message.accepted',
      'message.deferred',
      'message.deferred',
      'message.delivered',
    ])
    expect(message.timeline[1].detail).toMatchObject({ stage: 'dns', enhanced: '4.4.3', attempt: 1 })
  })

  it('a mail server that moved is found at its new address', async () => {
    await using there = await receiver()
    const domain = domainAt(nextHost())
    dns.set(`mx.${domain}`, [{ type: 'A', value: nextHost(), ttl: 0 }])
    const id = await workspace.send({ to: `a@${domain}`, lane: 'critical' })
    await eventually(
      async () => ((await workspace.get(id)).timeline.length > 2 ? true : undefined),
      'two deferrals',
    )
    dns.set(`mx.${domain}`, [{ type: 'A', value: there.sink.host, ttl: 0 }])
    expect((await workspace.ended(id)).states).toEqual({ delivered: 1 })
  })

  it('recipients of one message have fates of their own', async () => {
    await using there = await receiver([{ at: 'rcpt', reply: '550 5.1.1 no such user', recipient: 'gone@*' }])
    const message = await workspace.ended(
      await workspace.send({
        to: [`a@${there.domain}`, `gone@${there.domain}`],
        bcc: `c@missing${++names}.example`,
      }),
    )
    expect(message.recipients.map(({ state }: { state: string }) => state)).toEqual([
      'delivered',
      'bounced',
      'bounced',
    ])
    expect(message.states).toEqual({ delivered: 1, bounced: 2 })
    expect(there.sink.messages()[0]?.raw.toString()).not.toMatch(/missing|bcc/i)
  })
})

describe.concurrent('what the other side answers', () => {
  it('a temporary refusal is tried again on schedule until it is taken', async () => {
    await using there = await receiver([{ at: 'rcpt', reply: '451 4.7.1 come back later', times: 2 }])
    const message = await workspace.ended(await workspace.send({ to: `a@${there.domain}` }))
    expect(types(message)).toEqual([
      'message.accepted',
      'message.deferred',
      'message.deferred',
      'message.delivered',
    ])
    expect(message.timeline[1].detail).toMatchObject({
      code: 451,
      enhanced: '4.7.1',
      stage: 'rcpt',
      attempt: 1,
    })
    expect(message.recipients[0]).toMatchObject({ attempts: 3, nextAttemptAt: null })
    const [, first, second, taken] = message.timeline.map(({ at }: { at: string }) => Date.parse(at))
    expect(second - first).toBeGreaterThanOrEqual(60)
    expect(taken - second).toBeGreaterThanOrEqual(250)
  })

  it('a dead mailbox bounces, is suppressed with the reply as evidence, and is not mailed again', async () => {
    await using there = await receiver([{ at: 'rcpt', reply: '550 5.1.1 <ann@x> no such user here' }])
    const email = `ann@${there.domain}`
    const message = await workspace.ended(await workspace.send({ to: email }))
    expect(last(message)).toMatchObject({
      type: 'message.bounced',
      detail: { class: 'recipient', code: 550 },
    })
    expect(JSON.stringify(message.timeline)).not.toContain('ann@')
    const entry = await eventually(() => suppressionOf(email), 'the suppression')
    expect(entry).toMatchObject({
      reason: 'hard_bounce',
      messageId: message.id,
      evidence: { enhanced: '5.1.1' },
    })
    const again = await api.call(workspace.key, 'POST', '/v1/messages', {
      from: workspace.from,
      to: email.toUpperCase().replace('ANN', 'ann'),
      subject: 'x',
      text: 'x',
    })
    expect(again.body.recipients).toMatchObject([{ state: 'suppressed' }])
    expect((await workspace.ended(again.body.id)).states).toEqual({ suppressed: 1 })
    expect(there.sink.stats().connections).toBe(1)
  })

  it('a refusal for policy or reputation bounces and suppresses nobody', async () => {
    await using there = await receiver([
      { at: 'rcpt', reply: '550 5.1.1 rejected, sender listed at Spamhaus', recipient: 'listed@*' },
      { at: 'dot', reply: '550 5.7.1 message content rejected', recipient: 'policy@*' },
      { at: 'mail', reply: '550 5.1.1 user unknown', times: 1 },
    ])
    const classes = []
    for (const local of ['sender', 'listed', 'policy']) {
      const message = await workspace.ended(await workspace.send({ to: `${local}@${there.domain}` }))
      expect(message.states).toEqual({ bounced: 1 })
      classes.push(last(message).detail.class)
    }
    expect(classes).toEqual(['policy', 'reputation', 'policy'])
    for (const local of ['sender', 'listed', 'policy'])
      expect(await suppressionOf(`${local}@${there.domain}`)).toBeUndefined()
  })

  it('a message that is never taken ends as expired at its time', async () => {
    await using there = await receiver([{ at: 'dot', reply: '452 4.2.2 full' }])
    const expiresAt = new Date(Date.now() + 4_000)
    const id = await workspace.send({ to: `a@${there.domain}`, expiresAt: expiresAt.toISOString() })
    const message = await workspace.ended(id)
    expect(last(message).type).toBe('message.expired')
    expect(Date.parse(last(message).at)).toBeGreaterThanOrEqual(expiresAt.getTime())
    expect(types(message).filter((type: string) => type === 'message.deferred').length).toBeGreaterThan(0)
  })

  it('a message that ran out while it waited for a connection is not sent any more', async () => {
    await using there = await receiver([{ at: 'banner', delayMs: 1_500 }])
    const expiresAt = new Date(Date.now() + 800).toISOString()
    const message = await workspace.ended(await workspace.send({ to: `a@${there.domain}`, expiresAt }))
    expect(message).toMatchObject({ states: { expired: 1 }, recipients: [{ attempts: 0 }] })
    expect(there.sink.stats().messages).toBe(0)
  })

  it.each(['critical', 'transactional'])(
    'where no reply follows the final dot, %s mail is sent again with the same Message-ID and says so',
    async (lane) => {
      await using there = await receiver([{ at: 'dot', action: 'accept-and-drop', times: 1 }])
      const message = await workspace.ended(await workspace.send({ to: `a@${there.domain}`, lane }))
      expect(types(message)).toEqual(['message.accepted', 'message.uncertain', 'message.delivered'])
      const [first, second, ...more] = there.sink.messages()
      expect(more).toEqual([])
      expect(messageIdOf(first)).toBe(message.messageIdHeader)
      expect(messageIdOf(second)).toBe(message.messageIdHeader)
    },
  )

  it.each(['drop', 'accept-and-drop', 'silence'])(
    'where no reply follows the final dot (%s), bulk mail ends as uncertain and is not sent again',
    async (action) => {
      await using there = await receiver([{ at: 'dot', action }])
      const message = await workspace.ended(await workspace.send({ to: `a@${there.domain}`, lane: 'bulk' }))
      expect(message.states).toEqual({ uncertain: 1 })
      expect(last(message)).toMatchObject({
        type: 'message.uncertain',
        detail: { stage: 'dot', attempts: 1 },
      })
      expect(there.sink.stats().connections).toBe(1)
    },
  )

  it('a connection lost before the content is no attempt of the other side, and the message still arrives once', async () => {
    await using there = await receiver([
      { at: 'banner', action: 'drop', times: 1 },
      { at: 'mail', action: 'drop', times: 1 },
    ])
    const message = await workspace.ended(
      await workspace.send({ to: `a@${there.domain}`, lane: 'critical' }),
      25_000,
    )
    expect(message.states).toEqual({ delivered: 1 })
    expect(there.sink.stats().duplicates).toBe(0)
  })
})

describe.concurrent('how it travels', () => {
  it('is encrypted where that is offered, also with a certificate that nobody signed', async () => {
    await using there = await receiver([], { tls: true })
    const message = await workspace.ended(await workspace.send({ to: `a@${there.domain}` }))
    expect(last(message).detail.tls).toMatchObject({ protocol: 'TLSv1.3' })
    expect(there.sink.messages()[0]?.tls).toBe(true)
  })

  it('goes in clear text where STARTTLS is offered and broken', async () => {
    const host = nextHost()
    const server = await scriptedSmtp(
      async (peer) => {
        await peer.greet('STARTTLS', 'PIPELINING')
        const line = await peer.line()
        if (line === 'STARTTLS\r\n') {
          peer.send('220 go\r\n')
          await peer.until('\x16\x03')
          peer.send('this is no TLS\r\n')
          return
        }
        peer.send('250 ok\r\n250 ok\r\n354 go\r\n')
        await peer.until('\r\n.\r\n')
        peer.send('250 2.0.0 taken\r\n')
      },
      { host, port: sink.port },
    )
    const message = await workspace.ended(await workspace.send({ to: `a@${domainAt(host)}` }))
    expect(last(message)).toMatchObject({ type: 'message.delivered', detail: { tls: null, reply: 'taken' } })
    await server.close()
  })

  it('carries two DKIM signatures of the From domain that verify, RSA-2048 and Ed25519', async () => {
    await using there = await receiver()
    const id = await workspace.send({
      to: `a@${there.domain}`,
      subject: 'Grüße',
      text: '.dot\nand trailing \n\n',
      html: '<p>Grüße</p>',
    })
    await workspace.ended(id)
    const raw = there.sink.messages()[0]?.raw ?? Buffer.alloc(0)
    const { rows } = await api.database
      .pool('superuser')
      .query<{ name: string; algorithm: 'rsa' | 'ed25519'; public_key: string; selector: string }>(
        'select d.name, k.* from dkim_selector k join sending_domain d on d.id = k.domain_id where k.workspace_id = $1',
        [workspace.uuid],
      )
    const records = new Map(
      rows.map((row) => [
        `${row.selector}._domainkey.${row.name}`,
        dkimRecord({ algorithm: `${row.algorithm}-sha256`, publicKeyBase64: row.public_key }),
      ]),
    )
    const { results } = await dkimVerify(raw, {
      resolver: (name: string) => Promise.resolve([[records.get(name) ?? '']]),
    })
    expect(results.map(({ status, algo }) => [status.result, algo])).toEqual([
      ['pass', 'rsa-sha256'],
      ['pass', 'ed25519-sha256'],
    ])
    expect(results.every((result) => result.signingDomain === workspace.from.slice(5))).toBe(true)
    expect(Buffer.from(rows.find((row) => row.algorithm === 'rsa')?.public_key ?? '', 'base64').length).toBe(
      294,
    )
  })

  it('shares connections, and sends the next envelope with the end of the content before it', async () => {
    const host = nextHost()
    const server = await scriptedSmtp(
      async (peer) => {
        await peer.greet('PIPELINING')
        for (;;) {
          const line = await peer.line()
          if (line.startsWith('QUIT')) return void peer.socket.end('221 bye\r\n')
          if (line.startsWith('DATA')) {
            peer.send('354 go\r\n')
            await peer.until('\r\n.\r\n')
          }
          peer.send('250 ok\r\n')
        }
      },
      { host, port: sink.port },
    )
    const domain = domainAt(host)
    const messages = Array.from({ length: 40 }, (_, n) => ({
      from: workspace.from,
      to: `r${n}@${domain}`,
      subject: 'x',
      text: 'x',
    }))
    const { body } = await api.call(workspace.key, 'POST', '/v1/messages/batch', { messages })
    for (const { message } of body.data)
      expect((await workspace.ended(message.id)).states).toEqual({ delivered: 1 })
    expect(server.peers.length).toBeLessThanOrEqual(10)
    const arrivals = server.peers.flatMap((peer) => peer.arrivals)
    expect(arrivals.some((text) => text.endsWith('DATA\r\n') && text.includes('\r\n.\r\nMAIL FROM'))).toBe(
      true,
    )
    await server.close()
  })
})

describe.concurrent('what a workspace asks for', () => {
  it('a sensitive message leaves no readable content: body, key and content endpoint are gone', async () => {
    await using there = await receiver()
    const id = await workspace.send({
      to: `a@${there.domain}`,
      subject: 'Your code',
      text: 'It is 123456.',
      sensitive: true,
    })
    const refused = await api.call(workspace.key, 'GET', `/v1/messages/${id}/content`)
    expect([refused.status, refused.body.type ?? '']).toEqual([410, expect.stringContaining('content')])
    const message = await workspace.ended(id)
    expect(message).toMatchObject({
      states: { delivered: 1 },
      sensitive: true,
      subject: null,
      lane: 'critical',
    })
    expect(there.sink.messages()[0]?.raw.toString()).toContain('123456')
    const root = api.database.pool('superuser')
    await eventually(async () => {
      const { rows } = await root.query(
        'select 1 from body b join message m on m.id = b.message_id where m.workspace_id = $1 and m.sensitive',
        [workspace.uuid],
      )
      return rows.length === 0 ? true : undefined
    }, 'the body is erased')
    await eventually(async () => {
      const { rows } = await root.query('select summary from message where id = $1', [
        decodeId('message', id),
      ])
      const keyId = sealedKeyId(rows[0]?.['summary'])
      const keys = await api.keyring('worker').openContentKeys(workspace.uuid, [keyId], 'test')
      return keys.stateOf(keyId) === 'destroyed' ? true : undefined
    }, 'the key is destroyed')
    expect((await api.call(workspace.key, 'GET', `/v1/messages/${id}/content`)).status).toBe(410)
  })

  it('sendAt is kept, and until then the message can be moved and cancelled', async () => {
    await using there = await receiver()
    const later = new Date(Date.now() + 3_600_000).toISOString()
    const [kept, moved, cancelled] = await Promise.all([
      workspace.send({ to: `kept@${there.domain}`, sendAt: soon() }),
      workspace.send({ to: `moved@${there.domain}`, sendAt: later }),
      workspace.send({ to: `cancelled@${there.domain}`, sendAt: later }),
    ])
    expect((await workspace.get(kept)).states).toEqual({ scheduled: 1 })
    const at = soon()
    const rescheduled = await api.call(workspace.key, 'POST', `/v1/messages/${moved}/reschedule`, {
      sendAt: at,
    })
    expect(rescheduled.body).toMatchObject({ rescheduled: 1, sendAt: at })
    const cancel = await api.call(workspace.key, 'POST', `/v1/messages/${cancelled}/cancel`)
    expect(cancel.body).toEqual({ cancelled: 1, inFlight: 0 })
    expect((await workspace.ended(cancelled)).states).toEqual({ cancelled: 1 })
    for (const id of [kept, moved]) {
      const message = await workspace.ended(id)
      expect(message.states).toEqual({ delivered: 1 })
      expect(Date.parse(last(message).at)).toBeGreaterThanOrEqual(Date.parse(message.sendAt))
    }
    expect(there.sink.messages().flatMap(({ recipients }) => recipients)).not.toContain(
      `cancelled@${there.domain}`,
    )
    const late = await api.call(workspace.key, 'POST', `/v1/messages/${kept}/cancel`)
    expect([late.status, late.body.detail]).toEqual([409, expect.stringContaining('No recipient')])
  })
})
