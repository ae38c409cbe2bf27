import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { constants } from 'node:fs'
import { link, mkdir, open, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { decrypt, encrypt, KEY_BYTES } from '../aead.ts'
import type { MayMakeRoot, OpenRoot } from './root-provider.ts'

const HEADER = 'bulkhead-root-1 '
const MAX_FILE_BYTES = 256

/**
 * The root key in a file of mode 0600, made at the first start where `mayMake` allows it. Throws where others may read the file, where
 * it is not a regular file, or where it is damaged.
 */
export async function openFileRoot(path: string, mayMake: MayMakeRoot): Promise<OpenRoot> {
  const key = (await readRoot(path)) ?? (await firstRoot(path, mayMake))
  const id = createHmac('sha256', key).update('bulkhead root id').digest('hex').slice(0, 16)
  return {
    id,
    wrap: async (place, plain) => encrypt(key, ['root', ...place], plain),
    unwrap: async (place, wrapped) => decrypt(key, ['root', ...place], wrapped),
    close: async () => undefined,
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
    const root = createSecretKey(key)
    key.fill(0)
    return root
  } finally {
    await file.close()
  }
}

async function firstRoot(path: string, mayMake: MayMakeRoot): Promise<KeyObject> {
  try {
    await mayMake()
  } catch (error) {
    throw new Error(`The root key file ${path} is missing`, { cause: error })
  }
  return createRoot(path)
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
