import manifest from '../../package.json' with { type: 'json' }
import type { InstallationFacts } from '../modules/callers/index.ts'
import type { Config } from '../platform/config/index.ts'

/** What clients are told of the installation, from its settings. */
export function installationFacts(config: Config): InstallationFacts {
  return {
    version: manifest.version,
    mode: config.mode,
    outbound: config.outbound.kind,
    publicUrl: config.publicUrl,
    hostname: config.hostname,
    smtp: {
      // A wildcard address is nothing to connect to; the name in mail is.
      host: isWildcard(config.submission.host) ? config.hostname : config.submission.host,
      port: config.submission.port,
      tlsPort: config.submissions.port,
    },
  }
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}
