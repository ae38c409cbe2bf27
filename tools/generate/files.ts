import { configurationTable } from '../../server/src/platform/config/index.ts'
import { openApiOf } from '../../server/src/platform/http/openapi.ts'
import { OPENAPI_INFO } from '../../server/src/surfaces/api/api-server.ts'
import { apiOperations } from '../../server/src/surfaces/api/registry.ts'
import { writeOperations } from './sdk.ts'

/** A file that is made, by its path below the repository. */
export interface GeneratedFile {
  readonly path: string
  readonly text: string
}

/**
 * Everything that `npm run gen` writes, as it would be written now.
 * @param read The present text of a file, null where there is none: docs/configuration.md keeps what people wrote around its table.
 */
export async function generatedFiles(read: (path: string) => string | null): Promise<GeneratedFile[]> {
  return [
    { path: 'sdk/src/generated/operations.ts', text: writeOperations(apiOperations) },
    {
      path: 'sdk/src/generated/openapi.json',
      text: `${JSON.stringify(openApiOf(apiOperations, OPENAPI_INFO), null, 2)}\n`,
    },
  ]
}
