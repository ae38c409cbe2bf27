import { open } from 'node:fs/promises'
import { describeError } from '../log.ts'
import type { Log } from '../log.ts'
import { asObject } from './http-exchange.ts'

export interface VaultToken {
  read(): Promise<string>
  /** Reads the file again; true where it holds another token than before. */
  reread(): Promise<boolean>
  /** Begins to renew the token at half of its life, where it can be renewed. */
  keepAlive(): Promise<void>
  stop(): void
}

const MAX_TOKEN_BYTES = 4096
const MIN_PAUSE_MS = 1000
const MAX_PAUSE_MS = 3_600_000
/** After a renewal that failed. */
const RETRY_MS = 10_000

/**
 * The token from a file, as Vault Agent or an administrator writes it, and renewed while it lives. Throws where the file cannot be
 * read, is empty, or may be read by others.
 */
export function keepToken(deps: {
  path: string
  log: Log
  send: (
    method: 'GET' | 'POST',
    path: string,
    body: object | null,
  ) => Promise<Readonly<Record<string, unknown>>>
}): VaultToken {
  const { path, log, send } = deps
  let token: string | null = null
  let timer: NodeJS.Timeout | null = null
  let isStopped = false

  function plan(ttlSeconds: number): void {
    schedule(Math.min(Math.max((ttlSeconds * 1000) / 2, MIN_PAUSE_MS), MAX_PAUSE_MS))
  }

  function schedule(pauseMs: number): void {
    if (isStopped) return
    timer = setTimeout(() => {
      renew().catch((error: unknown) => {
        log('warn', 'The Vault token could not be renewed', { error: describeError(error) })
        schedule(RETRY_MS)
      })
    }, pauseMs)
    timer.unref()
  }

  async function renew(): Promise<void> {
    const content = await send('POST', 'auth/token/renew-self', {})
    const seconds = asObject(content['auth'])?.['lease_duration']
    if (typeof seconds === 'number' && seconds > 0) plan(seconds)
  }

  return {
    read: async () => (token ??= await readToken(path)),
    async reread() {
      const fresh = await readToken(path)
      const isNew = fresh !== token
      token = fresh
      return isNew
    },
    async keepAlive() {
      const data = asObject((await send('GET', 'auth/token/lookup-self', null))['data'])
      const ttl = data?.['ttl']
      if (data?.['renewable'] === true && typeof ttl === 'number' && ttl > 0) plan(ttl)
      else if (typeof ttl === 'number' && ttl > 0) {
        log('warn', 'The Vault token cannot be renewed: its file must get a new one before it ends', {
          ttlSeconds: ttl,
        })
      }
    },
    stop() {
      isStopped = true
      if (timer !== null) clearTimeout(timer)
    },
  }
}

async function readToken(path: string): Promise<string> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new Error(`The Vault token file ${path} cannot be opened`, { cause: error })
  })
  try {
    if (((await file.stat()).mode & 0o077) !== 0) {
      throw new Error(`Others can read the Vault token file ${path}. Run: chmod 600 ${path}`)
    }
    const bytes = Buffer.alloc(MAX_TOKEN_BYTES)
    const { bytesRead } = await file.read(bytes, 0, MAX_TOKEN_BYTES, 0)
    const text = bytes.toString('latin1', 0, bytesRead).trim()
    if (!/^[\x21-\x7e]{1,4000}$/.test(text))
      throw new Error(`The Vault token file ${path} does not hold a token`)
    return text
  } finally {
    await file.close()
  }
}
