import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Sink } from '../../../bench/sink.ts'
import { TEST_TOKENS } from '../../src/platform/keyring-client/test-keyring.ts'
import { isAlive } from '../../src/platform/postgres/index.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace, startRelayingEngine, startTestSink } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'

const PROCESS = resolve(import.meta.dirname, '../support/engine-process.ts')

let api: ApiFixture
let workspace: TestWorkspace
let sink: Sink & AsyncDisposable
let journalDirectory: string
const children: ChildProcess[] = []

beforeAll(async () => {
  api = await startApi()
  workspace = await sendingWorkspace(api)
})
afterAll(() => api[Symbol.asyncDispose]())
beforeEach(async () => {
  sink = await startTestSink()
  journalDirectory = mkdtempSync(join(tmpdir(), 'bulkhead-crash-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child)
  await sink.stop()
  rmSync(journalDirectory, { recursive: true, force: true })
  expect(await workspace.ledger()).toMatchObject({ balanced: true, lost: 0, doubled: 0, pending: 0 })
})

async function startProcess(): Promise<ChildProcess> {
  const child = fork(PROCESS, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...process.env,
      ENGINE: JSON.stringify({
        databaseUrl: api.database.url.bulkhead_sender,
        keyringSocket: api.keyringSocket,
        keyringToken: TEST_TOKENS.sender,
        port: sink.port,
        journalDirectory,
      }),
    },
  })
  children.push(child)
  await once(child, 'message')
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

const startHere = () =>
  startRelayingEngine(api, sink, {
    journalDirectory,
    isAlive,
  })

const journalled = (kind: 'D' | 'R') =>
  eventually(() => {
    const text = readdirSync(journalDirectory).map((name) =>
      readFileSync(join(journalDirectory, name), 'utf8'),
    )
    return text.join('').includes(`${kind}\t`) ? true : undefined
  }, `the journal's ${kind}`)

const release = (engine: { state(): Readonly<Record<string, unknown>> }) =>
  api.database.pool('superuser').query('select engine.release_leases($1)', [engine.state()['lease']])

const types = (message: { timeline: { type: string }[] }) => message.timeline.map(({ type }) => type)

describe('a sender killed', () => {
  it('between the 250 and the settle: the journal settles the message, and no second copy leaves', async () => {
    sink.behave({ rules: [{ at: 'dot', delayMs: 2_000 }] })
    const child = await startProcess()
    const id = await workspace.send({ to: 'a@there.example' })
    await journalled('D')
    const blocker = await api.database.pool('superuser').connect()
    await blocker.query('begin; lock table queue in share mode')
    await journalled('R')
    await kill(child)
    await blocker.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'engine process' and datname = current_database()`,
    )
    // A backend that was told to end may still get the lock; only when it is gone is its settle.
    await eventually(async () => {
      const { rows } = await blocker.query(
        `select from pg_stat_activity where application_name = 'engine process' and datname = current_database()`,
      )
      return rows.length === 0 ? true : undefined
    }, 'the end of its backends')
    await blocker.query('rollback')
    blocker.release()
    expect((await workspace.get(id)).states).toEqual({ pending: 1 })
    await using _engine = await startHere()
    const message = await workspace.ended(id)
    expect(types(message)).toEqual(['message.accepted', 'message.delivered'])
    expect(message.recipients[0].attempts).toBe(1)
    expect(sink.stats().messages).toBe(1)
    expect(sink.stats().duplicates).toBe(0)
  })

  it('after the final dot, before any reply: bulk ends as uncertain, other mail is sent again and says so', async () => {
    sink.behave({ rules: [{ at: 'dot', action: 'silence', times: 2 }] })
    const child = await startProcess()
    const bulk = await workspace.send({ to: 'a@there.example', lane: 'bulk' })
    await journalled('D')
    const critical = await workspace.send({ to: 'b@there.example', lane: 'critical' })
    await eventually(() => (sink.stats().ruleActed[0] === 2 ? true : undefined), 'both dots')
    await kill(child)
    await using _engine = await startHere()
    expect(types(await workspace.ended(bulk))).toEqual(['message.accepted', 'message.uncertain'])
    expect(types(await workspace.ended(critical))).toEqual([
      'message.accepted',
      'message.uncertain',
      'message.delivered',
    ])
    expect(sink.stats().messages).toBe(1)
  })

  it('before anything was sent: the next one sends it once', async () => {
    sink.behave({ rules: [{ at: 'banner', delayMs: 60_000, times: 1 }] })
    const child = await startProcess()
    const id = await workspace.send({ to: 'a@there.example' })
    await eventually(() => (sink.stats().openConnections > 0 ? true : undefined), 'a connection')
    await kill(child)
    await using _engine = await startHere()
    // Its journal names its lease, although nothing stands in it: the rows need not wait until the lease runs out.
    expect(types(await workspace.ended(id))).toEqual(['message.accepted', 'message.delivered'])
    expect(sink.stats().messages).toBe(1)
  })
})

describe('a lease that is lost while a message is on its way', () => {
  it('does not cost a second copy where nobody else took the row', async () => {
    sink.behave({ rules: [{ at: 'dot', delayMs: 500 }] })
    await using engine = await startHere()
    const id = await workspace.send({ to: 'a@there.example' })
    await journalled('D')
    await release(engine)
    const message = await workspace.ended(id)
    expect(types(message)).toEqual(['message.accepted', 'message.delivered'])
    expect(sink.stats().messages).toBe(1)
  })

  it('fences the late result where another sender holds the row, and work goes on under a new lease', async () => {
    sink.behave({ rules: [{ at: 'dot', delayMs: 1_500, times: 1 }] })
    await using engine = await startHere()
    const id = await workspace.send({ to: 'a@there.example' })
    await journalled('D')
    await release(engine)
    const root = api.database.pool('superuser')
    const other = await root.query<{ id: string }>(
      'select engine.open_lease(gen_random_uuid(), 60)::text as id',
    )
    const claimed = await root.query(
      `select message_id from engine.claim('transactional', $1, 10, '00000000-0000-0000-0000-000000000000', 0, '{}', '{}') where message_id is not null`,
      [other.rows[0]?.id],
    )
    expect(claimed.rows).toHaveLength(1)
    await eventually(() => (sink.stats().messages === 1 ? true : undefined), 'the first copy')
    const old = engine.state()['lease']
    await eventually(() => (engine.state()['lease'] === old ? undefined : true), 'a new lease')
    expect((await workspace.get(id)).states).toEqual({ pending: 1 })
    await root.query('select engine.release_leases($1)', [other.rows[0]?.id])
    expect((await workspace.ended(id)).states).toEqual({ delivered: 1 })
    expect(sink.stats().messages).toBe(2)
    expect(engine.state()).toMatchObject({ held: { critical: 0, transactional: 0, bulk: 0, internal: 0 } })
  })
})
