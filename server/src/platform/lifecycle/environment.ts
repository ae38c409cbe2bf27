import { INTERNAL_PREFIX, SETTINGS } from '../config/index.ts'

/** What the supervisor hands to a process beyond the settings. */
export interface Handover {
  /** URL of this process's own database role. */
  readonly databaseUrl: string
  readonly keyring: { readonly socketPath: string; readonly token: string }
  readonly runtimeDirectory: string
  /** What this process is called among those of its host, `sender-2`. */
  readonly label?: string
  /** The socket on which it serves its metrics; without one it serves none. */
  readonly metricsSocket?: string
}

const NAMES = {
  databaseUrl: `${INTERNAL_PREFIX}DATABASE_URL`,
  keyringSocket: `${INTERNAL_PREFIX}KEYRING_SOCKET`,
  keyringToken: `${INTERNAL_PREFIX}KEYRING_TOKEN`,
  runtimeDirectory: `${INTERNAL_PREFIX}RUNTIME`,
  label: `${INTERNAL_PREFIX}LABEL`,
  metricsSocket: `${INTERNAL_PREFIX}METRICS`,
} as const

const SYSTEM_NAMES = [
  'PATH',
  'HOME',
  'TMPDIR',
  'TZ',
  'LANG',
  'LC_ALL',
  'NODE_ENV',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
]

type Env = Readonly<Record<string, string | undefined>>

/** Settings that no process but the one that they are for may see; the supervisor hands them over by itself. */
const PRIVATE_NAMES: ReadonlySet<string> = new Set([
  SETTINGS.databaseUrl.name,
  SETTINGS.keyringRoot.name,
  SETTINGS.keyringPreviousRoot.name,
  SETTINGS.keyringPin.name,
])

/**
 * The variables of the system and the settings that a process may see: never the owner's database URL and the root of the keys, a
 * relay's password only the sender.
 */
export function childEnvironment(env: Env, kind: string, dataDirectory: string): Record<string, string> {
  const result: Record<string, string> = {}
  for (const name of SYSTEM_NAMES) {
    const value = env[name]
    if (value !== undefined) result[name] = value
  }
  if (kind === 'keyring') return result
  for (const { name } of Object.values(SETTINGS)) {
    const value = env[name]
    if (value === undefined || value === '' || PRIVATE_NAMES.has(name)) continue
    result[name] = name === SETTINGS.outbound.name && kind !== 'sender' ? withoutCredentials(value) : value
  }
  result[SETTINGS.dataDirectory.name] = dataDirectory
  return result
}

/** Writes the handover as variables. */
export function writeHandover(handover: Handover): Record<string, string> {
  return {
    [NAMES.databaseUrl]: handover.databaseUrl,
    [NAMES.keyringSocket]: handover.keyring.socketPath,
    [NAMES.keyringToken]: handover.keyring.token,
    [NAMES.runtimeDirectory]: handover.runtimeDirectory,
    ...(handover.label === undefined ? {} : { [NAMES.label]: handover.label }),
    ...(handover.metricsSocket === undefined ? {} : { [NAMES.metricsSocket]: handover.metricsSocket }),
  }
}

/**
 * Reads the handover and removes its secrets from the environment, so that crash reports and children of the process do not hold them.
 * @throws Error where the process was not started by a supervisor.
 */
export function takeHandover(env: Record<string, string | undefined>): Handover {
  const take = (name: string): string => {
    const value = env[name]
    if (value === undefined || value === '') {
      throw new Error(`${name} is not set: start Bulkhead with npm start, whose supervisor sets it`)
    }
    delete env[name]
    return value
  }
  const { [NAMES.label]: label, [NAMES.metricsSocket]: metricsSocket } = env
  return {
    databaseUrl: take(NAMES.databaseUrl),
    keyring: { socketPath: take(NAMES.keyringSocket), token: take(NAMES.keyringToken) },
    runtimeDirectory: take(NAMES.runtimeDirectory),
    ...(label === undefined ? {} : { label }),
    ...(metricsSocket === undefined ? {} : { metricsSocket }),
  }
}

function withoutCredentials(outbound: string): string {
  return outbound.replace(/^(smtps?:\/\/)[^@]*@/, '$1')
}
