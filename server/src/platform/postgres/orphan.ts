import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const FAST_STOP_MS = 30_000
const IMMEDIATE_STOP_MS = 10_000
const WRITTEN_WITHIN_MS = 500

/**
 * Stops a PostgreSQL that an earlier, killed supervisor left running on this cluster, and removes a `postmaster.pid` whose process
 * number meanwhile belongs to something else, or that has none: one that was killed between making the file and writing into it leaves it
 * empty, and PostgreSQL refuses to start beside that. A process is signalled only after it proved to be that PostgreSQL.
 */
export async function stopOrphan(cluster: string, log: (line: string) => void): Promise<void> {
  const file = join(cluster, 'postmaster.pid')
  if (readPid(file) === null && existsSync(file)) {
    // A server that is just starting writes its number at once.
    await sleep(WRITTEN_WITHIN_MS)
    if (readPid(file) === null) rmSync(file, { force: true })
  }
  const pid = readPid(file)
  if (pid === null || !isAlive(pid)) return
  if (!isPostmasterOf(pid, cluster)) {
    rmSync(file, { force: true })
    return
  }
  log(`Stopping the PostgreSQL (process ${pid}) that an earlier run left behind`)
  process.kill(pid, 'SIGINT')
  if (await ended(pid, FAST_STOP_MS)) return
  process.kill(pid, 'SIGQUIT')
  if (await ended(pid, IMMEDIATE_STOP_MS)) return
  throw new Error(
    `PostgreSQL (process ${pid}) of an earlier run does not stop: end it with kill -9 ${pid} and start again`,
  )
}

/** Is this process the PostgreSQL server of this cluster? Its working directory is its data directory. */
export function isPostmasterOf(pid: number, cluster: string): boolean {
  try {
    const wanted = realpathSync(cluster)
    if (existsSync('/proc/self/cwd')) {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0] ?? ''
      return /(^|\/)postgres$/.test(command) && readlinkSync(`/proc/${pid}/cwd`) === wanted
    }
    const shown = execFileSync('ps', ['-o', 'command=', '-p', String(pid)], {
      encoding: 'utf8',
      timeout: 5000,
    })
    return (
      /(^|\/)postgres\s/.test(shown) && (shown.includes(`-D ${cluster} `) || shown.includes(`-D ${wanted} `))
    )
  } catch {
    return false
  }
}

/** Does a process with this number exist? */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function readPid(file: string): number | null {
  if (!existsSync(file)) return null
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0])
  return Number.isSafeInteger(pid) && pid > 1 ? pid : null
}

async function ended(pid: number, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs
  while (Date.now() < deadline) {
    if (!isAlive(pid)) return true
    await sleep(50)
  }
  return !isAlive(pid)
}
