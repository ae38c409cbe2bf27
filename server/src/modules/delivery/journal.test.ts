import { fc, test } from '@fast-check/vitest'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Job, Settlement } from './job.ts'
import { openJournal, takeOrphanedJournals } from './journal.ts'
import { replayJournals } from './replay-journals.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-journal-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const idOf = (n: number) => `01930000-0000-7000-8000-${String(n).padStart(12, '0')}`
const jobOf = (n: number, number = 1) => ({ row: { lane: 'bulk', messageId: idOf(n), number } }) as Job
const settlementOf = (n: number, over: Partial<Settlement> = {}): Settlement => ({
  lane: 'bulk',
  lease: '7',
  messageId: idOf(n),
  number: 1,
  state: 'delivered',
  attempted: true,
  due: undefined,
  type: undefined,
  detail: { code: 250, reply: 'ok\ttab' },
  suppress: false,
  ...over,
})
const judging = () => ({ nowMs: 0, random: 0.5, retryScale: 1 })
const away = () => Promise.reject(new Error('connect ECONNREFUSED'))
const take = () => takeOrphanedJournals(directory, () => false)
const files = () => readdirSync(directory).map((name) => join(directory, name))

describe('the journal', () => {
  it('gives back what was answered, and the dots that nobody answered', () => {
    const journal = openJournal(directory, '7')
    const due = new Date('2026-11-20T10:00:00Z')
    journal.noteDot(jobOf(1))
    journal.noteDot(jobOf(2, 12))
    journal.noteReply(settlementOf(1, { state: null, type: 'message.deferred', due }))
    journal.close()
    const [orphan] = take()
    expect(orphan?.lease).toBe('7')
    expect(orphan?.entries).toEqual([
      {
        lane: 'bulk',
        lease: '7',
        messageId: idOf(1),
        number: 1,
        settlement: settlementOf(1, { state: null, type: 'message.deferred', due }),
      },
      { lane: 'bulk', lease: '7', messageId: idOf(2), number: 12, settlement: null },
    ])
    orphan?.remove()
    expect(files()).toEqual([])
  })

  it('takes a dot behind a reply as the next attempt of the same recipient', () => {
    const journal = openJournal(directory, '7')
    journal.noteDot(jobOf(1))
    journal.noteReply(settlementOf(1, { state: null }))
    journal.noteDot(jobOf(1))
    journal.close()
    expect(take()[0]?.entries).toMatchObject([{ messageId: idOf(1), settlement: null }])
  })

  it('leaves nothing where everything was settled', () => {
    const journal = openJournal(directory, '7')
    journal.noteDot(jobOf(1))
    journal.noteReply(settlementOf(1))
    journal.settled(`${idOf(1)}/1`)
    journal.close()
    expect(files()).toEqual([])
  })

  it('a line that was cut in the middle spoils neither its neighbours nor another recipient', () => {
    const journal = openJournal(directory, '7')
    journal.noteReply(settlementOf(1))
    journal.noteDot(jobOf(2, 12))
    journal.close()
    const [file] = files()
    const text = readFileSync(file ?? '', 'utf8')
    const cut = text.slice(0, text.indexOf('\t12\t') + 2)
    const after = openJournal(directory, '8')
    after.noteReply(settlementOf(3))
    after.close()
    const next = readFileSync(files().find((name) => name.includes('/8-')) ?? '', 'utf8')
    writeFileSync(file ?? '', cut + next)
    const taken = take().find(({ lease }) => lease === '7')
    expect(taken?.entries.map(({ messageId, settlement }) => [messageId, settlement?.state])).toEqual([
      [idOf(1), 'delivered'],
      [idOf(3), 'delivered'],
    ])
  })

  it('passes over lines that are none', () => {
    const journal = openJournal(directory, '7')
    journal.noteReply(settlementOf(1))
    journal.close()
    const [file] = files()
    writeFileSync(
      file ?? '',
      `R\tbulk\tx\t1\t{}\nD\tbulk\t${idOf(9)}\t-1\t.\nD\tnone\t${idOf(9)}\t1\t.\n\0\0\0\n${readFileSync(file ?? '', 'utf8')}`,
    )
    expect(take()[0]?.entries).toHaveLength(1)
  })

  test.prop([
    fc.array(
      fc.record({ n: fc.integer({ min: 1, max: 6 }), what: fc.constantFrom('dot', 'reply', 'settled') }),
      { maxLength: 40 },
    ),
    fc.nat(),
  ])('whatever prefix of its bytes survives, no message that was replied to is forgotten', (steps, at) => {
    const own = mkdtempSync(join(directory, 'run-'))
    const journal = openJournal(own, '7')
    const [name] = readdirSync(own)
    const file = join(own, name ?? '')
    // What must be known once so many bytes are on disk.
    const known: { bytes: number; n: number; replied: boolean }[] = []
    const unsettled = new Set<number>()
    for (const { n, what } of steps) {
      if (what === 'dot') journal.noteDot(jobOf(n))
      else if (what === 'reply') journal.noteReply(settlementOf(n))
      else {
        journal.settled(`${idOf(n)}/1`)
        unsettled.delete(n)
        continue
      }
      unsettled.add(n)
      known.push({ bytes: readFileSync(file).length, n, replied: what === 'reply' })
    }
    const whole = readFileSync(file)
    const length = whole.length === 0 ? 0 : at % (whole.length + 1)
    writeFileSync(file, whole.subarray(0, length))
    const entries = new Map(
      takeOrphanedJournals(own, () => false)[0]?.entries.map((entry) => [entry.messageId, entry]),
    )
    for (let n = 1; n <= 6; n++) {
      const last = known.findLast((item) => item.n === n && item.bytes <= length)
      if (last === undefined) continue
      expect(entries.has(idOf(n))).toBe(true)
      const cutLater = known.some((item) => item.n === n && item.bytes > length)
      if (last.replied && !cutLater) expect(entries.get(idOf(n))?.settlement?.state).toBe('delivered')
    }
  })

  it('of several senders that start at once, one gets each journal', () => {
    for (let lease = 1; lease <= 20; lease++) {
      const journal = openJournal(directory, String(lease))
      journal.noteDot(jobOf(lease))
      journal.close()
    }
    const own = String(process.pid)
    const first = takeOrphanedJournals(directory, () => false)
    // The taker's name is on them now: to others they belong to a living process.
    const second = takeOrphanedJournals(directory, (pid) => String(pid) === own)
    expect([first.length, second.length]).toEqual([20, 0])
  })
})

describe('the replay', () => {
  it('settles what is known, and a poisoned entry keeps no sender from starting', async () => {
    const journal = openJournal(directory, '7')
    for (let n = 1; n <= 5; n++) journal.noteReply(settlementOf(n))
    journal.noteDot(jobOf(6))
    journal.close()
    const settled: Settlement[] = []
    const released: string[] = []
    await replayJournals({
      directory,
      isAlive: () => false,
      log: pino({ level: 'silent' }),
      newId: () => idOf(99),
      judging,
      suppress: async () => undefined,
      store: {
        settle: (_lane, _lease, orFree, items) => {
          expect(orFree).toBe(true)
          if (items.some(({ messageId }) => messageId === idOf(3)))
            return Promise.reject(Object.assign(new Error('bad'), { code: '22P05' }))
          settled.push(...items)
          return Promise.resolve([])
        },
        releaseLease: (lease) => {
          released.push(lease)
          return Promise.resolve()
        },
      },
    })
    expect(settled.map(({ messageId, state }) => [messageId, state])).toEqual([
      ...[1, 2, 4, 5].map((n) => [idOf(n), 'delivered']),
      [idOf(6), 'uncertain'],
    ])
    expect(released).toEqual(['7'])
    expect(files()).toEqual([])
  })

  it('keeps the journal where the database is away', async () => {
    const journal = openJournal(directory, '7')
    journal.noteReply(settlementOf(1))
    journal.close()
    await expect(
      replayJournals({
        directory,
        isAlive: () => false,
        log: pino({ level: 'silent' }),
        newId: () => idOf(99),
        judging,
        suppress: async () => undefined,
        store: { settle: away, releaseLease: away },
      }),
    ).rejects.toThrow(/ECONNREFUSED/)
    expect(take()[0]?.entries).toHaveLength(1)
  })
})
