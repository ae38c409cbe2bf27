import { createKeptReads } from '../../kernel/kept-reads.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import { createLinkReferences } from '../../security/references/index.ts'
import type { LinkReferences, ReferenceKey } from '../../security/references/index.ts'
import { linksOfWorkspace } from './message-links.ts'
import type { LinkPlace, WorkspaceLinks } from './message-links.ts'
import { findTracking } from './tracking-store.ts'
import type { WorkspaceTracking } from './tracking-store.ts'

export interface LinkSettings {
  /** Where browsers find this installation, `https://mail.example.net`. */
  readonly publicUrl: string
  /** Host of the installation's own links; null: that of `publicUrl`. */
  readonly trackingHost: string | null
  /** The domain whose mail comes to our inbound listener; null: none does. */
  readonly mailDomain: string | null
}

export interface Links {
  /** How links of a workspace are written. Throws what the keyring's client throws until it has answered once, and what the database does. */
  forWorkspace(workspaceId: string): Promise<WorkspaceLinks>
  /** After a change of its settings or link domains, in this process; others see it within two seconds. */
  forget(workspaceId: string): void
  references(): Promise<LinkReferences>
}

const KEPT_MS = 2_000
const KEPT_MAX = 10_000

/** How links in mail are written, for each workspace. */
export function createLinks(deps: {
  readonly pool: Queryable
  readonly key: ReferenceKey
  readonly settings: LinkSettings
  readonly nowMs: () => number
}): Links {
  const kept = createKeptReads<WorkspaceTracking>({
    keptMs: KEPT_MS,
    keptMax: KEPT_MAX,
    nowMs: deps.nowMs,
  })
  let made: LinkReferences | null = null

  async function references(): Promise<LinkReferences> {
    made ??= createLinkReferences(await deps.key())
    return made
  }

  return {
    references,
    forget: (workspaceId) => kept.forget(workspaceId),
    async forWorkspace(workspaceId) {
      const [tracking, written] = await Promise.all([
        kept.of(workspaceId, () => findTracking(deps.pool, workspaceId)),
        references(),
      ])
      return linksOfWorkspace(workspaceId, tracking, written, placeOf(tracking.host, deps.settings))
    },
  }
}

/** Where links lead: the workspace's host in place of the installation's, with its scheme and port. */
export function placeOf(linkDomain: string | null, settings: LinkSettings): LinkPlace {
  const url = new URL(settings.publicUrl)
  const hosts = ownHosts(settings)
  const host = linkDomain ?? settings.trackingHost
  const base = `${url.protocol}//${host ?? url.hostname}${url.port === '' ? '' : `:${url.port}`}`
  return {
    base,
    host: linkDomain ?? '',
    ownHosts: linkDomain === null ? hosts : [...hosts, linkDomain],
    mailDomain: settings.mailDomain,
  }
}

/** Hosts that are the installation's own and can be nobody's link domain. */
export function ownHosts(settings: LinkSettings): string[] {
  const { hostname } = new URL(settings.publicUrl)
  return [hostname.toLowerCase(), ...(settings.trackingHost === null ? [] : [settings.trackingHost])]
}
