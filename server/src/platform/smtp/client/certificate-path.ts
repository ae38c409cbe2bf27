import { X509Certificate } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { readExtensions } from './certificate-der.ts'
import type { TlsFailureType } from './types.ts'

/** What is wrong with a path of certificates. */
export interface Fault {
  readonly tlsFailure: TlsFailureType
  readonly cause: string
}

/** From the server's certificate upwards; each is signed by the one behind it. */
export interface Path {
  readonly certificates: readonly X509Certificate[]
  readonly fault: Fault | null
}

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const ANY_PURPOSE = '2.5.29.37.0'
/** Signature checks for one chain: a hostile one with many equal names must not cost more. */
const MAX_SIGNATURES = 40
const WEAK_DIGEST = /md2|md4|md5|sha-?1(?!\d)/i

/**
 * All paths that lead from the first certificate through the others, the short ones first. Which of its ends is trusted is for
 * the caller to say (with DANE-TA it may be any of them), so this checks everything but dates and trust: signatures and their
 * digests, issuer names and key identifiers, CA flag, key usage, path length, purpose, critical extensions (RFC 5280 §6.1).
 */
export function* pathsUpwards(
  chain: readonly [X509Certificate, ...X509Certificate[]],
): Generator<Path, void, undefined> {
  let signatures = 0
  let paths: Path[] = [{ certificates: [chain[0]], fault: faultOfExtensions(chain[0]) }]
  while (paths.length > 0) {
    yield* paths
    const longer: Path[] = []
    for (const { certificates, fault } of paths) {
      const top = certificates.at(-1)
      if (top === undefined) continue
      for (const issuer of chain.slice(1)) {
        if (certificates.includes(issuer) || !top.checkIssued(issuer)) continue
        if (++signatures > MAX_SIGNATURES) return
        if (!isSignedBy(top, issuer)) continue
        const cause = fault ?? faultOfSigning(top) ?? faultOfIssuer(issuer, certificates)
        longer.push({ certificates: [...certificates, issuer], fault: cause })
      }
    }
    paths = longer
  }
}

/** The first certificate of a path that is not valid now. */
export function faultOfDates(path: readonly X509Certificate[], nowMs: number): Fault | null {
  for (const certificate of path) {
    if (nowMs > certificate.validToDate.getTime())
      return { tlsFailure: 'certificate-expired', cause: `a certificate expired on ${certificate.validTo}` }
    if (nowMs < certificate.validFromDate.getTime())
      return untrusted(`a certificate is valid only from ${certificate.validFrom}`)
  }
  return null
}

/** `below` are the certificates from the leaf up to the one that this issuer signed. */
function faultOfIssuer(issuer: X509Certificate, below: readonly X509Certificate[]): Fault | null {
  if (!issuer.ca) return untrusted('a certificate above the server’s is not a CA')
  const { pathLength } = readExtensions(issuer.raw)
  // RFC 5280 §4.2.1.9: the leaf and certificates that only renew an authority's own key do not count.
  const between = below.slice(1).filter((each) => each.subject !== each.issuer).length
  if (pathLength !== undefined && between > pathLength)
    return untrusted('the path is longer than a CA allows')
  return faultOfExtensions(issuer)
}

/** Whether this key made the signature; false for keys and algorithms that OpenSSL does not know. */
export function isSignedBy(certificate: X509Certificate, by: X509Certificate | KeyObject): boolean {
  try {
    return certificate.verify(by instanceof X509Certificate ? by.publicKey : by)
  } catch {
    return false
  }
}

/** A certificate whose signature is of a kind that can be forged. */
export function faultOfSigning(certificate: X509Certificate): Fault | null {
  return WEAK_DIGEST.test(certificate.signatureAlgorithm ?? '')
    ? untrusted(`a certificate is signed with ${certificate.signatureAlgorithm}`)
    : null
}

function faultOfExtensions(certificate: X509Certificate): Fault | null {
  const { unknownCritical, nameConstraints } = readExtensions(certificate.raw)
  if (unknownCritical !== undefined)
    return untrusted(`a critical extension is not known (${unknownCritical})`)
  // Not understood here, so they cannot be honoured; rare with DANE-TA, where the record itself is the constraint.
  if (nameConstraints) return untrusted('a CA has name constraints, which are not supported with DANE-TA')
  // Node's `keyUsage` is the extended key usage.
  const purposes: readonly string[] | undefined = certificate.keyUsage
  if (purposes && purposes.length > 0 && !purposes.includes(SERVER_AUTH) && !purposes.includes(ANY_PURPOSE))
    return untrusted('a certificate is not meant for TLS servers')
  return null
}

function untrusted(cause: string): Fault {
  return { tlsFailure: 'certificate-not-trusted', cause }
}
