import type { Queryable } from '../../platform/postgres/index.ts'
import type { LinkReference } from '../../security/references/index.ts'
import { isLinkDomain } from './tracking-store.ts'
import type { Links } from './workspace-links.ts'

export interface LinkAnswers {
  /** What a text in the path of one of our addresses stands for, on that host; null: nothing. Throws where the keyring never answered. */
  read(text: string, host: string): Promise<LinkReference | null>
  /**
   * Whether a host is a link domain of somebody, where nothing but links is served. Asked of the database at most every ten seconds for
   * each host; while it is away the last answer holds, and without one it is none.
   */
  isLinkHost(host: string): Promise<boolean>
}

const KEPT_MS = 10_000
const KEPT_MAX = 10_000
const ADDRESS = /^(?:\[.*\]|[\d.]+|localhost)$/

/** Reads what comes in over links. */
export function createLinkAnswers(deps: {
  readonly pool: Queryable
  readonly links: Pick<Links, 'references'>
  /** The installation's own hosts, lower case. */
  readonly ownHosts: readonly string[]
  readonly nowMs: () => number
}): LinkAnswers {
  const kept = new Map<string, { readonly is: boolean; readonly untilMs: number }>()

  async function isLinkHost(host: string): Promise<boolean> {
    if (host === '' || host.length > 253 || ADDRESS.test(host) || deps.ownHosts.includes(host)) return false
    const known = kept.get(host)
    if (known !== undefined && known.untilMs > deps.nowMs()) return known.is
    const is = await isLinkDomain(deps.pool, host).catch(() => known?.is ?? false)
    if (kept.size >= KEPT_MAX) kept.clear()
    kept.set(host, { is, untilMs: deps.nowMs() + KEPT_MS })
    return is
  }

  return {
    isLinkHost,
    async read(text, host) {
      const references = await deps.links.references()
      // First for this host: mail that was sent works on while its host is taken out or the database is away.
      const own = references.read(text, host)
      if (own !== null) return own
      const common = references.read(text, '')
      // A link of the installation's own address would give a customer's host to whoever sends from here.
      return common === null || (await isLinkHost(host)) ? null : common
    },
  }
}
