import { createHash, timingSafeEqual } from 'node:crypto'
import type { Logger } from 'pino'
import { normaliseForIndex } from '../../kernel/email-address.ts'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { sendCapabilities } from '../../kernel/containment.ts'
import type { Lane } from '../../kernel/lane.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { faultOfFailure } from '../../platform/failures.ts'
import type { Pool } from '../../platform/postgres/index.ts'
import { createNonces, seal } from '../../platform/sealing/index.ts'
import type { FillNonce } from '../../platform/sealing/index.ts'
import type { ContainmentWatch } from '../../security/containment/index.ts'
import { createBatcher } from './accept-batcher.ts'
import {
  acceptBatch,
  findAccepted,
  findSendingDomain,
  holdMessage,
  isItemError,
  notifyQueue,
  type AcceptRow,
  type SealedMessage,
  type SendingDomain,
} from './accept-store.ts'
import type { AcceptedMessage, PreparedMessage } from './message.ts'

export interface AcceptDependencies {
  readonly pool: Pool
  readonly keyring: Pick<KeyringClient, 'blind' | 'contentKey' | 'blindAddresses'>
  /** False where outgoing mail passes a third party that sensitive mail may not be shown to. */
  readonly sensitiveMayLeave: boolean
  /** Refuses before the work is done what the database would refuse after it. */
  readonly containment: Pick<ContainmentWatch, 'require'>
  readonly log: Logger
  readonly now: () => number
  readonly newId: () => string
}

export interface AcceptService {
  /** Refuses domains from which the workspace may not send. */
  requireDomains(
    workspaceId: string,
    claimed: readonly { readonly field: string; readonly domain: string }[],
  ): Promise<void>
  /** Seals and commits; resolves after the commit. This is the one way in: API, batch, raw upload and submission all end here. */
  accept(message: PreparedMessage): Promise<AcceptedMessage>
  /** Resolves when everything that was taken is committed. */
  drain(): Promise<void>
}

const DOMAIN_CACHE_MS = 1_000
const DOMAIN_CACHE_ENTRIES = 10_000
const WAKE_INTERVAL_MS = 10
const IDEMPOTENCY_LIFETIME_MS = 24 * 3_600_000

export function createAcceptService(deps: AcceptDependencies): AcceptService {
  const wake = createWaker(deps)
  const fillNonce = createNonces()
  const domains = new Map<string, { found: SendingDomain | undefined; until: number }>()
  const batcher = createBatcher<SealedMessage, AcceptRow>({
    commit: async (messages) => {
      const rows = await acceptBatch(deps.pool, messages)
      wake(messages.map((message) => message.lane))
      return rows
    },
    isItemError,
    itemsMax: 64,
    bytesMax: 2 * 1024 * 1024,
    rowsMax: 4_000,
    commitsAtOnce: 2,
    gatherMs: 3,
    waitingMax: 4_000,
    waitingBytesMax: 256 * 1024 * 1024,
  })

  async function domainOf(workspaceId: string, domain: string): Promise<SendingDomain | undefined> {
    const key = `${workspaceId} ${domain}`
    const known = domains.get(key)
    if (known !== undefined && known.until > deps.now()) return known.found
    const found = await findSendingDomain(deps.pool, workspaceId, domain)
    if (domains.size >= DOMAIN_CACHE_ENTRIES) domains.clear()
    domains.set(key, { found, until: deps.now() + DOMAIN_CACHE_MS })
    return found
  }

  /**
   * Whether what this message is sent from is new, and it will be held (M-06). A new domain the database holds by itself, whoever writes
   * there; the address of a new sender is sealed there, so it is told which message it is.
   */
  async function isHeld({ workspaceId, id, fromDomain, summary }: PreparedMessage): Promise<boolean> {
    const domain = await domainOf(workspaceId, fromDomain)
    if (domain === undefined) return false
    if (domain.inertSenders.length > 0) {
      const [blind] = await deps.keyring.blindAddresses(workspaceId, [normaliseForIndex(summary.from.email)])
      const sender = domain.inertSenders.find((item) => blind?.index.equals(item.index) === true)
      if (sender !== undefined) {
        await holdMessage(deps.pool, workspaceId, id, sender.id)
        return true
      }
    }
    return domain.inert
  }

  /**
   * A repetition makes no key: one that seals nothing would live for hours. What repetitions are compared by leaves the content out,
   * because a code of six digits is soon found from the hash of the request that held it.
   */
  async function acceptSensitiveOnce(
    message: PreparedMessage & { readonly idempotency: NonNullable<PreparedMessage['idempotency']> },
  ): Promise<AcceptedMessage> {
    const { workspaceId, lane, summary, recipients } = message
    const facts = ['sensitive', lane, summary.from.email, ...recipients.map((item) => item.email)]
    const [bodyHash] = await deps.keyring.blind(workspaceId, [
      createHash('sha256').update(JSON.stringify(facts)).digest('hex'),
    ])
    if (bodyHash === undefined) throw new Error('the keyring answered no index for a request')
    const own = { ...message, idempotency: { ...message.idempotency, bodyHash } }
    const earlier = await findAccepted(deps.pool, workspaceId, message.idempotency.keyHash)
    if (earlier !== undefined) return present(own, earlier, false)
    const held = await isHeld(own)
    return present(own, await batcher.add(await sealMessage(own, deps, fillNonce)), held)
  }

  return {
    async requireDomains(workspaceId, claimed) {
      for (const { field, domain } of claimed) {
        const found = await domainOf(workspaceId, domain).catch((error: unknown) => {
          throw faultOfFailure(error)
        })
        if (found?.state === 'verified') continue
        throw new Fault('sender_refused', {
          detail: `${field}: this workspace may not send from ${domain}. Add the domain and publish its DNS records, or use an address of a verified domain.`,
          fields: [
            {
              field: field === 'From' ? 'from' : field,
              problem: `${domain} is not a verified sending domain`,
              fix: `bulkhead domains add ${domain}`,
            },
          ],
        })
      }
    },

    async accept(message) {
      const { workspaceId, actor, lane } = message
      deps.containment.require({ workspaceId, actor, capabilities: sendCapabilities(lane) })
      if (message.sensitive && !deps.sensitiveMayLeave) throw thirdParty()
      try {
        if (message.sensitive && message.idempotency !== undefined) {
          return await acceptSensitiveOnce({ ...message, idempotency: message.idempotency })
        }
        const held = await isHeld(message)
        return present(message, await batcher.add(await sealMessage(message, deps, fillNonce)), held)
      } catch (error) {
        throw faultOfFailure(error)
      }
    },

    drain: () => batcher.drain(),
  }
}

function thirdParty(): Fault {
  return invalidField(
    'sensitive',
    'outgoing mail of this installation passes a relay, which could read it',
    'Whoever runs the installation can allow it: BULKHEAD_SENSITIVE_VIA_RELAY=on.',
  )
}

async function sealMessage(
  message: PreparedMessage,
  deps: AcceptDependencies,
  fillNonce: FillNonce,
): Promise<SealedMessage> {
  const { workspaceId, id } = message
  const [contentKey, blinded] = await Promise.all([
    deps.keyring.contentKey(workspaceId, { sensitive: message.sensitive }),
    deps.keyring.blindAddresses(
      workspaceId,
      message.recipients.map((recipient) => normaliseForIndex(recipient.email)),
    ),
  ])
  const place = (table: string, column: string, rowId: string) => ({ workspaceId, table, column, rowId })
  const summary = seal(
    contentKey,
    place('message', 'summary', id),
    Buffer.from(JSON.stringify(message.summary)),
    fillNonce,
  )
  const body = seal(contentKey, place('body', 'sealed', id), message.raw, fillNonce)
  const recipients = message.recipients.map((recipient, position) => {
    const blind = blinded[position]
    if (blind === undefined) throw new Error('the keyring answered fewer indexes than addresses')
    return {
      kind: recipient.kind,
      address: seal(
        contentKey,
        place('recipient', 'address', `${id}/${position + 1}`),
        Buffer.from(recipient.email),
        fillNonce,
      ),
      index: blind.index,
      destination: blind.destination,
      eventId: deps.newId(),
    }
  })
  return {
    id,
    workspaceId,
    eventId: deps.newId(),
    lane: message.lane,
    source: message.source,
    sensitive: message.sensitive,
    fromDomain: message.fromDomain,
    tags: message.tags,
    sizeBytes: message.raw.length,
    sendAt: message.sendAt,
    expiresAt: message.expiresAt,
    actor: message.actor,
    summary,
    body,
    recipients,
    idempotency:
      message.idempotency === undefined
        ? undefined
        : { ...message.idempotency, expiresAt: new Date(deps.now() + IDEMPOTENCY_LIFETIME_MS) },
    bytes: summary.length + body.length + recipients.length * 120,
    rows: recipients.length + 2,
  }
}

/** What the caller is told: of its own message, or of the one that its idempotency key had made before. */
function present(message: PreparedMessage, row: AcceptRow, held: boolean): AcceptedMessage {
  const own = message.idempotency?.bodyHash
  if (
    !row.accepted &&
    own !== undefined &&
    (row.bodyHash === undefined || !timingSafeEqual(own, row.bodyHash))
  ) {
    throw new Fault('idempotency_conflict', {
      detail:
        'The Idempotency-Key was used for a request with another body in the last 24 hours. Use a new key for a new message.',
    })
  }
  const suppressed = new Set(row.suppressed)
  const waiting = held && row.accepted ? 'held' : message.sendAt === undefined ? 'pending' : 'scheduled'
  return {
    id: row.messageId,
    fresh: row.accepted,
    recipients: message.recipients.map((recipient, position) => ({
      number: position + 1,
      email: recipient.email,
      state: suppressed.has(position + 1) ? 'suppressed' : waiting,
    })),
  }
}

/** One NOTIFY per lane and 10 ms at most: under load the senders are awake anyway, and each NOTIFY takes a database-wide lock. */
function createWaker(deps: AcceptDependencies): (lanes: readonly Lane[]) => void {
  const due = new Set<Lane>()
  let timer: NodeJS.Timeout | undefined
  let last = 0
  const send = (): void => {
    timer = undefined
    last = deps.now()
    const lanes = [...due]
    due.clear()
    notifyQueue(deps.pool, lanes).catch((error: unknown) =>
      deps.log.debug({ err: error }, 'a wake-up was not sent'),
    )
  }
  return (lanes) => {
    for (const lane of lanes) due.add(lane)
    if (timer !== undefined) return
    const wait = last + WAKE_INTERVAL_MS - deps.now()
    if (wait <= 0) send()
    else timer = setTimeout(send, wait)
  }
}
