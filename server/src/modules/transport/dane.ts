import type { SecureAnswer, SecureResolver } from '../../platform/dns/index.ts'
import type { TlsaRecord, TlsFailureType } from '../../platform/smtp/client/index.ts'

/** What DANE says of one host (RFC 7672). */
export type DaneVerdict =
  /** No TLSA records, or none that count: the zone is not signed. */
  | { readonly kind: 'none' }
  /** Verify by these; `base` is the name for SNI and, with usage 2, among the names of the certificate. */
  | { readonly kind: 'dane'; readonly records: readonly TlsaRecord[]; readonly base: string }
  /** There are records and none can be used: encrypt, without verifying (RFC 7672 §2.2). */
  | { readonly kind: 'unusable'; readonly records: readonly TlsaRecord[]; readonly base: string }
  /** DNS does not say, or what it says is forged: the host is not used (RFC 7672 §2.1.2, §2.2). */
  | { readonly kind: 'failed'; readonly reason: string; readonly tlsFailure: TlsFailureType }

const RECORDS_MAX = 32

/**
 * Looks up the TLSA records of an MX host. To be asked only where the MX records themselves are secure (RFC 7672 §2.2.1). The TLSA base
 * domain is the name behind secure aliases, or else the host's own (§2.2.3). Never throws.
 */
export async function lookUpDane(
  dns: Pick<SecureResolver, 'a' | 'aaaa' | 'cname' | 'tlsa'>,
  exchange: string,
  port: number,
): Promise<DaneVerdict> {
  const bases = await basesOf(dns, exchange)
  if ('kind' in bases) return bases
  for (const base of bases.names) {
    const answer = await dns.tlsa(`_${port}._tcp.${base}`)
    if (answer.kind === 'failed') return notAnswered(`the TLSA records of ${base}`, answer)
    // Absence counts too: a secure one ends the search at this name, and an insecure one proves nothing to rely on.
    if (answer.kind !== 'found' || !answer.secure) continue
    const records = answer.records.slice(0, RECORDS_MAX)
    const usable = records.filter(isUsable)
    return usable.length > 0 ? { kind: 'dane', records: usable, base } : { kind: 'unusable', records, base }
  }
  return { kind: 'none' }
}

/** The names under which TLSA records are looked for, in order; none where the address is not secured (RFC 7672 §2.2.2). */
async function basesOf(
  dns: Pick<SecureResolver, 'a' | 'aaaa' | 'cname'>,
  exchange: string,
): Promise<{ readonly names: readonly string[] } | Extract<DaneVerdict, { kind: 'failed' }>> {
  const answers = await Promise.all([dns.a(exchange), dns.aaaa(exchange)])
  for (const answer of answers)
    if (answer.kind === 'failed') return notAnswered(`the addresses of ${exchange}`, answer)
  const known = answers.filter((answer) => answer.kind !== 'failed')
  const found = known.filter((answer) => answer.kind === 'found')
  const judged = found.length > 0 ? found : known
  const canonical = judged[0]?.canonical ?? exchange
  if (judged.every((answer) => answer.secure))
    return { names: canonical === exchange ? [exchange] : [canonical, exchange] }
  if (canonical === exchange) return { names: [] }
  // An alias from a signed zone into one that is not: the records of the alias's own name still count.
  const alias = await dns.cname(exchange)
  if (alias.kind === 'failed') return notAnswered(`the alias ${exchange}`, alias)
  return { names: alias.kind === 'found' && alias.secure ? [exchange] : [] }
}

/** RFC 7672 §3.1: usages 0 and 1 are not for SMTP. RFC 6698 §2.1: selectors 0 and 1, matching types 0 to 2 with digests of their length. */
function isUsable({ usage, selector, matchingType, data }: TlsaRecord): boolean {
  if ((usage !== 2 && usage !== 3) || selector > 1) return false
  switch (matchingType) {
    case 0:
      return data.length > 0
    case 1:
      return data.length === 32
    case 2:
      return data.length === 64
    default:
      return false
  }
}

function notAnswered(
  what: string,
  answer: Extract<SecureAnswer<unknown>, { kind: 'failed' }>,
): Extract<DaneVerdict, { kind: 'failed' }> {
  return {
    kind: 'failed',
    reason: answer.bogus
      ? `DNSSEC refuses ${what}: signatures are wrong`
      : `DNS did not answer for ${what} (${answer.code})`,
    tlsFailure: 'dnssec-invalid',
  }
}
