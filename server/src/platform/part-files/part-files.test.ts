import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isSameProcess, openPartFiles, takeOrphanedParts } from './index.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-parts-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe('part files', () => {
  it('leave nothing behind when everything is settled', () => {
    const files = openPartFiles({ directory, name: '7', partBytesMax: 4 })
    for (const key of ['a', 'b', 'c']) files.append(key, `${key} line\n`)
    expect(readdirSync(directory)).toHaveLength(3)
    files.settled('a')
    expect(readdirSync(directory)).toHaveLength(2)
    files.settled('b')
    files.settled('c')
    files.settled('never written')
    files.close()
    expect(readdirSync(directory)).toEqual([])
  })

  it('keep a part as long as one key in it is open, and give it to one taker', () => {
    const files = openPartFiles({ directory, name: '7', partBytesMax: 1000 })
    files.append('a', 'one\n')
    files.append('b', 'two\n')
    files.settled('a')
    files.close()
    expect(takeOrphanedParts(directory, () => true)).toEqual([])
    const [taken, ...more] = takeOrphanedParts(directory, () => false)
    expect(more).toEqual([])
    expect(taken).toMatchObject({ name: '7', text: 'one\ntwo\n' })
    taken!.remove()
    expect(takeOrphanedParts(directory, () => false)).toEqual([])
  })

  it('keep the last line about every open key, in the order in which they were written, also past the tenth part', () => {
    const files = openPartFiles({ directory, name: '7', partBytesMax: 1 })
    const keys = Array.from({ length: 12 }, (_, at) => `key ${at}`)
    for (const key of keys) files.append(key, `${key} first\n`)
    for (const key of keys) files.append(key, `${key} second\n`)
    expect(readdirSync(directory)).toHaveLength(12)
    files.close()
    const [taken] = takeOrphanedParts(directory, () => false)
    expect(taken?.text).toBe(keys.map((key) => `${key} second\n`).join(''))
  })

  it('belong to a process and not to the next one with its number', () => {
    const files = openPartFiles({ directory, name: '7', partBytesMax: 1000 })
    files.append('a', 'one\n')
    const [own] = readdirSync(directory)
    expect(takeOrphanedParts(directory, isSameProcess)).toEqual([])
    files.close()
    renameSync(join(directory, own!), join(directory, `7-${process.pid}-1-0.journal`))
    expect(takeOrphanedParts(directory, isSameProcess)).toHaveLength(1)
    expect(isSameProcess(2 ** 22 + 1, '1')).toBe(false)
  })

  it('pass over files that are none of theirs', () => {
    writeFileSync(join(directory, 'notes.txt'), 'x')
    writeFileSync(join(directory, '1-2-3-4.journal.swp'), 'x')
    expect(takeOrphanedParts(directory, () => false)).toEqual([])
  })
})
