import { encodeId } from '../../kernel/ids.ts'
import { listen } from '../../platform/postgres/index.ts'
import type { Pool } from '../../platform/postgres/index.ts'
import { runLoop } from '../../platform/loop/index.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { sealedKeyId } from '../../platform/sealing/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { addressForEntry } from '../suppressions/index.ts'
import { addressForTopic } from '../topics/index.ts'
import { applyUnsubscribe, claimUnsubscribes } from './unsubscribe-store.ts'
import type { UnsubscribeRow } from './unsubscribe-store.ts'

const AT_ONCE = 20
const HOLD_SECONDS = 30
const POLL_MS = 5_000
/** Work begins at a random moment after the answer, so that its load tells nothing about the answer before it. */
const JITTER_MS = 1_000

interface LoopDependencies {
  readonly pool: Pool
  readonly keyring: Pick<KeyringClient, 'contentKey' | 'openContentKeys'>
  readonly log: Logger
  readonly newId: () => string
}

export interface UnsubscribeLoop extends AsyncDisposable {
  /** Does what is due now; answers how many. */
  round(): Promise<number>
}

/**
 * Does what recipients asked for: a suppression of bulk mail, or its end, with its event. It happens after the answer, so that the answer
 * takes the same time whether the message is known or not, and so that nothing is lost while the keyring is away.
 */
export function startUnsubscribeLoop(deps: LoopDependencies): UnsubscribeLoop {
  const stop = new AbortController()
  let wake = new AbortController()

  async function round(): Promise<number> {
    let done = 0
    for (;;) {
      const rows = await claimUnsubscribes(deps.pool, AT_ONCE, HOLD_SECONDS)
      await Promise.all(
        rows.map((row) =>
          apply(deps, row).catch((error: unknown) =>
            deps.log[row.attempts <= 2 ? 'debug' : 'warn'](
              { err: error, messageId: row.message_id, attempts: row.attempts },
              'An unsubscribe waits; it is tried again',
            ),
          ),
        ),
      )
      done += rows.length
      if (rows.length < AT_ONCE || stop.signal.aborted) return done
    }
  }

  const listening = listen(deps.pool, 'bulkhead_unsubscribe', deps.log, () => {
    const controller = wake
    setTimeout(() => controller.abort(), Math.random() * JITTER_MS).unref()
  })
  const finished = (async () => {
    while (!stop.signal.aborted) {
      wake = new AbortController()
      await runLoop({
        name: 'unsubscribes',
        everyMs: POLL_MS,
        log: deps.log,
        signal: AbortSignal.any([stop.signal, wake.signal]),
        round: async () => {
          await round()
          return undefined
        },
      })
    }
  })()

  return {
    round,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await finished
      await listening[Symbol.asyncDispose]()
    },
  }
}

async function apply(deps: LoopDependencies, row: UnsubscribeRow): Promise<void> {
  const entryId = deps.newId()
  const address = row.wanted === 'unsubscribed' ? await sealedFor(deps, row, entryId) : null
  const evidence = {
    via: row.via,
    ...(row.wanted === 'subscribed' ? { undone: true } : {}),
    ...(row.topic_id === null
      ? {}
      : { topic: encodeId('topic', row.topic_id), topicNumber: row.topic_number }),
  }
  await applyUnsubscribe(deps.pool, row, { entryId, address, eventId: deps.newId(), evidence })
}

/** The recipient's address, sealed for the entry of the suppression list. */
async function sealedFor(
  deps: Pick<LoopDependencies, 'keyring'>,
  row: UnsubscribeRow,
  entryId: string,
): Promise<Buffer | null> {
  const { workspace_id: workspaceId, message_id: messageId, recipient, address } = row
  if (recipient === null || address === null) return null
  const keyId = sealedKeyId(address)
  const [keys, contentKey] = await Promise.all([
    deps.keyring.openContentKeys(workspaceId, [keyId], 'unsubscribe'),
    deps.keyring.contentKey(workspaceId),
  ])
  const from = { workspaceId, messageId, number: recipient, address }
  if (row.topic_id === null) return addressForEntry(from, entryId, keys, contentKey)
  return addressForTopic(from, entryId, keys, contentKey)
}
