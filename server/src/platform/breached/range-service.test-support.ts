import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { sha1 } from './breached.test-support.ts'

export interface RangeService extends AsyncDisposable {
  readonly url: string
  /** Ranges that were asked for, with whether padding was. */
  readonly asked: { readonly range: string; readonly padding: boolean; readonly path: string }[]
  /** Answers in another way from now on; null is the ordinary one. */
  misbehave(how: ((request: IncomingMessage, response: ServerResponse) => void) | null): void
}

/** The range API as its documentation describes it: suffixes of one range in order, CRLF between them, padding with the count 0 on demand. */
export async function startRangeService(passwords: readonly string[]): Promise<RangeService> {
  const asked: { range: string; padding: boolean; path: string }[] = []
  let odd: ((request: IncomingMessage, response: ServerResponse) => void) | null = null
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    const range = /^\/range\/([0-9A-F]{5})$/i.exec(path)?.[1]?.toUpperCase()
    const padding = request.headers['add-padding'] === 'true'
    asked.push({ range: range ?? '', padding, path })
    if (odd !== null) return odd(request, response)
    if (range === undefined) return response.writeHead(400).end('The hash prefix was not in a valid format')
    const lines = passwords
      .map((password) => sha1(password).toString('hex').toUpperCase())
      .filter((hash) => hash.startsWith(range))
      .map((hash) => `${hash.slice(5)}:42`)
    // Others of the same range, as there always are, and what fills up to 800 lines and more.
    const others = Array.from({ length: 20 }, () => `${suffix()}:3`)
    const filled = padding ? Array.from({ length: 800 }, () => `${suffix()}:0`) : []
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.end([...lines, ...others, ...filled].toSorted().join('\r\n'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a listening TCP server has an address and a port
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/range`,
    asked,
    misbehave(how) {
      odd = how
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function suffix(): string {
  return randomBytes(18).toString('hex').toUpperCase().slice(0, 35)
}
