import { parseAddress } from '../../kernel/email-address.ts'

/** Where a domain wants its reports. */
export type ReportEndpoint =
  | { readonly kind: 'mailto'; readonly uri: string; readonly address: string }
  | { readonly kind: 'https'; readonly uri: string }

const ENDPOINTS_MAX = 4
const URI_MAX = 500

/**
 * The endpoints in the TXT records of `_smtp._tls.<domain>` (RFC 8460 §3), at most four. Empty where no reports are wanted: no record of
 * the version, more than one, or none with an endpoint that can be used.
 */
export function readReportEndpoints(records: readonly string[]): readonly ReportEndpoint[] {
  const ours = records.filter((record) => /^v=TLSRPTv1[ \t]*;/.test(record))
  const [only] = ours
  if (only === undefined || ours.length !== 1 || only.length > 4_000) return []
  const rua = only
    .split(';')
    .map((field) => /^[ \t]*rua=(.*)$/s.exec(field)?.[1])
    .find((value) => value !== undefined)
  const found = (rua ?? '').split(',').flatMap((uri) => endpointOf(uri.trim()) ?? [])
  return [...new Map(found.map((endpoint) => [endpoint.uri, endpoint])).values()].slice(0, ENDPOINTS_MAX)
}

function endpointOf(uri: string): ReportEndpoint | null {
  if (uri.length > URI_MAX || !/^[\x21-\x7e]+$/.test(uri)) return null
  if (/^https:\/\//i.test(uri)) {
    const url = URL.parse(uri)
    return url !== null && url.username === '' && url.password === '' ? { kind: 'https', uri } : null
  }
  const address = /^mailto:([^?]+)/i.exec(uri)?.[1]
  if (address === undefined) return null
  try {
    const parsed = parseAddress(decodeURIComponent(address))
    return parsed.ok ? { kind: 'mailto', uri, address: parsed.address.email } : null
  } catch {
    return null
  }
}
