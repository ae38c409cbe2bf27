import { z } from 'zod'
import { LANES } from '../../kernel/lane.ts'
import { listInput } from '../../platform/http/listing.ts'
import { FilterInput } from './queue-filter.ts'
import { QUEUE_STATES } from './queue-views.ts'
import { ACT_KINDS, TOKEN_CHARS_MAX } from './preview-token.ts'

const DAY_SECONDS = 86_400

/** What can be asked of a preview. */
export const wantedInput = {
  act: z
    .enum(ACT_KINDS)
    .describe(
      '`pause`: nothing of this leaves, also what comes later. `hold`: what waits now is held. `release`: ends holds. `requeue`: deferred mail is due now. `expire`: mail ends.',
    ),
  filter: FilterInput.default({}).describe('What it is about; empty: everything that waits.'),
  until: z.iso.datetime({ offset: true }).optional().describe('Of a pause: when it ends by itself.'),
  graceSeconds: z
    .int()
    .min(0)
    .max(7 * DAY_SECONDS)
    .optional()
    .describe('Of expire: how long it can be undone. Default 600; 0: not at all.'),
  spreadSeconds: z
    .int()
    .min(0)
    .max(DAY_SECONDS)
    .optional()
    .describe('Of requeue: over how long the mail becomes due, so that no site is flooded. Default 60.'),
} as const

/** What an act names of what was shown. */
export const namedInput = {
  token: z.string().min(1).max(TOKEN_CHARS_MAX).describe('Of the preview, unchanged.'),
  expected: z.int().min(0).describe('How many recipients the preview showed.'),
  reason: z.string().trim().min(1).max(500).describe('Why. Whose mail it is reads it.'),
} as const

export const undoInput = {
  actId: z.string().max(100),
  reason: z.string().trim().min(1).max(500).describe('Why it is taken back.'),
} as const

export const actsInput = {
  ...listInput,
  state: z.enum(['open', 'all']).default('all').describe('`open`: only those that have not ended.'),
} as const

export const workspaceInput = {
  workspaceId: z.string().max(100).optional().describe('Only the mail of this workspace.'),
} as const

/** Which part of the queue is looked at. */
export const lookInput = {
  lane: z.enum(LANES).optional(),
  site: z.string().trim().min(1).max(1_000).optional(),
  provider: z.string().trim().min(1).max(1_000).optional(),
  pool: z.string().trim().min(1).max(1_000).optional(),
  state: z
    .enum(QUEUE_STATES)
    .optional()
    .describe('Only these lines. The numbers by lane and by site stay those of all states.'),
} as const

export const cancelInput = { actId: z.string().max(100) } as const

/** The records that beginning an act may write, by its kind. */
export const ACT_AUDITS = [
  'queue.paused',
  'queue.held',
  'queue.released',
  'queue.requeued',
  'queue.expired',
] as const

/** Ending a pause is a resumption; all else is taken back. */
export const UNDO_AUDITS = ['queue.resumed', 'queue.undone'] as const
