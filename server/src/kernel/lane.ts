/** Lanes keep kinds of mail apart: each has its own queue table, so that a bulk backlog cannot slow a password reset. */
export const LANES = ['critical', 'transactional', 'bulk', 'internal'] as const
export type Lane = (typeof LANES)[number]

/** What became of one recipient. The first three wait in a queue; the rest are final. */
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
] as const
export type RecipientState = (typeof RECIPIENT_STATES)[number]

export const FINAL_STATES = [
  'delivered',
  'bounced',
  'expired',
  'suppressed',
  'cancelled',
  'uncertain',
] as const
