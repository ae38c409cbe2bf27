import { createPublicKey, hash, X509Certificate } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { faultOfDates, faultOfSigning, isSignedBy, pathsUpwards } from './certificate-path.ts'
import type { Fault as PathFault } from './certificate-path.ts'
import { readPublicKeyInfo } from './certificate-der.ts'
import { failed, matchesName } from './verdict.ts'
import type { Verdict } from './verdict.ts'
import type { TlsaRecord } from './types.ts'

const USAGE_TA = 2
const USAGE_EE = 3
const FULL = 0
/** Digest by matching type, and its length in bytes. */
const DIGESTS = [null, { name: 'sha256', bytes: 32 }, { name: 'sha512', bytes: 64 }] as const
/** More records than any site publishes; what is behind them is not looked at. */
const MAX_RECORDS = 64
/** Each of these costs a signature check for every path. */
const MAX_IN_FULL = 8

/**
 * DANE for SMTP (RFC 7672 §3, RFC 7671). DANE-EE matches the server's own certificate, and neither names nor dates count (§5.1).
 * DANE-TA matches an authority that the server presents, or that the record holds in full; from there down signatures, dates,
 * constraints and the server's name must hold (§5.2). One record that holds is enough.
 *
 * `tlsa-invalid`: no record is usable, which asks for TLS and proves nothing (RFC 7672 §2.2).
 */
export function checkDane(
  chain: readonly [X509Certificate, ...X509Certificate[]],
  published: readonly TlsaRecord[],
  names: readonly string[],
  nowMs: number,
): Verdict {
  const records = strongest(published.slice(0, MAX_RECORDS).filter(isUsable))
  if (records.length === 0) return failed('tlsa-invalid', 'no TLSA record is usable')
  const [leaf] = chain
  if (records.some((record) => record.usage === USAGE_EE && matches(record, leaf)))
    return { kind: 'proved', by: 'dane-ee' }

  const authorities = records.filter(({ usage }) => usage === USAGE_TA)
  const none = failed('validation-failure', 'no certificate of the server matches a TLSA record')
  if (authorities.length === 0) return none
  const fault = searchAnchor(chain, authorities, nowMs)
  if (fault === 'no-anchor') return none
  if (fault !== null) return failed(fault.tlsFailure, `no TLSA record holds: ${fault.cause}`)
  return names.some((name) => matchesName(leaf, name, 'default'))
    ? { kind: 'proved', by: 'dane-ta' }
    : failed('certificate-host-mismatch', `the certificate is not for ${names.join(' or ') || 'any name'}`)
}

/** Null where a path from the leaf to a trust anchor holds; else what was wrong with the path that came closest. */
function searchAnchor(
  chain: readonly [X509Certificate, ...X509Certificate[]],
  authorities: readonly TlsaRecord[],
  nowMs: number,
): PathFault | 'no-anchor' | null {
  let closest: PathFault | 'no-anchor' = 'no-anchor'
  // RFC 7671 §5.2.2: an authority that is published in full need not be presented. A certificate is judged as if it were.
  const inFull = authorities.filter(({ matchingType }) => matchingType === FULL).slice(0, MAX_IN_FULL)
  const known = [...chain.slice(1), ...inFull.flatMap(certificateIn)]
  const keys = inFull.flatMap(keyIn)
  for (const path of pathsUpwards([chain[0], ...known])) {
    const top = path.certificates.at(-1)
    if (top === undefined) continue
    const isAuthority = path.certificates.length > 1 && authorities.some((record) => matches(record, top))
    if (!isAuthority && !keys.some((key) => isSignedBy(top, key))) continue
    const fault =
      path.fault ?? (isAuthority ? null : faultOfSigning(top)) ?? faultOfDates(path.certificates, nowMs)
    if (fault === null) return null
    closest = fault
  }
  // The authority is there, but nothing leads to it.
  if (closest === 'no-anchor' && known.some((each) => authorities.some((record) => matches(record, each))))
    return { tlsFailure: 'certificate-not-trusted', cause: 'the certificate is not signed by the authority' }
  return closest
}

function certificateIn({ selector, data }: TlsaRecord): X509Certificate[] {
  if (selector !== 0) return []
  try {
    return [new X509Certificate(data)]
  } catch {
    return []
  }
}

function keyIn({ selector, data }: TlsaRecord): KeyObject[] {
  if (selector !== 1) return []
  try {
    return [createPublicKey({ key: data, format: 'der', type: 'spki' })]
  } catch {
    return []
  }
}

function isUsable({ usage, selector, matchingType, data }: TlsaRecord): boolean {
  if (usage !== USAGE_TA && usage !== USAGE_EE) return false
  if (selector !== 0 && selector !== 1) return false
  if (matchingType === FULL) return data.length > 0
  return data.length === DIGESTS[matchingType]?.bytes
}

/** RFC 7671 §9: of several digests for one usage and selector only the strongest counts; data in full always does. */
function strongest(records: readonly TlsaRecord[]): readonly TlsaRecord[] {
  return records.filter(
    ({ usage, selector, matchingType }) =>
      matchingType === FULL ||
      !records.some(
        (other) => other.usage === usage && other.selector === selector && other.matchingType > matchingType,
      ),
  )
}

function matches({ selector, matchingType, data }: TlsaRecord, certificate: X509Certificate): boolean {
  const selected = selector === 0 ? certificate.raw : readPublicKeyInfo(certificate.raw)
  const digest = DIGESTS[matchingType]
  return data.equals(digest ? hash(digest.name, selected, 'buffer') : selected)
}
