import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { makeDirectory } from './cluster.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const PARTS = ['server', 'keyring', 'tlog', 'sdk', 'console'] as const
const FILES = ['package.json', 'package-lock.json', 'tsconfig.json'] as const

/**
 * The product's sources in a directory of their own, so that whoever edits does not disturb what runs, and the console's build has its place.
 * They are those of the working tree. With `BULKHEAD_TEST_OWN=console/src/screens/domains,server/src/modules/domains` they are those of the last commit,
 * with only these paths as they are in the working tree: for people who work on one tree at the same time. Answers the directory.
 */
export function copyProduct(): string {
  const root = makeDirectory('product')
  const own = (process.env['BULKHEAD_TEST_OWN'] ?? '').split(',').filter((path) => path !== '')
  if (own.length === 0) for (const name of [...PARTS, ...FILES]) take(root, name)
  else {
    unpackCommit(root)
    for (const path of own) {
      rmSync(join(root, path), { recursive: true, force: true })
      take(root, path)
    }
  }
  linkPackages(root)
  return root
}

function take(root: string, name: string): void {
  const from = join(ROOT, name)
  if (!existsSync(from)) return
  mkdirSync(dirname(join(root, name)), { recursive: true })
  cpSync(from, join(root, name), {
    recursive: true,
    filter: (path) => !/\/(node_modules|dist|test)$|[.]test[.]tsx?$/.test(path),
  })
}

function unpackCommit(root: string): void {
  const archive = spawnSync('git', ['archive', 'HEAD', ...PARTS, ...FILES], {
    cwd: ROOT,
    maxBuffer: 256 * 1024 * 1024,
  })
  const unpacked = spawnSync('tar', ['x', '-C', root], { input: archive.stdout })
  if (archive.status !== 0 || unpacked.status !== 0)
    throw new Error(
      `The last commit could not be unpacked: ${archive.stderr.toString()}${unpacked.stderr.toString()}`,
    )
}

/** What is installed, but our own packages are those of the copy. */
function linkPackages(root: string): void {
  const packages = join(root, 'node_modules')
  mkdirSync(join(packages, '@bulkhead'), { recursive: true })
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (['@bulkhead', '.vite', '.vite-temp'].includes(name)) continue
    symlinkSync(join(ROOT, 'node_modules', name), join(packages, name))
  }
  for (const name of PARTS) symlinkSync(join(root, name), join(packages, '@bulkhead', name))
}
