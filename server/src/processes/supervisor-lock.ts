import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

const WAIT_FOR_STOPPING_MS = 30_000
const WAIT_FOR_NOTICE_MS = 1500

export interface DataLock extends Disposable {
  /** The run before this one did not stop in order: its processes may still be ending. */
  readonly afterCrash: boolean
  /** Lets the next start know that this one is on its way out. */
  markStopping(): void
}

/**
 * Takes the data directory for this supervisor. The lock is the operating system's (an exclusive SQLite transaction holds an fcntl
 * lock), so it goes away with the process, however that ends. A run that is stopping is waited for.
 * @throws Error naming the process that has it.
 */
export async function lockDataDirectory(dataDirectory: string): Promise<DataLock> {
  mkdirSync(dataDirectory, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
  const note = join(dataDirectory, 'supervisor.json')
  const started = Date.now()
  let database = tryLock(join(dataDirectory, 'supervisor.lock'))
  while (database === null) {
    const holder = readNote(note)
    const waitedMs = Date.now() - started
    if (waitedMs > (holder?.stopping === true ? WAIT_FOR_STOPPING_MS : WAIT_FOR_NOTICE_MS)) {
      const who = holder === null ? 'another process' : `process ${holder.pid}`
      throw new Error(
        `Bulkhead is running already on ${dataDirectory} (${who}): stop it, or set BULKHEAD_DATA to another directory`,
      )
    }
    await sleep(100)
    database = tryLock(join(dataDirectory, 'supervisor.lock'))
  }
  const held = database
  const afterCrash = existsSync(note)
  writeNote(note, { pid: process.pid, stopping: false })
  return {
    afterCrash,
    markStopping: () => writeNote(note, { pid: process.pid, stopping: true }),
    [Symbol.dispose]: () => {
      rmSync(note, { force: true })
      held.close()
    },
  }
}

function tryLock(path: string): DatabaseSync | null {
  const database = new DatabaseSync(path)
  try {
    database.exec('begin exclusive')
    return database
  } catch (error) {
    database.close()
    if (error instanceof Error && /locked|busy/i.test(error.message)) return null
    throw new Error(`${path} cannot be locked: remove it and start again`, { cause: error })
  }
}

interface Note {
  readonly pid: number
  readonly stopping: boolean
}

function readNote(path: string): Note | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof value !== 'object' || value === null || !('pid' in value) || typeof value.pid !== 'number')
      return null
    return { pid: value.pid, stopping: 'stopping' in value && value.stopping === true }
  } catch {
    return null
  }
}

function writeNote(path: string, value: Note): void {
  writeFileSync(`${path}.new`, JSON.stringify(value))
  renameSync(`${path}.new`, path)
}
