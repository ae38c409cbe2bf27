import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { DnsAnswer } from '../dns/index.ts'
import { createEgress } from './index.ts'

async function serve(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A name whose address changes with every question, as a rebinding attacker has it. */
function namesOf(...answers: DnsAnswer<string>[]) {
  let asked = 0
  return {
    a: () =>
      Promise.resolve(answers[Math.min(asked++, answers.length - 1)] ?? ({ kind: 'missing' } as const)),
    aaaa: () => Promise.resolve({ kind: 'empty' } as const),
    asked: () => asked,
  }
}

const found = (...records: string[]): DnsAnswer<string> => ({ kind: 'found', records })
const soon = (url: string) => ({ ...request(url), timeoutMs: 150 })
const request = (url: string) => ({
  url,
  headers: { 'content-type': 'application/json' },
  body: '{}',
  timeoutMs: 1_000,
  answerBytesMax: 64 * 1024,
})

const fetching = (port: number) => ({
  url: `http://127.0.0.1:${port}/keys`,
  timeoutMs: 1_000,
  answerBytesMax: 1_000,
})

describe('a document that is fetched', () => {
  it('is answered whole or not at all: no redirect, no cut, no more than the bound, no private address', async () => {
    await using server = await serve((request, response) => {
      const part = (request.url ?? '').slice(1)
      if (part === 'redirect') response.writeHead(302, { location: '/keys' }).end()
      else if (part === 'long') response.end('x'.repeat(1_001))
      else if (part === 'cut') {
        response.writeHead(200, { 'content-length': '10' }).write('half')
        setTimeout(() => response.destroy(), 20)
      } else if (part === 'slow') response.write('x')
      else response.end('{"keys":[]}')
    })
    using egress = createEgress({ resolver: namesOf(), allowPrivateTargets: true })
    const get = (path: string, timeoutMs = 1_000) =>
      egress
        .get({ ...fetching(server.port), timeoutMs, url: `http://127.0.0.1:${server.port}/${path}` })
        .then(String, (error: Error) => error.message)
    expect(await get('keys')).toBe('{"keys":[]}')
    expect(await get('redirect')).toBe('It answered 302 instead of 200.')
    expect(await get('long')).toBe('Its answer is longer than 1000 bytes.')
    expect(await get('cut')).toMatch(/closed/)
    const refusing = {
      ...fetching(server.port),
      url: `http://127.0.0.1:${server.port}/keys`,
      mayTake: () => false,
    }
    await expect(egress.get(refusing)).rejects.toThrow('more than can be taken')
    expect(await get('slow', 150)).toBe('No answer within 0.15 s.')
    using guarded = createEgress({ resolver: namesOf(), allowPrivateTargets: false })
    await expect(guarded.get(fetching(server.port))).rejects.toThrow(/private address/)
  })
})

describe('egress', () => {
  it('refuses private addresses, however they are written or named', async () => {
    let reached = 0
    await using server = await serve((_request, response) => {
      reached += 1
      response.end()
    })
    using egress = createEgress({ resolver: namesOf(found('127.0.0.1')), allowPrivateTargets: false })
    for (const host of [
      '127.0.0.1',
      '0x7f.1',
      '2130706433',
      '[::1]',
      '[::ffff:127.0.0.1]',
      'localhost',
      'rebind.example',
    ]) {
      await expect(egress.post(request(`http://${host}:${server.port}/`))).rejects.toThrow('private address')
    }
    expect(reached).toBe(0)
  })

  it('connects to the address that it checked, not to what the name says later', async () => {
    const hosts: string[] = []
    await using server = await serve((incoming, response) => {
      hosts.push(incoming.headers.host ?? '')
      response.end()
    })
    const names = namesOf(found('127.0.0.1'), found('203.0.113.9'))
    using egress = createEgress({ resolver: names, allowPrivateTargets: true })
    const answer = await egress.post(request(`http://hook.example:${server.port}/`))
    expect(answer.status).toBe(200)
    expect(names.asked()).toBe(1)
    expect(hosts).toEqual([`hook.example:${server.port}`])
  })

  it('does not follow redirects, and reads no more of an answer than it must', async () => {
    let asked = 0
    await using server = await serve((incoming, response) => {
      asked += 1
      if (incoming.url === '/redirect') response.writeHead(302, { location: '/', 'retry-after': '7' }).end()
      else response.writeHead(500).end(Buffer.alloc(50 * 1024 * 1024))
    })
    using egress = createEgress({ resolver: namesOf(), allowPrivateTargets: true })
    const url = `http://127.0.0.1:${server.port}`
    expect(await egress.post(request(`${url}/redirect`))).toEqual({ status: 302, retryAfterSeconds: 7 })
    expect((await egress.post(request(`${url}/big`))).status).toBe(500)
    expect(asked).toBe(2)
  })

  it('gives up in time on silence at any stage, and says so', async () => {
    await using silent = await serve(() => undefined)
    await using dripping = await serve((_request, response) => {
      response.writeHead(200)
      const drip = setInterval(() => response.write('x'), 20)
      response.on('close', () => clearInterval(drip))
    })
    const hanging = {
      a: () => new Promise<never>(() => undefined),
      aaaa: () => new Promise<never>(() => undefined),
    }
    using egress = createEgress({ resolver: hanging, allowPrivateTargets: true })
    const started = Date.now()
    await expect(egress.post(soon(`http://127.0.0.1:${silent.port}/`))).rejects.toThrow(
      'No answer within 0.15 s.',
    )
    await expect(egress.post(soon('http://hook.example/'))).rejects.toThrow('No answer within')
    // The status came; that the body never ends does not make it unsaid.
    expect((await egress.post(soon(`http://127.0.0.1:${dripping.port}/`))).status).toBe(200)
    expect(Date.now() - started).toBeLessThan(3_000)
  })

  it('names the cause when there is no answer', async () => {
    using egress = createEgress({ resolver: namesOf({ kind: 'missing' }), allowPrivateTargets: true })
    await expect(egress.post(request('http://127.0.0.1:1/'))).rejects.toThrow('refused')
    await expect(egress.post(request('http://nowhere.example/'))).rejects.toThrow('no address in DNS')
    using failing = createEgress({
      resolver: namesOf({ kind: 'failed', code: 'ESERVFAIL' }),
      allowPrivateTargets: true,
    })
    await expect(failing.post(request('http://nowhere.example/'))).rejects.toThrow('DNS does not answer')
  })
})
