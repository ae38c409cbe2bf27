import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { createTransport } from 'nodemailer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sink } from '../../../bench/sink.ts'
import type { Engine } from '../../src/modules/delivery/index.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace, startRelayingEngine, startTestSink } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'
import { startTestSubmission } from './submission-fixture.ts'
import type { SubmissionFixture } from './submission-fixture.ts'

let api: ApiFixture
let engine: Engine
let sink: Sink & AsyncDisposable
let workspace: TestWorkspace
let credential: { username: string; password: string }
let submission: SubmissionFixture

beforeAll(async () => {
  api = await startApi()
  sink = await startTestSink()
  workspace = await sendingWorkspace(api)
  const made = await api.call(workspace.key, 'POST', '/v1/smtp-credentials', { name: 'test' })
  credential = {
    username: made.body.username ?? made.body.smtpCredential?.username,
    password: made.body.password,
  }
  engine = await startRelayingEngine(api, sink)
  submission = await startTestSubmission(api)
})
afterAll(async () => {
  await submission[Symbol.asyncDispose]()
  await engine[Symbol.asyncDispose]()
  await sink.stop()
  await api[Symbol.asyncDispose]()
})

const transport = (secure: boolean, auth: { user: string; pass: string }) =>
  createTransport({
    host: '127.0.0.1',
    port: secure ? submission.ports.implicit : submission.ports.starttls,
    secure,
    requireTLS: !secure,
    tls: { rejectUnauthorized: false },
    auth,
  })

/** A conversation byte by byte. */
async function talk(socket: Socket) {
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  socket.on('error', () => undefined)
  /** Sends and waits for `replies` final reply lines. */
  const say = async (bytes: string, replies = 1): Promise<string> => {
    text = ''
    if (bytes !== '') socket.write(bytes, 'latin1')
    return eventually(
      () => ((text.match(/^\d{3} /gm)?.length ?? 0) >= replies || socket.closed ? text : undefined),
      `a reply to ${bytes.slice(0, 40)}`,
      5_000,
    )
  }
  await say('')
  return { say, socket }
}

/** An authenticated session over implicit TLS. */
async function session() {
  const socket: TLSSocket = connectTls({
    host: '127.0.0.1',
    port: submission.ports.implicit,
    rejectUnauthorized: false,
  })
  await once(socket, 'secureConnect')
  const conversation = await talk(socket)
  await conversation.say('EHLO client.example\r\n')
  const plain = Buffer.from(`\0${credential.username}\0${credential.password}`).toString('base64')
  expect(await conversation.say(`AUTH PLAIN ${plain}\r\n`)).toMatch(/^235/)
  return conversation
}

const idIn = (reply: string) => /msg_[0-9a-z]{26}/.exec(reply)?.[0] ?? reply

describe('submission', () => {
  it.each([
    [
      'STARTTLS and an SMTP credential',
      false,
      () => ({ user: credential.username, pass: credential.password }),
    ],
    ['implicit TLS and an API key as password', true, () => ({ user: 'apikey', pass: workspace.key })],
  ])('takes a message over %s and it arrives, signed, with its story', async (_what, secure, auth) => {
    const sent = await transport(secure, auth()).sendMail({
      from: `Ann <${workspace.from}>`,
      to: 'bob@there.example',
      bcc: 'hidden@there.example',
      subject: 'Grüße',
      text: '.dot\n.\nend',
      headers: { 'X-Bulkhead-Tags': 'smtp', 'X-Bulkhead-Lane': 'critical' },
    })
    const message = await workspace.ended(idIn(sent.response))
    expect(message).toMatchObject({
      source: 'smtp',
      lane: 'critical',
      tags: ['smtp'],
      states: { delivered: 2 },
    })
    expect(message.recipients.map(({ kind }: { kind: string }) => kind)).toEqual(['to', 'envelope'])
    const kept = sink.messages().filter(({ raw }) => raw.includes(sent.messageId))
    expect(kept.flatMap(({ recipients }) => recipients).toSorted()).toEqual([
      'bob@there.example',
      'hidden@there.example',
    ])
    const text = kept[0]?.raw.toString() ?? ''
    expect(text.match(/^DKIM-Signature:/gm)).toHaveLength(2)
    expect(text).not.toMatch(/hidden|^bcc|x-bulkhead/im)
  })

  it('keeps the message byte for byte under its trace field', async () => {
    const { say, socket } = await session()
    const content = `From: ${workspace.from}\r\nTo: bob@there.example\r\nX-Odd:  a \t b  \r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\nMessage-ID: <x@y.example>\r\nSubject: x\r\n\r\n8-bit: \xe4\r\n.stuffed  \r\n\r\n`
    expect(await say(`MAIL FROM:<${workspace.from}> BODY=8BITMIME SIZE=400\r\n`)).toMatch(/^250/)
    expect(await say('RCPT TO:<bob@there.example>\r\nDATA\r\n', 2)).toMatch(/354 /)
    const reply = await say(`${content.replaceAll(/^\./gm, '..')}.\r\n`)
    expect(reply).toMatch(/^250 2\.0\.0/)
    const raw = await fetch(`${api.url}/v1/messages/${idIn(reply)}/content`, {
      headers: { authorization: `Bearer ${workspace.key}` },
    }).then(async (response) => Buffer.from(await response.arrayBuffer()).toString('latin1'))
    expect(raw.endsWith(content)).toBe(true)
    expect(raw.slice(0, raw.length - content.length)).toMatch(
      /^Received: by mail\.example\.net with ESMTPSA id msg_[^\n]*\r\n [^\n]*\r\n$/,
    )
    socket.destroy()
  })

  it('answers 250 only after the commit: the message is there at once', async () => {
    const { say, socket } = await session()
    for (let n = 0; n < 5; n++) {
      await say(`MAIL FROM:<${workspace.from}>\r\nRCPT TO:<a@there.example>\r\nDATA\r\n`, 3)
      const reply = await say(`From: ${workspace.from}\r\n\r\nx\r\n.\r\n`)
      expect((await api.call(workspace.key, 'GET', `/v1/messages/${idIn(reply)}`)).status).toBe(200)
    }
    socket.destroy()
  })

  it('refuses AUTH and MAIL before TLS, and commands injected before the handshake', async () => {
    const plain = connect(submission.ports.starttls, '127.0.0.1')
    await once(plain, 'connect')
    const { say, socket } = await talk(plain)
    expect(await say('EHLO x\r\n')).not.toMatch(/AUTH/)
    expect(await say('AUTH PLAIN AGEAYg==\r\n')).toMatch(/^5/)
    expect(await say(`MAIL FROM:<${workspace.from}>\r\n`)).toMatch(/^530/)
    const answer = await say(`STARTTLS\r\nMAIL FROM:<${workspace.from}>\r\n`)
    expect(answer).not.toMatch(/^250/m)
    socket.destroy()
  })

  it.each([
    ['a From outside the workspace', () => `From: eve@elsewhere.example\r\n\r\nx\r\n`, /^550 5\.7\.1/],
    [
      'two From fields',
      () => `From: ${workspace.from}\r\nFrom: eve@elsewhere.example\r\n\r\nx\r\n`,
      /^550 5\.6\.0/,
    ],
    [
      'a misspelt control header',
      () => `From: ${workspace.from}\r\nX-Bulkhead-Sensitve: true\r\n\r\nx\r\n`,
      /^550 5\.6\.0/,
    ],
    ['a bare line feed', () => `From: ${workspace.from}\r\n\r\na\nb\r\n`, /^5/],
    [
      'a smuggled end of data',
      () => `From: ${workspace.from}\r\n\r\na\n.\nMAIL FROM:<eve@elsewhere.example>\r\n`,
      /^5/,
    ],
  ])('refuses %s, and accepts nothing of it', async (_what, content, expected) => {
    const before = (await workspace.ledger()).accepted
    const { say, socket } = await session()
    await say(`MAIL FROM:<${workspace.from}>\r\nRCPT TO:<a@there.example>\r\nDATA\r\n`, 3)
    expect(await say(`${content()}.\r\n`)).toMatch(expected)
    socket.destroy()
    expect((await workspace.ledger()).accepted).toBe(before)
  })

  it.each([
    ['a reverse-path outside the workspace', 'MAIL FROM:<eve@elsewhere.example>\r\n', /^550 5\.7\.1/],
    ['an unknown parameter', 'MAIL FROM:<OWN> FOO=BAR\r\n', /^555|^501|^504/],
    ['a message that is too large', 'MAIL FROM:<OWN> SIZE=99999999\r\n', /^552/],
  ])('refuses %s', async (_what, line, expected) => {
    const { say, socket } = await session()
    expect(await say(line.replace('OWN', workspace.from))).toMatch(expected)
    socket.destroy()
  })

  it('refuses a wrong password and a revoked key', async () => {
    await expect(transport(true, { user: credential.username, pass: 'wrong' }).verify()).rejects.toThrow(
      /535/,
    )
    await expect(transport(false, { user: 'apikey', pass: `${workspace.key}x` }).verify()).rejects.toThrow(
      /535/,
    )
  })
})
