import type { Logger } from 'pino'
import { normaliseForIndex } from '../../kernel/email-address.ts'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { sendCapabilities } from '../../kernel/containment.ts'
import { createKeptReads } from '../../kernel/kept-reads.ts'
import type { Lane } from '../../kernel/lane.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { faultOfFailure } from '../../platform/failures.ts'
import type { Pool } from '../../platform/postgres/index.ts'
import { createNonces } from '../../platform/sealing/index.ts'
import type { ContainmentWatch } from '../../security/containment/index.ts'
import type { AcceptObserver } from './accept-observer.ts'
import { createBatcher } from './accept-batcher.ts'
import {
  findAccepted,
  findSendingDomain,
  holdMessage,
  isItemError,
  notifyQueue,
  type AcceptRow,
  type SealedMessage,
  type SendingDomain,
} from './accept-store.ts'
import { createLimitedAccept, type AlsoWrite, type LimitedRow } from './limited-accept.ts'
import type { AcceptedMessage, PreparedMessage } from './message.ts'
import { createNames, type NamesOf } from './names.ts'
import { presentRow } from './present-accepted.ts'
import { requestReports } from './report-request.ts'
import { sealMessage } from './seal-message.ts'
import { createTogether, sensitiveHash } from './together.ts'

export interface AcceptDependencies {
  readonly pool: Pool
  readonly keyring: Pick<KeyringClient, 'blind' | 'contentKey' | 'blindAddresses'>
  /** False where outgoing mail passes a third party that sensitive mail may not be shown to. */
  readonly sensitiveMayLeave: boolean
  /** Refuses before the work is done what the database would refuse after it. */
  readonly containment: Pick<ContainmentWatch, 'require'>
  readonly log: Logger
  readonly observer?: AcceptObserver
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
  /** As `accept`, in a transaction of its own with what `also` writes; nothing of both where that throws, or the message is a repetition. */
  acceptWith(message: PreparedMessage, also: AlsoWrite): Promise<AcceptedMessage>
  /** All of these or none, in one transaction. They are of one workspace and lane, and share one idempotency key. */
  acceptTogether(messages: readonly PreparedMessage[]): Promise<AcceptedMessage[]>
  /** Refuses what accepting would refuse before it asks limits and suppressions. Accepts nothing. */
  check(message: PreparedMessage): void
  /** What a message names, looked up. */
  readonly names: NamesOf
  /** What an earlier request with this idempotency key had made. */
  findEarlier(workspaceId: string, keyHash: Buffer): Promise<AcceptRow | undefined>
  /** Resolves when everything that was taken is committed. */
  drain(): Promise<void>
}

const DOMAIN_CACHE_MS = 1_000
const DOMAIN_CACHE_ENTRIES = 10_000
const WAKE_INTERVAL_MS = 10

export function createAcceptService(deps: AcceptDependencies): AcceptService {
  const wake = createWaker(deps)
  const fillNonce = createNonces()
  const domains = createKeptReads<SendingDomain | undefined>({
    keptMs: DOMAIN_CACHE_MS,
    keptMax: DOMAIN_CACHE_ENTRIES,
    nowMs: deps.now,
  })
  const limitedAccept = createLimitedAccept({ pool: deps.pool, nowMs: deps.now })
  const batcher = createBatcher<SealedMessage, LimitedRow>({
    commit: async (messages) => {
      const began = performance.now()
      const rows = await limitedAccept.batch(messages)
      deps.observer?.committed(messages.length, performance.now() - began)
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

  const names = createNames(deps)
  const together = createTogether({ ...deps, limitedAccept, fillNonce, check, isHeld, wake })

  function domainOf(workspaceId: string, domain: string): Promise<SendingDomain | undefined> {
    return domains.of(`${workspaceId} ${domain}`, () => findSendingDomain(deps.pool, workspaceId, domain))
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

  /** A message with what its domain asks of the way it goes. */
  async function asItsDomainSays<Message extends PreparedMessage>(message: Message): Promise<Message> {
    const domain = await domainOf(message.workspaceId, message.fromDomain)
    if (domain?.requiresTls !== true) return message
    return { ...message, summary: { ...message.summary, tlsRequired: true } }
  }

  /**
   * A repetition makes no key: one that seals nothing would live for hours. What repetitions are compared by leaves the content out,
   * because a code of six digits is soon found from the hash of the request that held it.
   */
  async function acceptSensitiveOnce(
    message: PreparedMessage & { readonly idempotency: NonNullable<PreparedMessage['idempotency']> },
  ): Promise<AcceptedMessage> {
    const { workspaceId } = message
    const bodyHash = await sensitiveHash(deps.keyring, [message])
    const own = { ...message, idempotency: { ...message.idempotency, bodyHash } }
    const earlier = await findAccepted(deps.pool, workspaceId, message.idempotency.keyHash)
    if (earlier !== undefined) return presentRow(own, { ...earlier, states: [] }, false)
    const held = await isHeld(own)
    await requestReports(deps, own)
    return presentRow(own, await batcher.add(await sealMessage(own, deps, fillNonce)), held)
  }

  async function commitOne(message: PreparedMessage, also: AlsoWrite | undefined): Promise<LimitedRow> {
    const sealed = await sealMessage(message, deps, fillNonce)
    if (also === undefined) return batcher.add(sealed)
    const row = await limitedAccept.alone(sealed, also)
    wake([message.lane])
    return row
  }

  function check({ workspaceId, actor, lane, sensitive }: PreparedMessage): void {
    deps.containment.require({ workspaceId, actor, capabilities: sendCapabilities(lane) })
    if (sensitive && !deps.sensitiveMayLeave) throw thirdParty()
  }

  async function acceptOne(wanted: PreparedMessage, also?: AlsoWrite): Promise<AcceptedMessage> {
    check(wanted)
    try {
      const message = await asItsDomainSays(wanted)
      if (message.sensitive && message.idempotency !== undefined) {
        return await acceptSensitiveOnce({ ...message, idempotency: message.idempotency })
      }
      const held = await isHeld(message)
      await requestReports(deps, message)
      return presentRow(message, await commitOne(message, also), held)
    } catch (error) {
      throw faultOfFailure(error)
    }
  }

  async function observed(message: PreparedMessage, also?: AlsoWrite): Promise<AcceptedMessage> {
    const beganMs = deps.now()
    try {
      const accepted = await acceptOne(message, also)
      deps.observer?.accepted(message, accepted.fresh, beganMs)
      return accepted
    } catch (error) {
      deps.observer?.refused(message, error)
      throw error
    }
  }

  deps.observer?.watch(() => batcher.waiting())

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

    accept: (message) => observed(message),
    async acceptTogether(messages) {
      const own = await Promise.all(messages.map(asItsDomainSays)).catch((error: unknown) => {
        throw faultOfFailure(error)
      })
      return together(own)
    },
    check,
    names: (workspaceId, request) =>
      names(workspaceId, request).catch((error: unknown) => {
        throw faultOfFailure(error)
      }),
    acceptWith: observed,
    findEarlier: (workspaceId, keyHash) =>
      findAccepted(deps.pool, workspaceId, keyHash).catch((error: unknown) => {
        throw faultOfFailure(error)
      }),

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
