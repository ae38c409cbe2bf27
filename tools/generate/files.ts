import { commands, nouns } from '../../cli/src/program.ts'
import { configurationTable } from '../../server/src/platform/config/index.ts'
import { openApiOf } from '../../server/src/platform/http/openapi.ts'
import { OPENAPI_INFO } from '../../server/src/surfaces/api/api-server.ts'
import { apiOperations } from '../../server/src/surfaces/api/registry.ts'
import { staffApiOperations } from '../../server/src/surfaces/staff-api/registry.ts'
import { writeApiReference } from './api-reference.ts'
import { writeCliReference } from './cli-reference.ts'
import { metricsTable } from './metrics-reference.ts'
import { writeOperations } from './sdk.ts'

/** A file that is made, by its path below the repository. */
export interface GeneratedFile {
  readonly path: string
  readonly text: string
}

const CONFIGURATION: Table = {
  path: 'docs/configuration.md',
  begin: '<!-- settings: made by npm run gen, do not edit -->',
  end: '<!-- end of settings -->',
  text: configurationTable,
  around:
    '# Configuration\n\nBulkhead is configured by environment variables, read once at start. A mistake stops the start with an error that names the variable and what to write. An empty variable counts as unset.',
}
const MONITORING: Table = {
  path: 'docs/monitoring.md',
  begin: '<!-- metrics: made by npm run gen, do not edit -->',
  end: '<!-- end of metrics -->',
  text: metricsTable,
  around: '# Monitoring',
}

/** A table in a page that people wrote. */
interface Table {
  readonly path: string
  readonly begin: string
  readonly end: string
  readonly text: () => string
  /** What stands before the table where there is no page yet. */
  readonly around: string
}

/**
 * Everything that `npm run gen` writes, as it would be written now.
 * @param read The present text of a file, null where there is none: pages keep what people wrote around their tables.
 */
export function generatedFiles(read: (path: string) => string | null): GeneratedFile[] {
  return [
    { path: 'sdk/src/generated/operations.ts', text: writeOperations(apiOperations) },
    {
      path: 'sdk/src/generated/openapi.json',
      text: `${JSON.stringify(openApiOf(apiOperations, OPENAPI_INFO), null, 2)}\n`,
    },
    { path: 'sdk/src/generated/staff-operations.ts', text: writeOperations(staffApiOperations) },
    {
      path: 'docs/reference/api.md',
      text: writeApiReference(apiOperations, {
        title: 'API reference',
        words: 'The API lives under `/v1`. Authenticate with `Authorization: Bearer bhk_…`.',
      }),
    },
    {
      path: 'docs/reference/staff.md',
      text: writeApiReference(staffApiOperations, {
        title: 'Staff API reference',
        words:
          "The staff API lives under `/v1` at `BULKHEAD_STAFF`. Authenticate with `Authorization: Bearer bhs_…`; `staff.…` scopes need the operator's key.",
      }),
    },
    { path: 'docs/reference/cli.md', text: writeCliReference(commands, nouns) },
    ...[CONFIGURATION, MONITORING].map((table) => ({
      path: table.path,
      text: withTable(read(table.path), table),
    })),
  ]
}

/** Throws where the page has lost its markers: a table must not be written twice. */
function withTable(page: string | null, { path, begin, end, text, around }: Table): string {
  const table = `${begin}\n${text().trimEnd()}\n${end}`
  if (page === null) return `${around}\n\n${table}\n`
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from)
    throw new Error(`${path} must hold the lines ${begin} and ${end}, between which the table is written`)
  return page.slice(0, from) + table + page.slice(to + end.length)
}
