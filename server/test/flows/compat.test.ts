import { request as httpRequest } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DOORS } from '../../src/kernel/doors.ts'
import type { DoorName } from '../../src/kernel/doors.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

/** A call that needs a key and nothing else, for each door: its own way to say which key it is. */
const CALLS: Readonly<Record<DoorName, (base: string, key: string) => Promise<Response>>> = {
  sendgrid: (base, key) => fetch(`${base}/v3/scopes`, { headers: { authorization: `Bearer ${key}` } }),
  resend: (base, key) => fetch(`${base}/domains`, { headers: { authorization: `Bearer ${key}` } }),
  mandrill: (base, key) =>
    fetch(`${base}/api/1.0/users/ping.json`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key }),
    }),
}

const SHAPES: Readonly<Record<DoorName, object>> = {
  sendgrid: { errors: [{ message: expect.any(String), field: null, help: null }] },
  resend: { statusCode: expect.any(Number), name: expect.any(String), message: expect.any(String) },
  mandrill: {
    status: 'error',
    code: expect.any(Number),
    name: expect.any(String),
    message: expect.any(String),
  },
}

/** The refusal of a wrong key. */
const REFUSED: Readonly<Record<DoorName, number>> = { sendgrid: 401, resend: 403, mandrill: 500 }

async function keys(): Promise<Record<DoorName | 'native', string>> {
  const { key } = await api.workspace()
  const made = await Promise.all(
    DOORS.map(async (door) => [
      door,
      (await api.call(key, 'POST', '/v1/api-keys', { name: door, door })).body.key,
    ]),
  )
  return { native: key, ...Object.fromEntries(made) }
}

describe('a door', () => {
  it.each(DOORS)('takes keys made for it and no others: %s', async (door) => {
    const all = await keys()
    const base = `${api.url}/compat/${door}`
    expect((await CALLS[door](base, all[door])).status).toBe(200)
    for (const other of (['native', ...DOORS] as const).filter((name) => name !== door)) {
      const refused = await CALLS[door](base, all[other])
      expect(refused.status).toBe(REFUSED[door])
      expect(await refused.json()).toEqual(SHAPES[door])
    }
  })

  it.each(DOORS)('gives keys that open nothing of our own API: %s', async (door) => {
    const all = await keys()
    expect((await api.call(all[door], 'GET', '/v1/workspace')).status).toBe(401)
  })

  it.each(DOORS)('answers paths that it does not know in the shape of its vendor: %s', async (door) => {
    const answer = await fetch(`${api.url}/compat/${door}/v3/no/such/path`)
    expect(await answer.json()).toEqual(SHAPES[door])
    expect(answer.headers.get('content-type')).toContain('application/json')
  })

  it.each(DOORS)('stands on a host of its own too: %s', async (door) => {
    const status = await new Promise<number>((resolve, reject) => {
      const sent = httpRequest(
        `${api.url}/v3/no/such/path`,
        { headers: { host: `${door}.localhost:80` } },
        (answer) => {
          let text = ''
          answer.on('data', (bytes: Buffer) => (text += bytes.toString()))
          answer.on('end', () => {
            expect(JSON.parse(text)).toEqual(SHAPES[door])
            resolve(answer.statusCode ?? 0)
          })
        },
      )
      sent.on('error', reject)
      sent.end()
    })
    expect(status).toBeGreaterThanOrEqual(400)
  })

  it('opens a body that is packed with gzip, and refuses one that unpacks to too much', async () => {
    const { mandrill } = await keys()
    const url = `${api.url}/compat/mandrill/api/1.0/users/ping.json`
    const packed = (body: unknown) =>
      fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
        body: gzipSync(JSON.stringify(body)),
      })
    expect((await packed({ key: mandrill })).status).toBe(200)
    expect((await packed({ key: mandrill, more: 'x'.repeat(2 ** 24) })).status).toBe(500)
  })
})

describe('a key of a door', () => {
  it('makes keys of that door only, and none that may do more than itself', async () => {
    const { key } = await api.workspace()
    const made = await api.call(key, 'POST', '/v1/api-keys', {
      name: 'narrow',
      door: 'sendgrid',
      doorScopes: ['mail.send'],
    })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ door: 'sendgrid', doorScopes: ['mail.send'] })
    expect(made.body.key).toMatch(/^SG\.[\w-]{22}\.[0-9A-Za-z]{43}$/)
    expect(made.body.key).toHaveLength(69)
    expect(
      (await api.call(key, 'POST', '/v1/api-keys', { name: 'x', doorScopes: ['mail.send'] })).status,
    ).toBe(400)
  })
})

describe('a key of our own', () => {
  it('is refused where the request names another workspace than its own', async () => {
    const [one, two] = [await api.workspace(), await api.workspace()]
    const ask = (workspace: string) =>
      fetch(`${api.url}/v1/workspace`, {
        headers: { authorization: `Bearer ${one.key}`, 'bulkhead-workspace': workspace },
      })
    expect((await ask(one.id)).status).toBe(200)
    expect((await ask(two.id)).status).toBe(403)
  })
})
