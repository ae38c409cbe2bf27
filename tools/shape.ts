// `node tools/shape.ts`: figures about the sources that show early where the house begins to sag. It reports; the linter refuses.
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const CODE_LINES_MAX = 400
const AREAS = ['server/src', 'server/test', 'keyring', 'sdk', 'cli', 'console', 'bench', 'tools'] as const

interface Source {
  readonly path: string
  readonly area: string
  readonly isTest: boolean
  readonly lines: readonly string[]
}

/** Lines that hold code: no blank ones, no comments that fill a line. */
function codeLines(text: string): string[] {
  let inComment = false
  return text.split('\n').filter((line) => {
    const trimmed = line.trim()
    if (inComment) {
      inComment = !trimmed.includes('*/')
      return false
    }
    if (trimmed === '' || trimmed.startsWith('//')) return false
    if (!trimmed.startsWith('/*')) return true
    inComment = !trimmed.includes('*/')
    return false
  })
}

function sources(): Source[] {
  return execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((path) => /\.(tsx?|mjs|cjs)$/.test(path))
    .filter((path) => !/\/generated\/|test\/architecture\/fixture\//.test(path))
    .flatMap((path) => {
      const area = AREAS.find((name) => path.startsWith(`${name}/`))
      if (area === undefined) return []
      const isTest = /\.test(-support)?\.ts$|^server\/test\//.test(path)
      return [{ path, area, isTest, lines: codeLines(readFileSync(join(ROOT, path), 'utf8')) }]
    })
}

/** The value below which `share` of the sorted numbers lie; 0 of none. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

function count(from: readonly Source[], pattern: RegExp): number {
  return from.reduce((sum, { lines }) => sum + lines.filter((line) => pattern.test(line)).length, 0)
}

function row(name: string, files: readonly Source[], tests: readonly Source[]): string {
  const sizes = files.map(({ lines }) => lines.length).sort((one, other) => one - other)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const tested = tests.reduce((sum, { lines }) => sum + lines.length, 0)
  const cells = [
    files.length,
    total,
    percentile(sizes, 0.5),
    percentile(sizes, 0.95),
    sizes.at(-1) ?? 0,
    total === 0 ? '–' : (tested / total).toFixed(2),
  ]
  return `${name.padEnd(26)}${cells.map((cell) => String(cell).padStart(9)).join('')}`
}

const all = sources()
const product = all.filter(({ isTest }) => !isTest)
const tests = all.filter(({ isTest }) => isTest)
const inside = (from: readonly Source[], folder: string) => from.filter(({ path }) => path.startsWith(folder))

const out: string[] = [
  `${'code lines'.padEnd(26)}${['files', 'lines', 'median', 'p95', 'longest', 'tests:1'].map((head) => head.padStart(9)).join('')}`,
  ...AREAS.filter((area) => area !== 'server/test').map((area) =>
    row(area, inside(product, `${area}/`), inside(tests, `${area}/`)),
  ),
  ...['kernel', 'platform', 'security', 'modules', 'surfaces', 'processes'].map((layer) =>
    row(
      `  server/src/${layer}`,
      inside(product, `server/src/${layer}/`),
      inside(tests, `server/src/${layer}/`),
    ),
  ),
  row('everything', product, tests),
  '',
  `files over ${CODE_LINES_MAX} code lines`,
]
const long = all.filter(({ lines }) => lines.length > CODE_LINES_MAX)
out.push(...(long.length === 0 ? ['  none'] : long.map(({ path, lines }) => `  ${path} ${lines.length}`)))

const suppressions = execFileSync(
  'git',
  [
    'grep',
    '--untracked',
    '-nE',
    '/[/*] *(oxlint|eslint)-disable|@ts-(ignore|expect-error|nocheck)',
    '--',
    '*.ts',
    '*.tsx',
  ],
  { cwd: ROOT, encoding: 'utf8' },
)
  .split('\n')
  .filter(
    (line) =>
      line !== '' && !line.startsWith('server/test/architecture/') && !line.startsWith('tools/shape.ts'),
  )
const anyType = /(:|<|\|)\s*any\s*([,;)>=|\]]|$)|\bas any\b/
const asserted = /[\w)\]]!(?=[.,;)\]\s]|$)/
const lock: {
  packages: Record<string, { dev?: boolean; devOptional?: boolean; optional?: boolean; link?: boolean }>
} = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
const packages = Object.entries(lock.packages).filter(
  ([path, entry]) => path.includes('node_modules/') && entry.link !== true,
)
const runtime = packages.filter(
  ([, entry]) => entry.dev !== true && entry.devOptional !== true && entry.optional !== true,
)
const visible = readdirSync(ROOT).filter((name) => !name.startsWith('.') && name !== 'node_modules')
out.push(
  '',
  `\`any\`          product ${count(product, anyType)}, tests ${count(tests, anyType)}`,
  `\`!\`            product ${count(product, asserted)}, tests ${count(tests, asserted)}`,
  `suppressions   ${suppressions.length}, without a reason ${suppressions.filter((line) => !line.includes(' -- ')).length}`,
  `packages       ${packages.length} in the lock file, ${runtime.length} of them at run time`,
  `root entries   ${visible.length}`,
)
process.stdout.write(`${out.join('\n')}\n`)
