import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  rmdirSync,
  statfsSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { dsnOf, sendMail } from '../flows/inbound-fixture.ts'
import { startInstallation } from '../constellation/installation.ts'
import { startJournallingSink } from '../constellation/sink.ts'

const DISK_MB = 320

/** Why a disk of our own cannot be had; null when it can. */
function obstacle(): string | null {
  if (process.platform !== 'linux') return 'needs Linux'
  if (process.getuid?.() !== 0) return 'needs root, to mount a small tmpfs'
  const place = mkdtempSync(join(tmpdir(), 'bulkhead-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place], { stdio: 'ignore' })
    execFileSync('umount', [place], { stdio: 'ignore' })
    return null
  } catch {
    return 'needs the right to mount a tmpfs'
  } finally {
    rmdirSync(place)
  }
}

/** Everything that is free, down to the last block. */
function fill(path: string): void {
  const file = openSync(path, 'w')
  const block = Buffer.alloc(1024 * 1024)
  try {
    for (let size = block.length; size >= 4_096;) {
      try {
        writeSync(file, block, 0, size)
      } catch {
        size /= 2
      }
    }
  } finally {
    closeSync(file)
  }
}

const reason = obstacle()
if (reason !== null) process.stdout.write(`disk-full tests are skipped: ${reason}\n`)

describe.skipIf(reason !== null)('a full disk', () => {
  it('is told as such, accepts nothing that it cannot keep, and goes on when there is room', async () => {
    await using sink = await startJournallingSink(10)
    let disk = ''
    await using bulkhead = await startInstallation({
      outbound: `smtp://127.0.0.1:${sink.port}`,
      prepare(dataDirectory) {
        disk = dataDirectory
        mkdirSync(dataDirectory)
        execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', dataDirectory])
        chmodSync(dataDirectory, 0o711)
        return () => execFileSync('umount', ['-l', dataDirectory])
      },
    })
    const accepted: string[] = []
    let unknown = 0
    const answers: Record<string, number> = {}
    let sequence = 0
    const text = 'x'.repeat(300_000)
    const note = (answer: string): void => {
      answers[answer] = (answers[answer] ?? 0) + 1
    }
    const sendHttp = async (): Promise<number> => {
      sequence += 1
      const to = `h${sequence}@reader.test`
      const answer = await bulkhead.http.send({ from: bulkhead.from, to, subject: 'x', text })
      note(`HTTP ${answer.status}`)
      if (answer.status === 202) accepted.push(to)
      else {
        unknown += 1
        expect(answer.headers.get('content-type')).toContain('application/problem+json')
        expect(Number(answer.headers.get('retry-after')), answer.text).toBeGreaterThan(0)
      }
      return answer.status
    }
    const sendSmtp = async (): Promise<number> => {
      sequence += 1
      const to = `s${sequence}@reader.test`
      await using wire = await bulkhead.openSmtp()
      const content = `From: ${bulkhead.from}\r\nTo: ${to}\r\n\r\n${`${'x'.repeat(70)}\r\n`.repeat(4_000)}`
      const answer = await wire.send(bulkhead.from, [to], content)
      note(`SMTP ${answer.code}`)
      if (answer.code === 250) accepted.push(to)
      else unknown += 1
      return answer.code
    }
    expect(await sendHttp()).toBe(202)
    expect(await sendSmtp()).toBe(250)

    // What comes back is refused for now while it cannot be kept, and taken when it comes again.
    await expect.poll(() => sink.journal().length, { timeout: 20_000 }).toBe(2)
    const [first] = await sink.messages()
    const returned = (size: number): Promise<string> => {
      const recipients = [{ final: first?.recipients[0] ?? '', status: '4.2.2' }]
      const report = dsnOf({
        to: first?.from ?? '',
        recipients,
        returned: `Subject: x\n\n${'x\n'.repeat(size)}`,
      })
      return sendMail(bulkhead.inboundPort, '', [first?.from ?? ''], report)
    }

    // On its way while the disk fills: what the other side answers can neither be journalled nor settled for a while.
    await sink.behave({ rules: [{ at: 'dot', delayMs: 1_500 }] })
    for (let i = 0; i < 60; i++) {
      const to = `w${i}@reader.test`
      expect((await bulkhead.http.send({ from: bulkhead.from, to, subject: 'x', text: 'x' })).status).toBe(
        202,
      )
      accepted.push(to)
    }

    const ballast = join(disk, 'ballast')
    fill(ballast)
    const free = statfsSync(disk)
    expect(free.bavail * free.bsize).toBeLessThan(1_000_000)
    const statuses: number[] = []
    for (let i = 0; i < 12; i++) {
      statuses.push(await sendHttp())
      statuses.push(await sendSmtp().catch(() => 0))
      await sleep(100)
    }
    expect(statuses.filter((status) => ![202, 250, 507, 452, 503, 451, 0].includes(status))).toEqual([])
    const refusedReturns = await Promise.all(Array.from({ length: 6 }, () => returned(40_000)))
    for (const answer of refusedReturns) note(`inbound ${answer.slice(0, 3)}`)
    expect(refusedReturns.filter((answer) => !/^(?:250|45[12]) /.test(answer))).toEqual([])
    expect(refusedReturns.some((answer) => /^45[12] /.test(answer))).toBe(true)
    expect(statuses).toContain(507)
    expect(statuses).toContain(452)

    await sink.behave({ rules: [] })
    rmSync(ballast)
    await bulkhead.untilReady(60_000)
    await expect.poll(sendHttp, { timeout: 20_000, interval: 500 }).toBe(202)
    expect(await sendSmtp()).toBe(250)
    expect(await returned(10)).toMatch(/^250 /)
    const ledger = await bulkhead.untilSettled(90_000, 'pending or scheduled')
    const arrived = new Set(sink.journal().map((line) => line.recipient))
    process.stdout.write(
      `full disk: ${JSON.stringify(answers)}; ${accepted.length} accepted, ${accepted.filter((to) => !arrived.has(to)).length} lost, ${sink.journal().length - arrived.size} copies\n`,
    )
    expect(accepted.filter((to) => !arrived.has(to))).toEqual([])
    expect(sink.journal()).toHaveLength(arrived.size)
    expect(ledger).toMatchObject({ balanced: true, lost: 0, doubled: 0 })
    expect(ledger.accepted).toBeGreaterThanOrEqual(accepted.length)
    expect(ledger.accepted).toBeLessThanOrEqual(accepted.length + unknown)
  }, 180_000)
})
