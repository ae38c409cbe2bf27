import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { hashLine, makeTestDirectory } from '../../src/platform/breached/breached.test-support.ts'
import type { TestDirectory } from '../../src/platform/breached/breached.test-support.ts'

const CLI = resolve(import.meta.dirname, '../../../cli/src/main.ts')
vi.setConfig({ testTimeout: 60_000 })

let directory: TestDirectory
let data: string
beforeEach(() => {
  directory = makeTestDirectory()
  data = join(directory.path, 'data')
  mkdirSync(data)
})
afterEach(() => directory[Symbol.dispose]())

interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** `bulkhead breached …` as people run it, and in production without any other setting. */
function breached(args: readonly string[], options: { stdin?: string; env?: Record<string, string> } = {}) {
  const env = { PATH: process.env['PATH'], BULKHEAD_MODE: 'production', BULKHEAD_DATA: data, ...options.env }
  return new Promise<Outcome>((done) => {
    const child = execFile(process.execPath, [CLI, 'breached', ...args], { env }, (error, out, err) =>
      done({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
    )
    child.stdin?.end(options.stdin ?? '')
  })
}

function list(passwords: readonly string[], name = 'list.txt'): string {
  const path = join(directory.path, name)
  writeFileSync(
    path,
    `${passwords
      .map((password) => hashLine(password))
      .toSorted()
      .join('\r\n')}\r\n`,
  )
  return path
}

describe('bulkhead breached', () => {
  it('imports a list, shows it, and finds what is in it and in the shipped one', async () => {
    const imported = await breached(['import', list(['korn 1', 'korn 2'])])
    expect(imported).toMatchObject({
      code: 0,
      out: expect.stringContaining(`2 breached passwords are in use from ${join(data, 'breached.filter')}`),
      err: expect.stringMatching(/Reading: 100 %, 2 hashes\n[^]*Writing the filter: 100 %/),
    })
    expect(await breached(['status'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/Shipped: 49,233 passwords[^]*Imported: 2 passwords of the file list\.txt/),
    })
    const answers = ['korn 1\n', 'password\r\n', 'korn 3', '\n'].map((stdin) =>
      breached(['check'], { stdin }),
    )
    expect((await Promise.all(answers)).map(({ code }) => code)).toEqual([1, 1, 0, 2])
  })

  it('answers programs in JSON, and takes --data', async () => {
    const run = await breached(['import', list(['korn 1']), '--json', '--data', data], {
      env: { BULKHEAD_DATA: '/nowhere' },
    })
    expect(JSON.parse(run.out)).toMatchObject({ keys: 1, lines: 1, runs: 1, missingRanges: 0 })
    const status = await breached(['status', '--verify', '--json'])
    expect(JSON.parse(status.out)).toMatchObject({ shipped: { keys: 49_233 }, imported: { keys: 1 } })
    const check = await breached(['check', '--json'], { stdin: 'korn 1' })
    expect(JSON.parse(check.out)).toEqual({ breached: true })
  })

  it('says what is wrong, and leaves the list in use alone', async () => {
    await breached(['import', list(['korn 1'])])
    const bad = join(directory.path, 'bad.txt')
    writeFileSync(bad, `${hashLine('a')}\nrubbish\n`)
    expect(await breached(['import', bad])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/bad\.txt, line 2: does not begin with the 40 hexadecimal digits/),
    })
    expect(await breached(['import', join(directory.path, 'absent')])).toMatchObject({
      code: 1,
      err: expect.stringContaining('absent cannot be read'),
    })
    expect(await breached(['import', directory.path])).toMatchObject({
      code: 1,
      err: expect.stringContaining('holds no range files'),
    })
    expect(await breached(['import', bad], { env: { BULKHEAD_DATA: '/nowhere' } })).toMatchObject({
      code: 1,
      err: expect.stringContaining('There is no data directory /nowhere'),
    })
    expect(await breached(['check'], { stdin: 'korn 1' })).toMatchObject({ code: 1 })
    for (const run of [breached(['import', bad]), breached(['status'])])
      expect((await run).err).not.toContain('    at ')
  })

  it('tells a damaged list, and goes on with the shipped one', async () => {
    await breached(['import', list(['korn 1'])])
    truncateSync(join(data, 'breached.filter'), 5_000)
    expect(await breached(['status'])).toMatchObject({
      code: 1,
      out: expect.stringMatching(
        /Shipped: 49,233[^]*Imported: not in use\. .*breached\.filter has 5000 bytes/,
      ),
    })
    expect(await breached(['check'], { stdin: 'password' })).toMatchObject({ code: 1 })
    expect(await breached(['check'], { stdin: 'korn 1' })).toMatchObject({
      code: 0,
      err: expect.stringContaining('breached.damaged'),
    })
  })

  it('killed in the middle leaves the list in use alone, and works the next time', async () => {
    await breached(['import', list(['korn 1'])])
    // A pipe that has given some hashes and not ended: the import is under way for as long as we like.
    const pipe = join(directory.path, 'pipe')
    await once(spawn('mkfifo', [pipe]), 'exit')
    const program = resolve(import.meta.dirname, '../../src/processes/breached.ts')
    const child = spawn(process.execPath, [program, 'import', `--data=${data}`, '--', pipe], {
      stdio: 'ignore',
    })
    const ended = once(child, 'exit')
    const writer = createWriteStream(pipe)
    writer.on('error', () => undefined)
    writer.write(`${hashLine('korn 2')}\n`.repeat(50_000))
    await vi.waitFor(
      () => expect(existsSync(join(data, 'breached.filter.import', 'process'))).toBe(true),
      20_000,
    )
    const from = list(['korn 3'], 'next.txt')
    expect(await breached(['import', from])).toMatchObject({
      code: 1,
      err: expect.stringContaining(`Another import is under way (process ${child.pid})`),
    })
    child.kill('SIGKILL')
    await ended
    writer.destroy()
    expect(existsSync(join(data, 'breached.filter.import'))).toBe(true)
    expect(await breached(['check'], { stdin: 'korn 1' })).toMatchObject({ code: 1 })
    expect(await breached(['import', from])).toMatchObject({ code: 0 })
    expect(readdirSync(data)).toEqual(['breached.filter'])
    expect(await breached(['check'], { stdin: 'korn 3' })).toMatchObject({ code: 1 })
    expect(readFileSync(join(data, 'breached.filter')).includes('next.txt')).toBe(true)
  })
})
