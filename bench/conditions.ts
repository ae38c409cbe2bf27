import { execFileSync } from 'node:child_process'
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { percentile } from './percentiles.ts'

/** What a figure depends on: without it no two runs can be compared. */
export interface Conditions {
  readonly time: string
  readonly commit: string
  readonly cpu: string
  readonly cores: number
  readonly memoryGb: number
  readonly kernel: string
  readonly node: string
  readonly load: readonly number[]
  /** Where the queues are, its file system, and the median of 50 writes with fsync there. On tmpfs durability costs nothing. */
  readonly directory: string
  readonly fileSystem: string
  readonly fsyncMs: number
}

/** statfs(2) magic numbers of the usual ones. */
const FILE_SYSTEMS = new Map([
  [0x01021994, 'tmpfs (in memory: fsync costs nothing here)'],
  [0xef53, 'ext'],
  [0x9123683e, 'btrfs'],
  [0x58465342, 'xfs'],
  [0x794c7630, 'overlay'],
  [0x01021997, '9p'],
  [0x2fc12fc1, 'zfs'],
])

function fsyncMs(directory: string): number {
  const path = join(directory, `bulkhead-bench-fsync-${process.pid}`)
  const file = openSync(path, 'w', 0o600)
  const block = Buffer.alloc(8192, 1)
  const times: number[] = []
  try {
    for (let i = 0; i < 50; i++) {
      const start = performance.now()
      writeSync(file, block)
      fsyncSync(file)
      times.push(performance.now() - start)
    }
  } finally {
    closeSync(file)
    rmSync(path, { force: true })
  }
  return (
    Math.round(
      percentile(
        times.toSorted((a, b) => a - b),
        0.5,
      ) * 1000,
    ) / 1000
  )
}

function git(...args: string[]): string {
  return execFileSync('git', args, {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim()
}

function commit(): string {
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') !== ''
    return `${git('rev-parse', '--short', 'HEAD')}${changed ? ' with changes' : ''}`
  } catch {
    return 'unknown'
  }
}

/** Reads the conditions of this run; `directory` is where the servers keep their queues. */
export function readConditions(directory = tmpdir()): Conditions {
  const type = statfsSync(directory).type
  return {
    time: new Date().toISOString(),
    commit: commit(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    load: loadavg().map((value) => Math.round(value * 100) / 100),
    directory,
    fileSystem: FILE_SYSTEMS.get(type) ?? `type 0x${type.toString(16)}`,
    fsyncMs: fsyncMs(directory),
  }
}
