// A sender that can be killed: the real engine in a process of its own. Takes its options as JSON in ENGINE.
import { createKeyringClient } from '../../src/platform/keyring-client/index.ts'
import { createPool, isAlive } from '../../src/platform/postgres/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { startTestEngine } from '../flows/engine-fixture.ts'

const options = JSON.parse(process.env['ENGINE'] ?? '{}')
const log = createLogger({ name: 'engine', level: 'error' })
await startTestEngine({
  pool: createPool({ url: options.databaseUrl, applicationName: 'engine process', max: 4 }),
  keyring: createKeyringClient({ socketPath: options.keyringSocket, token: options.keyringToken, log }),
  outbound: { kind: 'relay', host: '127.0.0.1', port: options.port, implicitTls: false, auth: undefined },
  journalDirectory: options.journalDirectory,
  isAlive,
  timeouts: { dotMs: 30_000 },
})
process.send?.('ready')
