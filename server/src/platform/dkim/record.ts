import type { DkimAlgorithm } from './prepare.ts'

/** RFC 1035 §3.3: octets of one character-string of a TXT record. */
export const MAX_TXT_STRING_BYTES = 255

/**
 * The text of the TXT record at `<selector>._domainkey.<domain>` (RFC 6376 §3.6.1). `publicKeyBase64`: for RSA the DER
 * SubjectPublicKeyInfo, for Ed25519 the 32 raw bytes (RFC 8463 §4); empty: the key is revoked.
 */
export function dkimRecord(key: {
  readonly algorithm: DkimAlgorithm
  readonly publicKeyBase64: string
}): string {
  return `v=DKIM1; k=${key.algorithm === 'rsa-sha256' ? 'rsa' : 'ed25519'}; p=${key.publicKeyBase64}`
}

/** A TXT value as the character-strings that it is published in; a reader joins them without a space (RFC 6376 §3.6.2.2). */
export function splitTxt(text: string): readonly string[] {
  const strings: string[] = []
  for (let i = 0; i < text.length; i += MAX_TXT_STRING_BYTES)
    strings.push(text.slice(i, i + MAX_TXT_STRING_BYTES))
  return strings.length > 0 ? strings : ['']
}
