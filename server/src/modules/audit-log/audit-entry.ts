import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'

const Json = z.record(z.string(), z.unknown())

/** An entry of the log as its workspace reads it. */
export const AuditEntry = z.object({
  index: z.int().describe('Place in the log of the installation, from 0.'),
  number: z
    .int()
    .nullable()
    .describe('Counts the records of this workspace from 1 without gaps; null once erased.'),
  at: Instant,
  actor: z.string().describe('Who: api_key:…, operator:…, staff:…, process:….'),
  action: z.string(),
  target: z.string().nullable().describe('What was touched.'),
  process: z.string().nullable().describe('The process that acted.'),
  detail: Json.nullable().describe('Null once the record is erased.'),
})

/** An entry with what proves it. */
export const ProvedAuditEntry = AuditEntry.extend({
  record: z.string().nullable().describe('The canonical JSON that the log commits to.'),
  salt: z.string().nullable().describe('Base64. The commitment is SHA-256(salt, record).'),
  proof: z
    .string()
    .nullable()
    .describe(
      'Inclusion proof with the checkpoint (C2SP tlog-proof); null until the entry is under a checkpoint.',
    ),
})

/** Where the log stands. */
export const AuditState = z.object({
  size: z.int().describe('Entries sequenced.'),
  waitingSince: Instant.nullable().describe(
    'Since when the oldest act waits to be sequenced; null where none does.',
  ),
  checkpointSize: z.int().describe('Entries under the last signed checkpoint.'),
  checkpointAt: Instant.nullable(),
  checkpoint: z
    .string()
    .nullable()
    .describe(
      'The signed checkpoint (C2SP tlog-checkpoint). Keep one: it proves later that nothing was rewritten.',
    ),
  vkey: z.string().nullable().describe('The key of the log (C2SP signed-note).'),
  witnesses: z.array(
    z.object({
      name: z.string(),
      url: z.string(),
      size: z.int().nullable().describe('Entries that it last cosigned.'),
      failures: z.int().describe('Checkpoints in a row that it has not cosigned.'),
      problem: z.string().nullable(),
    }),
  ),
  problem: z.string().nullable().describe('Why checkpoints wait; null while all is well.'),
})

/** Which entries of a workspace are asked for. */
export interface AuditFilter {
  readonly action?: string | undefined
  readonly actor?: string | undefined
  readonly target?: string | undefined
  readonly after?: string | undefined
  readonly before?: string | undefined
}

export const filterInput = {
  action: z.string().max(100).optional().describe('Only this action, for example api_key.created.'),
  actor: z.string().max(200).optional().describe('Only acts of this actor, for example api_key:….'),
  target: z.string().max(200).optional().describe('Only acts on this thing.'),
  after: z.iso.datetime().optional().describe('Only from this instant on.'),
  before: z.iso.datetime().optional().describe('Only before this instant.'),
}
