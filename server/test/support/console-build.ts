import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

const BUILDS = join(tmpdir(), 'bulkhead-console-builds')
/** What the build is made of. */
const SOURCES = ['console', 'sdk/src', 'package-lock.json'] as const
const OLD_MS = 6 * 3_600_000

/**
 * A build of the console of a copy of the product (product-copy.ts), made once for the same sources.
 * @throws Error with what the bundler said.
 */
export function buildConsole(root: string): string {
  mkdirSync(BUILDS, { recursive: true })
  removeOld()
  const built = join(BUILDS, digestOf(root))
  if (existsSync(join(built, 'index.html'))) return built
  const making = `${built}.${process.pid}`
  const result = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/vite/bin/vite.js'),
      'build',
      '--logLevel',
      'warn',
      '--outDir',
      making,
      '--emptyOutDir',
    ],
    {
      cwd: join(root, 'console'),
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1', NODE_ENV: 'production' },
    },
  )
  if (result.status !== 0) {
    rmSync(making, { recursive: true, force: true })
    throw new Error(`The console does not build:\n${result.stderr}${result.stdout}`)
  }
  // Who was as fast has made the same.
  if (existsSync(built)) rmSync(making, { recursive: true, force: true })
  else renameSync(making, built)
  return built
}

function digestOf(root: string): string {
  const hash = createHash('sha256').update('production')
  for (const path of SOURCES.flatMap((name) => filesIn(join(root, name))).toSorted())
    hash.update(relative(root, path)).update('\0').update(readFileSync(path)).update('\0')
  return hash.digest('hex').slice(0, 32)
}

function filesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/[.]md$|[.]test[.]tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
}

function removeOld(): void {
  for (const name of readdirSync(BUILDS)) {
    const path = join(BUILDS, name)
    const madeMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
    if (Date.now() - madeMs > OLD_MS) rmSync(path, { recursive: true, force: true })
  }
}
