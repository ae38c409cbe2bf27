import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { importPasswords, makeTestDirectory } from '../../platform/breached/breached.test-support.ts'
import type { TestDirectory } from '../../platform/breached/breached.test-support.ts'
import { startRangeService } from '../../platform/breached/range-service.test-support.ts'
import { createLogger } from '../../platform/telemetry/index.ts'
import { createBreached, createPasswordCheck } from './index.ts'

let directory: TestDirectory
let lines: string[]
beforeEach(() => {
  directory = makeTestDirectory()
  lines = []
})
afterEach(() => directory[Symbol.dispose]())

const log = () => createLogger({ name: 'test', level: 'info', write: (line) => lines.push(line) })
const make = (more: { rangeUrl?: string; shippedFile?: string; clock?: () => number } = {}) =>
  createBreached({ directory: directory.path, log: log(), ...more })
const imported = () => join(directory.path, 'breached.filter')

describe('breached passwords', () => {
  it('are known without a network and without an import: the shipped list', async () => {
    const breached = make()
    expect(await breached.has('password')).toBe(true)
    expect(await breached.has('kornblume am teich 7')).toBe(false)
    expect(await breached.lists()).toMatchObject({ shipped: { keys: 49_233 }, imported: null })
    expect(lines).toEqual([])
  })

  it('of a list that is imported or replaced while this runs count from the next look-up on', async () => {
    const breached = make()
    expect(await breached.has('korn 1')).toBe(false)
    importPasswords(imported(), ['korn 1'])
    expect(await breached.has('korn 1')).toBe(true)
    expect(await breached.lists()).toMatchObject({ imported: { keys: 1 } })
    importPasswords(imported(), ['korn 2', 'korn 3'])
    expect(
      await Promise.all(['korn 1', 'korn 2', 'korn 3', 'password'].map((one) => breached.has(one))),
    ).toEqual([false, true, true, true])
  })

  it('are found as they were typed and as they are hashed', async () => {
    importPasswords(
      imported(),
      ['Übermut', 'ﬁsch'].map((text) => text.normalize('NFC')),
    )
    const breached = make()
    expect(await breached.has('Übermut'.normalize('NFD'))).toBe(true)
    expect(await breached.has('ﬁsch')).toBe(true)
  })

  it('a damaged import is told to the log once, and the shipped list goes on', async () => {
    let now = 0
    const breached = make({ clock: () => now })
    importPasswords(imported(), ['korn 1'])
    const whole = readFileSync(imported())
    truncateSync(imported(), 5_000)
    expect(await breached.has('password')).toBe(true)
    for (let n = 0; n < 10; n++) expect(await breached.has(`korn ${n}`)).toBe(false)
    expect(await breached.lists()).toMatchObject({ imported: null })
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0]!)).toMatchObject({
      alarm: 'breached.damaged',
      reason: expect.stringContaining(`${imported()} has 5000 bytes instead of ${whole.length}`),
    })
    now = 60_000
    await breached.has('korn 1')
    expect(lines).toHaveLength(2)
    writeFileSync(imported(), whole)
    expect(await breached.has('korn 1')).toBe(true)
    expect(lines.join()).not.toContain('korn')
  })

  it('cannot be checked without the shipped list, which fails closed', async () => {
    const shippedFile = join(directory.path, 'shipped.filter')
    await expect(make({ shippedFile }).has('x')).rejects.toMatchObject({ code: 'unavailable' })
    writeFileSync(shippedFile, 'rubbish')
    await expect(make({ shippedFile }).has('x')).rejects.toMatchObject({
      code: 'unavailable',
      internal: expect.stringContaining('shipped.filter is not a file'),
    })
  })

  it('are asked of the range service only where no list knows them, and go without it while it is away', async () => {
    const service = await startRangeService(['korn 1', 'password'])
    const breached = make({ rangeUrl: service.url })
    expect(await breached.has('password')).toBe(true)
    expect(service.asked).toHaveLength(0)
    expect(await breached.has('korn 1')).toBe(true)
    expect(await breached.has('korn 2')).toBe(false)
    expect(service.asked).toHaveLength(2)
    await service[Symbol.asyncDispose]()
    const later = make({ rangeUrl: service.url })
    expect(await later.has('korn 1')).toBe(false)
    expect(await later.has('password')).toBe(true)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('The range service for breached passwords does not answer')
  })
})

describe('a new password', () => {
  it('is refused when it is in a list, in other letters too, and says why', async () => {
    importPasswords(imported(), ['kornblume am teich'])
    const check = createPasswordCheck({ breached: make(), passwords: { verify: async () => false } })
    const alone = { singleFactor: true, words: [] }
    expect(await check.judge('kornblume am teich', alone)).toMatchObject({
      problem: expect.stringContaining('breaches'),
    })
    expect(await check.judge('Kornblume Am Teich', alone)).toMatchObject({
      problem: expect.stringContaining('breaches'),
    })
    expect(await check.judge('kornblume am teich 7', alone)).toBeNull()
    expect(await check.judge('kurz', alone)).toMatchObject({
      problem: expect.stringContaining('15 characters'),
    })
    rmSync(imported())
    expect(await check.judge('kornblume am teich', alone)).toBeNull()
  })
})
