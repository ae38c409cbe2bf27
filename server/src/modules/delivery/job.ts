import type { Lane } from '../../kernel/lane.ts'
import type { PickReceipt } from '../sources/index.ts'

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
  /** The reason of the suppression that stops it: topic, or one of the list; null: none. */
  readonly suppressed: string | null
  /** Whose request made the message, `api_key:…`: one credential may be contained. */
  readonly actor: string
}

/** One recipient on its way to one attempt: opened, signed, addressed. */
export interface Job {
  readonly row: ClaimedRow
  readonly lease: string
  /** What the submitter wrote; used where bounces do not come back to this installation. Empty for the null path. */
  readonly envelopeFrom: string
  /** Bounces of it come back to this domain, to addresses that this key makes; null where the path is null or nobody listens. */
  readonly returnPath: { readonly host: string; readonly key: Buffer } | null
  readonly email: string
  readonly domain: string
  /** DKIM-Signature fields, then the message. */
  readonly chunks: readonly Buffer[]
  readonly bytes: number
  readonly eightBit: boolean
  readonly smtputf8: boolean
  /** Never in clear text: critical mail, and what asks for it. */
  readonly tlsFloor: TlsFloor
  /** Parameters of RFC 3461 for MAIL and for RCPT. */
  readonly dsn: { readonly mail: readonly string[]; readonly rcpt: readonly string[] } | undefined
  /** How often a connection failed under it in this attempt; bounded. */
  readonly connectionFailures: number
  /** What it took of a warm-up's day; given back where it is not tried. */
  readonly receipt?: PickReceipt | null
  /** Since when it waits for a connection, in ms of the engine's clock. */
  readonly readySinceMs?: number
  /** Offered by itself from now on. */
  readonly alone?: true
}

/** `required`: encrypted, whoever answers. `requiretls`: to a server that proved its name and promises the same further on (RFC 8689). */
export type TlsFloor = 'none' | 'required' | 'requiretls'

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
