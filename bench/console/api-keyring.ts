import { readdirSync, readFileSync } from 'node:fs'
import { createKeyringClient } from '../../server/src/platform/keyring-client/index.ts'
import type { KeyringClient } from '../../server/src/platform/keyring-client/index.ts'
import { createLogger } from '../../server/src/platform/telemetry/index.ts'

const SOCKET = 'BULKHEAD_INTERNAL_KEYRING_SOCKET'
const TOKEN = 'BULKHEAD_INTERNAL_KEYRING_TOKEN'

/**
 * The keyring of a product that the benchmark started, asked as its api process asks: what is seeded is sealed as real mail is, and opens
 * as such. Linux only: the token stands in the environment that the process was started with. Throws where no such process runs.
 */
export function keyringOfApi(data: string): KeyringClient {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const [command, variables] = [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`].map(read)
    if (command?.includes('/processes/api.ts') !== true) continue
    const environment = new Map(
      (variables ?? '').split('\0').map((line): [string, string] => {
        const at = line.indexOf('=')
        return [line.slice(0, at), line.slice(at + 1)]
      }),
    )
    const [socketPath, token] = [environment.get(SOCKET), environment.get(TOKEN)]
    if (environment.get('BULKHEAD_DATA') !== data || socketPath === undefined || token === undefined) continue
    return createKeyringClient({ socketPath, token, log: createLogger({ name: 'bench', level: 'error' }) })
  }
  throw new Error(`no api process runs on ${data}`)
}

/** A process may end between the listing and the reading. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
