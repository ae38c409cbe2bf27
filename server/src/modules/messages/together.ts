import { createHash } from 'node:crypto'
import { Fault, invalidField } from '../../kernel/faults.ts'
import type { Lane } from '../../kernel/lane.ts'
import { faultOfFailure } from '../../platform/failures.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { FillNonce } from '../../platform/sealing/index.ts'
import type { AcceptObserver } from './accept-observer.ts'
import { findAccepted, type SealedMessage } from './accept-store.ts'
import type { LimitedAccept, LimitedRow } from './limited-accept.ts'
import type { AcceptedMessage, PreparedMessage } from './message.ts'
import { presentRow } from './present-accepted.ts'
import type { SendRequest } from './send-request.ts'
import { sealMessage, type SealDependencies } from './seal-message.ts'
import type { Pool } from '../../platform/postgres/index.ts'

/** Of all messages of one request. */
export const TOGETHER_RECIPIENTS_MAX = 10_000
export const TOGETHER_BYTES_MAX = 128 * 1024 * 1024
/** Of all such requests at once: what waits for its commit is in memory. */
const WAITING_BYTES_MAX = 2 * TOGETHER_BYTES_MAX
const SEALED_AT_ONCE = 32

export interface TogetherDependencies extends SealDependencies {
  readonly pool: Pool
  readonly keyring: Pick<KeyringClient, 'blind' | 'contentKey' | 'blindAddresses'>
  readonly limitedAccept: Pick<LimitedAccept, 'together'>
  readonly fillNonce: FillNonce
  readonly check: (message: PreparedMessage) => void
  readonly isHeld: (message: PreparedMessage) => Promise<boolean>
  readonly wake: (lanes: readonly Lane[]) => void
  readonly observer?: AcceptObserver
}

/**
 * Accepts messages all or none: one transaction, in which limits are asked for all of them at once. The idempotency key of the request is that of
 * its first message, and each other one has its own made from it; all carry the hash of the whole request, so that a repetition finds every
 * message again and another request with the key none.
 */
export function createTogether(deps: TogetherDependencies) {
  let waitingBytes = 0

  async function committed(
    messages: readonly PreparedMessage[],
  ): Promise<{ rows: LimitedRow[]; held: readonly boolean[] }> {
    const held: boolean[] = []
    const sealed: SealedMessage[] = []
    for (let at = 0; at < messages.length; at += SEALED_AT_ONCE) {
      const some = messages.slice(at, at + SEALED_AT_ONCE)
      held.push(...(await Promise.all(some.map(deps.isHeld))))
      sealed.push(...(await Promise.all(some.map((message) => sealMessage(message, deps, deps.fillNonce)))))
    }
    const rows = await deps.limitedAccept.together(sealed)
    deps.wake(messages.map((message) => message.lane))
    return { rows, held }
  }

  /** What the same request had made before; asked where a repetition must not make keys. Undefined where there is nothing. */
  async function earlier(messages: readonly PreparedMessage[]): Promise<LimitedRow[] | undefined> {
    const rows: LimitedRow[] = []
    for (const { workspaceId, idempotency } of messages) {
      const row =
        idempotency === undefined
          ? undefined
          : await findAccepted(deps.pool, workspaceId, idempotency.keyHash)
      if (row === undefined) return undefined
      rows.push({ ...row, states: [] })
    }
    return rows
  }

  async function accept(wanted: readonly PreparedMessage[]): Promise<AcceptedMessage[]> {
    const messages = await blinded(wanted)
    const repeated = messages.some(({ sensitive }) => sensitive) ? await earlier(messages) : undefined
    const { rows, held } = repeated === undefined ? await committed(messages) : { rows: repeated, held: [] }
    const accepted = messages.map((message, position) => {
      const row = rows[position]
      if (row === undefined) throw new Error('a commit answered fewer results than messages')
      return presentRow(message, row, held[position] === true)
    })
    const requestId = accepted[0]?.id ?? ''
    return accepted.map((one) => ({ ...one, requestId }))
  }

  /** As for one sensitive message: what repetitions are compared by leaves the content out, and what it leaves is blinded. */
  async function blinded(messages: readonly PreparedMessage[]): Promise<readonly PreparedMessage[]> {
    if (!messages.some(({ sensitive, idempotency }) => sensitive && idempotency !== undefined))
      return messages
    const bodyHash = await sensitiveHash(deps.keyring, messages)
    return messages.map((message) =>
      message.idempotency === undefined
        ? message
        : { ...message, idempotency: { ...message.idempotency, bodyHash } },
    )
  }

  return async (messages: readonly PreparedMessage[]): Promise<AcceptedMessage[]> => {
    const beganMs = deps.now()
    const bytes = messages.reduce((sum, { raw }) => sum + raw.length, 0)
    try {
      for (const message of messages) deps.check(message)
      if (waitingBytes > 0 && waitingBytes + bytes > WAITING_BYTES_MAX)
        throw new Fault('too_many_requests', {
          detail: 'Other large batches are being stored; nothing of this one was accepted. Try again.',
          retryAfterSeconds: 1,
        })
      waitingBytes += bytes
      try {
        const accepted = await accept(messages)
        accepted.forEach(({ fresh }, position) => {
          const message = messages[position]
          if (message !== undefined) deps.observer?.accepted(message, fresh, beganMs)
        })
        return accepted
      } finally {
        waitingBytes -= bytes
      }
    } catch (error) {
      const fault = faultOfFailure(error)
      const [first] = messages
      if (first !== undefined) deps.observer?.refused(first, fault)
      throw fault
    }
  }
}

/** What no message can tell alone: how much they are together, and whether they are of one lane. */
export function requireTogether(messages: readonly PreparedMessage[]): void {
  const recipients = messages.reduce((sum, message) => sum + message.recipients.length, 0)
  if (recipients > TOGETHER_RECIPIENTS_MAX)
    throw new Fault('too_many_recipients', {
      detail: `The messages have ${recipients} recipients; the most of an atomic batch is ${TOGETHER_RECIPIENTS_MAX}.`,
    })
  // A limit tells how long to wait; of several lanes there would be several answers.
  const other = messages.findIndex(({ lane }) => lane !== messages[0]?.lane)
  if (other > 0)
    throw invalidField(
      `messages[${other}].lane`,
      'differs from that of the first message',
      'Send one batch per lane.',
    )
}

const AT_ONCE_MAX = 32
const AT_ONCE_CHARS = 16 * 1024 * 1024

/**
 * Messages of a batch in the groups in which they are prepared: several at a time, because each waits for the process that fills it, and few
 * where they are large, because all of a group are in memory before the first of them can be judged too much.
 */
export function preparedAtOnce(requests: readonly SendRequest[]): SendRequest[][] {
  const groups: SendRequest[][] = []
  let chars = Infinity
  for (const request of requests) {
    const own = charsOf(request)
    const group = groups.at(-1)
    if (group === undefined || group.length >= AT_ONCE_MAX || chars + own > AT_ONCE_CHARS) {
      groups.push([request])
      chars = own
    } else {
      group.push(request)
      chars += own
    }
  }
  return groups
}

function charsOf({ html = '', text = '', attachments = [], alternatives = [] }: SendRequest): number {
  const others = [...attachments, ...alternatives].reduce((sum, { content = '' }) => sum + content.length, 0)
  return html.length + text.length + others
}

/** A refusal of one message of several says which. */
export async function placed<T>(index: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof Fault ? placedFault(index, error) : error
  }
}

export function placedFault(index: number, fault: Fault): Fault {
  const place = `messages[${index}]`
  return new Fault(fault.code, {
    ...(fault.internal === undefined ? {} : { internal: fault.internal }),
    ...(fault.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: fault.retryAfterSeconds }),
    ...(fault.containment === undefined ? {} : { containment: fault.containment }),
    ...(fault.limit === undefined ? {} : { limit: fault.limit }),
    headers: fault.headers,
    detail: `${place}${fault.fields.length === 0 ? ': ' : '.'}${fault.detail}`,
    fields: fault.fields.map((problem) => ({
      ...problem,
      field: problem.field === '' ? place : `${place}.${problem.field}`,
    })),
    cause: fault,
  })
}

export function tooLarge(): Fault {
  return new Fault('too_large', {
    detail: `The messages of an atomic batch would be more than ${TOGETHER_BYTES_MAX} bytes together.`,
  })
}

/** Who writes whom, blinded: a code of six digits is soon found from the hash of the request that held it. */
export async function sensitiveHash(
  keyring: Pick<KeyringClient, 'blind'>,
  messages: readonly PreparedMessage[],
): Promise<Buffer> {
  const [first] = messages
  if (first === undefined) throw new Error('no message')
  const facts = messages.flatMap(({ lane, summary, recipients }) => [
    'sensitive',
    lane,
    summary.from.email,
    ...recipients.map((item) => item.email),
  ])
  const [hash] = await keyring.blind(first.workspaceId, [
    createHash('sha256').update(JSON.stringify(facts)).digest('hex'),
  ])
  if (hash === undefined) throw new Error('the keyring answered no index for a request')
  return hash
}
