import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sha1 } from './breached.test-support.ts'
import { createRangeClient } from './index.ts'
import { startRangeService } from './range-service.test-support.ts'
import type { RangeService } from './range-service.test-support.ts'

let service: RangeService
beforeEach(async () => {
  service = await startRangeService(['known to all', 'known too'])
})
afterEach(() => service[Symbol.asyncDispose]())

function client(options: { timeoutMs?: number; pauseMs?: number; clock?: () => number } = {}) {
  const failures: string[] = []
  const ranges = createRangeClient({
    url: service.url,
    onFailure: (reason) => failures.push(reason),
    ...options,
  })
  return { ranges, failures }
}

describe('the range client', () => {
  it('tells what is known, asks for padding, and gives away five digits and nothing else', async () => {
    const { ranges, failures } = client()
    expect(await ranges.has(sha1('known to all'))).toBe(true)
    expect(await ranges.has(sha1('known to nobody'))).toBe(false)
    const digits = sha1('known to all').toString('hex').toUpperCase().slice(0, 5)
    expect(service.asked[0]).toEqual({ range: digits, padding: true, path: `/range/${digits}` })
    expect(service.asked.every(({ path, padding }) => padding && path.length === '/range/00000'.length)).toBe(
      true,
    )
    expect(failures).toEqual([])
  })

  it('does not take padding for a breach', async () => {
    service.misbehave((_, response) => {
      response.end(`${sha1('padded').toString('hex').slice(5)}:0\r\n`)
    })
    expect(await client().ranges.has(sha1('padded'))).toBe(false)
  })

  const troubles: [string, (request: IncomingMessage, response: ServerResponse) => void, RegExp][] = [
    ['an error', (_, response) => response.writeHead(503).end(), /answered 503/],
    [
      'a redirect',
      (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      /redirect/,
    ],
    [
      'a web page',
      (_, response) => response.end('<html>log in to this wireless network</html>'),
      /something else/,
    ],
    ['nothing', (_, response) => response.end(), /empty range/],
    ['an endless answer', endless, /too much/],
    ['silence', () => undefined, /timeout/],
    ['a cut connection', (request) => request.socket.destroy(), /fetch failed/],
  ]
  it.each(troubles)(
    'cannot tell where the service answers with %s, and says so once',
    async (_, how, reason) => {
      const { ranges, failures } = client({ timeoutMs: 500 })
      service.misbehave(how)
      expect(await ranges.has(sha1('known to all'))).toBeNull()
      expect(await ranges.has(sha1('known to all'))).toBeNull()
      expect(failures).toEqual([expect.stringMatching(reason)])
      expect(service.asked).toHaveLength(1)
    },
  )

  it('asks again after a pause', async () => {
    let now = 0
    const { ranges, failures } = client({ pauseMs: 30_000, clock: () => now })
    service.misbehave((_, response) => response.writeHead(500).end())
    expect(await ranges.has(sha1('known to all'))).toBeNull()
    service.misbehave(null)
    now = 29_999
    expect(await ranges.has(sha1('known to all'))).toBeNull()
    now = 30_000
    expect(await ranges.has(sha1('known to all'))).toBe(true)
    expect(failures).toHaveLength(1)
  })
})

function endless(_: IncomingMessage, response: ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write('0'.repeat(65_536)));
    if (!response.destroyed) response.once('drain', more)
  }
  more()
}
