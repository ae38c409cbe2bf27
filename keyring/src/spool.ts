import { createSecretKey, hkdfSync, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { constants } from 'node:fs'
import { link, mkdir, open, readdir, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { describeError } from './log.ts'
import type { Log } from './log.ts'

const HOUR_MS = 3_600_000
/** A message lives for at most four hours, from the end of the hour in which its key was made. */
const KEPT_HOURS = 5
const STATE_BYTES = 32
const ID_BYTES = 6
const HEADER = 'bulkhead-spool-1'
const MAX_FILE_BYTES = 256
/** A state that is older is of another life: all that it opened is long gone, and a copy of it may lie in a backup. */
const MAX_CATCH_UP_HOURS = 30 * 24
/** Nobody takes longer to write a file aside and to rename it. */
const DRAFT_LIVES_MS = 60_000

interface State {
  /** The oldest hour, since 1970, whose key can still be made. */
  readonly hour: number
  readonly secret: Buffer
  /** Names the ratchet, whatever its hour: hosts that were given the same file have the same. */
  readonly id: string
}

export type Spool = Awaited<ReturnType<typeof openSpool>>

/**
 * Keys of single hours that the keyring forgets five hours later: the key of hour h comes from a state S(h), and S(h+1) from S(h) by a
 * one-way function (HKDF, RFC 5869). Memory and the file hold only the oldest state that is still needed, so whoever takes the host
 * later, with the database of any day and the root key, makes no key of an earlier hour. Hosts that were given the same file make the
 * same keys, each by itself (docs/decisions/0013-spool-ratchet.md).
 *
 * The file is written aside, synced and renamed; the blocks of the one before are overwritten as far as the file system does that.
 *
 * The hour never goes back behind the one in which the file was written: where a clock was ahead and is right again, the ratchet goes on
 * from there, one hour every hour, and forgets as it always does.
 */
export async function openSpool(deps: { path: string; nowMs: () => number; log: Log }) {
  const { path } = deps
  const clockHour = (): number => Math.floor(deps.nowMs() / HOUR_MS)
  let state = await load()
  const loadedAtMs = deps.nowMs()
  const loadedHour = state.hour + KEPT_HOURS - 1
  if (loadedHour > clockHour())
    deps.log('warn', 'The spool state is ahead of the clock: other hosts do not open what is sealed here', {
      hours: loadedHour - clockHour(),
    })
  const currentHour = (): number =>
    Math.max(clockHour(), loadedHour + Math.floor((deps.nowMs() - loadedAtMs) / HOUR_MS))
  /** The hour of the state in the file; behind `state` while the file cannot be written. */
  let writtenHour = state.hour
  let writing: Promise<void> = Promise.resolve()

  async function load(): Promise<State> {
    const found = await readState(path, deps.log)
    if (found !== null && clockHour() - found.hour <= MAX_CATCH_UP_HOURS) return found
    if (found !== null) await unlink(path)
    // At the first start of all there is none; upkeep says where messages are under way that it would open.
    if (found === null) deps.log('info', 'A new spool state is made', { path })
    else
      deps.log(
        'warn',
        'A new spool state is made, because the one on file is too old: what was sealed with it does not open any more',
        { path },
      )
    const made = await createState(
      path,
      {
        hour: clockHour() - KEPT_HOURS + 1,
        secret: randomBytes(STATE_BYTES),
        id: randomBytes(ID_BYTES).toString('hex'),
      },
      deps.log,
    )
    return made
  }

  /** Forgets the hours that are over. Memory first: what follows can fail and is tried again. */
  async function forget(): Promise<void> {
    const oldest = currentHour() - KEPT_HOURS + 1
    if (state.hour < oldest) {
      const before = state
      state = advance(state, oldest)
      before.secret.fill(0)
    }
    await removeDrafts(path)
    if (writtenHour >= state.hour) return
    await writeState(path, state)
    writtenHour = state.hour
  }

  await forget()
  return {
    /** Names this ratchet. */
    id: state.id,

    /** The hour to wrap with now. Never before what was forgotten, whatever the clock says. */
    hour: currentHour,

    /** Null once it is forgotten, or where the hour is too far ahead to be one of ours. */
    key(hour: number): KeyObject | null {
      const oldest = Math.max(state.hour, currentHour() - KEPT_HOURS + 1)
      if (hour < oldest || hour > currentHour() + 1) return null
      const at = hour === state.hour ? state : advance(state, hour)
      const bytes = derive(at.secret, 'key')
      if (at !== state) at.secret.fill(0)
      const key = createSecretKey(bytes)
      bytes.fill(0)
      return key
    },

    /** The oldest hour that still opens. */
    oldestHour: (): number => Math.max(state.hour, currentHour() - KEPT_HOURS + 1),

    /** Call it at least every minute. Throws where the file cannot be written; the memory has forgotten all the same. */
    async forget(): Promise<void> {
      writing = writing.then(forget, forget)
      await writing
    },
  }
}

function derive(secret: Buffer, what: 'key' | 'next'): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `bulkhead spool ${what}`, STATE_BYTES))
}

function advance(from: State, hour: number): State {
  let secret: Buffer = Buffer.from(from.secret)
  for (let at = from.hour; at < hour; at++) {
    const next = derive(secret, 'next')
    secret.fill(0)
    secret = next
  }
  return { hour, secret, id: from.id }
}

async function readState(path: string, log: Log): Promise<State | null> {
  let file
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw new Error(`The spool state ${path} cannot be opened (symbolic links are refused)`, { cause: error })
  }
  try {
    const stat = await file.stat()
    if (!stat.isFile()) throw new Error(`The spool state ${path} is not a regular file`)
    if ((stat.mode & 0o077) !== 0)
      throw new Error(`The spool state ${path} can be read by others. Run: chmod 600 ${path}`)
    const buffer = Buffer.alloc(MAX_FILE_BYTES)
    const { bytesRead } = await file.read(buffer, 0, MAX_FILE_BYTES, 0)
    const match = /^bulkhead-spool-1 (\d{1,9}) ([0-9a-f]{12}) ([A-Za-z0-9+/]{43}=)\n$/.exec(
      buffer.toString('latin1', 0, bytesRead),
    )
    buffer.fill(0)
    const [, hour, id, secret] = match ?? []
    if (hour !== undefined && id !== undefined && secret !== undefined)
      return { hour: Number(hour), secret: Buffer.from(secret, 'base64'), id }
    // Nothing of lasting value is in it: in five hours it would be of no use anyway.
    log('error', 'The spool state is damaged and is made anew', { path })
    await unlink(path)
    return null
  } finally {
    await file.close()
  }
}

async function writeDraft(path: string, state: State): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(`${HEADER} ${state.hour} ${state.id} ${state.secret.toString('base64')}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  return draft
}

/** Two keyrings that start at once agree on the state that was there first. */
async function createState(path: string, state: State, log: Log): Promise<State> {
  const draft = await writeDraft(path, state)
  try {
    await link(draft, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await unlink(draft)
  }
  await syncDirectory(path)
  const found = await readState(path, log)
  if (found === null) throw new Error(`The spool state ${path} vanished while it was made`)
  return found
}

async function writeState(path: string, state: State): Promise<void> {
  const old = await open(path, constants.O_RDWR | constants.O_NOFOLLOW).catch(() => null)
  try {
    const draft = await writeDraft(path, state)
    await rename(draft, path)
    await syncDirectory(path)
    if (old !== null) {
      const { size } = await old.stat()
      await old.write(Buffer.alloc(Math.min(size, MAX_FILE_BYTES)), 0, null, 0)
      await old.sync()
    }
  } catch (error) {
    throw new Error(`The spool state ${path} cannot be written: ${describeError(error)}`, { cause: error })
  } finally {
    await old?.close()
  }
}

/** What a keyring that was killed left behind would give the keys of all later hours. */
async function removeDrafts(path: string): Promise<void> {
  const prefix = `${basename(path)}.`
  const names = await readdir(dirname(path)).catch(() => [])
  for (const name of names) {
    if (!name.startsWith(prefix) || !/^\d+\.[0-9a-f]{8}$/.test(name.slice(prefix.length))) continue
    await removeDraft(join(dirname(path), name)).catch(ignoreAbsence)
  }
}

async function removeDraft(draft: string): Promise<void> {
  const file = await open(draft, constants.O_RDWR | constants.O_NOFOLLOW)
  try {
    const { mtimeMs, nlink, size } = await file.stat()
    if (Math.abs(Date.now() - mtimeMs) < DRAFT_LIVES_MS) return
    await unlink(draft)
    // Killed between linking and unlinking, the first state has two names.
    if (nlink > 1) return
    await file.write(Buffer.alloc(Math.min(size, MAX_FILE_BYTES)), 0, null, 0)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Another keyring was first. */
function ignoreAbsence(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(dirname(path), constants.O_RDONLY)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
