import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { wallMs } from '../../../bench/clock.ts'
import { startInstallation } from '../constellation/installation.ts'
import type { Installation } from '../constellation/installation.ts'
import { startJournallingSink } from '../constellation/sink.ts'
import type { SmtpWire } from '../constellation/smtp.ts'
import { judgeAll } from './campaign.ts'
import { startLoad } from './load.ts'
import { createChance } from './random.ts'

const OURS = ['api', 'smtp', 'sender', 'worker', 'keyring'] as const
const MEANWHILE = ['meanwhile-http@reader.test', 'meanwhile-smtp@reader.test'] as const
const AWAY_MS = process.env['BULKHEAD_TEST_LONG'] === '1' ? 60_000 : 8_000
/** How soon a client must be told, so that it can try again elsewhere or later. */
const TOLD_WITHIN_MS = 8_000

/** Load before, during and after an absence of the database; what clients are told meanwhile; and nothing lost at the end. */
async function whileAway(
  name: string,
  leave: (bulkhead: Installation) => void,
  comeBack: (bulkhead: Installation) => void,
): Promise<void> {
  await using sink = await startJournallingSink()
  await using bulkhead = await startInstallation({
    outbound: `smtp://127.0.0.1:${sink.port}`,
    env: { BULKHEAD_RETRY_SCALE: '0.005' },
  })
  await sink.behave({ rules: [{ at: 'dot', percent: 50, delayMs: 40 }] })
  const chance = createChance()
  const processes = OURS.flatMap((kind) => bulkhead.pids(kind))
  await using wire = await bulkhead.openSmtp()
  const load = startLoad(bulkhead, { chance, pauseMs: 30 })
  await sleep(1_500)
  const fromMs = wallMs()
  const seen = await lookAround(bulkhead, () => leave(bulkhead), wire).finally(() => comeBack(bulkhead))
  const back = performance.now()
  await bulkhead.untilReady(30_000)
  const backMs = performance.now() - back
  const { http, smtp, ready } = seen
  // What was asked meanwhile was answered 503 and 451: it may have been accepted all the same.
  const asked = {
    via: 'http',
    recipients: MEANWHILE,
    outcome: 'unknown',
    messageId: undefined,
    tries: 1,
  } as const
  const outage = { what: name, fromMs, toMs: wallMs(), inFlight: 0 }
  await sleep(1_500)
  await load.stop()
  const { verdict } = await judgeAll(bulkhead, sink, { ...load, requests: [...load.requests, asked] }, [
    outage,
  ])
  process.stdout.write(
    `database ${name} for ${AWAY_MS / 1000} s: HTTP ${http.answer?.status} after ${http.ms.toFixed(0)} ms, SMTP ${smtp.answer?.code} after ${smtp.ms.toFixed(0)} ms, ready ${backMs.toFixed(0)} ms after it came back\n` +
      `  ${verdict.accepted} accepted, ${verdict.unknown} unanswered (${verdict.unknownArrived} arrived), ${verdict.lost.length} lost, ${verdict.duplicates.copies} copies (${verdict.duplicates.saidUncertain} said uncertain)\n`,
  )
  expect(http.answer?.status, http.answer?.text).toBe(503)
  expect(http.answer?.headers.get('content-type')).toContain('application/problem+json')
  expect(Number(http.answer?.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(http.ms).toBeLessThan(TOLD_WITHIN_MS)
  expect(smtp.answer?.text).toMatch(/^451 4\.3\.0 /)
  expect(smtp.ms).toBeLessThan(TOLD_WITHIN_MS)
  expect(ready.answer?.status).toBe(503)
  expect(verdict.lost).toEqual([])
  expect(verdict.wrong).toEqual([])
  expect(verdict.duplicates.unexplained).toEqual([])
  // The database was away, the sender was not: it knows what it was told, so nothing goes twice.
  expect(verdict.duplicates.copies).toBe(0)
  expect(load.complaints).toEqual([])
  expect(verdict.ledgerProblems).toEqual([])
  expect(OURS.flatMap((kind) => bulkhead.pids(kind))).toEqual(processes)
}

async function timed<T>(work: Promise<T>): Promise<{ answer: T | undefined; ms: number }> {
  const startedMs = performance.now()
  const answer = await work.catch(() => undefined)
  return { answer, ms: performance.now() - startedMs }
}

/** What clients are told while the database is away. */
async function lookAround(bulkhead: Installation, leave: () => void, wire: SmtpWire) {
  const asked = performance.now()
  leave()
  await sleep(300)
  const mail = { from: bulkhead.from, to: MEANWHILE[0], subject: 'x', text: 'x' }
  const content = `From: ${bulkhead.from}\r\n\r\nx\r\n`
  const [http, smtp, ready] = await Promise.all([
    timed(bulkhead.http.send(mail, { timeoutMs: 2 * TOLD_WITHIN_MS })),
    timed(wire.send(bulkhead.from, [MEANWHILE[1]], content, 2 * TOLD_WITHIN_MS)),
    timed(bulkhead.http.call('GET', '/readyz', { timeoutMs: 2 * TOLD_WITHIN_MS })),
  ])
  await sleep(Math.max(0, AWAY_MS - (performance.now() - asked)))
  return { http, smtp, ready }
}

describe.runIf(process.platform === 'linux')('a database that is away', () => {
  it(
    'and frozen: clients are told within seconds, nothing is lost, nothing goes twice',
    async () => {
      await whileAway(
        'frozen',
        (bulkhead) => bulkhead.signal('postgres', 'SIGSTOP'),
        (bulkhead) => bulkhead.signal('postgres', 'SIGCONT'),
      )
    },
    AWAY_MS + 120_000,
  )

  it(
    'and dead, again and again: the same',
    async () => {
      const back = new AbortController()
      await whileAway(
        'dead',
        (bulkhead) => {
          void (async () => {
            while (!back.signal.aborted) {
              bulkhead.kill('postgres')
              await sleep(20)
            }
          })()
        },
        () => {
          back.abort()
        },
      )
    },
    AWAY_MS + 120_000,
  )
})
