import { once } from 'node:events'
import { connect as connectTls } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sink } from '../../../bench/sink.ts'
import { createIdGenerator, decodeId } from '../../src/kernel/ids.ts'
import type { Engine } from '../../src/modules/delivery/index.ts'
import { createAcceptService, createMessages } from '../../src/modules/messages/index.ts'
import { errorCode } from '../../src/platform/postgres/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { startContainmentWatch } from '../../src/security/containment/index.ts'
import { startApi } from './api-fixture.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'
import {
  eventually,
  sendingWorkspace,
  startRelayingEngine,
  startTestEngine,
  startTestSink,
} from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'
import { startTestSubmission } from './submission-fixture.ts'
import type { SubmissionFixture } from './submission-fixture.ts'

const APPEAL = 'https://mail.example.net/appeal'

let api: ApiFixture
let engine: Engine
let sink: Sink & AsyncDisposable
let submission: SubmissionFixture

beforeAll(async () => {
  api = await startApi()
  sink = await startTestSink()
  engine = await startRelayingEngine(api, sink)
  submission = await startTestSubmission(api, { appeal: APPEAL })
})
afterAll(async () => {
  await submission[Symbol.asyncDispose]()
  await engine[Symbol.asyncDispose]()
  await sink.stop()
  await api[Symbol.asyncDispose]()
})

/** A workspace with a second key, both older than whatever it contains. */
async function twoPeople(): Promise<TestWorkspace & { readonly second: string; readonly secondId: string }> {
  const workspace = await sendingWorkspace(api)
  const { body } = await api.call(workspace.key, 'POST', '/v1/api-keys', { name: 'second' })
  return { ...workspace, second: body.key, secondId: body.id }
}

const contain = async (key: string, wish: Record<string, unknown>): Promise<Answer['body']> => {
  const made = await api.call(key, 'POST', '/v1/containments', { reason: 'We look into it.', ...wish })
  expect([made.status, made.text]).toEqual([201, made.text])
  return made.body
}

async function lift(workspace: { key: string; second: string }, id: string): Promise<void> {
  const asked = await api.call(workspace.key, 'POST', `/v1/containments/${id}/request-lift`, {
    reason: 'over',
  })
  const lifted = await api.call(workspace.second, 'POST', `/v1/containments/${id}/lift`, { reason: 'over' })
  expect([asked.body.state, lifted.body.state]).toEqual(['lift_requested', 'lifted'])
}

const mail = (from: string, lane = 'transactional') => ({
  from,
  to: 'bob@example.com',
  subject: 'Hi',
  text: 'x',
  lane,
})
const send = (workspace: TestWorkspace, key = workspace.key, lane?: string): Promise<Answer> =>
  api.call(key, 'POST', '/v1/messages', mail(workspace.from, lane))

describe('who is contained', () => {
  it('reads why, by which incident, until when and where to object; the rest stays open', async () => {
    const workspace = await twoPeople()
    const made = await contain(workspace.key, {
      capabilities: ['sender-change'],
      incident: 'INC-7',
      hours: 2,
    })
    const refused = await api.call(workspace.key, 'POST', '/v1/domains', { name: 'other.test' })
    expect(refused.status).toBe(423)
    expect(refused.headers.get('content-type')).toContain('application/problem+json')
    expect(refused.body).toMatchObject({
      code: 'contained',
      containment: made.id,
      capability: 'sender-change',
      reasonCode: 'security_hold',
      reason: 'We look into it.',
      incident: 'INC-7',
      until: made.until,
      appeal: APPEAL,
    })
    expect((await send(workspace)).status).toBe(202)
    expect((await api.call(workspace.key, 'GET', '/v1/domains')).status).toBe(200)
    // A lift restores exactly what was.
    await lift(workspace, made.id)
    await eventually(
      async () =>
        (await api.call(workspace.key, 'POST', '/v1/domains', { name: 'other.test' })).status === 201
          ? true
          : undefined,
      'the keyring hears of the lift',
      1_000,
    )
  })

  it('sends in the lanes that were not touched, and with the keys that were not', async () => {
    const workspace = await twoPeople()
    await contain(workspace.key, { capabilities: ['send:bulk'] })
    await contain(workspace.key, { capabilities: ['send'], credential: workspace.secondId })
    expect((await send(workspace)).status).toBe(202)
    expect((await send(workspace, workspace.key, 'bulk')).body).toMatchObject({
      code: 'contained',
      capability: 'send:bulk',
    })
    expect((await send(workspace, workspace.second)).body).toMatchObject({
      code: 'contained',
      capability: 'send',
    })
  })

  it('is told so by SMTP at once, with 451 4.7.1, on a connection that stays', async () => {
    const workspace = await twoPeople()
    const { body } = await api.call(workspace.key, 'POST', '/v1/smtp-credentials', { name: 'x' })
    await using session = await smtpSession(body.username, body.password)
    expect(await session.say(`MAIL FROM:<${workspace.from}>`)).toMatch(/^250 /)
    const { id } = await contain(workspace.key, {
      capabilities: ['send'],
      incident: 'INC-8',
      actorClass: 'smtp',
    })
    const answer = await eventually(async () => {
      const heard = await session.say('RCPT TO:<bob@example.com>')
      return heard.startsWith('451') ? heard : undefined
    }, 'a refusal')
    expect(answer.replaceAll(/\r\n451[ -]4\.7\.1 /g, ' ')).toMatch(
      /^451[ -]4\.7\.1 .*We look into it\..*INC-8.*Appeal: https:\/\/mail\.example\.net\/appeal/,
    )
    expect(await session.say('RSET')).toMatch(/^250 /)
    expect(await session.say(`MAIL FROM:<${workspace.from}>`)).toMatch(/^451[ -]4\.7\.1 /)
    // Only the class smtp is bound.
    expect((await send(workspace)).status).toBe(202)
    await lift(workspace, id)
    await eventually(
      async () => ((await session.say(`MAIL FROM:<${workspace.from}>`)).startsWith('250') ? true : undefined),
      'the lift',
    )
  })

  it('does not read either where reading is contained; its streams end within a second and say why', async () => {
    const workspace = await twoPeople()
    const other = await twoPeople()
    const [ours, theirs] = [await eventStream(workspace.key), await eventStream(other.key)]
    const { id } = await contain(workspace.key, { capabilities: ['read'], incident: 'INC-9' })
    const containedAt = performance.now()
    const { text, at } = await ours.ended
    expect(at - containedAt).toBeLessThan(1_000)
    expect(text).toMatch(/event: error\ndata: \{"code":"contained".*"incident":"INC-9"/)
    expect(theirs.isOpen()).toBe(true)
    theirs.leave()
    expect((await api.call(workspace.key, 'GET', '/v1/domains')).status).toBe(423)
    // The reason and the way out stay open.
    expect((await api.call(workspace.key, 'GET', `/v1/containments/${id}`)).body.inForce).toBe(true)
    expect((await api.call(workspace.key, 'GET', '/v1/containments')).body.data).toHaveLength(1)
    await lift(workspace, id)
    expect((await api.call(workspace.key, 'GET', '/v1/domains')).status).toBe(200)
  })
})

describe('a batch of accepted mail', () => {
  it('fails for the contained workspace only, also where a process has not heard of the containment yet', async () => {
    const [held, open] = [await twoPeople(), await twoPeople()]
    await contain(held.key, { capabilities: ['send'] })
    const pool = api.database.pool('bulkhead_api')
    // A copy that knows nothing, as one that was cut off from the database.
    const accept = createAcceptService({
      pool,
      keyring: api.keyring('api'),
      containment: { require: () => undefined },
      sensitiveMayLeave: true,
      log: createLogger({ name: 'test', level: 'error' }),
      now: Date.now,
      newId: createIdGenerator(),
    })
    const messages = createMessages({
      accept,
      links: api.links,
      keyring: api.keyring('api'),
      now: Date.now,
      newId: createIdGenerator(),
    })
    const results = await Promise.allSettled(
      Array.from({ length: 12 }, (_, at) => {
        const workspace = at % 3 === 0 ? held : open
        return messages.sendMime({
          workspaceId: workspace.uuid,
          actor: 'api_key:x',
          idempotencyKey: undefined,
          bodyHash: undefined,
          source: 'mime',
          raw: Buffer.from(`From: ${workspace.from}\r\nTo: bob@example.com\r\nSubject: Hi\r\n\r\nHi\r\n`),
          envelopeFrom: undefined,
          envelopeRecipients: undefined,
          controls: {},
          traceFields: () => [],
        })
      }),
    )
    const states = results.map((result) =>
      result.status === 'fulfilled'
        ? 'accepted'
        : String((result.reason as { code?: string }).code ?? result.reason),
    )
    expect(states).toEqual(Array.from({ length: 12 }, (_, at) => (at % 3 === 0 ? 'contained' : 'accepted')))
    await accept.drain()
  })
})

describe('accepted mail of a contained workspace', () => {
  it('waits untouched, is shown as contained, costs no attempt, and goes when it is lifted; others go on', async () => {
    const [held, open] = [await twoPeople(), await twoPeople()]
    const { id } = await contain(held.key, { capabilities: ['deliver:transactional'] })
    const [waiting, critical] = [await send(held), await send(held, held.key, 'critical')]
    const theirs = await send(open)
    await open.ended(theirs.body.id)
    await held.ended(critical.body.id)
    const queue = (await api.call(held.key, 'GET', '/v1/queue')).body
    expect(JSON.stringify(queue)).toContain('contained')
    const before = await held.get(waiting.body.id)
    expect(before.recipients[0]).toMatchObject({ state: 'pending', attempts: 0 })
    await lift(held, id)
    const after = await held.ended(waiting.body.id)
    expect(after.recipients[0].state).toBe('delivered')
    expect(after.timeline.filter((event: { type: string }) => event.type === 'message.deferred')).toEqual([])
  })

  it('goes back as it was where it was claimed before the switch', async () => {
    await using own = await startApi()
    await using received = await startTestSink()
    const workspace = await sendingWorkspace(own)
    const superuser = own.database.pool('superuser')
    const rows = async () =>
      (
        await superuser.query<{ due: Date; attempts: number; held: boolean; expires_at: Date }>(
          'select due, attempts, held, expires_at from queue order by message_id',
        )
      ).rows
    const sent: string[] = []
    for (let at = 0; at < 20; at++)
      sent.push(await workspace.send({ lane: 'critical', to: 'bob@example.com' }))
    const before = await rows()
    // The database has no containment, so that rows are claimed; the copy has: the switch came in between.
    let looked = 0
    let contained = true
    await using sender = await startTestEngine({
      pool: own.database.pool('bulkhead_sender'),
      keyring: own.keyring('sender'),
      outbound: {
        kind: 'relay',
        host: '127.0.0.1',
        port: received.port,
        implicitTls: false,
        auth: undefined,
      },
      containment: {
        blocking: ({ capabilities }) => {
          looked += 1
          if (!contained) return null
          expect(capabilities).toEqual(['deliver', 'deliver:critical'])
          return {
            containment: workspace.uuid,
            capability: 'deliver',
            reasonCode: 'abuse',
            reason: 'x',
            incident: null,
            until: new Date().toISOString(),
          }
        },
      },
    })
    expect(sender.state()).toBeDefined()
    await eventually(() => (looked > 60 ? true : undefined), 'rows are looked at')
    expect(received.stats().messages).toBe(0)
    expect(await rows()).toEqual(before)
    contained = false
    for (const id of sent)
      expect((await workspace.ended(id)).recipients[0]).toMatchObject({ state: 'delivered', attempts: 1 })
  })

  it('waits alone where only one credential is contained', async () => {
    const workspace = await twoPeople()
    const made = await contain(workspace.key, { capabilities: ['deliver'], credential: workspace.secondId })
    const [mine, suspicious] = [await send(workspace), await send(workspace, workspace.second)]
    await workspace.ended(mine.body.id)
    expect((await workspace.get(suspicious.body.id)).recipients[0]).toMatchObject({
      state: 'pending',
      attempts: 0,
    })
    // The second key is contained and lifts nothing of its own; a third one that came later neither.
    const late = (await api.call(workspace.key, 'POST', '/v1/api-keys', { name: 'late' })).body
    const ask = (key: string, what: string) =>
      api.call(key, 'POST', `/v1/containments/${made.id}/${what}`, { reason: 'over' })
    const refused = (await ask(workspace.second, 'request-lift')).body
    expect(refused).toMatchObject({ code: 'lift_refused', detail: expect.stringMatching(/^[A-Z].*\.$/) })
    expect((await ask(late.key, 'request-lift')).body.code).toBe('lift_refused')
    expect((await ask(workspace.key, 'request-lift')).status).toBe(200)
  })
})

describe('a lift', () => {
  it('takes two who were there before, in order, and the same one never twice', async () => {
    const workspace = await twoPeople()
    const { id } = await contain(workspace.key, { capabilities: ['write'] })
    const late = (await api.call(workspace.key, 'POST', '/v1/api-keys', { name: 'late' })).body.key
    const ask = async (key: string, what: string): Promise<[number, string]> => {
      const { status, body } = await api.call(key, 'POST', `/v1/containments/${id}/${what}`, {
        reason: 'over',
      })
      return [status, body.code ?? body.state]
    }
    expect(await ask(workspace.key, 'lift')).toEqual([409, 'conflict'])
    expect(await ask(late, 'request-lift')).toEqual([403, 'lift_refused'])
    expect(await ask(workspace.key, 'request-lift')).toEqual([200, 'lift_requested'])
    expect(await ask(workspace.key, 'lift')).toEqual([403, 'lift_refused'])
    expect(await ask(late, 'lift')).toEqual([403, 'lift_refused'])
    expect(await ask(workspace.second, 'request-lift')).toEqual([409, 'conflict'])
    expect(
      (await api.call(workspace.key, 'POST', '/v1/suppressions', { email: 'x@example.com' })).status,
    ).toBe(423)
    const other = await twoPeople()
    expect((await api.call(other.key, 'GET', `/v1/containments/${id}`)).status).toBe(404)
    expect((await api.call(other.key, 'POST', `/v1/containments/${id}/lift`, { reason: 'x' })).status).toBe(
      404,
    )
    expect(await ask(workspace.second, 'lift')).toEqual([200, 'lifted'])
    expect(await ask(workspace.second, 'lift')).toEqual([409, 'conflict'])
    expect(
      (await api.call(workspace.key, 'POST', '/v1/suppressions', { email: 'x@example.com' })).status,
    ).toBe(201)
    const { body } = await api.call(workspace.key, 'GET', `/v1/containments/${id}`)
    expect(body.approvals.map((approval: { step: string }) => approval.step)).toEqual(['request', 'approval'])
  })

  it('of what staff contained is not the workspace’s', async () => {
    const workspace = await twoPeople()
    const { rows } = await api.database.pool('bulkhead_staff').query<{ id: string }>(
      `select id from engine.contain('workspace', $1, null, 'any', '{write}', 'abuse', 'Complaints.', 'INC-1', null,
         now() + interval '1 hour', 'staff:x')`,
      [workspace.uuid],
    )
    const listed = (await api.call(workspace.key, 'GET', '/v1/containments')).body.data[0]
    expect(listed).toMatchObject({ reason: 'Complaints.', liftableBy: 'staff', inForce: true })
    expect(decodeId('containment', listed.id)).toBe(rows[0]?.id)
    const refused = await api.call(workspace.key, 'POST', `/v1/containments/${listed.id}/request-lift`, {
      reason: 'x',
    })
    expect(refused.body).toMatchObject({
      code: 'lift_refused',
      detail: expect.stringContaining('only staff'),
    })
    // Nor can the workspace's process contain another one, or the installation.
    const other = await twoPeople()
    for (const [scope, target] of [
      ['workspace', other.uuid],
      ['installation', null],
    ]) {
      const tried = api.database
        .pool('bulkhead_api')
        .transaction(
          (transaction) =>
            transaction.query(
              `select engine.contain($1, $2, null, 'any', '{write}', 'abuse', 'x', null, null, now() + interval '1 hour', 'api_key:x')`,
              [scope, target],
            ),
          { workspaceId: workspace.uuid },
        )
      expect(await tried.catch(errorCode)).toBe('BH403')
    }
  })
})

describe('a containment', () => {
  it('is there for a process that starts later, and is written to the audit log in the act', async () => {
    const workspace = await twoPeople()
    const { id } = await contain(workspace.key, { capabilities: ['write'] })
    const log = createLogger({ name: 'test', level: 'error' })
    await using watch = await startContainmentWatch({
      pool: api.database.pool('bulkhead_worker'),
      log,
      actorClass: 'worker',
    })
    const question = { workspaceId: workspace.uuid, actor: null, capabilities: ['write'] as const }
    expect(watch.blocking(question)).toMatchObject({
      containment: decodeId('containment', id),
      reasonCode: 'security_hold',
    })
    await lift(workspace, id)
    await eventually(() => (watch.blocking(question) === null ? true : undefined), 'the lift is seen', 1_000)
    const { rows } = await api.database
      .pool('superuser')
      .query<{ action: string; detail: { reason?: string } }>(
        `select action, detail from audit_outbox where workspace_id = $1 and action like 'containment.%' order by at`,
        [workspace.uuid],
      )
    expect(rows.map((row) => row.action)).toEqual([
      'containment.contained',
      'containment.lift_requested',
      'containment.lifted',
    ])
    expect(rows[0]?.detail).toMatchObject({ reason: 'We look into it.', reasonCode: 'security_hold' })
  })

  it('is told to the workspace’s webhooks, unless they are what is contained', async () => {
    const [told, untold] = [await twoPeople(), await twoPeople()]
    for (const { key } of [told, untold])
      await api.call(key, 'POST', '/v1/webhooks', { url: 'https://hooks.example.com/x' })
    const { id } = await contain(told.key, { capabilities: ['write'], incident: 'INC-3' })
    expect(await claimed(told)).toMatchObject([
      {
        type: 'containment.changed',
        detail: { id: decodeId('containment', id), incident: 'INC-3', state: 'active' },
      },
    ])
    const silent = await contain(untold.key, { capabilities: ['webhook'] })
    expect(await claimed(untold)).toEqual([])
    await lift(untold, silent.id)
    expect((await claimed(untold)).map(({ detail }) => detail.state)).toEqual(['lifted', 'lifted'])
  })
})

describe('a preview', () => {
  it('shows what others would pay, and the narrowest way; it changes nothing', async () => {
    const workspace = await twoPeople()
    for (let at = 0; at < 9; at++) await send(workspace, workspace.second)
    await send(workspace)
    const preview = async (wish: Record<string, unknown>) =>
      (await api.call(workspace.key, 'POST', '/v1/containments/preview', wish)).body
    const wide = await preview({ capabilities: ['send'], suspect: workspace.secondId })
    expect(wide.blockedPerMinute).toBeCloseTo(10 / 60)
    expect(wide.legitimatePerMinute).toBeCloseTo(1 / 60)
    expect(wide.collateralRatio).toBeCloseTo(0.1)
    expect(wide.proposal).toMatchObject({
      credential: workspace.secondId,
      capabilities: ['send'],
      collateralRatio: 0,
    })
    expect(wide.credentials.apiKeys).toBe(2)
    const unsuspecting = await preview({ capabilities: ['send', 'write'] })
    expect(unsuspecting.proposal.credential).toBe(workspace.secondId)
    const narrow = await preview({ capabilities: ['send'], credential: workspace.secondId })
    expect(narrow.blockedPerMinute).toBeCloseTo(9 / 60)
    expect(narrow.collateralRatio).toBe(0)
    expect((await send(workspace, workspace.second)).status).toBe(202)
  })
})

/** What a dispatcher would be given of a workspace now. */
async function claimed(workspace: TestWorkspace) {
  const { rows } = await api.database
    .pool('bulkhead_worker')
    .query<{ type: string; detail: { incident: string; id: string; state: string } }>(
      `select type, detail from engine.claim_webhooks(50, 50, 60, '{}', '00000000-0000-0000-0000-000000000000')
       where workspace_id = $1`,
      [workspace.uuid],
    )
  return rows
}

/** A submission connection that has logged in; `say` answers with the whole reply. */
async function smtpSession(username: string, password: string) {
  const socket: TLSSocket = connectTls({
    host: '127.0.0.1',
    port: submission.ports.implicit,
    rejectUnauthorized: false,
  })
  socket.on('error', () => undefined)
  let heard = ''
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString('latin1')
  })
  await once(socket, 'secureConnect')
  const reply = (what: string): Promise<string> =>
    eventually(() => (/^\d{3} .*\r\n$/m.test(heard) ? heard : undefined), what, 5_000)
  await reply('the banner')
  const say = (line: string): Promise<string> => {
    heard = ''
    socket.write(`${line}\r\n`)
    return reply(`an answer to ${line}`)
  }
  await say('EHLO x')
  expect(await say(`AUTH PLAIN ${Buffer.from(`\0${username}\0${password}`).toString('base64')}`)).toMatch(
    /^235 /,
  )
  return { say, [Symbol.asyncDispose]: () => Promise.resolve(void socket.destroy()) }
}

/** An open event stream; `ended` is its text and when it was over. */
async function eventStream(key: string) {
  const leave = new AbortController()
  const response = await fetch(`${api.url}/v1/events/stream`, {
    signal: leave.signal,
    headers: { authorization: `Bearer ${key}` },
  })
  let isOpen = response.ok
  const ended = response
    .text()
    .catch(() => '')
    .then((text) => {
      isOpen = false
      return { text, at: performance.now() }
    })
  return { ended, isOpen: () => isOpen, leave: () => leave.abort() }
}
