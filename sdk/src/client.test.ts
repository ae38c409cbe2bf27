import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { BulkheadError, createClient, type Client, type ClientOptions } from './index.ts'

interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

type Answer = (request: Seen, response: ServerResponse, call: number) => void

const servers: Server[] = []

/** A real HTTP server that answers by script and remembers what it was asked. */
async function serve(
  answer: Answer,
): Promise<{ url: string; seen: Seen[]; client: (options?: Partial<ClientOptions>) => Client }> {
  const seen: Seen[] = []
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
    const asked = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString('latin1'),
    }
    seen.push(asked)
    answer(asked, response, seen.length)
  }
  const server = createServer((request, response) => void handle(request, response))
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, seen, client: (options) => createClient({ baseUrl: url, apiKey: 'bhk_test', ...options }) }
}

function json(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
}

function problem(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
): void {
  const body = { type: `/problems/${code}`, title: 'T', status, code, detail: 'D', requestId: 'r-1' }
  response
    .writeHead(status, { 'content-type': 'application/problem+json', ...headers })
    .end(JSON.stringify(body))
}

const HELLO = { from: 'a@x.test', to: 'b@x.test', subject: 's', text: 't' }
const ACCEPTED = { id: 'msg_1', recipients: [] }

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

describe('requests', () => {
  it('carry the key, the body as JSON, and an idempotency key of their own when they send', async () => {
    const { client, seen } = await serve((_request, response) => json(response, 202, ACCEPTED))
    expect(await client().messages.send(HELLO)).toEqual(ACCEPTED)
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/v1/messages' })
    expect(seen[0]?.headers).toMatchObject({
      authorization: 'Bearer bhk_test',
      'content-type': 'application/json',
    })
    expect(seen[0]?.headers['idempotency-key']).toMatch(/^sdk-[0-9a-f]{32}$/)
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual(HELLO)
  })

  it('escape path parameters, and refuse those that would lead to another path', async () => {
    const { client, seen } = await serve((_request, response) => json(response, 200, {}))
    await client().messages.get('a/b?c#d')
    expect(seen[0]?.url).toBe('/v1/messages/a%2Fb%3Fc%23d')
    for (const id of ['', '.', '..']) expect(() => client().domains.delete(id)).toThrow(TypeError)
  })

  it('repeat list parameters, leave out what is undefined, and keep a path before /v1', async () => {
    const { client, url, seen } = await serve((_request, response) => json(response, 202, ACCEPTED))
    const behindProxy = client({ baseUrl: `${url}/mail/v1/` })
    await behindProxy.messages.sendMime('From: a@x.test\r\n\r\nHi', {
      to: ['b@x.test', 'c@x.test'],
      lane: undefined,
    })
    expect(seen[0]?.url).toBe('/mail/v1/messages/mime?to=b%40x.test&to=c%40x.test')
    expect(seen[0]?.headers['content-type']).toBe('message/rfc822')
  })

  it('send MIME bytes as they are, also those that are no UTF-8', async () => {
    const { client, seen } = await serve((_request, response) => json(response, 202, ACCEPTED))
    await client().messages.sendMime(new Uint8Array([0x41, 0xe9, 0x0d, 0x0a, 0xff]))
    expect(seen[0]?.body).toBe('A\u00e9\r\n\u00ff')
  })

  it('answer bytes as bytes and nothing as nothing', async () => {
    const { client } = await serve((request, response) =>
      request.method === 'GET' ? response.end(Buffer.from([0, 255, 10])) : response.writeHead(204).end(),
    )
    expect([...(await client().messages.getContent('msg_1'))]).toEqual([0, 255, 10])
    expect(await client().domains.delete('dom_1')).toBeUndefined()
  })

  it('refuse a base URL and a key that cannot be one before anything is sent', () => {
    expect(() => createClient({ baseUrl: 'ftp://x', apiKey: 'k' })).toThrow(/not an http/)
    expect(() => createClient({ baseUrl: 'http://x', apiKey: 'a\r\nb: c' })).toThrow(/apiKey/)
  })
})

describe('errors', () => {
  it('hold the code, the fields and the request id of the problem', async () => {
    const errors = [{ field: 'to[0]', problem: 'is wrong', fix: 'Write it right.' }]
    const { client } = await serve((_request, response) =>
      json(response, 400, {
        title: 'T',
        status: 400,
        code: 'invalid_request',
        detail: 'D',
        errors,
        requestId: 'r-9',
      }),
    )
    const error = await client()
      .messages.send(HELLO)
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(BulkheadError)
    expect(error).toMatchObject({
      status: 400,
      code: 'invalid_request',
      detail: 'D',
      errors,
      requestId: 'r-9',
    })
  })

  it('describe what is not from the API: a page of a proxy, an answer that is not JSON, nothing at all', async () => {
    const { client, url } = await serve((request, response) =>
      request.url.startsWith('/v1/queue')
        ? response.end('<html>')
        : response.writeHead(502).end('<h1>Bad gateway</h1>'),
    )
    await expect(client().ledger.get()).rejects.toMatchObject({
      status: 502,
      code: 'http_502',
      detail: '<h1>Bad gateway</h1>',
    })
    await expect(client().queue.get()).rejects.toMatchObject({ code: 'invalid_response' })
    servers[0]?.closeAllConnections()
    servers[0]?.close()
    const gone = createClient({ baseUrl: url, apiKey: 'k', retriesMax: 0 })
    await expect(gone.queue.get()).rejects.toMatchObject({ status: 0, code: 'unreachable' })
  })

  it('say so when there is no answer in time, and leave at once when the caller gives up', async () => {
    const { client } = await serve(() => undefined)
    await expect(client({ retriesMax: 0, timeoutMs: 50 }).queue.get()).rejects.toMatchObject({
      code: 'timeout',
    })
    const abort = new AbortController()
    const asked = client().queue.get({}, { signal: abort.signal })
    abort.abort(new Error('enough'))
    await expect(asked).rejects.toThrow('enough')
  })

  it('end an answer that never ends', async () => {
    const { client } = await serve((_request, response) => {
      const chunk = Buffer.alloc(1024 * 1024, 32)
      const pour = (): void => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', pour)
      }
      pour()
    })
    await expect(client().queue.get()).rejects.toMatchObject({ code: 'invalid_response' })
  })
})

describe('retries', () => {
  it('repeat a send after 503 and 429 with the same idempotency key and body, no sooner than Retry-After says', async () => {
    const { client, seen } = await serve((_request, response, call) => {
      if (call === 1) problem(response, 503, 'unavailable', { 'retry-after': '1' })
      else if (call === 2) problem(response, 429, 'too_many_requests')
      else json(response, 202, ACCEPTED)
    })
    const started = performance.now()
    expect(await client().messages.send(HELLO, { idempotencyKey: 'mine' })).toEqual(ACCEPTED)
    expect(performance.now() - started).toBeGreaterThanOrEqual(1_000)
    expect(seen.map((request) => request.headers['idempotency-key'])).toEqual(['mine', 'mine', 'mine'])
    expect(new Set(seen.map((request) => request.body)).size).toBe(1)
  })

  it('repeat a send whose connection broke before the answer', async () => {
    const { client, seen } = await serve((_request, response, call) =>
      call === 1 ? response.destroy() : json(response, 202, ACCEPTED),
    )
    expect(await client().messages.send(HELLO)).toEqual(ACCEPTED)
    expect(seen[0]?.headers['idempotency-key']).toBe(seen[1]?.headers['idempotency-key'])
  })

  it('never repeat what could be done twice, and never what is refused for good', async () => {
    const { client, seen } = await serve((request, response) =>
      request.method === 'POST' ? problem(response, 503, 'unavailable') : problem(response, 404, 'not_found'),
    )
    await expect(client().apiKeys.create({ name: 'n' })).rejects.toMatchObject({ code: 'unavailable' })
    await expect(client().messages.get('msg_1')).rejects.toMatchObject({ code: 'not_found' })
    expect(seen).toHaveLength(2)
  })

  it('give up after the tries that are allowed, and do not wait for a Retry-After of an hour', async () => {
    const { client, seen } = await serve((request, response) =>
      problem(response, 429, 'too_many_requests', {
        'retry-after': request.url === '/v1/queue' ? '3600' : '0',
      }),
    )
    await expect(client({ retriesMax: 2 }).ledger.get()).rejects.toMatchObject({ code: 'too_many_requests' })
    expect(seen).toHaveLength(3)
    await expect(client().queue.get()).rejects.toMatchObject({ retryAfterSeconds: 3600 })
    expect(seen).toHaveLength(4)
  })
})

describe('lists', () => {
  it('are iterated page by page, each page asked for when it is needed', async () => {
    const { client, seen } = await serve((request, response) => {
      const cursor = new URL(request.url, 'http://x').searchParams.get('cursor')
      json(
        response,
        200,
        cursor === null
          ? { data: [{ id: 1 }, { id: 2 }], nextCursor: 'c2' }
          : { data: [{ id: 3 }], nextCursor: null },
      )
    })
    const ids: unknown[] = []
    for await (const item of client().messages.listAll({ lane: 'bulk' })) {
      ids.push(item.id)
      if (ids.length === 2) expect(seen).toHaveLength(1)
    }
    expect(ids).toEqual([1, 2, 3])
    expect(seen[1]?.url).toBe('/v1/messages?lane=bulk&cursor=c2')
  })

  it('end where a pull feed repeats its cursor', async () => {
    const { client, seen } = await serve((_request, response, call) =>
      json(response, 200, { data: call === 1 ? [{ id: 'e' }] : [], nextCursor: 'same' }),
    )
    const all: string[] = []
    for await (const item of client().events.listAll()) all.push(item.id)
    expect(all).toEqual(['e'])
    expect(seen).toHaveLength(2)
  })
})

describe('readiness', () => {
  it('is an answer also when the installation is not ready', async () => {
    const body = {
      status: 'not ready',
      problems: ['sender: no process is ready'],
      database: 'ok',
      processes: [],
    }
    const { client } = await serve((_request, response) => json(response, 503, body))
    expect(await client().readiness()).toEqual(body)
  })
})

const event = (id: number): string =>
  `id: ${id}\nevent: message.delivered\ndata: {"messageId":"msg_${id}"}\n\n`

describe('the live stream', () => {
  const head = { 'content-type': 'text/event-stream' }

  it('goes on behind the last event after each lost connection: none is missed and none comes twice', async () => {
    const { client, seen } = await serve((request, response) => {
      const after = Number(request.headers['last-event-id'] ?? 0)
      response.writeHead(200, head)
      response.write(`retry: 10\n\n: ping\n\n${event(after + 1)}${event(after + 2)}`)
      // Half an event, then the line is cut: it must come again, whole.
      response.write(`id: ${after + 3}\nevent: message.delivered\nda`, () => response.destroy())
    })
    const ids: string[] = []
    for await (const item of client().events.stream()) {
      ids.push(item.id)
      expect(item.data.messageId).toBe(`msg_${item.id}`)
      if (ids.length === 6) break
    }
    expect(ids).toEqual(['1', '2', '3', '4', '5', '6'])
    expect(seen.map((request) => request.headers['last-event-id'])).toEqual([undefined, '2', '4'])
  })

  it('comes back from an error event, a silent connection and a busy server', async () => {
    const { client, seen } = await serve((_request, response, call) => {
      if (call === 3) {
        problem(response, 503, 'unavailable')
        return
      }
      response.writeHead(200, head)
      if (call === 1) response.write(`retry: 10\n\n${event(1)}event: error\ndata: {"detail":"later"}\n\n`)
      if (call === 2) response.write(': silence follows\n\n')
      if (call === 4) response.write(event(2))
    })
    const states: string[] = []
    const stream = client().events.stream({ silenceMsMax: 100, onConnection: (state) => states.push(state) })
    const ids: string[] = []
    for await (const item of stream) {
      ids.push(item.id)
      if (ids.length === 2) break
    }
    expect(ids).toEqual(['1', '2'])
    expect(seen).toHaveLength(4)
    expect(states).toEqual(['connected', 'lost', 'connected', 'lost', 'connected'])
  })

  it('ends quietly when the caller aborts it, and with an error when the key is refused', async () => {
    const { client } = await serve((request, response) => {
      if (request.headers.authorization === 'Bearer revoked') problem(response, 401, 'unauthenticated')
      else response.writeHead(200, head).write(event(1))
    })
    const abort = new AbortController()
    const ids: string[] = []
    for await (const item of client().events.stream({ signal: abort.signal })) {
      ids.push(item.id)
      abort.abort()
    }
    expect(ids).toEqual(['1'])
    const refused = client({ apiKey: 'revoked' }).events.stream()
    await expect(refused.next()).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('starts behind an event of an earlier run', async () => {
    const { client, seen } = await serve((_request, response) =>
      response.writeHead(200, head).write(event(8)),
    )
    for await (const item of client().events.stream({ lastEventId: '7' })) {
      expect(item.id).toBe('8')
      break
    }
    expect(seen[0]?.headers['last-event-id']).toBe('7')
  })
})
