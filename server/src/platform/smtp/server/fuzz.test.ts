import { once } from 'node:events'
import { connect as connectPlain } from 'node:net'
import { connect as connectTls } from 'node:tls'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DataReader } from './data-reader.ts'
import {
  eventually,
  RawClient,
  selfSigned,
  startServer,
  SUBMISSION,
  SUBMISSIONS,
} from './fixture.test-support.ts'
import type { Running } from './fixture.test-support.ts'
import { LineBuffer } from './line-buffer.ts'

const OPTIONS = { messageBytes: 200, lineBytes: 60, reserve: () => true, release: () => {} }
/** Bytes that matter to the readers, and some that do not. */
const stream = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc
    .array(
      fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom('\r\n', '.', '\r\n.', 'x', 'yz', '\r\n..', '\u00e9') },
        { weight: 1, arbitrary: fc.constantFrom('\r', '\n', '\0', '\r\n.\r\n', 'long'.repeat(8)) },
      ),
      { maxLength },
    )
    .map((parts) => Buffer.from(parts.join(''), 'latin1'))
const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 60 })

function pieces(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const parts: Buffer[] = []
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length] ?? 1
    parts.push(Buffer.from(bytes.subarray(at, at + size)))
    at += size
  }
  return parts
}

function readData(parts: readonly Buffer[]): string {
  const reader = new DataReader(OPTIONS)
  for (const [index, part] of parts.entries()) {
    const step = reader.feed(part)
    if (step.kind === 'end') {
      const rest = Buffer.concat([step.rest, ...parts.slice(index + 1)])
      const result = reader.result()
      return result.kind === 'content'
        ? `content ${result.raw.toString('latin1')} ${result.eightBit} ${result.longestLineBytes} | ${rest.toString('latin1')}`
        : `${result.why} | ${rest.toString('latin1')}`
    }
    if (step.kind !== 'more') return step.kind
  }
  return 'more'
}

function readLines(parts: readonly Buffer[]): string[] {
  const buffer = new LineBuffer()
  const seen: string[] = []
  for (const part of parts) {
    buffer.push(part)
    for (;;) {
      const step = buffer.next(24)
      if (step.kind === 'more') break
      seen.push(step.kind === 'line' ? `line ${step.text}` : step.kind)
      if (step.kind === 'bareNewline' || step.kind === 'flood') return seen
    }
  }
  return seen
}

/** What RFC 5321 §4.5.2 says, written the slow way. */
function oracle(bytes: Buffer): string {
  const text = bytes.toString('latin1')
  let content = ''
  let at = 0
  for (;;) {
    const line = /^([^\r\n]*)(\r\n|\r(?=[^\n])|\n)?/.exec(text.slice(at))
    const body = line?.[1] ?? ''
    if (line?.[2] === undefined) return content.length > 800 ? 'flood' : 'more'
    if (line[2] !== '\r\n') return 'bareNewline'
    at += body.length + 2
    if (body === '.') break
    content += `${body.startsWith('.') ? body.slice(1) : body}\r\n`
  }
  const rest = text.slice(at)
  if (content.length > 200) return `size | ${rest}`
  if (content.includes('\0')) return `nul | ${rest}`
  const longest = Math.max(...content.split('\r\n').map((line) => line.length))
  if (longest > 60) return `line | ${rest}`
  return `content ${content} ${/[\u0080-\u00ff]/.test(content)} ${longest} | ${rest}`
}

describe('readers', () => {
  it('give the same content however the bytes are cut, and what a slow reading of the RFC gives', () => {
    fc.assert(
      fc.property(stream(60), cuts, (bytes, sizes) => {
        const whole = readData([Buffer.from(bytes)])
        expect(readData(pieces(bytes, sizes))).toBe(whole)
        expect(readData(pieces(bytes, [1]))).toBe(whole)
        expect(whole).toBe(oracle(bytes))
      }),
      { numRuns: 3_000 },
    )
  })

  it('give the same lines however the bytes are cut', () => {
    fc.assert(
      fc.property(stream(80), cuts, (bytes, sizes) => {
        const whole = readLines([Buffer.from(bytes)])
        expect(readLines(pieces(bytes, sizes))).toEqual(whole)
        expect(readLines(pieces(bytes, [1]))).toEqual(whole)
      }),
      { numRuns: 3_000 },
    )
  })

  it('hold memory in proportion to content, and give all of it back', () => {
    let held = 0
    let most = 0
    const reader = new DataReader({
      messageBytes: 1_000_000,
      lineBytes: 1_000,
      reserve: (bytes) => {
        held += bytes
        most = Math.max(most, held)
        return true
      },
      release: (bytes) => {
        held -= bytes
      },
    })
    for (let count = 0; count < 100_000; count++) reader.feed(Buffer.from('..\r\n'))
    expect(held).toBeLessThan(1_000_000)
    for (let count = 0; count < 300_000; count++) reader.feed(Buffer.from('..\r\n'))
    expect(held).toBe(0)
    expect(most).toBeLessThan(2_000_000)
  })
})

describe('a server under fuzz', () => {
  let running: Running
  beforeAll(async () => {
    running = await startServer({
      limits: { commandTimeoutMs: 5_000, connectionsPerAddress: 1_000, errors: 5 },
    })
  })
  afterAll(() => running[Symbol.asyncDispose]())

  const session = fc
    .array(
      fc.constantFrom(
        'EHLO c\r\n',
        'MAIL FROM:<a@x.test>\r\n',
        'MAIL FROM:<a@x.test> SIZE=9 SIZE=9\r\n',
        'RCPT TO:<b@y.test>\r\n',
        'DATA\r\n',
        'hi\r\n.\r\n',
        '..\r\n',
        '.\r\n',
        'RSET\r\n',
        'NOOP\r\n',
        `${'x'.repeat(3_000)}\r\n`,
        'AUTH PLAIN\r\n',
        '\u00ff\u0000\r\n',
        'GET / HTTP/1.1\r\n',
        '\n',
        '\r',
      ),
      { maxLength: 25 },
    )
    .map((parts) => parts.join(''))

  async function talk(text: string, sizes: readonly number[]): Promise<string> {
    const client = await RawClient.plain(running.port)
    for (const part of pieces(Buffer.from(text, 'latin1'), sizes)) {
      if (!client.socket.writable) break
      client.socket.write(part)
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
    client.socket.end()
    const all = await client.end()
    client.close()
    return all
  }

  it('answers the same bytes with the same bytes however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        session,
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 }),
        async (text, sizes) => {
          expect(await talk(text, sizes)).toBe(await talk(text, [1_000_000]))
        },
      ),
      { numRuns: 150 },
    )
  })

  it('ends every connection, whatever junk arrives, and still works', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 4_000 }), async (junk) => {
        const all = await talk(Buffer.from(junk).toString('latin1'), [700])
        expect(all).toMatch(/^220 /)
      }),
      { numRuns: 150 },
    )
    expect(await talk('EHLO c\r\nQUIT\r\n', [100])).toMatch(/221 2\.0\.0 Bye\r\n$/)
  })

  it('survives resets at any moment, in clear text, in handshakes and in TLS', async () => {
    const certificate = selfSigned()
    for (const listener of [SUBMISSION, SUBMISSIONS]) {
      await using secured = await startServer({
        listener,
        secureContext: () => certificate,
        limits: { connectionsPerAddress: 1_000 },
      })
      await Promise.all(
        Array.from({ length: 100 }, async (_, index) => {
          const socket = connectPlain({ port: secured.port, host: '127.0.0.1' })
          socket.on('error', () => {})
          await once(socket, 'connect')
          if (listener === SUBMISSION) socket.write('EHLO c\r\nSTARTTLS\r\n')
          else {
            const tls = connectTls({ socket, rejectUnauthorized: false })
            tls.on('error', () => {})
            tls.write('EHLO c\r\nNOOP\r\n'.repeat(5))
          }
          await new Promise((resolve) => {
            setTimeout(resolve, index / 5)
          })
          socket.resetAndDestroy()
        }),
      )
      await eventually(() => secured.server.connections() === 0)
      const client = listener === SUBMISSION ? RawClient.plain(secured.port) : RawClient.tls(secured.port)
      expect(await (await client).reply()).toMatch(/^220 /)
      ;(await client).close()
    }
  })
})
