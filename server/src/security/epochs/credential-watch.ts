import type { Logger } from 'pino'
import { listen } from '../../platform/postgres/index.ts'
import type { Pool } from '../../platform/postgres/index.ts'
import { runLoop } from '../../platform/loop/index.ts'

/** What a request, a stream or a connection lives by. */
export interface CredentialRef {
  readonly kind: 'api_key' | 'smtp_credential' | 'session'
  readonly id: string
  /** Of a session: the workspace that was entered with it. Leaving that ends the stream, and nothing else. */
  readonly workspaceId?: string | null
  /** Of a session or an API key: from where; a network that the workspace, or the answer to a leak, shuts ends the stream. */
  readonly address?: string | null
}

/** What a reference is told by: one session may hold streams in several workspaces, and it and a key from several places. */
export function credentialKey({ kind, id, workspaceId, address }: CredentialRef): string {
  if (kind === 'session') return `${id} ${workspaceId ?? ''} ${address ?? ''}`
  return address === undefined ? id : `${id} ${address ?? ''}`
}

/** Why a credential lives no more. */
export type CauseOfDeath = 'revoked' | 'expired' | 'killed'

/** What the holder of a long connection is told when it ends. */
export const CAUSES: Readonly<Record<CauseOfDeath, string>> = {
  revoked: 'The credential was revoked',
  expired: 'The credential has expired',
  killed: 'The credential was ended together with all others of its kind',
}

/** Long connections of one kind: whose they are, and how those of the dead are ended. */
export interface ConnectionSource {
  credentials(): Iterable<CredentialRef>
  end(dead: ReadonlyMap<string, CauseOfDeath>): void
}

export interface CredentialWatch extends AsyncDisposable {
  /** Judges a source's connections from now on. */
  addSource(source: ConnectionSource): void
  /** Calls `end` once, when the credential dies; disposing of what it answers stops the watch. */
  watch(credential: CredentialRef, end: (cause: CauseOfDeath) => void): Disposable
}

/**
 * How often every long connection is judged whatever was announced, and, in access.ts, how long a look-up is believed. Together
 * with the look-up itself it stays below the second within which a killed credential must be dead (replay C-11).
 */
export const EPOCH_POLL_MS = 400

interface Watcher {
  readonly credential: CredentialRef
  readonly end: (cause: CauseOfDeath) => void
}

/**
 * The one way in which credentials die on long connections and in caches: by NOTIFY at the commit that killed them, and by a poll
 * where the notification was lost. While the database is away nothing can be killed, and nothing is ended.
 */
export function startCredentialWatch(deps: {
  readonly pool: Pool
  readonly log: Logger
  readonly access: {
    /** Drops what is believed of credentials. */
    forget(): void
    findDeadCredentials(credentials: readonly CredentialRef[]): Promise<ReadonlyMap<string, CauseOfDeath>>
  }
}): CredentialWatch {
  const { pool, log } = deps
  const ending = new AbortController()
  const watchers = new Set<Watcher>()
  const sources: ConnectionSource[] = [
    {
      *credentials() {
        for (const watcher of watchers) yield watcher.credential
      },
      end(dead) {
        for (const watcher of watchers) {
          const cause = dead.get(credentialKey(watcher.credential))
          if (cause === undefined) continue
          watchers.delete(watcher)
          watcher.end(cause)
        }
      },
    },
  ]
  let judging: Promise<void> | null = null
  let again = false

  async function judge(): Promise<void> {
    const seen = new Map<string, CredentialRef>()
    for (const source of sources)
      for (const credential of source.credentials()) seen.set(credentialKey(credential), credential)
    if (seen.size === 0) return
    const dead = await deps.access.findDeadCredentials([...seen.values()])
    if (dead.size === 0) return
    deps.access.forget()
    for (const source of sources) source.end(dead)
  }

  /** One at a time; what is announced meanwhile is judged right after. */
  function judgeSoon(): Promise<void> {
    if (judging !== null) {
      again = true
      return judging
    }
    judging = judge().finally(() => {
      judging = null
      if (!again) return
      again = false
      announced()
    })
    return judging
  }

  function announced(): void {
    deps.access.forget()
    judgeSoon().catch((error: unknown) =>
      log.debug({ err: error }, 'Credentials of long connections could not be judged'),
    )
  }

  const listening = listen(pool, 'bulkhead_epochs', log, announced)
  const polling = runLoop({
    name: 'judge credentials of long connections',
    everyMs: EPOCH_POLL_MS,
    log,
    signal: ending.signal,
    round: async () => {
      await judgeSoon().catch((error: unknown) =>
        log.debug({ err: error }, 'Credentials of long connections could not be judged'),
      )
      return undefined
    },
  })

  return {
    addSource: (source) => {
      sources.push(source)
    },
    watch(credential, end) {
      const watcher = { credential, end }
      watchers.add(watcher)
      return { [Symbol.dispose]: () => void watchers.delete(watcher) }
    },
    async [Symbol.asyncDispose]() {
      ending.abort()
      await listening[Symbol.asyncDispose]()
      await polling
    },
  }
}
