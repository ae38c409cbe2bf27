import type { TlsShowOutput } from '@bulkhead/sdk'
import type { Tone } from '../../ui/chip.tsx'

type Policy = TlsShowOutput['shares'][number]['policy']

/** What protects a session, from the strongest. */
export const POLICY_WORDS: Readonly<
  Record<Policy, { readonly name: string; readonly means: string; readonly tone: Tone }>
> = {
  dane: {
    name: 'DANE',
    means: 'TLS is required, and the server proves itself by its signed DNS.',
    tone: 'ok',
  },
  sts: {
    name: 'MTA-STS',
    means: 'TLS is required, with a certificate for the server that the policy names.',
    tone: 'info',
  },
  none: {
    name: 'opportunistic',
    means: 'TLS where the server offers it; its certificate is not checked.',
    tone: 'neutral',
  },
}

const RESULTS: Readonly<Record<string, string>> = {
  'starttls-not-supported': 'the server offers no encryption',
  'certificate-host-mismatch': 'the certificate is for another name',
  'certificate-expired': 'the certificate has expired',
  'certificate-not-trusted': 'nobody trusted has signed the certificate',
  'validation-failure': 'the session could not be verified',
  'tlsa-invalid': 'the certificate is not the one in DNS',
  'dnssec-invalid': 'the signatures in DNS are wrong',
  'dane-required': 'DANE was demanded and there is none',
  'sts-policy-fetch-error': 'the policy could not be fetched',
  'sts-policy-invalid': 'the policy cannot be read',
  'sts-webpki-invalid': 'the web server of the policy has no valid certificate',
}

/** A result type of RFC 8460 in words; what is not known stays as it is. */
export function resultWords(result: string): string {
  return RESULTS[result] ?? result
}
