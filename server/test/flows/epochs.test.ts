import { once } from 'node:events'
import { connect as connectTls } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'
import { startTestSubmission } from './submission-fixture.ts'
import type { SubmissionFixture } from './submission-fixture.ts'

/** What C-11 allows, in milliseconds, from the answer to the bump. */
const DEAD_WITHIN_MS = 1_000

let api: ApiFixture
let submission: SubmissionFixture

beforeAll(async () => {
  api = await startApi()
  submission = await startTestSubmission(api, { watchesCredentials: true })
})
afterAll(async () => {
  await submission[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

const bump = (key: string, kind: string) =>
  api.call(key, 'POST', '/v1/epochs', { class: kind, reason: 'a drill' })

async function smtpCredential(workspace: TestWorkspace) {
  const { body } = await api.call(workspace.key, 'POST', '/v1/smtp-credentials', { name: 'x' })
  return { username: String(body.username), password: String(body.password), id: String(body.id) }
}

/** An authenticated SMTP connection; `ended` is what it heard last and when it was over. */
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
  const ended = once(socket, 'close').then(() => ({ heard, at: performance.now() }))
  await once(socket, 'secureConnect')
  const say = async (line: string, answer: RegExp): Promise<void> => {
    heard = ''
    socket.write(line)
    await eventually(() => (answer.test(heard) ? true : undefined), `an answer to ${line}`, 5_000)
  }
  await eventually(() => (/^220 /m.test(heard) ? true : undefined), 'the banner', 5_000)
  await say('EHLO x\r\n', /^250 /m)
  await say(`AUTH PLAIN ${Buffer.from(`\0${username}\0${password}`).toString('base64')}\r\n`, /^[25]35 /m)
  if (!heard.startsWith('235')) throw new Error(`refused: ${heard}`)
  return { say, socket, ended, isOpen: () => !socket.closed }
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

describe('an epoch bump', () => {
  it('kills 1,000 keys with one row within a second: requests, streams and SMTP, and nothing of others', async () => {
    const ours = await sendingWorkspace(api)
    const theirs = await sendingWorkspace(api)
    const keys: string[] = []
    while (keys.length < 1_000) {
      const made = await Promise.all(
        Array.from({ length: 50 }, () => api.call(ours.key, 'POST', '/v1/api-keys', { name: 'x' })),
      )
      keys.push(...made.map(({ body }) => String(body.key)))
    }
    const [credential, foreign] = [await smtpCredential(ours), await smtpCredential(theirs)]
    const streams = await Promise.all(keys.slice(0, 50).map(eventStream))
    const sessions = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        n < 25 ? smtpSession(credential.username, credential.password) : smtpSession('apikey', keys[n] ?? ''),
      ),
    )
    // One of them in the middle of a message.
    const [writing] = sessions
    await writing?.say(`MAIL FROM:<${ours.from}>\r\nRCPT TO:<a@there.example>\r\nDATA\r\n`, /^354 /m)
    writing?.socket.write('Subject: half\r\n')
    const otherStream = await eventStream(theirs.key)
    const otherSession = await smtpSession(foreign.username, foreign.password)
    // What is cached now must not be believed afterwards.
    expect((await api.call(keys[7] ?? '', 'GET', '/v1/messages')).status).toBe(200)
    const rows = async () =>
      (await api.database.pool('superuser').query<{ n: number }>('select count(*)::int as n from epoch'))
        .rows[0]?.n
    const before = await rows()

    const { status, body } = await bump(ours.key, 'any')
    const at = performance.now()
    expect(status).toBe(201)
    expect(body).toMatchObject({ scope: 'workspace', class: 'any', keySurvives: false })
    const cut = await Promise.all(sessions.map(({ ended }) => ended))
    const over = await Promise.all(streams.map(({ ended }) => ended))
    expect(Math.max(...cut.map((item) => item.at), ...over.map((item) => item.at)) - at).toBeLessThan(
      DEAD_WITHIN_MS,
    )
    for (const { heard } of cut)
      expect(heard).toContain('421 4.7.0 The credential was ended together with all others of its kind')
    for (const { text } of over) expect(text).toMatch(/event: error\ndata: .*unauthenticated.*was ended/)
    expect(await rows()).toBe((before ?? 0) + 1)

    const answers = new Set<number>()
    for (let n = 0; n < keys.length; n += 50)
      for (const { status: answer } of await Promise.all(
        keys.slice(n, n + 50).map((key) => api.call(key, 'GET', '/v1/messages')),
      ))
        answers.add(answer)
    expect([...answers]).toEqual([401])
    await expect(smtpSession(credential.username, credential.password)).rejects.toThrow(/refused: 535/)

    expect((await api.call(theirs.key, 'GET', '/v1/messages')).status).toBe(200)
    expect([otherStream.isOpen(), otherSession.isOpen()]).toEqual([true, true])
    await otherSession.say('NOOP\r\n', /^250 /m)
    otherStream.leave()
    otherSession.socket.destroy()
  }, 120_000)

  it('reaches its kind only, says whether the asking key survives, and lets what is made afterwards live', async () => {
    const workspace = await sendingWorkspace(api)
    const old = await smtpCredential(workspace)
    const open = await smtpSession('apikey', workspace.key)
    const { body } = await bump(workspace.key, 'smtp_credential')
    expect(body).toMatchObject({ class: 'smtp_credential', keySurvives: true })
    const fresh = await smtpCredential(workspace)
    const session = await smtpSession(fresh.username, fresh.password)
    await expect(smtpSession(old.username, old.password)).rejects.toThrow(/refused: 535/)
    await open.say('NOOP\r\n', /^250 /m)
    for (const { socket } of [open, session]) socket.destroy()
    const credentials = await api.call(workspace.key, 'GET', '/v1/smtp-credentials')
    expect(credentials.body.data.map((row: { killed: boolean }) => row.killed)).toEqual([false, true])
    const listed = await api.call(workspace.key, 'GET', '/v1/epochs')
    expect(listed.body.data).toEqual([
      expect.objectContaining({ class: 'smtp_credential', reason: 'a drill' }),
    ])
  })

  it('touches no credential: 20,000 die and not one row of theirs is written (S-05)', async () => {
    const workspace = await sendingWorkspace(api)
    const owner = api.database.pool('superuser')
    await owner.query(
      `insert into api_key (workspace_id, id, name, prefix, secret_hash, scopes)
       select $1, gen_random_uuid(), 'x', 'x', sha256((gen_random_uuid()::text || n)::bytea), '{}'
       from generate_series(1, 20000) n`,
      [workspace.uuid],
    )
    const versions = async () =>
      (
        await owner.query<{ keys: number; versions: string; epochs: number }>(
          `select count(*)::int as keys, md5(string_agg(ctid::text || xmin::text, ',' order by id)) as versions,
                  (select count(*)::int from epoch) as epochs
           from api_key where workspace_id = $1`,
          [workspace.uuid],
        )
      ).rows[0]
    const dead = async () =>
      (
        await owner.query<{ dead: number }>(
          `select count(*)::int as dead
           from engine.dead_credentials(array(select id from api_key where workspace_id = $1), '{}')`,
          [workspace.uuid],
        )
      ).rows[0]?.dead
    const before = await versions()
    expect(await dead()).toBe(0)
    expect((await bump(workspace.key, 'api_key')).status).toBe(201)
    expect(await dead()).toBe(20_001)
    expect(await versions()).toEqual({ ...before, epochs: (before?.epochs ?? 0) + 1 })
  })

  it('writes its audit record in its own transaction', async () => {
    const workspace = await sendingWorkspace(api)
    const { body } = await bump(workspace.key, 'session')
    const { rows } = await api.database
      .pool('superuser')
      .query('select actor, detail from audit_outbox where workspace_id = $1 and action = $2', [
        workspace.uuid,
        'epoch.bumped',
      ])
    expect(rows).toEqual([
      {
        actor: expect.stringMatching(/^api_key:/),
        detail: expect.objectContaining({ class: 'session', floor: body.floor, reason: 'a drill' }),
      },
    ])
  })

  it('is for the own workspace of the api process, and for staff in the name of staff', async () => {
    const workspace = await sendingWorkspace(api)
    const attempt = async (
      role: 'bulkhead_api' | 'bulkhead_staff' | 'bulkhead_smtp',
      scope: string,
      actor: string,
    ) => {
      const client = await api.database.pool(role).connect()
      try {
        await client.query('begin')
        await client.query("select set_config('bulkhead.workspace', gen_random_uuid()::text, true)")
        await client.query('select engine.bump_epoch(gen_random_uuid(), $1, $2, null, $3, $4, $5)', [
          scope,
          scope === 'installation' ? null : workspace.uuid,
          'any',
          actor,
          'x',
        ])
        return 'done'
      } catch (error) {
        return error instanceof Error && 'code' in error ? error.code : error
      } finally {
        await client.query('rollback')
        client.release()
      }
    }
    expect(await attempt('bulkhead_api', 'workspace', 'api_key:x')).toBe('42501')
    expect(await attempt('bulkhead_api', 'installation', 'api_key:x')).toBe('42501')
    expect(await attempt('bulkhead_smtp', 'workspace', 'api_key:x')).toBe('42501')
    expect(await attempt('bulkhead_staff', 'installation', 'api_key:x')).toBe('42501')
    expect(await attempt('bulkhead_staff', 'installation', 'staff:x')).toBe('done')
  })
})

describe('a credential', () => {
  it('cannot be made to outlive its floor, or brought back after it was revoked', async () => {
    const { uuid } = await sendingWorkspace(api)
    const client = await api.database.pool('bulkhead_api').connect()
    try {
      await client.query('begin')
      await client.query("select set_config('bulkhead.workspace', $1, true)", [uuid])
      const { rows } = await client.query<{ id: string; issued_epoch: string }>(
        `insert into api_key (workspace_id, id, name, prefix, secret_hash, scopes, issued_epoch)
         values ($1, gen_random_uuid(), 'x', 'x', $2, '{}', 9223372036854775807)
         returning id, issued_epoch`,
        [uuid, Buffer.from(uuid)],
      )
      const made = rows[0]
      expect(Number(made?.issued_epoch)).toBeLessThan(1_000_000)
      const changed = await client.query(
        'update api_key set issued_epoch = issued_epoch + 1000, revoked_at = now() where id = $1 returning issued_epoch',
        [made?.id],
      )
      expect(changed.rows).toEqual([{ issued_epoch: made?.issued_epoch }])
      const back = await client.query(
        'update api_key set revoked_at = null where id = $1 returning revoked_at',
        [made?.id],
      )
      expect(back.rows).toEqual([{ revoked_at: expect.any(Date) }])
    } finally {
      await client.query('rollback')
      client.release()
    }
  })

  it('that is revoked ends its stream and its SMTP connection within a second, and no other', async () => {
    const workspace = await sendingWorkspace(api)
    const { body: made } = await api.call(workspace.key, 'POST', '/v1/api-keys', { name: 'x' })
    const [stream, session, other] = [
      await eventStream(made.key),
      await smtpSession('x', made.key),
      await smtpSession('x', workspace.key),
    ]
    await api.call(workspace.key, 'DELETE', `/v1/api-keys/${made.id}`)
    const at = performance.now()
    const [over, cut] = [await stream.ended, await session.ended]
    expect(Math.max(over.at, cut.at) - at).toBeLessThan(DEAD_WITHIN_MS)
    expect(cut.heard).toContain('421 4.7.0 The credential was revoked')
    await other.say('NOOP\r\n', /^250 /m)
    other.socket.destroy()
  })

  it('dies also where no notification arrives: the poll finds it', async () => {
    const workspace = await sendingWorkspace(api)
    const stream = await eventStream(workspace.key)
    // Behind the triggers, as a restored or repaired table may be.
    await api.database.pool('superuser').query(
      `set session_replication_role = replica;
       update api_key set revoked_at = now() where workspace_id = '${decodeId('workspace', workspace.id)}';
       set session_replication_role = origin`,
    )
    const at = performance.now()
    expect((await stream.ended).at - at).toBeLessThan(DEAD_WITHIN_MS)
    expect((await api.call(workspace.key, 'GET', '/v1/messages')).status).toBe(401)
  })
})

describe('a process', () => {
  it("cannot write or remove another's heartbeat, and cannot call itself another kind", async () => {
    const pool = api.database.pool('bulkhead_worker')
    const [mine, token, other] = [
      '0190b6d0-0000-7000-8000-000000000001',
      Buffer.alloc(32, 1),
      Buffer.alloc(32, 2),
    ]
    const beat = (from: typeof pool, secret: Buffer, ready: boolean) =>
      from.query('select engine.heartbeat($1, $2, $3, $4, $5, $6)', [mine, secret, 'host', 1, ready, '{}'])
    await beat(pool, token, false)
    await expect(beat(api.database.pool('bulkhead_sender'), other, true)).rejects.toThrow(/duplicate key/)
    await expect(beat(pool, other, true)).rejects.toThrow(/duplicate key/)
    await pool.query('select engine.end_heartbeat($1, $2)', [mine, other])
    const { rows } = await api.database
      .pool('superuser')
      .query('select kind, ready from process where id = $1', [mine])
    expect(rows).toEqual([{ kind: 'worker', ready: false }])
    await pool.query('select engine.end_heartbeat($1, $2)', [mine, token])
  })
})
