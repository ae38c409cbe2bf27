import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { constants } from 'node:fs'
import { link, mkdir, open, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { decrypt, encrypt, KEY_BYTES } from './aead.ts'

/** The root of all keys. Only wraps and unwraps, so that an HSM or a remote KMS can stand in for the file. */
export interface RootProvider {
  /** A fingerprint that tells roots apart and reveals nothing; stored beside each wrapped key. */
  readonly id: string
  wrap(place: readonly (string | number)[], key: Buffer): Promise<Buffer>
  /** Throws a `Refusal` where the value was wrapped by another root or for another place. */
  unwrap(place: readonly (string | number)[], wrapped: Buffer): Promise<Buffer>
}

const HEADER = 'bulkhead-root-1 '
const MAX_FILE_BYTES = 256

/**
 * The root key in a file of mode 0600, made at the first start. Throws where others may read the file, where it is not a regular
 * file, where it is damaged, or where it is missing although the database holds keys of an earlier root (`knownRoot`): a new root
 * would leave everything sealed under the old one unreadable, and look well.
 */
export async function openFileRoot(
  path: string,
  knownRoot: () => Promise<string | null> = () => Promise.resolve(null),
): Promise<RootProvider> {
  const key = (await readRoot(path)) ?? (await firstRoot(path, knownRoot))
  const id = createHmac('sha256', key).update('bulkhead root id').digest('hex').slice(0, 16)
  return {
    id,
    wrap: async (place, plain) => encrypt(key, ['root', ...place], plain),
    unwrap: async (place, wrapped) => decrypt(key, ['root', ...place], wrapped),
  }
}

async function readRoot(path: string): Promise<KeyObject | null> {
  let file
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw new Error(`The root key file ${path} cannot be opened (symbolic links are refused)`, {
      cause: error,
    })
  }
  try {
    const stat = await file.stat()
    if (!stat.isFile()) throw new Error(`The root key file ${path} is not a regular file`)
    if ((stat.mode & 0o077) !== 0) {
      const mode = (stat.mode & 0o777).toString(8)
      throw new Error(
        `The root key file ${path} has mode ${mode}: others can read it. Run: chmod 600 ${path}`,
      )
    }
    const buffer = Buffer.alloc(MAX_FILE_BYTES)
    const { bytesRead } = await file.read(buffer, 0, MAX_FILE_BYTES, 0)
    const text = buffer.toString('latin1', 0, bytesRead).trim()
    buffer.fill(0)
    const key = Buffer.from(text.slice(HEADER.length), 'base64')
    if (!text.startsWith(HEADER) || key.length !== KEY_BYTES) {
      throw new Error(
        `The root key file ${path} is damaged. Restore it from your backup; without it sealed data is lost`,
      )
    }
    return createSecretKey(key)
  } finally {
    await file.close()
  }
}

async function firstRoot(path: string, knownRoot: () => Promise<string | null>): Promise<KeyObject> {
  const known = await knownRoot()
  if (known === null) return createRoot(path)
  throw new Error(
    `The root key file ${path} is missing, but the database holds keys wrapped by root ${known}. Restore the file from your backup; without it sealed data is lost`,
  )
}

/** Written aside and linked into place, so that a crash leaves a whole file or none, and two first starts agree on one root. */
async function createRoot(path: string): Promise<KeyObject> {
  const directory = dirname(path)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(`${HEADER}${randomBytes(KEY_BYTES).toString('base64')}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    await link(draft, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await unlink(draft)
  }
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
  const key = await readRoot(path)
  if (key === null) throw new Error(`The root key file ${path} vanished while it was made`)
  return key
}
