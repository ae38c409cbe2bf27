import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fc, test } from '@fast-check/vitest'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hashLine, makeTestDirectory, sha1 } from './breached.test-support.ts'
import type { TestDirectory } from './breached.test-support.ts'
import { importBreached, keyOf, openBreachedFile, verifyBreachedFile } from './index.ts'
import type { ImportProgress } from './index.ts'

let directory: TestDirectory
let to: string
beforeEach(() => {
  directory = makeTestDirectory()
  to = join(directory.path, 'data', 'breached.filter')
})
afterEach(() => directory[Symbol.dispose]())

function list(text: string | readonly string[], name = 'list.txt'): string {
  const path = join(directory.path, name)
  writeFileSync(path, typeof text === 'string' ? text : `${text.join('\n')}\n`)
  return path
}

function run(from: string, more: Partial<Parameters<typeof importBreached>[0]> = {}) {
  return importBreached({ from, to, allowMissing: false, madeAt: new Date(0), ...more })
}

async function has(text: string): Promise<boolean> {
  await using file = await openBreachedFile(to)
  return (await file?.has(keyOf(sha1(text)))) === true
}

const many = (count: number) => Array.from({ length: count }, (_, n) => hashLine(`listed ${n}`, n + 1))

describe('an import', () => {
  it('takes a sorted list, as it is given out', async () => {
    expect(run(list(many(5_000).toSorted()))).toEqual({
      keys: 5_000,
      lines: 5_000,
      padding: 0,
      runs: 1,
      missingRanges: 0,
    })
    expect(verifyBreachedFile(to).keys).toBe(5_000)
    expect(await has('listed 4999')).toBe(true)
    expect(await has('listed 5000')).toBe(false)
  })

  it('sorts a list in another order in parts, and merges them', () => {
    const lines = many(5_000)
    run(list(lines.toSorted()))
    const sorted = readFileSync(to)
    const result = run(list(lines), { runKeys: 64 })
    expect(result).toMatchObject({ keys: 5_000, runs: expect.any(Number) })
    expect(result.runs).toBeGreaterThan(60)
    expect(readFileSync(to).equals(sorted)).toBe(true)
  })

  it('takes any case, any line end, a byte order mark, no counts, empty lines, and counts equal hashes once', async () => {
    const [a, b, c] = [hashLine('a'), hashLine('b'), hashLine('c')]
    const text = `\ufeff${a}\r\n${b.toLowerCase()}\n\n${c.slice(0, 40)}\r\n${a}\n${hashLine('padded', 0)}\n${hashLine('last')}`
    expect(run(list(text))).toMatchObject({ keys: 4, lines: 5, padding: 1 })
    expect(await Promise.all(['a', 'b', 'c', 'last', 'padded'].map(has))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ])
  })

  it('takes a directory of ranges, as the downloader leaves it', async () => {
    const from = join(directory.path, 'ranges')
    mkdirSync(from)
    const texts = Array.from({ length: 300 }, (_, n) => `ranged ${n}`)
    const ranges = Map.groupBy(
      texts.map((text) => hashLine(text)),
      (line) => line.slice(0, 5),
    )
    let n = 0
    for (const [prefix, lines] of ranges) {
      const name = [`${prefix}.txt`, prefix, `${prefix.toLowerCase()}.txt`][n++ % 3]!
      writeFileSync(
        join(from, name),
        lines
          .toSorted()
          .map((line) => line.slice(5))
          .join('\r\n'),
      )
    }
    writeFileSync(join(from, 'README.md'), 'not a range')
    expect(() => run(from)).toThrow(
      new RegExp(`lacks ${16 ** 5 - ranges.size} of 1048576 range files, .*--partial`),
    )
    const progress: ImportProgress[] = []
    expect(run(from, { allowMissing: true, onProgress: (one) => progress.push(one) })).toMatchObject({
      keys: 300,
      runs: 1,
      missingRanges: 16 ** 5 - ranges.size,
    })
    expect(progress.find((one) => one.stage === 'reading')).toMatchObject({
      done: ranges.size,
      total: ranges.size,
    })
    for (const text of texts) expect(await has(text)).toBe(true)
    writeFileSync(join(from, '00000.txt'), '')
    expect(() => run(from, { allowMissing: true })).toThrow('00000.txt is empty')
  })

  it.each([
    ['a list of passwords', 'letmein\n', /line 1: does not begin with the 40 hexadecimal digits.*"letmein"/],
    ['NTLM hashes', `${'0123456789ABCDEF'.repeat(2)}:5\n`, /line 1: is an NTLM hash/],
    ['a packed list', '7z\xbc\xaf\x27\x1c', /is packed; unpack it first/],
    [
      'a line that is broken in the middle',
      `${hashLine('a')}\n${hashLine('b').slice(0, 39)}\n`,
      /line 2: does not/,
    ],
    ['a count that is none', `${hashLine('a')}x\n`, /line 1: after the 40 digits of a hash comes a colon/],
    ['one endless line', 'A'.repeat(5_000_000), /line 1: is too long/],
    ['nothing', '', /There is no hash in it/],
    ['padding alone', `${hashLine('a', 0)}\n`, /There is no hash in it/],
  ])('says what is wrong with %s and leaves the list in use alone', async (_, text, message) => {
    run(list([hashLine('in use')]))
    const path = list(text, 'bad.txt')
    expect(() => run(path)).toThrow(message)
    expect(await has('in use')).toBe(true)
    expect(readdirSync(join(directory.path, 'data'))).toEqual(['breached.filter'])
  })

  it('says what is wrong with a file that is not there and a directory without ranges', () => {
    expect(() => run(join(directory.path, 'absent'))).toThrow(/absent cannot be read/)
    expect(() => run(directory.path)).toThrow(/holds no range files/)
    expect(existsSync(`${to}.import`)).toBe(false)
  })

  it('is one at a time, and the next one clears away what a dead one left', async () => {
    const from = list([hashLine('a')])
    const work = `${to}.import`
    mkdirSync(work, { recursive: true })
    const other = spawn('sleep', ['60'])
    writeFileSync(join(work, 'process'), String(other.pid))
    writeFileSync(join(work, 'run-0'), 'half')
    expect(() => run(from)).toThrow(`Another import is under way (process ${other.pid})`)
    const ended = new Promise((resolve) => other.once('exit', resolve))
    other.kill('SIGKILL')
    await ended
    expect(run(from)).toMatchObject({ keys: 1 })
    expect(existsSync(work)).toBe(false)
  })

  test.prop([fc.uint8Array({ maxLength: 400 })], { numRuns: 100 })(
    'of any bytes ends with a result or a clear error',
    (bytes) => {
      const path = join(directory.path, 'any')
      writeFileSync(path, bytes)
      try {
        run(path)
      } catch (error) {
        expect(error).toMatchObject({ name: 'BreachedFileError' })
      }
    },
  )

  it('needs as much memory for a million lines as for a thousand, in any order', () => {
    // A program of its own, whose peak of memory the system counts.
    const program = join(directory.path, 'program.ts')
    const lines = many(1_000_000)
    const make = (count: number, sorted: boolean) => {
      const part = lines.slice(0, count)
      return list(sorted ? part.sort() : part, 'many.txt')
    }
    writeFileSync(
      program,
      `import { importBreached } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))}
       const startedAt = performance.now()
       const result = importBreached({ from: process.argv[2], to: process.argv[3], allowMissing: false, madeAt: new Date(0), runKeys: 100_000 })
       console.log(JSON.stringify({ ...result, ms: performance.now() - startedAt, peakKib: process.resourceUsage().maxRSS }))`,
    )
    const measure = (count: number, sorted: boolean) => {
      const text = execFileSync(process.execPath, [program, make(count, sorted), to], { encoding: 'utf8' })
      return JSON.parse(text)
    }
    const small = measure(1_000, true)
    const sorted = measure(1_000_000, true)
    const unsorted = measure(1_000_000, false)
    expect([sorted, unsorted]).toMatchObject([
      { keys: 1_000_000, runs: 1 },
      { keys: 1_000_000, runs: 10 },
    ])
    // The list is 48 MB; 8 MB of keys would be more than this, were they kept.
    for (const run of [sorted, unsorted]) expect(run.peakKib - small.peakKib).toBeLessThan(24 * 1024)
  }, 120_000)
})
