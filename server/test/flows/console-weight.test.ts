import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { buildConsole } from '../support/console-build.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
/** Compressed JavaScript of a first load (issue: ≤ 250 kB). */
const BUDGET_BYTES = 250_000

describe('what a browser loads first', () => {
  let assets: string
  let entry: string
  beforeAll(() => {
    const built = buildConsole(ROOT)
    assets = join(built, 'assets')
    entry =
      /<script[^>]*src="\/assets\/([^"]+\.js)"/.exec(readFileSync(join(built, 'index.html'), 'utf8'))?.[1] ??
      ''
    expect(entry).not.toBe('')
  }, 300_000)

  const sourceOf = (name: string): string => readFileSync(join(assets, name), 'utf8')

  /** A file and what it imports before it runs; what is imported while it runs comes later. */
  function closureOf(...names: readonly string[]): Set<string> {
    const found = new Set<string>()
    const visit = (name: string): void => {
      if (found.has(name)) return
      found.add(name)
      for (const [, other = ''] of sourceOf(name).matchAll(/\b(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g))
        visit(other)
    }
    for (const name of names) visit(name)
    return found
  }

  const weightOf = (names: Iterable<string>): number =>
    [...names].reduce((sum, name) => sum + gzipSync(sourceOf(name), { level: 6 }).length, 0)

  it('is within 250 kB of compressed JavaScript on every screen', () => {
    const screens = readdirSync(assets).filter((name) => /-screen-[\w-]+\.js$/.test(name))
    expect(screens.length).toBeGreaterThan(25)
    const heavy = screens
      .map((name) => ({ name, bytes: weightOf(closureOf(entry, name)) }))
      .filter(({ bytes }) => bytes > BUDGET_BYTES)
    expect(heavy).toEqual([])
  })

  it('holds no plot, no editor and no palette: those come when they are wanted', () => {
    const first = [...closureOf(entry)].map(sourceOf).join('\n')
    for (const mark of ['uplot', 'cm-editor', 'cmdk-item']) {
      const holders = readdirSync(assets).filter(
        (name) => name.endsWith('.js') && sourceOf(name).includes(mark),
      )
      expect(holders.length, mark).toBeGreaterThan(0)
      expect(first.includes(mark), mark).toBe(false)
    }
  })
})
