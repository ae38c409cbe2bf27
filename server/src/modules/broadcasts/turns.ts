import { FAULTS, type Fault } from '../../kernel/faults.ts'
import { faultOfFailure } from '../../platform/failures.ts'
import type { TenantTransactions } from '../../platform/postgres/tenant.ts'
import { openContacts, type ContactFacts } from '../contacts/index.ts'
import type { AcceptedMessage, Messages } from '../messages/index.ts'
import type { Links, WorkspaceLinks } from '../tracking/index.ts'
import { selectAccepted, type Mark, type Run, type Turn } from './audience-store.ts'
import { requestFor, type Content, type ContentKeyring } from './broadcast-content.ts'
import type { WholeBroadcastRow } from './broadcasts-store.ts'

export interface TurnsDependencies {
  readonly transactions: Pick<TenantTransactions, 'read'>
  readonly keyring: ContentKeyring
  readonly messages: Pick<Messages, 'sendOfBroadcast'>
  readonly links: Pick<Links, 'forWorkspace'>
  readonly newId: () => string
  readonly nowMs: () => number
}

interface Part {
  readonly run: Run
  readonly row: WholeBroadcastRow
  readonly content: Content
  readonly turns: readonly Turn[]
  /** Nothing is begun after it. */
  readonly untilMs: number
}

export interface Ended {
  readonly marks: readonly Mark[]
  /** Why the others have to wait; absent where all have had their turn. */
  readonly stopped: unknown
}

export interface Turns {
  send(part: Part): Promise<Ended>
}

/** As many at a time as one commit takes in: acceptance collects them. */
const AT_A_TIME = 64

/** The mails of a part of the audience, each accepted once at most. */
export function createTurns(deps: TurnsDependencies): Turns {
  async function acceptedBefore(
    workspaceId: string,
    turns: readonly Turn[],
  ): Promise<ReadonlyMap<string, string | null>> {
    const ids = turns.map((turn) => turn.message_id)
    if (ids.length === 0) return new Map()
    const rows = await deps.transactions.read(workspaceId, (db) => selectAccepted(db, workspaceId, ids))
    return new Map(rows.map((row) => [row.message_id, row.suppressed_by]))
  }

  async function sendOne(
    part: Part,
    turn: Turn,
    contact: ContactFacts,
    links: WorkspaceLinks,
  ): Promise<Mark | undefined> {
    const { run } = part
    if (deps.nowMs() >= part.untilMs) return undefined
    const request = requestFor(
      part.row,
      part.content,
      contact,
      links.unsubscribePage(turn.message_id, 1, part.row.topic_id !== null),
    )
    const accepted = await deps.messages.sendOfBroadcast(
      request,
      {
        workspaceId: run.workspaceId,
        actor: run.sentBy,
        idempotencyKey: undefined,
        bodyHash: undefined,
      },
      { id: turn.message_id, broadcastId: run.broadcastId },
    )
    return markOf(turn, accepted)
  }

  /** What became of a turn that failed. Undefined: it is for another time. */
  async function afterFailure(run: Run, turn: Turn, fault: Fault): Promise<Mark | undefined> {
    // What another runner accepted under the same id is refused as the database refuses a key that is there.
    const accepted = await acceptedBefore(run.workspaceId, [turn])
    const stoppedBy = accepted.get(turn.message_id)
    if (stoppedBy !== undefined) return acceptedMark(turn, stoppedBy)
    return FAULTS[fault.code].retryable || fault.code === 'sender_refused'
      ? undefined
      : failed(turn, fault.code)
  }

  /** One mail of the part: how it ended, or why it did not. */
  async function attempt(
    part: Part,
    turn: Turn,
    contact: ContactFacts,
    links: WorkspaceLinks,
  ): Promise<Attempt> {
    try {
      const mark = await sendOne(part, turn, contact, links)
      return mark === undefined ? {} : { mark }
    } catch (error) {
      const fault = faultOfFailure(error)
      const mark = await afterFailure(part.run, turn, fault)
      if (mark !== undefined) return { mark }
      return fault.code === 'internal' ? { broken: { turn, error } } : { stopped: error }
    }
  }

  return {
    async send(part) {
      const { run, turns } = part
      const before = await acceptedBefore(
        run.workspaceId,
        turns.filter((turn) => turn.tried),
      )
      const marks: Mark[] = []
      const ready: (Turn & { readonly sealed: Buffer })[] = []
      for (const turn of turns) {
        const stoppedBy = before.get(turn.message_id)
        const { sealed } = turn
        if (stoppedBy !== undefined) marks.push(acceptedMark(turn, stoppedBy))
        else if (sealed === null) marks.push(failed(turn, 'contact_deleted'))
        else if (turn.unsubscribed) marks.push(without(turn, 'skipped', 'unsubscribed'))
        else if (turn.stopped_by !== null) marks.push(without(turn, 'suppressed', turn.stopped_by))
        else ready.push({ ...turn, sealed })
      }
      const contacts = await openContacts(
        deps.keyring,
        run.workspaceId,
        ready.map((turn) => ({ id: turn.contact_id, sealed: turn.sealed })),
        'broadcast',
      )
      const links = await deps.links.forWorkspace(run.workspaceId)
      const broken: Broken[] = []
      let stopped: unknown
      let isGood = false
      for (let at = 0; at < ready.length && stopped === undefined; at += AT_A_TIME) {
        const attempts = await Promise.all(
          ready.slice(at, at + AT_A_TIME).map((turn, position) => {
            const contact = contacts[at + position]
            if (contact === undefined) throw new Error('a contact was not opened')
            return attempt(part, turn, contact, links)
          }),
        )
        for (const ended of attempts) if (ended.mark !== undefined) marks.push(ended.mark)
        for (const ended of attempts) if (ended.broken !== undefined) broken.push(ended.broken)
        isGood ||= attempts.some((ended) => ended.mark?.hasMessage === true)
        stopped = attempts.find((ended) => ended.stopped !== undefined)?.stopped
      }
      // What fails for everybody is our trouble and is waited for; what fails again beside others that go out is that one mail.
      if (!isGood) return { marks, stopped: stopped ?? broken[0]?.error }
      return {
        marks: [...marks, ...broken.flatMap(({ turn }) => (turn.tried ? [failed(turn, 'internal')] : []))],
        stopped,
      }
    },
  }
}

interface Broken {
  readonly turn: Turn
  readonly error: unknown
}

interface Attempt {
  readonly mark?: Mark
  /** It failed in a way that we did not foresee. */
  readonly broken?: Broken
  /** Nobody's turn goes on. */
  readonly stopped?: unknown
}

function markOf(turn: Turn, accepted: AcceptedMessage): Mark {
  const [recipient] = accepted.recipients
  return acceptedMark(turn, recipient?.state === 'suppressed' ? (recipient.reason ?? 'suppressed') : null)
}

/** Who unsubscribed or left the topic at the last moment is skipped, though a message stands for it. */
function acceptedMark(turn: Turn, stoppedBy: string | null): Mark {
  const contactId = turn.contact_id
  if (stoppedBy === null) return { contactId, state: 'sent', reason: null, hasMessage: true }
  const left = stoppedBy === 'unsubscribe' || stoppedBy === 'topic'
  return {
    contactId,
    state: left ? 'skipped' : 'suppressed',
    reason: stoppedBy === 'unsubscribe' ? 'unsubscribed' : stoppedBy,
    hasMessage: true,
  }
}

function failed(turn: Turn, reason: string): Mark {
  return without(turn, 'failed', reason)
}

function without(turn: Turn, state: Mark['state'], reason: string): Mark {
  return { contactId: turn.contact_id, state, reason, hasMessage: false }
}
