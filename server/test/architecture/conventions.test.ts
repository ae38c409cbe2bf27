import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../../..')
const FIXTURE = 'server/test/architecture/fixture'

interface Source {
  readonly path: string
  readonly text: string
}

function sources(...folders: readonly string[]): Source[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name}`)
      .filter(
        (path) => /\.tsx?$/.test(path) && !/node_modules|\/generated\//.test(path) && !path.includes(FIXTURE),
      )
      .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') })),
  )
}

/** `path:line: text` of every line in which a rule's pattern stands. */
function lines(from: readonly Source[], pattern: RegExp): string[] {
  return from.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, at) => (pattern.test(line) ? [`${path}:${at + 1}: ${line.trim()}`] : [])),
  )
}

const isTest = ({ path }: Source): boolean => /\.test(-support)?\.ts$|\/test-keyring\.ts$/.test(path)
const product = sources('server/src', 'keyring/src', 'sdk/src', 'cli/src', 'console/src').filter(
  (source) => !isTest(source),
)
const below = (folder: string) => product.filter(({ path }) => path.startsWith(folder))

/** SQL at the beginning of a string or of a line of a template. */
const SQL =
  /(^|['"`])\s*(select|insert into|update|delete from|with|lock table|truncate|call|create (table|index|function)|alter table|drop (table|index)) [a-z_*$(]/

describe('the conventions', () => {
  it('keep SQL above the platform in *-store.ts', () => {
    const business = ['server/src/security', 'server/src/modules', 'server/src/surfaces'].flatMap(below)
    const stores = business.filter(({ path }) => path.endsWith('-store.ts'))
    expect(
      lines(
        business.filter((source) => !stores.includes(source)),
        SQL,
      ),
    ).toEqual([])
    // The pattern still sees SQL where there must be some.
    expect(stores.filter((store) => lines([store], SQL).length === 0).map(({ path }) => path)).toEqual([])
  })

  it('read the environment only in the platform, in composition roots and in the CLI', () => {
    const closed = [
      'server/src/kernel',
      'server/src/security',
      'server/src/modules',
      'server/src/surfaces',
      'sdk/src',
    ]
    expect(lines(closed.flatMap(below), /\bprocess\.env\b/)).toEqual([])
  })

  it('state the contract of every slice in the doc comment of its door', () => {
    const doors = ['server/src/modules', 'server/src/security']
      .flatMap(below)
      .filter(({ path }) => path.endsWith('/index.ts'))
    expect(doors.length).toBeGreaterThan(10)
    const bare = doors.filter(({ text }) => !text.startsWith('/**') || !/\bInvariants?: /.test(text))
    expect(bare.map(({ path }) => path)).toEqual([])
  })

  it('name files by their role', () => {
    const vague = /(^|[/.-])(utils?|helpers?|common|misc|managers?)(\.|-|\/|$)/
    const all = [...product, ...sources('server/test', 'bench', 'tools')]
    expect(all.map(({ path }) => path).filter((path) => vague.test(path))).toEqual([])
    expect(all.map(({ path }) => path).filter((path) => !/^[a-z0-9./-]+$/.test(path))).toEqual([])
  })

  it('give a reason for every silenced check', () => {
    const all = [...sources('server', 'keyring', 'sdk', 'cli', 'bench', 'tools'), ...below('console/src')]
    const silenced = lines(
      all,
      /\/[/*]\s*(oxlint-disable|eslint-disable|@ts-ignore|@ts-expect-error|@ts-nocheck)/,
    )
    expect(silenced.filter((line) => !/ -- \S+/.test(line))).toEqual([])
  })

  it('export by name', () => {
    expect(lines(product, /^export default\b/)).toEqual([])
  })
})
