import { invalidField } from '../../kernel/faults.ts'
import type { Lane } from '../../kernel/lane.ts'
import type { LinkReferences } from '../../security/references/index.ts'
import { applyEdits, htmlEdits } from './html-edits.ts'
import type { LinkWriter } from './html-edits.ts'
import { trackMime } from './mime-edits.ts'
import { relinked } from './relink.ts'
import type { TrackingMode, WorkspaceTracking } from './tracking-store.ts'

/** What of a message decides about its links. */
export interface MessageFacts {
  readonly messageId: string
  readonly lane: Lane
  readonly sensitive: boolean
  readonly recipients: number
  /** What the message itself asks for. */
  readonly tracking:
    | { readonly opens?: boolean | undefined; readonly clicks?: boolean | undefined }
    | undefined
  readonly unsubscribe: boolean | undefined
  /** Whether it belongs to a topic, which who unsubscribes leaves. */
  readonly hasTopic?: boolean
  /** Values of the sender's own List-Unsubscribe and List-Unsubscribe-Post. */
  readonly ownUnsubscribe: readonly string[]
}

/** What is done to one message. */
export interface MessageLinks {
  html(html: string): string
  raw(raw: Buffer): Buffer
  /** To be added to its header. */
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  /** For the summary; absent where nothing is tracked. */
  readonly tracked: { readonly opens?: true; readonly clicks?: true } | undefined
}

/** Where links lead. */
export interface LinkPlace {
  /** `https://links.example.com`, without a slash at the end. */
  readonly base: string
  /** What references are made for: the link domain, or the empty text. */
  readonly host: string
  /** Hosts whose links are never tracked. */
  readonly ownHosts: readonly string[]
  /** The domain whose mail comes to us; null: no mail unsubscribes. */
  readonly mailDomain: string | null
}

/** The links of messages of one workspace. */
export interface WorkspaceLinks {
  /** Throws `invalid_request` where a message asks for what its workspace, or what it is, rules out. */
  of(facts: MessageFacts): MessageLinks
  /** The page on which a recipient of a message unsubscribes; where there are several it asks who he is. */
  unsubscribePage(messageId: string, recipients?: number, hasTopic?: boolean): string
  /** The links of a message that is sent again; see relink.ts. What the workspace does not track any more is tracked no more. */
  again(raw: Buffer, facts: AgainFacts): { readonly raw: Buffer; readonly tracked: MessageLinks['tracked'] }
}

/** What decides about the links of a message that is sent again. Sensitive messages are not. */
export interface AgainFacts {
  /** UUID of the earlier message. */
  readonly from: string
  readonly messageId: string
  readonly lane: Lane
  readonly recipients: number
  /** What of the earlier message is tracked. */
  readonly tracked: MessageLinks['tracked']
  readonly hasTopic?: boolean
}

export function linksOfWorkspace(
  workspaceId: string,
  tracking: WorkspaceTracking,
  references: LinkReferences,
  place: LinkPlace,
): WorkspaceLinks {
  return {
    of(facts) {
      const { messageId } = facts
      const opens = isTracked('opens', tracking.opens, tracking, facts)
      const clicks = isTracked('clicks', tracking.clicks, tracking, facts)
      // Everybody gets the same message: a link of it cannot say who of several followed it.
      const recipient = facts.recipients === 1 ? 1 : null
      const subject = { workspaceId, messageId, recipient }
      const writer: LinkWriter = {
        open: opens
          ? `${place.base}/t/o/${references.write({ ...subject, kind: 'open' }, place.host)}.gif`
          : null,
        click: clicks
          ? (url, link, links) =>
              `${place.base}/t/c/${references.write({ ...subject, kind: 'click', link, links, opens, url }, place.host)}`
          : null,
        ownHosts: place.ownHosts,
        unsubscribe: facts.ownUnsubscribe.flatMap((value) => addressesIn(value)),
      }
      return {
        html: (html) => (opens || clicks ? applyEdits(html, htmlEdits(html, writer)) : html),
        raw: (raw) => (opens || clicks ? trackMime(raw, writer) : raw),
        headers: unsubscribeHeaders(facts, subject, references, place),
        tracked: trackedOf(opens, clicks),
      }
    },

    unsubscribePage: (messageId, recipients = 1, hasTopic = false) =>
      pageFor(
        { workspaceId, messageId, recipient: recipients === 1 ? 1 : null },
        hasTopic,
        references,
        place,
      ),

    again(raw, { from, messageId, lane, recipients, tracked, hasTopic = false }) {
      const opens = tracked?.opens === true && tracking.opens !== 'never'
      const clicks = tracked?.clicks === true && tracking.clicks !== 'never'
      const subject = { workspaceId, messageId, recipient: recipients === 1 ? 1 : null }
      const read = (text: string, host: string) => {
        // Keys are made for each workspace: forged ones shall not have us make theirs.
        if (references.claimedWorkspace(text) !== workspaceId) return null
        // Own hosts are written as no host; a link domain may have been another one then.
        const found = references.read(text, '', host)
        return found?.messageId === from && found.workspaceId === workspaceId ? found : null
      }
      const facts = {
        messageId,
        lane,
        sensitive: false,
        recipients,
        tracking: undefined,
        ownUnsubscribe: [],
        hasTopic,
      }
      const bytes = relinked(raw, {
        read,
        open: opens
          ? `${place.base}/t/o/${references.write({ ...subject, kind: 'open' }, place.host)}.gif`
          : null,
        click: clicks
          ? ({ link, links, url }) =>
              `${place.base}/t/c/${references.write({ ...subject, kind: 'click', link, links, opens, url }, place.host)}`
          : null,
        unsubscribe: unsubscribeHeaders({ ...facts, unsubscribe: true }, subject, references, place),
      })
      return { raw: bytes, tracked: trackedOf(opens, clicks) }
    },
  }
}

function trackedOf(opens: boolean, clicks: boolean): MessageLinks['tracked'] {
  if (!opens && !clicks) return undefined
  return { ...(opens ? { opens: true } : {}), ...(clicks ? { clicks: true } : {}) }
}

function isTracked(
  field: 'opens' | 'clicks',
  mode: TrackingMode,
  tracking: WorkspaceTracking,
  facts: MessageFacts,
): boolean {
  const wanted = facts.tracking?.[field]
  if (facts.sensitive) {
    // A link in a password reset that leads through us would put the secret into our own log of links.
    if (wanted === true) throw invalidField(`tracking.${field}`, 'a sensitive message is never tracked')
    return false
  }
  if (mode === 'never') {
    if (wanted === true)
      throw invalidField(
        `tracking.${field}`,
        'this workspace is set to never track',
        'Leave it out, or change the setting: bulkhead tracking set.',
      )
    return false
  }
  if (wanted !== undefined) return wanted
  return mode === 'on' && (facts.lane !== 'critical' || tracking.critical)
}

/**
 * RFC 2369 §3.2 and RFC 8058 §3.1. One click says whom it means, so it is for messages with one recipient; of others the page asks. Both
 * fields are signed: server/src/platform/dkim lists them.
 */
function unsubscribeHeaders(
  facts: MessageFacts,
  subject: { readonly workspaceId: string; readonly messageId: string; readonly recipient: number | null },
  references: LinkReferences,
  place: LinkPlace,
): MessageLinks['headers'] {
  const { lane, sensitive, unsubscribe, ownUnsubscribe, messageId } = facts
  const isWanted = !sensitive && (lane === 'bulk' || unsubscribe === true)
  if (!isWanted || ownUnsubscribe.length > 0) return []
  const page = pageFor(subject, facts.hasTopic === true, references, place)
  const { recipient } = subject
  const mail =
    place.mailDomain === null || recipient === null
      ? ''
      : `, <mailto:${references.writeAddress({ messageId, recipient })}@${place.mailDomain}?subject=unsubscribe>`
  return [
    { name: 'List-Unsubscribe', value: `<${page}>${mail}` },
    ...(recipient !== null && isSafe(place.base)
      ? [{ name: 'List-Unsubscribe-Post', value: 'List-Unsubscribe=One-Click' }]
      : []),
  ]
}

function pageFor(
  subject: { readonly workspaceId: string; readonly messageId: string; readonly recipient: number | null },
  hasTopic: boolean,
  references: LinkReferences,
  place: LinkPlace,
): string {
  const reference = {
    ...subject,
    kind: 'unsubscribe' as const,
    ...(hasTopic ? { topic: true as const } : {}),
  }
  return `${place.base}/u/${references.write(reference, place.host)}`
}

/** RFC 8058 §3.1 wants https; where nobody outside can come, development shows what production will. */
function isSafe(base: string): boolean {
  const { protocol, hostname } = new URL(base)
  return protocol === 'https:' || hostname === 'localhost' || hostname.endsWith('.test')
}

function addressesIn(header: string): string[] {
  return [...header.matchAll(/<\s*(https?:[^<>\s]{1,2000})\s*>/gi)].map(([, url = '']) => url)
}
