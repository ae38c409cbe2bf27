import type { Lane } from '../../kernel/lane.ts'

/** A queue row under our lease, with what its message says. */
export interface ClaimedRow {
  readonly lane: Lane
  readonly messageId: string
  readonly number: number
  readonly workspaceId: string
  readonly destination: bigint
  readonly attempts: number
  readonly due: Date
  readonly expiresAt: Date
  readonly createdAt: Date
  readonly sizeBytes: number
  readonly sensitive: boolean
  readonly fromDomain: string
  readonly summary: Buffer
  readonly address: Buffer
  readonly addressIndex: Buffer
  readonly suppressed: boolean
  /** Whose request made the message, `api_key:…`: one credential may be contained. */
  readonly actor: string
}

/** One recipient on its way to one attempt: opened, signed, addressed. */
export interface Job {
  readonly row: ClaimedRow
  readonly lease: string
  readonly envelopeFrom: string
  readonly email: string
  readonly domain: string
  /** DKIM-Signature fields, then the message. */
  readonly chunks: readonly Buffer[]
  readonly bytes: number
  readonly eightBit: boolean
  readonly smtputf8: boolean
  /** How often a connection failed under it in this attempt; bounded. */
  readonly connectionFailures: number
}

/** What is written of a job: a final state, or the next attempt. */
export interface Settlement {
  readonly lane: Lane
  readonly lease: string
  readonly messageId: string
  readonly number: number
  /** Null puts the row back. */
  readonly state: 'delivered' | 'bounced' | 'expired' | 'suppressed' | 'uncertain' | null
  readonly attempted: boolean
  readonly due: Date | undefined
  /** The event of a row that is put back; undefined leaves no trace in the timeline. */
  readonly type: 'message.deferred' | 'message.uncertain' | undefined
  readonly detail: Readonly<Record<string, unknown>>
  /** The address is known to take no mail and goes on the suppression list. */
  readonly suppress: boolean
}

export function jobKey(job: { readonly messageId: string; readonly number: number }): string {
  return `${job.messageId}/${job.number}`
}

/** The inverse of jobKey. */
export function rowOfKey(key: string): { readonly messageId: string; readonly number: number } {
  const at = key.indexOf('/')
  return { messageId: key.slice(0, at), number: Number(key.slice(at + 1)) }
}
