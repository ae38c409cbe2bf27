import { isIP } from 'node:net'
import type { Socket } from 'node:net'
import { connect } from 'node:tls'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { provePeer } from './peer-proof.ts'
import type { PeerProof, SmtpTlsInfo, SmtpTlsOptions, TlsFailureType } from './types.ts'

export type Encrypting = Exclude<SmtpTlsOptions, { mode: 'none' }>

/**
 * Starts TLS over a connected socket. The caller listens for `secureConnect`, `error` and `close`, and then asks `inspectPeer`:
 * the handshake itself never fails for a certificate, since what a certificate must prove differs (nothing, PKIX, DANE).
 */
export function startTls(socket: Socket, host: string, options: Encrypting): TLSSocket {
  const name = options.servername ?? host
  const proof = proofOf(options)
  const ca = proof?.kind === 'pkix' ? proof.ca : undefined
  const settings: ConnectionOptions = {
    socket,
    rejectUnauthorized: false,
    // Names are compared by `provePeer`; here they would only hide what OpenSSL says of the chain.
    checkServerIdentity: () => undefined,
    minVersion: 'TLSv1.2',
    host: name,
  }
  // SNI must not carry an address (RFC 6066 §3).
  if (isIP(name) === 0 && name !== '') settings.servername = name
  if (ca !== undefined) settings.ca = typeof ca === 'string' || Buffer.isBuffer(ca) ? ca : [...ca]
  return connect(settings)
}

/** What an established TLS connection is worth. */
export type Inspection =
  | { readonly kind: 'usable'; readonly tls: SmtpTlsInfo; readonly tlsFailure?: TlsFailureType }
  | { readonly kind: 'refused'; readonly cause: string; readonly tlsFailure: TlsFailureType }

/** Asks the peer's certificate for the proof that the options want. To be called once, right after `secureConnect`. */
export function inspectPeer(socket: TLSSocket, options: Encrypting): Inspection {
  const proof = proofOf(options)
  const protocol = socket.getProtocol() ?? 'unknown'
  const cipher = socket.getCipher().name
  if (proof === undefined) return { kind: 'usable', tls: { protocol, cipher, authenticated: 'none' } }
  const verdict = provePeer(socket, proof)
  if (verdict.kind === 'proved')
    return { kind: 'usable', tls: { protocol, cipher, authenticated: verdict.by } }
  const { tlsFailure, cause } = verdict
  // RFC 7672 §2.2: TLSA records of which none is usable still ask for TLS, but can prove nothing.
  if (options.mode === 'opportunistic' || tlsFailure === 'tlsa-invalid')
    return { kind: 'usable', tls: { protocol, cipher, authenticated: 'none' }, tlsFailure }
  return { kind: 'refused', cause, tlsFailure }
}

function proofOf(options: Encrypting): PeerProof | undefined {
  if (options.mode === 'opportunistic') return options.check
  return options.verify === 'none' ? undefined : options.verify
}
