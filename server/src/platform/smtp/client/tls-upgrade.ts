import { isIP } from 'node:net'
import type { Socket } from 'node:net'
import { connect } from 'node:tls'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import type { SmtpTlsInfo, SmtpTlsOptions } from './types.ts'

/**
 * Starts TLS over a connected socket. The caller listens for `secureConnect`, `error` and `close`.
 * In mode `opportunistic` nothing is verified (RFC 7435 §3: encryption without authentication beats clear text).
 */
export function startTls(socket: Socket, host: string, options: SmtpTlsOptions): TLSSocket {
  const name = options.servername ?? host
  const settings: ConnectionOptions = {
    socket,
    rejectUnauthorized: options.verify && options.mode !== 'opportunistic',
    minVersion: 'TLSv1.2',
    // Verification needs the name even where it is an address; SNI must not carry an address (RFC 6066 §3).
    host: name,
  }
  if (isIP(name) === 0 && name !== '') settings.servername = name
  if (options.ca !== undefined) settings.ca = options.ca
  return connect(settings)
}

/** Protocol and cipher of an established TLS socket, as the ledger shows them. */
export function tlsInfo(socket: TLSSocket): SmtpTlsInfo {
  return { protocol: socket.getProtocol() ?? 'unknown', cipher: socket.getCipher().name }
}
