import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { wallMs } from '../../../bench/clock.ts'
import { startInstallation, until } from '../constellation/installation.ts'
import { startJournallingSink } from '../constellation/sink.ts'
import { judgeAll, openDots } from '../faults/campaign.ts'
import { startLoad } from '../faults/load.ts'
import { createChance } from '../faults/random.ts'

/** From an answer to its settlement, with room. */
const SETTLE_MS = 250
/** A lease lasts 20 s; the sweep looks every 5 s. */
const PAUSE_MS = 32_000

describe.runIf(process.platform === 'linux')('a sender that is paused past its lease', () => {
  it('gives its rows to another, has its late results fenced, and sends nothing under the old lease', async () => {
    await using sink = await startJournallingSink()
    await sink.behave({ rules: [{ at: 'dot', delayMs: 80 }] })
    await using bulkhead = await startInstallation({
      outbound: `smtp://127.0.0.1:${sink.port}`,
      env: { BULKHEAD_SENDERS: '2', BULKHEAD_RETRY_SCALE: '0.005' },
    })
    await until('two senders', 10_000, () => bulkhead.pids('sender').length === 2)
    const chance = createChance()
    const load = startLoad(bulkhead, { chance, httpClients: 6, smtpClients: 3, pauseMs: 5 })
    await sleep(2_000)
    const paused = bulkhead.pids('sender')[0]!
    // A moment at which it has something in flight.
    await until(
      'a final dot without an answer',
      5_000,
      () => openDots(bulkhead.dataDirectory, [paused]) > 0,
      1,
    )
    process.kill(paused, 'SIGSTOP')
    const fromMs = wallMs()
    const inFlight = openDots(bulkhead.dataDirectory, [paused])
    await sleep(PAUSE_MS)
    const arrivedBefore = sink.journal().length
    process.kill(paused, 'SIGCONT')
    await sleep(3_000)
    await load.stop()
    const outage = { what: 'a paused sender', fromMs, toMs: wallMs(), inFlight }
    // Answered, and perhaps not settled: the journal has it, but its owner lives and nobody else may read it out.
    const justAnswered = sink
      .journal()
      .filter(({ timeMs }) => timeMs >= fromMs - SETTLE_MS && timeMs <= fromMs + SETTLE_MS).length
    const { verdict, evidence } = await judgeAll(bulkhead, sink, load, [outage])
    process.stdout.write(
      `sender paused for ${PAUSE_MS / 1000} s with ${inFlight} final dots open and ${justAnswered} just answered: ${verdict.accepted} accepted, ${verdict.lost.length} lost, ${verdict.duplicates.copies} copies (${verdict.duplicates.saidUncertain} said uncertain, ${verdict.duplicates.aroundOutage} of what was in flight)\n  ledger ${JSON.stringify(evidence.ledger)}\n`,
    )
    expect(arrivedBefore).toBeGreaterThan(100)
    expect(bulkhead.pids('sender')).toContain(paused)
    expect(verdict.lost).toEqual([])
    expect(verdict.wrong).toEqual([])
    expect(verdict.duplicates.unexplained).toEqual([])
    expect(verdict.duplicates.copies).toBeLessThanOrEqual(inFlight + justAnswered)
    expect(verdict.ledgerProblems).toEqual([])
  }, 180_000)
})
