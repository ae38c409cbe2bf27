import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { checkDane } from './dane.ts'
import type { PeerProof } from './types.ts'
import { failed, matchesName } from './verdict.ts'
import type { Verdict } from './verdict.ts'

/** Longer chains are not looked at: real ones have two to four certificates, and each costs a signature check. */
const MAX_CHAIN = 10

/** Judges the certificates of a connected peer. To be called once per connection: reading the chain uses it up. */
export function provePeer(socket: TLSSocket, proof: PeerProof): Verdict {
  const error = chainError(socket)
  try {
    const [leaf, ...above] = presentedChain(socket)
    if (leaf === undefined) return failed('validation-failure', 'the server presented no certificate')
    return proof.kind === 'dane'
      ? checkDane([leaf, ...above], proof.records, proof.names, Date.now())
      : checkPkix(leaf, error, proof.names)
  } catch (thrown) {
    // A certificate with a key or an extension that OpenSSL cannot read.
    const cause = thrown instanceof Error ? thrown.message : String(thrown)
    return failed('validation-failure', `the certificate cannot be judged: ${cause.slice(0, 200)}`)
  }
}

/** OpenSSL's word on the chain against the trusted roots: dates, signatures, purposes, constraints; null where all is well. */
function chainError(socket: TLSSocket): string | null {
  if (socket.authorized) return null
  // Declared as an Error, but given as the name of an OpenSSL error.
  return String(socket.authorizationError)
}

/**
 * The certificates in the order in which the server sent them, its own first. Node gives them as a chain of issuers, whether they
 * are or not, and takes them out of OpenSSL's list while doing so: a second call finds nothing.
 */
function presentedChain(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = []
  let next: X509Certificate | undefined = socket.getPeerX509Certificate()
  while (next !== undefined && chain.length < MAX_CHAIN) {
    chain.push(next)
    next = next.issuerCertificate
  }
  return chain
}

/** PKIX (RFC 5280) with name matching (RFC 9525, RFC 8461 §4.1): the subject alternative name counts, the common name does not. */
function checkPkix(leaf: X509Certificate, error: string | null, names: readonly string[]): Verdict {
  if (error === 'CERT_HAS_EXPIRED')
    return failed('certificate-expired', `the certificate or one above it has expired (${error})`)
  if (error !== null) return failed('certificate-not-trusted', `the certificate is not trusted (${error})`)
  if (names.some((name) => matchesName(leaf, name, 'never'))) return { kind: 'proved', by: 'pkix' }
  return failed('certificate-host-mismatch', `the certificate is not for ${names.join(' or ') || 'any name'}`)
}
