import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { run, type World } from './run.ts'

interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface Asked {
  readonly method: string
  readonly url: string
  readonly authorization: string | undefined
  readonly contentType: string | undefined
  readonly body: string
}

interface Options {
  readonly env?: Record<string, string>
  readonly stdin?: string | Uint8Array
  readonly columns?: number
}

const closing: (() => void)[] = []

/** Runs a command line in this process, on streams of memory. */
export async function bulkhead(line: readonly string[], options: Options = {}): Promise<Outcome> {
  const [out, err] = [[] as string[], [] as string[]]
  const stream = (to: string[]) => ({
    isTTY: options.columns !== undefined,
    columns: options.columns,
    write: (content: string | Uint8Array) =>
      to.push(typeof content === 'string' ? content : Buffer.from(content).toString('latin1')),
  })
  const world: World = {
    stdout: stream(out),
    stderr: stream(err),
    input: { isTerminal: options.stdin === undefined, read: async () => Buffer.from(options.stdin ?? '') },
    env: { BULKHEAD_DATA: '/nowhere', ...options.env },
    now: () => Date.parse('2026-01-31T12:00:00Z'),
    signal: new AbortController().signal,
    spawn: async () => 1,
  }
  const code = await run(line, world)
  return { code, out: out.join(''), err: err.join('') }
}

/** A real HTTP server in the API's place, for what a command asks and how it shows the answer. */
export async function api(
  answers: Record<string, unknown>,
): Promise<{ env: Record<string, string>; url: string; asked: Asked[] }> {
  const asked: Asked[] = []
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
    const { method = '', url = '', headers } = request
    asked.push({
      method,
      url,
      authorization: headers.authorization,
      contentType: headers['content-type'],
      body: Buffer.concat(chunks).toString('utf8'),
    })
    const answer = answers[`${method} ${url.split('?')[0]}`]
    if (answer === undefined) {
      response.writeHead(404, { 'content-type': 'application/problem+json' })
      response.end(
        JSON.stringify({
          title: 'Not found',
          status: 404,
          code: 'not_found',
          detail: 'There is no such thing.',
          requestId: 'r-1',
        }),
      )
      return
    }
    const value: unknown = typeof answer === 'function' ? answer(asked.at(-1), asked.length) : answer
    response
      .writeHead(Number(Object(value).status ?? 200), { 'content-type': 'application/json' })
      .end(Object(value).text ?? JSON.stringify(Object(value).json ?? value))
  }
  const server = createServer((request, response) => void handle(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server listens on no port.')
  const url = `http://127.0.0.1:${address.port}`
  return { url, asked, env: { BULKHEAD_CLI_URL: url, BULKHEAD_CLI_KEY: 'bhk_test' } }
}

export function directory(files: Record<string, string> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'bulkhead-cli-'))
  closing.push(() => rmSync(path, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content)
  return path
}

export const SUMMARY = {
  id: 'msg_01jq0000000000000000000001',
  lane: 'bulk',
  source: 'api',
  sensitive: false,
  from: { email: 'a@x.test' },
  to: ['ann@example.com'],
  subject: 'Hello',
  tags: [],
  sizeBytes: 1,
  recipientCount: 3,
  states: { delivered: 2, bounced: 1 },
  createdAt: '2026-01-31T11:56:00.000Z',
  sendAt: null,
  expiresAt: '2026-02-01T12:00:00.000Z',
}

export const message = (state: string, ...timeline: unknown[]) => ({
  ...SUMMARY,
  messageIdHeader: null,
  metadata: {},
  context: null,
  timeline,
  recipients: [{ number: 0, kind: 'to', email: 'b@x.test', state, attempts: 1, nextAttemptAt: null }],
})

afterEach(() => {
  for (const close of closing.splice(0)) close()
})
