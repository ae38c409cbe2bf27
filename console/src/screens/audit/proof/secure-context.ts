/** Why this browser computes no proofs; undefined where it does. It has hashes and signatures in secure contexts only. */
export function whyNoProofs(): string | undefined {
  return globalThis.isSecureContext
    ? undefined
    : 'The browser computes proofs over HTTPS or on localhost only.'
}
