import { createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import {
  formatSignerKey,
  parseCheckpointText,
  parseNote,
  parseSignerKey,
  SIGNATURE_TYPES,
} from '@bulkhead/tlog'
import type { NoteSigner, WitnessMemory } from '@bulkhead/tlog'
import { UsageError } from '../failure.ts'

/** What a witness keeps: its key, and of each log the last checkpoint that it cosigned. */
export interface WitnessState extends Disposable {
  readonly signer: NoteSigner
  recall(origin: string): WitnessMemory | null
  /** The last cosigned note of the log whose origin has this SHA-256, in hexadecimal digits; null for none. */
  noteOf(originHash: string): string | null
  /** Returns when the note is on the disk. */
  remember(origin: string, note: string): void
}

/**
 * Opens the state directory; makes key and directory at the first start. One process at a time: two witnesses with one state could
 * cosign two histories.
 */
export function openWitnessState(directory: string, name: string): WitnessState {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const lock = takeLock(join(directory, 'lock'))
  const signer = openKey(join(directory, 'key'), name)
  const fileOf = (hash: string): string => join(directory, `${hash}.checkpoint`)
  const noteOf = (hash: string): string | null => {
    const file = fileOf(hash)
    return /^[0-9a-f]{64}$/.test(hash) && existsSync(file) ? readFileSync(file, 'utf8') : null
  }
  return {
    signer,
    noteOf,
    recall(origin) {
      const note = noteOf(hashOf(origin))
      if (note === null) return null
      const { size, root } = parseCheckpointText(parseNote(note).text)
      return { size, root }
    },
    remember(origin, note) {
      const file = fileOf(hashOf(origin))
      writeDurably(`${file}.new`, note)
      renameSync(`${file}.new`, file)
      syncDirectory(directory)
    },
    [Symbol.dispose]: () => rmSync(lock, { force: true }),
  }
}

function hashOf(origin: string): string {
  return createHash('sha256').update(origin).digest('hex')
}

function takeLock(file: string): string {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx', mode: 0o600 })
  } catch {
    const pid = Number(readFileSync(file, 'utf8'))
    if (pid !== process.pid && lives(pid))
      throw new UsageError(`The process ${pid} is a witness with this state already; end it first.`)
    writeFileSync(file, String(process.pid), { mode: 0o600 })
  }
  return file
}

function lives(pid: number): boolean {
  try {
    return Number.isSafeInteger(pid) && pid > 0 && process.kill(pid, 0)
  } catch {
    return false
  }
}

function openKey(file: string, name: string): NoteSigner {
  if (!existsSync(file)) {
    writeDurably(`${file}.new`, `${formatSignerKey(name, SIGNATURE_TYPES.cosignature, randomBytes(32))}\n`)
    renameSync(`${file}.new`, file)
  }
  const signer = parseSignerKey(readFileSync(file, 'utf8'))
  if (signer.key.type !== SIGNATURE_TYPES.cosignature || signer.key.name !== name)
    throw new UsageError(
      `The key in ${file} is of the witness ${signer.key.name}; start it with --name ${signer.key.name}.`,
    )
  return signer
}

function writeDurably(file: string, content: string): void {
  const handle = openSync(file, 'w', 0o600)
  try {
    writeFileSync(handle, content)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
