import type {
  InboxGetOutput,
  InboxItem,
  LedgerGetOutput,
  MessageSummary,
  QueueGetOutput,
} from '@bulkhead/sdk'

export type { Message, MessageSummary, TimelineEntry } from '@bulkhead/sdk'

export type RecipientState = keyof MessageSummary['states']
export type Ledger = LedgerGetOutput
export type QueueRow = QueueGetOutput['data'][number]
export type Lane = QueueRow['lane']
export type CapturedSummary = InboxItem
export type Captured = InboxGetOutput

/** In the order of a life: what waits, then what ended. */
export const RECIPIENT_STATES = [
  'pending',
  'scheduled',
  'held',
  'delivered',
  'bounced',
  'expired',
  'suppressed',
  'cancelled',
  'uncertain',
] as const satisfies readonly RecipientState[]

export const LANES = ['critical', 'transactional', 'bulk', 'internal'] as const satisfies readonly Lane[]
