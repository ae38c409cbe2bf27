import { request } from 'node:http'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFetchRecorder, createLinkAnswers, createUnsubscribes } from '../../modules/tracking/index.ts'
import { createHttpServer } from '../../platform/http/http-server.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import { createLogger } from '../../platform/telemetry/index.ts'
import { createLinkReferences } from '../../security/references/index.ts'
import type { LinkReferences } from '../../security/references/index.ts'
import { addLinks } from './index.ts'
import { readForm } from './form.ts'

const log = createLogger({ name: 'test', level: 'error' })
const references = createLinkReferences(Buffer.alloc(32, 9))
/** A connection to a database that is away. */
const away: Queryable = { query: () => Promise.reject(new Error('connection refused')) }
const subject = { workspaceId: randomUUID(), messageId: randomUUID(), recipient: 1 }

function startDoor(keyring: () => Promise<LinkReferences>) {
  const app = createHttpServer({ log, connectionsMax: 100, bodyBytesMax: 1_024 })
  const recorder = createFetchRecorder({ pool: away, log, newId: randomUUID, nowMs: Date.now })
  addLinks(app, {
    answers: createLinkAnswers({
      pool: away,
      links: { references: keyring },
      ownHosts: ['mail.example.net'],
      nowMs: Date.now,
    }),
    recorder,
    unsubscribes: createUnsubscribes({
      pool: away,
      keyring: { blindAddresses: () => Promise.reject(new Error('away')) },
    }),
    detection: { observe: () => Promise.resolve() },
    containment: { blocking: () => null },
    proxies: { includes: () => false },
    trackingHost: 'links.example.net',
    log,
  })
  app.get('/v1/anything', () => 'the API')
  return { app, recorder }
}

let door: ReturnType<typeof startDoor>
let port = 0
beforeAll(async () => {
  door = startDoor(() => Promise.resolve(references))
  port = Number(new URL(await door.app.listen({ host: '127.0.0.1', port: 0 })).port)
})
afterAll(() => door.app.close())

function ask(
  method: string,
  path: string,
  host = 'mail.example.net',
  body = '',
): Promise<{ status: number; location: string | undefined; text: string; retryAfter: string | undefined }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        headers: { host, 'content-type': 'application/x-www-form-urlencoded' },
      },
      (response) => {
        let text = ''
        response.setEncoding('latin1')
        response.on('data', (piece: string) => (text += piece))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            location: response.headers.location,
            retryAfter: response.headers['retry-after'],
            text,
          }),
        )
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

describe('links while the database is away', () => {
  it('lead where they lead, on the installation’s address and on link domains', async () => {
    for (const host of ['', 'links.shop.example']) {
      const click = references.write(
        { ...subject, kind: 'click', link: 0, links: 1, opens: true, url: 'https://shop.example/x' },
        host,
      )
      expect(await ask('GET', `/t/c/${click}`, host === '' ? 'mail.example.net' : host)).toMatchObject({
        status: 302,
        location: 'https://shop.example/x',
      })
      const open = references.write({ ...subject, kind: 'open' }, host)
      expect((await ask('GET', `/t/o/${open}.gif`, host === '' ? 'mail.example.net' : host)).text).toMatch(
        /^GIF89a/,
      )
    }
    expect(door.recorder.state()).toEqual({ waiting: 2, dropped: 0 })
  })

  it('show the page of unsubscribing, and say that it could not be done', async () => {
    const path = `/u/${references.write({ ...subject, kind: 'unsubscribe' }, '')}`
    expect((await ask('GET', path)).status).toBe(200)
    const answer = await ask('POST', path, 'mail.example.net', 'List-Unsubscribe=One-Click')
    expect(answer).toMatchObject({
      status: 503,
      retryAfter: '60',
      text: expect.stringContaining('Nothing was changed'),
    })
  })

  it('of targets in other alphabets are written as ASCII, and no header can be added', async () => {
    const url = 'https://bücher.example/straße?x=ü\u2028y'
    const click = references.write({ ...subject, kind: 'click', link: 0, links: 1, opens: false, url }, '')
    const { location = '' } = await ask('GET', `/t/c/${click}`)
    expect(location).toBe(new URL(url).href)
    expect(location).toMatch(/^[\x21-\x7e]+$/)
  })
})

describe('links while the keyring has never answered', () => {
  it('ask for patience and promise nothing', async () => {
    const { app } = startDoor(() => Promise.reject(new Error('no keyring')))
    for (const url of ['/t/c/x', '/t/o/x.gif', '/u/x']) {
      const answer = await app.inject({ method: 'GET', url })
      expect([answer.statusCode, answer.headers['retry-after']], url).toEqual([503, '60'])
    }
    await app.close()
  })
})

describe('the host for links', () => {
  it('has links and nothing else', async () => {
    expect((await ask('GET', '/v1/anything', 'links.example.net')).status).toBe(404)
    expect((await ask('GET', '/v1/anything', 'LINKS.example.net:8600')).status).toBe(404)
    expect((await ask('GET', '/v1/anything')).text).toBe('the API')
    const open = references.write({ ...subject, kind: 'open' }, '')
    expect((await ask('GET', `/t/o/${open}.gif`, 'links.example.net')).status).toBe(200)
  })
})

const multipart = (name: string, value: string): Buffer =>
  Buffer.from(`--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n--b--\r\n`)

describe('what a request to unsubscribe says', () => {
  it.each<[string, string, Buffer, boolean]>([
    [
      'as providers send it',
      'application/x-www-form-urlencoded',
      Buffer.from('List-Unsubscribe=One-Click'),
      true,
    ],
    [
      'with a charset and a line break',
      'application/x-www-form-urlencoded; charset=UTF-8',
      Buffer.from('List-Unsubscribe=One-Click\r\n'),
      true,
    ],
    [
      'in other letters',
      'application/x-www-form-urlencoded',
      Buffer.from('list-unsubscribe=one-click'),
      true,
    ],
    ['as multipart', 'multipart/form-data; boundary=b', multipart('List-Unsubscribe', 'One-Click'), true],
    [
      'as multipart, quoted',
      'multipart/form-data; boundary="b"',
      multipart('List-Unsubscribe', 'One-Click'),
      true,
    ],
    ['as multipart of another name', 'multipart/form-data; boundary=b', multipart('x', 'One-Click'), false],
    [
      'as multipart without a boundary',
      'multipart/form-data',
      multipart('List-Unsubscribe', 'One-Click'),
      false,
    ],
    ['in no type', '', Buffer.from('List-Unsubscribe=One-Click'), false],
    ['as nothing', 'application/x-www-form-urlencoded', Buffer.alloc(0), false],
    ['as bytes', 'application/x-www-form-urlencoded', Buffer.from([0xff, 0xfe, 0, 0x3d, 0xc3]), false],
  ])('%s', (_name, type, body, oneClick) => {
    expect(readForm(type, body).oneClick).toBe(oneClick)
  })
})
