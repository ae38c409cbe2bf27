import type { Logger } from '../../platform/telemetry/index.ts'
import type { createAccessStore, CredentialUse } from './access-store.ts'
import { networkOf } from '../../platform/networks/index.ts'
import { createShortCache } from './short-cache.ts'

/** From where a credential is shown. */
export interface CredentialClient {
  /** Null where there is none, as on a UNIX socket. */
  readonly address: string | null
  readonly userAgent: string | null
}

/** last_used_at is for people; more often would make every request a write. */
const TOUCH_EVERY_MS = 30_000
/** Of uses that wait to be written: one for each credential and network. */
const WAITING_MAX = 50_000
const ONCE_MS = 3_600_000

/**
 * Notes when and from where credentials are used, in batches. What is kept is the network (/24, in IPv6 /48) and the name of the program,
 * both coarse enough to be no trace of a person; addresses are not.
 */
export function createCredentialUses(deps: {
  readonly store: Pick<ReturnType<typeof createAccessStore>, 'touch' | 'reportOutside'>
  readonly clock: () => number
  readonly log: Logger | undefined
}) {
  const waiting = new Map<string, CredentialUse>()
  const told = createShortCache<void>({ clock: deps.clock, ttlMs: ONCE_MS, entriesMax: 10_000 })
  let touchedAt = deps.clock()

  async function flush(): Promise<void> {
    touchedAt = deps.clock()
    if (waiting.size === 0) return
    const uses = [...waiting.values()]
    waiting.clear()
    await deps.store.touch(uses)
  }

  return {
    flush,

    note(kind: CredentialUse['kind'], id: string, client: CredentialClient | undefined): void {
      const network = networkOf(client?.address ?? null)
      const key = `${id} ${network ?? ''}`
      if (waiting.size < WAITING_MAX || waiting.has(key))
        waiting.set(key, { kind, id, network, agent: programOf(client?.userAgent ?? null) })
      // A time of use that is lost with a failing database is no loss; the next one is written.
      if (deps.clock() - touchedAt >= TOUCH_EVERY_MS) flush().catch(() => undefined)
    },

    /** A right secret from a wrong network: somebody has it who should not, or the list lacks a network. Never throws. */
    tellOutside(kind: CredentialUse['kind'], id: string, client: CredentialClient | undefined): void {
      const network = networkOf(client?.address ?? null)
      if (network === null) return
      told
        .get(`${id} ${network}`, async () => {
          deps.log?.warn(
            { alarm: 'credential.refused_network', kind, credential: id, network },
            'A credential was used from outside of its networks and was refused',
          )
          await deps.store.reportOutside(kind, id, network)
        })
        .catch((error: unknown) =>
          deps.log?.error({ err: error }, 'A refused network could not be recorded in the audit log'),
        )
    },
  }
}

/** `curl/8.5.0` of a User-Agent; null where it does not begin with a product (RFC 9110 §10.1.5). What follows may name a person. */
function programOf(userAgent: string | null): string | null {
  return /^[A-Za-z][\w.-]{0,39}(?:\/[\w.-]{1,20})?(?= |$)/.exec(userAgent ?? '')?.[0] ?? null
}
