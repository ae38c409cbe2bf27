import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { wallMs } from '../../../bench/clock.ts'
import { TEST_TOKENS } from '../../src/platform/keyring-client/test-keyring.ts'
import { isAlive } from '../../src/platform/postgres/index.ts'
import { eventually } from '../flows/engine-fixture.ts'
import { fakeTime } from '../replays/fake-time.ts'
import { sendMany, startMatrix } from './matrix-fixture.ts'
import type { Matrix, Receiver } from './matrix-fixture.ts'

const PROCESS = resolve(import.meta.dirname, '../support/engine-process.ts')
const HOUR_MS = 3_600_000

let matrix: Matrix
let peer: Receiver
const children: ChildProcess[] = []

beforeAll(async () => {
  matrix = await startMatrix()
  peer = await matrix.receiver({ host: '127.0.0.1', port: 0 })
})
afterEach(async () => {
  peer.behave()
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  await matrix.api.database.pool('superuser').query('select engine.release_leases(id) from worker_lease')
})
afterAll(async () => {
  try {
    await matrix.engine({ outbound: relay() })
    await matrix.reconcile((state, recipient) => state === 'expired' && recipient.startsWith('expire'))
  } finally {
    await matrix[Symbol.asyncDispose]()
  }
})

const relay = () =>
  ({ kind: 'relay', host: '127.0.0.1', port: peer.sink.port, implicitTls: false, auth: undefined }) as const

/** A sender in a process of its own; with `clock`, one whose clock says what that file says. */
async function startSender(name: string, clock?: string): Promise<{ child: ChildProcess; journal: string }> {
  const journal = join(matrix.directory, name)
  mkdirSync(journal)
  const { FAKETIME: _fixed, ...fake } = clock === undefined ? {} : fakeTime('+0')
  const child = fork(PROCESS, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...process.env,
      ...(clock === undefined ? {} : { ...fake, FAKETIME_TIMESTAMP_FILE: clock, FAKETIME_NO_CACHE: '1' }),
      ENGINE: JSON.stringify({
        databaseUrl: matrix.api.database.url.bulkhead_sender,
        keyringSocket: matrix.api.keyringSocket,
        keyringToken: TEST_TOKENS.sender,
        port: peer.sink.port,
        journalDirectory: journal,
      }),
    },
  })
  children.push(child)
  await once(child, 'message')
  return { child, journal }
}

/** Final dots whose answers a journal does not have. */
function openDots(journal: string): number {
  const open = new Set<string>()
  for (const name of readdirSync(journal).sort())
    for (const line of readFileSync(join(journal, name), 'utf8').split('\n')) {
      const [kind, , message, number] = line.split('\t')
      if (kind === 'D') open.add(`${message}/${number}`)
      if (kind === 'R') open.delete(`${message}/${number}`)
    }
  return open.size
}

/** What the worker does every few seconds: leases that ran out give their rows back. */
const sweep = () => matrix.api.database.pool('bulkhead_worker').query('select engine.release_leases(null)')

describe.runIf(process.platform === 'linux')('a sender that is stopped past its lease', () => {
  it('sends nothing when it wakes, its late results are refused, and the other has taken over: a copy of what was in flight at most', async () => {
    peer.behave({ at: 'dot', delayMs: 300 })
    const { child, journal } = await startSender('stopped')
    const domain = 'stopped.example'
    const ids = await sendMany(matrix, domain, 80)
    await eventually(
      () => (peer.sink.stats().messages > 8 && openDots(journal) > 0 ? true : undefined),
      'work',
    )
    child.kill('SIGSTOP')
    const fromMs = wallMs()
    const inFlight = openDots(journal)
    // However this ends: the end of the file reconciles, and shall not accuse of copies what failed for another reason.
    using _outage = {
      [Symbol.dispose]: () =>
        matrix.noteOutage({ what: 'a stopped sender', fromMs, toMs: wallMs(), inFlight }),
    }
    await eventually(
      async () => (peer.sink.stats().openConnections > 0 ? true : undefined),
      'open connections',
    )
    const root = matrix.api.database.pool('superuser')
    await eventually(
      async () => {
        const { rows } = await root.query('select from worker_lease where expires_at > clock_timestamp()')
        return rows.length === 0 ? true : undefined
      },
      'the end of its lease',
      24_000,
    )
    // After the look: a lease that ends between sweep and look would keep its rows, and nobody sweeps here again.
    await sweep()
    const { rows: kept } = await root.query('select from queue where lease is not null')
    expect(kept, 'rows of a lease that is gone').toEqual([])
    await using _second = await matrix.engine({ outbound: relay(), isAlive, journalDirectory: journal })
    peer.behave()
    await eventually(
      async () => ((await matrix.workspace.ledger()).pending === 0 ? true : undefined),
      'the end',
    )
    const before = (await matrix.journal()).length
    child.kill('SIGCONT')
    // It has to ask for its lease, hear that it is gone, and open another one.
    await eventually(async () => {
      const { rows } = await root.query('select from worker_lease where expires_at > clock_timestamp()')
      return rows.length === 2 ? true : undefined
    }, 'its new lease')
    const lines = await matrix.journal()
    expect(lines.length - before, 'sent under a lease that was gone').toBe(0)
    const copies = lines.filter(({ recipient }) => recipient.endsWith(domain)).length - ids.length
    // Its connections took up to ten more that it had written and not heard of; each was in flight.
    expect(copies).toBeGreaterThanOrEqual(0)
    expect(copies).toBeLessThanOrEqual(inFlight + 20)
    for (const id of ids) expect((await matrix.story(id)).states).toEqual({ delivered: 1 })
  }, 60_000)
})

const hasFakeTime = existsSync('/usr/bin/faketime')

const clock = () => join(matrix.directory, 'clock')

const set = (offset: string): void => {
  writeFileSync(`${clock()}.new`, `${offset}\n`)
  // At once, so that no process reads half of it.
  renameSync(`${clock()}.new`, clock())
}

describe.runIf(process.platform === 'linux' && hasFakeTime)('a sender whose clock jumps', () => {
  it('a day ahead ends nothing before its time, plans no retry a day late, and keeps its lease', async () => {
    set('+0')
    await startSender('ahead', clock())
    peer.behave({ at: 'rcpt', recipient: 'later*', reply: '451 4.7.1 try later', times: 1 })
    const first = await matrix.send({ to: 'first@ahead.example' })
    expect((await matrix.story(first)).copies).toEqual([1])
    set('+1d')
    const expiresAt = new Date(Date.now() + 2 * HOUR_MS).toISOString()
    const ids = await sendMany(matrix, 'ahead.example', 10, { expiresAt })
    const later = await matrix.send({ to: 'later@ahead.example', expiresAt })
    for (const id of ids)
      expect(await matrix.story(id)).toMatchObject({ states: { delivered: 1 }, copies: [1] })
    expect(await matrix.story(later)).toMatchObject({
      types: ['accepted', 'deferred', 'delivered'],
      attempts: [2],
      copies: [1],
    })
    const { rows } = await matrix.api.database
      .pool('superuser')
      .query(
        `select from worker_lease where expires_at between clock_timestamp() and clock_timestamp() + interval '25 s'`,
      )
    expect(rows).toHaveLength(1)
  }, 90_000)

  it('a day back lets mail expire at its time, and does not try again without pauses', async () => {
    set('+0')
    await startSender('back', clock())
    expect((await matrix.story(await matrix.send({ to: 'first@back.example' }))).copies).toEqual([1])
    set('-1d')
    peer.behave({ at: 'rcpt', recipient: 'expire*', reply: '451 4.7.1 try later' })
    const expiresAt = new Date(Date.now() + 4_000).toISOString()
    const id = await matrix.send({ to: 'expire@back.example', lane: 'bulk', expiresAt })
    const well = await matrix.story(await matrix.send({ to: 'well@back.example' }))
    expect(well).toMatchObject({ states: { delivered: 1 }, copies: [1] })
    const story = await matrix.story(id)
    expect(story).toMatchObject({ states: { expired: 1 }, copies: [0] })
    // Bulk pauses 600 ms and 1.8 s here: three attempts fit into four seconds.
    expect(story.types.filter((type) => type === 'deferred').length).toBeLessThanOrEqual(4)
  }, 90_000)
})
