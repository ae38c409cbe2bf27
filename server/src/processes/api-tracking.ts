import type { FastifyInstance } from 'fastify'
import {
  createFetchRecorder,
  createLinkAnswers,
  createLinkDomains,
  createLinks,
  createTrackingService,
  createUnsubscribes,
  ownHosts,
  startUnsubscribeLoop,
} from '../modules/tracking/index.ts'
import type {
  FetchRecorder,
  LinkDomains,
  Links,
  LinkSettings,
  TrackingService,
  UnsubscribeLoop,
} from '../modules/tracking/index.ts'
import type { Config } from '../platform/config/index.ts'
import type { DnsResolver } from '../platform/dns/index.ts'
import type { TrustedProxies } from '../platform/http/client-address.ts'
import type { KeyringClient } from '../platform/keyring-client/index.ts'
import type { Pool, Queryable } from '../platform/postgres/index.ts'
import type { Logger } from '../platform/telemetry/index.ts'
import type { ContainmentWatch } from '../security/containment/index.ts'
import type { Detection } from '../security/detection/index.ts'
import { createReferenceKey } from '../security/references/index.ts'
import { addLinks } from '../surfaces/tracking/index.ts'

/** What the configuration says about links. */
export function linkSettings(
  config: Pick<Config, 'publicUrl' | 'trackingHost' | 'returnPathDomain' | 'inbound'>,
): LinkSettings {
  return {
    publicUrl: config.publicUrl,
    trackingHost: config.trackingHost,
    mailDomain: config.inbound === 'off' ? null : config.returnPathDomain,
  }
}

/** Where link domains point. */
export function linkTarget(settings: LinkSettings): string {
  return settings.trackingHost ?? new URL(settings.publicUrl).hostname.toLowerCase()
}

/** How links are written: for every process that accepts mail. */
export function prepareLinks(deps: {
  readonly pool: Queryable
  readonly keyring: Pick<KeyringClient, 'referenceKey'>
  readonly settings: LinkSettings
}): Links {
  return createLinks({
    pool: deps.pool,
    key: createReferenceKey({ keyring: deps.keyring, purpose: 'links' }),
    settings: deps.settings,
    nowMs: Date.now,
  })
}

export interface TrackingParts extends AsyncDisposable {
  readonly tracking: TrackingService
  readonly linkDomains: LinkDomains
  readonly recorder: FetchRecorder
  readonly unsubscribeLoop: UnsubscribeLoop
  /** Before any other route. */
  readonly addLinks: (app: FastifyInstance) => void
}

/** Where links are answered, and what came of them is written down. */
export function prepareTracking(deps: {
  readonly pool: Pool
  readonly keyring: KeyringClient
  readonly links: Links
  readonly settings: LinkSettings
  /** This installation's host name. */
  readonly hostname: string
  readonly trustTestDomains: boolean
  readonly resolver: Pick<DnsResolver, 'cname'>
  readonly detection: Pick<Detection, 'observe'>
  readonly containment: Pick<ContainmentWatch, 'blocking'>
  readonly proxies: TrustedProxies
  readonly log: Logger
  readonly newId: () => string
  /** Default 5 s. */
  readonly judgeAfterMs?: number
}): TrackingParts {
  const { pool, keyring, links, settings, log, newId } = deps
  const hosts = ownHosts(settings)
  const changed = (workspaceId: string): void => links.forget(workspaceId)
  const recorder = createFetchRecorder({
    pool,
    log,
    newId,
    nowMs: Date.now,
    ...(deps.judgeAfterMs === undefined ? {} : { judgeAfterMs: deps.judgeAfterMs }),
  })
  const unsubscribeLoop = startUnsubscribeLoop({ pool, keyring, log, newId })
  // The key is asked for before the first link is followed, so that a keyring that is away then is in nobody's way.
  links
    .references()
    .catch((error: unknown) => log.debug({ err: error }, 'The key of links is asked for again'))
  return {
    tracking: createTrackingService({ changed }),
    linkDomains: createLinkDomains({
      resolver: deps.resolver,
      target: linkTarget(settings),
      trustTestDomains: deps.trustTestDomains,
      reserved: [...hosts, deps.hostname.toLowerCase()],
      changed,
      nowMs: Date.now,
      newId,
    }),
    recorder,
    unsubscribeLoop,
    addLinks: (app) =>
      addLinks(app, {
        answers: createLinkAnswers({ pool, links, ownHosts: hosts, nowMs: Date.now }),
        recorder,
        unsubscribes: createUnsubscribes({ pool, keyring }),
        detection: deps.detection,
        containment: deps.containment,
        proxies: deps.proxies,
        trackingHost: settings.trackingHost,
        log,
      }),
    async [Symbol.asyncDispose]() {
      await unsubscribeLoop[Symbol.asyncDispose]()
      await recorder[Symbol.asyncDispose]()
    },
  }
}
