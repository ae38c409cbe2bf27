import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSpool } from './spool.ts'

const HOUR_MS = 3_600_000
const START_HOUR = 500_000

let directory: string
let count = 0
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-spool-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

/** A spool on a file of its own, or on that of another, with a clock in hours. */
async function spoolAt(hour: number, path = join(directory, `${count++}/spool.state`)) {
  const clock = { hour }
  const warnings: string[] = []
  const spool = await openSpool({
    path,
    nowMs: () => clock.hour * HOUR_MS,
    log: (_level, message) => warnings.push(message),
  })
  return { spool, clock, path, warnings }
}

const bytesOf = (key: { export(): Buffer } | null) => key?.export().toString('hex') ?? null

describe('the spool', () => {
  it('keeps the key of an hour for five hours, and then neither memory nor file gives it', async () => {
    const { spool, clock, path } = await spoolAt(START_HOUR)
    const first = bytesOf(spool.key(spool.hour()))
    for (const later of [1, 2, 3, 4, 4.99]) {
      clock.hour = START_HOUR + later
      await spool.forget()
      expect(bytesOf(spool.key(START_HOUR))).toBe(first)
    }
    clock.hour = START_HOUR + 5
    // By the clock alone, before anything was written.
    expect(spool.key(START_HOUR)).toBeNull()
    await spool.forget()
    const again = await spoolAt(START_HOUR, path)
    expect(again.spool.key(START_HOUR)).toBeNull()
    // A clock that is set back does not make it come back, and seals with what is there.
    expect(again.spool.hour()).toBe(START_HOUR + 5)
    expect(bytesOf(again.spool.key(START_HOUR + 5))).toBe(bytesOf(spool.key(START_HOUR + 5)))
  })

  it('forgets after five hours also when a clock was a year ahead and is right again', async () => {
    const { spool, clock, path } = await spoolAt(START_HOUR)
    clock.hour += 8760
    await spool.forget()
    const again = await spoolAt(START_HOUR, path)
    expect(again.warnings.join()).toMatch(/ahead of the clock/)
    const hour = again.spool.hour()
    expect(bytesOf(again.spool.key(hour))).not.toBeNull()
    const kept = await readFile(path, 'utf8')
    again.clock.hour += 5
    expect(again.spool.key(hour)).toBeNull()
    await again.spool.forget()
    expect(await readFile(path, 'utf8')).not.toBe(kept)
    expect((await spoolAt(START_HOUR + 5, path)).spool.key(hour)).toBeNull()
  })

  it('leaves no copy of a state behind that a killed keyring was about to write', async () => {
    const { path } = await spoolAt(START_HOUR)
    const [left, young, other] = [`${path}.123.0123abcd`, `${path}.124.0123abcd`, `${path}.bak`]
    for (const name of [left, young, other]) await writeFile(name, await readFile(path), { mode: 0o600 })
    await utimes(left, 1, 1)
    await spoolAt(START_HOUR, path)
    expect((await readdir(join(path, '..'))).sort()).toEqual([
      'spool.state',
      'spool.state.124.0123abcd',
      'spool.state.bak',
    ])
  })

  it('makes different keys for different hours, the same on every host with the file, whenever each of them ran', async () => {
    const one = await spoolAt(START_HOUR)
    const copy = join(directory, 'copy.state')
    await writeFile(copy, await readFile(one.path), { mode: 0o600 })
    one.clock.hour += 7
    await one.spool.forget()
    const two = await spoolAt(START_HOUR + 7, copy)
    const hours = [3, 4, 5, 6, 7].map((later) => START_HOUR + later)
    const keys = hours.map((hour) => bytesOf(one.spool.key(hour)))
    expect(new Set(keys).size).toBe(5)
    expect(hours.map((hour) => bytesOf(two.spool.key(hour)))).toEqual(keys)
    // A host whose clock is a little ahead is understood; one that is far ahead is not.
    expect(one.spool.key(START_HOUR + 8)).not.toBeNull()
    expect(one.spool.key(START_HOUR + 9)).toBeNull()
  })

  it('is a file for its owner alone, whole at any moment, made once by two at once', async () => {
    const path = join(directory, 'two/spool.state')
    const [one, two] = await Promise.all([spoolAt(START_HOUR, path), spoolAt(START_HOUR, path)])
    expect(bytesOf(one.spool.key(START_HOUR))).toBe(bytesOf(two.spool.key(START_HOUR)))
    for (const { spool, clock } of [one, two]) {
      clock.hour += 6
      await spool.forget()
    }
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readdir(join(directory, 'two'))).toEqual(['spool.state'])
    expect(bytesOf(one.spool.key(START_HOUR + 6))).toBe(bytesOf(two.spool.key(START_HOUR + 6)))
    await chmod(path, 0o644)
    await expect(spoolAt(START_HOUR, path)).rejects.toThrow(`chmod 600 ${path}`)
    await symlink(path, join(directory, 'link.state'))
    await expect(spoolAt(START_HOUR, join(directory, 'link.state'))).rejects.toThrow(/symbolic links/)
  })

  it('starts anew, and says so, where the file is missing, damaged or of a month ago', async () => {
    const { path, spool } = await spoolAt(START_HOUR)
    const first = bytesOf(spool.key(START_HOUR))
    const old = await spoolAt(START_HOUR + 31 * 24, path)
    expect(old.warnings.join()).toMatch(/A new spool state is made/)
    await writeFile(path, 'bulkhead-spool-1 500000 0123456789ab AAAA\n', { mode: 0o600 })
    const damaged = await spoolAt(START_HOUR, path)
    expect(damaged.warnings.join()).toMatch(/damaged/)
    expect(bytesOf(damaged.spool.key(START_HOUR))).not.toBe(first)
  })

  it('forgets in memory also while the file cannot be written, and writes it later', async () => {
    const { path, spool, clock } = await spoolAt(START_HOUR)
    const kept = await readFile(path, 'utf8')
    await rm(join(path, '..'), { recursive: true })
    await writeFile(join(path, '..'), 'in the way')
    clock.hour += 6
    await expect(spool.forget()).rejects.toThrow(/cannot be written/)
    expect(spool.key(START_HOUR)).toBeNull()
    await rm(join(path, '..'))
    await spool.forget()
    expect(await readFile(path, 'utf8')).not.toBe(kept)
    expect(await readFile(path, 'utf8')).toContain(`bulkhead-spool-1 ${START_HOUR + 2} `)
  })
})
