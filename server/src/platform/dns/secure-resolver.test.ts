import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { fc, test } from '@fast-check/vitest'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startDnsServer } from '../../../test/support/dns-server.ts'
import type { DnsServer } from '../../../test/support/dns-server.ts'
import { createSecureResolver } from './index.ts'
import type { SecureResolver } from './index.ts'
import { followAliases, READERS } from './record-data.ts'
import { readAnswer, readName, WireError, writeQuestion } from './wire.ts'

let dns: DnsServer
let resolver: SecureResolver
let now = 0

beforeEach(async () => {
  now = 0
  dns = await startDnsServer()
  resolver = createSecureResolver({
    server: { host: '127.0.0.1', port: dns.port },
    trust: 'loopback',
    timeoutMs: 600,
    tries: 2,
    nowMs: () => now,
  })
})
afterEach(async () => {
  resolver.cancel()
  await dns.close()
})

describe('the validating stub', () => {
  it('gives every kind of record, and takes none of it for proven without AD', async () => {
    dns.set('x.test', [
      { type: 'A', value: '192.0.2.1' },
      { type: 'AAAA', value: '2001:db8::1' },
      { type: 'MX', preference: 10, exchange: 'MX.x.test' },
      { type: 'TXT', strings: ['v=STSv1; ', 'id=1;'] },
    ])
    dns.set('alias.test', [{ type: 'CNAME', value: 'x.test' }])
    const found = { kind: 'found', secure: false, canonical: 'x.test' }
    expect(await resolver.a('X.test.')).toEqual({ ...found, records: ['192.0.2.1'] })
    expect(await resolver.aaaa('x.test')).toEqual({ ...found, records: ['2001:db8:0:0:0:0:0:1'] })
    expect(await resolver.mx('x.test')).toEqual({
      ...found,
      records: [{ exchange: 'mx.x.test', preference: 10 }],
    })
    expect(await resolver.txt('x.test')).toEqual({ ...found, records: ['v=STSv1; id=1;'] })
    expect(await resolver.a('alias.test')).toEqual({ ...found, records: ['192.0.2.1'] })
    expect(await resolver.cname('alias.test')).toMatchObject({ records: ['x.test'], canonical: 'alias.test' })
  })

  it('tells "does not exist" from "has none" from "nobody knows"', async () => {
    dns.set('empty.test', [{ type: 'A', value: '192.0.2.1' }])
    dns.set('broken.test', 'SERVFAIL')
    dns.set('refused.test', 'REFUSED')
    dns.set('silent.test', 'silence')
    dns.set('garbage.test', 'garbage')
    expect(await resolver.mx('nowhere.test')).toMatchObject({ kind: 'missing', secure: false })
    expect(await resolver.mx('empty.test')).toMatchObject({ kind: 'empty', secure: false })
    expect(await resolver.mx('broken.test')).toEqual({ kind: 'failed', code: 'ESERVFAIL', bogus: false })
    expect(await resolver.mx('refused.test')).toEqual({ kind: 'failed', code: 'EREFUSED', bogus: false })
    expect(await resolver.mx('silent.test')).toEqual({ kind: 'failed', code: 'ETIMEOUT', bogus: false })
    expect(await resolver.mx('garbage.test')).toMatchObject({ kind: 'failed' })
    expect(await resolver.mx('not a name')).toMatchObject({ kind: 'missing', secure: false })
    expect(dns.questions.filter(({ name }) => name === 'silent.test')).toHaveLength(2)
  })

  it('asks over TCP where a datagram was too small', async () => {
    dns.set('big.test', { truncate: [{ type: 'A', value: '192.0.2.7' }] })
    expect(await resolver.a('big.test')).toMatchObject({ records: ['192.0.2.7'] })
    expect(dns.questions.map(({ transport }) => transport)).toEqual(['udp', 'tcp'])
  })

  it('keeps an answer as long as DNS says, failures not at all, and asks once for many', async () => {
    dns.set('x.test', [{ type: 'A', value: '192.0.2.1', ttl: 20 }])
    await Promise.all([resolver.a('x.test'), resolver.a('x.test'), resolver.a('x.test')])
    now = 19_999
    await resolver.a('x.test')
    expect(dns.questions).toHaveLength(1)
    now = 20_001
    await resolver.a('x.test')
    expect(dns.questions).toHaveLength(2)
    dns.set('broken.test', 'SERVFAIL')
    await resolver.a('broken.test')
    await resolver.a('broken.test')
    expect(dns.questions).toHaveLength(4)
  })

  it('gives up what is under way when it is cancelled', async () => {
    dns.set('silent.test', 'silence')
    const asked = resolver.a('silent.test')
    await expect.poll(() => dns.questions.length).toBe(1)
    resolver.cancel()
    expect(await asked).toEqual({ kind: 'failed', code: 'ECANCELLED', bogus: false })
  })

  it('takes no answer to another question: another id, name, type, or no answer at all', async () => {
    const forger = createSocket('udp4')
    forger.on('message', (query, from) => {
      const reply = (change: (bytes: Buffer) => void) => {
        const bytes = Buffer.concat([query.subarray(0, query.length - 11), answerTo(query)])
        bytes.writeUInt16BE(0x81a0, 2)
        bytes.writeUInt16BE(1, 6)
        bytes.writeUInt16BE(0, 10)
        change(bytes)
        forger.send(bytes, from.port, from.address)
      }
      reply((bytes) => bytes.writeUInt16BE(bytes.readUInt16BE(0) ^ 1, 0))
      reply((bytes) => bytes.write('y', 13))
      reply((bytes) => bytes.writeUInt16BE(28, query.length - 11 - 4))
      reply((bytes) => bytes.writeUInt16BE(0x0120, 2))
    })
    forger.bind(0, '127.0.0.1')
    await once(forger, 'listening')
    const against = createSecureResolver({
      server: { host: '127.0.0.1', port: forger.address().port },
      trust: 'loopback',
      timeoutMs: 300,
      tries: 1,
    })
    expect(await against.a('x.test')).toMatchObject({ kind: 'failed', code: 'ETIMEOUT' })
    forger.close()
  })
})

/** One A record that points to the question's name. */
function answerTo(query: Buffer): Buffer {
  expect(query.length).toBeGreaterThan(12)
  return Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 66])
}

function reading(...bytes: number[]): () => unknown {
  return () => readName(Buffer.from(bytes), 0)
}

const question = { id: 7, name: 'x.test', type: 'A' } as const

function nameOf(text: string): Buffer {
  return writeQuestion({ id: 0, name: text, type: 'A' }).subarray(12, -15)
}

function alias(owner: Buffer, target: Buffer): Buffer {
  return Buffer.concat([owner, Buffer.from([0, 5, 0, 1, 0, 0, 0, 9, 0, target.length]), target])
}

function answers(...records: Buffer[]): ReturnType<typeof followAliases> {
  const message = Buffer.concat([writeQuestion(question).subarray(0, -11), ...records])
  message.writeUInt16BE(0x8180, 2)
  message.writeUInt16BE(records.length, 6)
  message.writeUInt16BE(0, 10)
  return followAliases(message, readAnswer(message, question), 'x.test', 'A')
}

describe('the wire', () => {
  it('asks with recursion, DNSSEC and a datagram of bounded size', () => {
    const bytes = writeQuestion(question)
    expect(bytes.readUInt16BE(2)).toBe(0x0120)
    expect(bytes.subarray(-11).toString('hex')).toBe('00002904d0000080000000')
  })

  it('refuses pointers that do not go back, long names and cut labels', () => {
    expect(reading(0xc0, 0)).toThrow(WireError)
    expect(reading(1, 0x61, 0xc0, 0)).toThrow(WireError)
    expect(reading(0xc0, 5, 0, 0, 0, 0)).toThrow(WireError)
    expect(reading(0x40, 0)).toThrow(WireError)
    expect(reading(5, 0x61)).toThrow(WireError)
    const long = Buffer.concat(
      Array.from({ length: 5 }, () => Buffer.concat([Buffer.from([60]), Buffer.alloc(60, 97)])),
    )
    expect(() => readName(Buffer.concat([long, Buffer.from([0])]), 0)).toThrow('too long')
  })

  it('writes bytes that are no part of host names so that they pass for none', () => {
    expect(readName(Buffer.from([3, 0x61, 0x2e, 0x42, 0]), 0).name).toBe('a\\046b')
  })

  test.prop([fc.uint8Array({ maxLength: 600 })])(
    'throws nothing but WireError, whatever the bytes',
    (bytes) => {
      const message = Buffer.concat([writeQuestion(question).subarray(0, 24), Buffer.from(bytes)])
      message.writeUInt16BE(0x8180, 2)
      message.writeUInt16BE((bytes[0] ?? 0) % 8, 6)
      message.writeUInt16BE((bytes[1] ?? 0) % 8, 8)
      try {
        readAnswer(message, question)
      } catch (error) {
        expect(error).toBeInstanceOf(WireError)
      }
    },
  )

  test.prop([fc.constantFrom(...Object.values(READERS)), fc.uint8Array({ maxLength: 80 }), fc.nat(80)])(
    'throws nothing but WireError, whatever the data of a record',
    (read, bytes, cut) => {
      const message = Buffer.from(bytes)
      const start = Math.min(cut, message.length)
      try {
        read(message, { owner: 'x.test', type: 1, ttlSeconds: 1, start, end: message.length })
      } catch (error) {
        expect(error).toBeInstanceOf(WireError)
      }
    },
  )

  it('follows aliases to their end, and none in a circle', () => {
    const [x, y] = [nameOf('x.test'), nameOf('y.test')]
    expect(answers(alias(x, y))).toEqual({ canonical: 'y.test', records: [], ttlSeconds: 9 })
    expect(() => answers(alias(x, y), alias(y, x))).toThrow('aliases without an end')
  })
})
