import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { createLogger } from '../telemetry/index.ts'
import { createStyleInliner, INLINE_LIMITS, type StyleInliner } from './index.ts'

// What counts is work: on a busy machine more time passes.
vi.setConfig({ testTimeout: 120_000 })

const log = createLogger({ name: 'inliner', level: 'error' })
const made: StyleInliner[] = []

function inliner(over: Partial<typeof INLINE_LIMITS> = {}): StyleInliner {
  const one = createStyleInliner({ limits: { ...INLINE_LIMITS, ...over }, log, nowMs: Date.now })
  made.push(one)
  return one
}
afterAll(() => Promise.all(made.map((one) => one[Symbol.asyncDispose]())))

const mail = (text: string) =>
  `<html><head><style>p{color:red}</style></head><body><p>${text}</p></body></html>`
const done = (text: string) => ({ html: expect.stringContaining(`<p style="color: red;">${text}</p>`) })

/** As the library is bounded in the product no document is known that ends it; without its bounds these do. */
const BARE = { tagsMax: 1e9, reopenedMax: 1e12, workMax: 1e12, styledCharsMax: 1e12, charsMax: 1e9 }
const TOO_DEEP = `<style>p{top:0}</style>${'<div>'.repeat(8_000)}`
const TOO_LONG = `<style>${'p,'.repeat(60_000)}p{top:0}</style>${'<p>x</p>'.repeat(20_000)}`

/** Processes that this one started and that run the library. */
function children(): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const parent = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ')[1]
        const isEntry = readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('inline-entry.ts')
        return isEntry && parent === String(process.pid)
      } catch {
        return false
      }
    })
}

describe('styles that are written into elements in processes of their own', () => {
  it('are written for many at once, each its own', async () => {
    const one = inliner()
    const all = await Promise.all(
      Array.from({ length: 100 }, (_, number) => one.inlined(`owner ${number % 7}`, mail(String(number)))),
    )
    expect(all).toEqual(Array.from({ length: 100 }, (_, number) => done(String(number))))
  })

  it('start no process where there are none', async () => {
    const before = children().length
    expect(await inliner().inlined('a', '<p>x</p>')).toEqual({ html: '<p>x</p>' })
    expect(children()).toHaveLength(before)
  })

  it('end with a document that ends the library, and nobody else pays', async () => {
    const one = inliner({ ...BARE, timeMs: 60_000 })
    const [bomb, good, next] = await Promise.all([
      one.inlined('evil', TOO_DEEP),
      one.inlined('good', mail('1')),
      one.inlined('evil', mail('2')),
    ])
    expect(bomb).toEqual({ stoppedBy: expect.stringMatching(/^(fault|memory)$/) })
    expect(good).toEqual(done('1'))
    expect(next).toEqual(done('2'))
    expect(await one.inlined('evil', mail('3'))).toEqual(done('3'))
  })

  it('end with a document that takes too long', async () => {
    const one = inliner({ ...BARE, timeMs: 200 })
    const [bomb, good] = await Promise.all([one.inlined('evil', TOO_LONG), one.inlined('good', mail('1'))])
    expect(bomb).toEqual({ stoppedBy: 'time' })
    expect(good).toEqual(done('1'))
    expect(await one.inlined('evil', mail('2'))).toEqual(done('2'))
  })

  it.runIf(process.platform === 'linux')(
    'fail for one document alone where its process is killed',
    async () => {
      const one = inliner({ ...BARE, timeMs: 60_000 })
      const before = new Set(children())
      await one.inlined('a', mail('0'))
      const working = one.inlined('a', TOO_LONG)
      await new Promise((resolve) => setTimeout(resolve, 100))
      const own = children().find((pid) => !before.has(pid))
      process.kill(own ?? 0, 'SIGKILL')
      expect(await working).toEqual({ stoppedBy: 'fault' })
      expect(await one.inlined('a', mail('1'))).toEqual(done('1'))
    },
  )

  it('answers those who wait when it ends, and takes nothing more', async () => {
    const one = inliner()
    const waiting = one.inlined('late', mail('x'))
    await one[Symbol.asyncDispose]()
    expect(['busy', done('x')]).toContainEqual(await waiting)
    expect(await one.inlined('later', mail('x'))).toBe('busy')
  })
})
