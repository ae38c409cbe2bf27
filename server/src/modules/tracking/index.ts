/**
 * Tracking: whether mail was opened and clicked, for workspaces that want to know, and unsubscribing, for all recipients.
 *
 * Tables owned: tracking_settings, link_domain, link_count, unsubscribe_request. Events: message.opened, message.clicked,
 * message.unsubscribed; audit `tracking.updated`, `link_domain.added`, `link_domain.checked`, `link_domain.verified`,
 * `link_domain.failing`, `link_domain.deleted`.
 * Invariants: nothing is tracked unless a workspace or a message asks for it, and sensitive mail never; links lead nowhere but where this
 * installation wrote that they lead, on the host for which it wrote them; a link answers while the database is away; a GET changes nothing;
 * an unsubscribe is durable before it is answered, and answered alike whether the message is known or not.
 */
import {
  addLinkDomain,
  deleteLinkDomain,
  listLinkDomains,
  verifyLinkDomain,
} from './operations/link-domains.ts'
import { getMessageTracking, getTracking, updateTracking } from './operations/tracking.ts'
export { createLinkAnswers } from './answers.ts'
export {
  addLinkDomain,
  deleteLinkDomain,
  listLinkDomains,
  verifyLinkDomain,
} from './operations/link-domains.ts'
export { getMessageTracking, getTracking, updateTracking } from './operations/tracking.ts'
export type { LinkDomain } from './link-domain.ts'
export type { LinkAnswers } from './answers.ts'
export { createFetchRecorder } from './fetch-recorder.ts'
export type { FetchRecorder } from './fetch-recorder.ts'
export { OPEN_MARK } from './html-edits.ts'
export { createLinkDomainRecheck } from './link-domain-check.ts'
export { createLinkDomains } from './link-domains-service.ts'
export type { LinkDomains } from './link-domains-service.ts'
export type { MessageFacts, MessageLinks, WorkspaceLinks } from './message-links.ts'
export { createTrackingService } from './tracking-service.ts'
export type { TrackingService } from './tracking-service.ts'
export { createUnsubscribeDoor } from './unsubscribe-door.ts'
export { startUnsubscribeLoop } from './unsubscribe-loop.ts'
export type { UnsubscribeLoop } from './unsubscribe-loop.ts'
export { createUnsubscribes } from './unsubscribes.ts'
export type { Asked, Unsubscribes } from './unsubscribes.ts'
export { createLinks, ownHosts } from './workspace-links.ts'
export type { Links, LinkSettings } from './workspace-links.ts'

export const trackingOperations = [
  getTracking,
  updateTracking,
  getMessageTracking,
  addLinkDomain,
  listLinkDomains,
  verifyLinkDomain,
  deleteLinkDomain,
]
