import type { z } from 'zod'
import type { SendRequest } from '../../../modules/messages/index.ts'
import type { Controls } from '../../../modules/messages/index.ts'

/** A message at submission, as far as a vendor's headers can change it. */
export interface AtSubmission {
  readonly raw: Buffer
  /** Of the envelope. */
  readonly recipients: readonly string[]
  readonly nowMs: number
}

/**
 * What becomes of a message that a vendor's headers speak of: it is taken as it is, without them and with what they say, or others are sent in
 * its place. Null: it has none. Throws faults where they say what cannot be.
 */
export type Translation =
  | { readonly kind: 'whole'; readonly raw: Buffer; readonly controls: Partial<Controls> }
  | { readonly kind: 'requests'; readonly requests: readonly z.output<typeof SendRequest>[] }

export type Translate = (message: AtSubmission) => Translation | null
