import { commands, nouns } from '../../cli/src/program.ts'
import { configurationTable } from '../../server/src/platform/config/index.ts'
import { openApiOf } from '../../server/src/platform/http/openapi.ts'
import { OPENAPI_INFO } from '../../server/src/surfaces/api/api-server.ts'
import { apiOperations } from '../../server/src/surfaces/api/registry.ts'
import { staffApiOperations } from '../../server/src/surfaces/staff-api/registry.ts'
import { writeApiReference } from './api-reference.ts'
import { writeCliReference } from './cli-reference.ts'
import { writeOperations } from './sdk.ts'

/** A file that is made, by its path below the repository. */
export interface GeneratedFile {
  readonly path: string
  readonly text: string
}

const CONFIGURATION = 'docs/configuration.md'
const BEGIN = '<!-- settings: made by npm run gen, do not edit -->'
const END = '<!-- end of settings -->'

/**
 * Everything that `npm run gen` writes, as it would be written now.
 * @param read The present text of a file, null where there is none: docs/configuration.md keeps what people wrote around its table.
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
    { path: CONFIGURATION, text: withTable(read(CONFIGURATION)) },
  ]
}

/** Throws where the page has lost its markers: a table must not be written twice. */
function withTable(page: string | null): string {
  const table = `${BEGIN}\n${configurationTable().trimEnd()}\n${END}`
  if (page === null) {
    return `# Configuration\n\nBulkhead is configured by environment variables, read once at start. A mistake stops the start with an error that names the variable and what to write. An empty variable counts as unset.\n\n${table}\n`
  }
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin < 0 || end < begin)
    throw new Error(
      `${CONFIGURATION} must hold the lines ${BEGIN} and ${END}, between which the table is written`,
    )
  return page.slice(0, begin) + table + page.slice(end + END.length)
}
