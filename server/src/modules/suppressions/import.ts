import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'
import { MEANINGS } from './import-lines.ts'
import { Scope, SUPPRESSION_REASONS } from './suppression.ts'

export const IMPORT_FORMATS = ['csv', 'jsonl'] as const
export const IMPORT_STATES = ['open', 'done', 'cancelled'] as const
/** Refused lines that are kept of one import; all are counted. */
export const REFUSALS_MAX = 10_000

export const Import = z
  .object({
    id: z.string(),
    state: z.enum(IMPORT_STATES).describe('open: takes lines.'),
    format: z.enum(IMPORT_FORMATS),
    dryRun: z.boolean().describe('Nothing is suppressed; all is counted.'),
    reason: z.enum(SUPPRESSION_REASONS).describe('For lines that name none.'),
    scope: Scope.nullable().describe('For lines that name none; null: by the reason.'),
    expiresAt: Instant.nullable().describe('For lines that name none.'),
    columns: z
      .array(z.enum(MEANINGS))
      .nullable()
      .describe(
        'Of CSV: what each column is taken for; null until the first line was read, unless it was chosen.',
      ),
    nextLine: z.int().describe('The line that is wanted next, from 1.'),
    entries: z.int().describe('Lines that held an entry, refused ones too.'),
    added: z.int().describe('Addresses that were not listed before.'),
    widened: z.int().describe('Addresses whose entry stops more than before.'),
    unchanged: z.int().describe('Addresses that were listed already.'),
    refused: z.int().describe('Lines that were not taken.'),
    createdAt: Instant,
    finishedAt: Instant.nullable(),
  })
  .meta({ id: 'SuppressionImport' })

/** What the columns of a CSV file are, where whoever imports says it. */
export const Columns = z
  .array(z.enum(MEANINGS))
  .min(1)
  .max(200)
  .refine((columns) => columns.filter((column) => column === 'email').length === 1, 'must name email once')
  .refine(
    (columns) => columns.every((column, at) => column === 'ignored' || columns.indexOf(column) === at),
    'names a column twice',
  )

export const Refusal = z
  .object({ line: z.int(), problem: z.string().describe('In our words, nothing of the line.') })
  .meta({ id: 'SuppressionImportRefusal' })
