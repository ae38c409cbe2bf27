import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { idOf, listInput, pageOf } from '../../../platform/http/listing.ts'
import { Columns, Import, IMPORT_FORMATS, Refusal } from '../import.ts'
import { PART_CHARS_MAX } from '../import-lines.ts'
import type { SuppressionImports } from '../imports-service.ts'
import { Expiry, expiryOf, Scope, SUPPRESSION_REASONS } from '../suppression.ts'

type Context = OperationContext<{ suppressionImports: SuppressionImports }>

const ofImport = { importId: z.string() }

export const startImport = defineOperation({
  id: 'suppressionImports.start',
  method: 'POST',
  path: '/v1/suppression-imports',
  summary: 'Start an import of suppressions',
  description:
    'Then send the lines, part by part. An import that broke off goes on where it was. With dryRun nothing is suppressed and all is counted.',
  scope: 'suppressions:write',
  risk: 'write',
  audit: 'suppression_import.started',
  faults: ['invalid_request', 'unavailable'],
  status: 201,
  input: z.strictObject({
    format: z.enum(IMPORT_FORMATS).describe('csv, or jsonl: an object or an address on each line.'),
    dryRun: z.boolean().default(false),
    reason: z.enum(SUPPRESSION_REASONS).default('manual').describe('For lines that name none.'),
    scope: Scope.optional().describe('For lines that name none. Default by the reason.'),
    expiresAt: Expiry.optional().describe('For lines that name none. Default never.'),
    columns: Columns.optional().describe(
      'Of CSV: what each column is, where its titles do not tell. The first line is then one of titles unless it holds an address.',
    ),
  }),
  output: Import,
  handle: (context: Context, input) =>
    context.services.suppressionImports.start(context, {
      format: input.format,
      dryRun: input.dryRun,
      reason: input.reason,
      scope: input.scope ?? null,
      columns: input.format === 'csv' ? (input.columns ?? null) : null,
      expiresAt: input.expiresAt === undefined ? null : expiryOf('expiresAt', input.expiresAt, Date.now()),
    }),
})

export const addImportLines = defineOperation({
  id: 'suppressionImports.addLines',
  method: 'POST',
  path: '/v1/suppression-imports/{importId}/lines',
  summary: 'Send the next lines of an import',
  description:
    'At most 1,048,576 characters and 5,000 entries are taken at a time, in one transaction. What is behind charsTaken is sent again with the next part, from import.nextLine. A line that cannot be taken is refused, with its number; the rest goes on.',
  scope: 'suppressions:write',
  risk: 'write',
  audit: 'suppression_import.advanced',
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  bodyBytesMax: 8 * 1024 * 1024,
  status: 200,
  input: z.strictObject({
    ...ofImport,
    fromLine: z.int().min(1).max(2_000_000_000).describe('nextLine of the import.'),
    text: z.string().max(PART_CHARS_MAX),
    isLast: z.boolean().default(false).describe('No more lines follow: the import is done.'),
  }),
  output: z.object({
    import: Import,
    charsTaken: z.int().describe('UTF-16 code units of text that were read.'),
  }),
  handle: (context: Context, input) =>
    context.services.suppressionImports.addLines(context, idOf('import', input.importId), input),
})

export const listImports = defineOperation({
  id: 'suppressionImports.list',
  method: 'GET',
  path: '/v1/suppression-imports',
  summary: 'List imports of suppressions, newest first',
  scope: 'suppressions:read',
  risk: 'read',
  audit: 'suppression_import.listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject(listInput),
  output: pageOf(Import),
  handle: (context: Context, input) => context.services.suppressionImports.list(context, input),
})

export const getImport = defineOperation({
  id: 'suppressionImports.get',
  method: 'GET',
  path: '/v1/suppression-imports/{importId}',
  summary: 'Show how far an import is',
  scope: 'suppressions:read',
  risk: 'read',
  audit: 'suppression_import.read',
  faults: ['not_found', 'unavailable'],
  status: 200,
  input: z.strictObject(ofImport),
  output: Import,
  handle: (context: Context, input) =>
    context.services.suppressionImports.get(context, idOf('import', input.importId)),
})

export const listImportRefusals = defineOperation({
  id: 'suppressionImports.listRefusals',
  method: 'GET',
  path: '/v1/suppression-imports/{importId}/refusals',
  summary: 'List the lines that an import refused',
  description: 'The first 10,000, by line, each with what is wrong.',
  scope: 'suppressions:read',
  risk: 'read',
  audit: 'suppression_import.refusals_listed',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ ...ofImport, ...listInput }),
  output: pageOf(Refusal),
  handle: (context: Context, input) =>
    context.services.suppressionImports.refusals(context, idOf('import', input.importId), input),
})

export const cancelImport = defineOperation({
  id: 'suppressionImports.cancel',
  method: 'POST',
  path: '/v1/suppression-imports/{importId}/cancel',
  summary: 'Cancel an import',
  description: 'It takes no more lines. What it has suppressed stays suppressed.',
  scope: 'suppressions:write',
  risk: 'write',
  audit: 'suppression_import.cancelled',
  faults: ['not_found', 'conflict', 'unavailable'],
  status: 200,
  input: z.strictObject(ofImport),
  output: Import,
  handle: (context: Context, input) =>
    context.services.suppressionImports.cancel(context, idOf('import', input.importId)),
})
