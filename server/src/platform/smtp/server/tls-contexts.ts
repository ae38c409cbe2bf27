import { createSecureContext } from 'node:tls'
import type { SecureContext, SecureContextOptions } from 'node:tls'

/**
 * Asks for the certificate on every connection, and builds a new context only when a value changed: one context is about a
 * millisecond and tens of kilobytes. TLS 1.2 is the least (RFC 8314 §4.1, RFC 8996).
 */
export function createTlsContexts(read: () => SecureContextOptions): () => SecureContext {
  let known: { readonly options: SecureContextOptions; readonly context: SecureContext } | null = null
  return () => {
    const options = read()
    if (known === null || !sameOptions(known.options, options)) {
      known = {
        options: { ...options },
        context: createSecureContext({ minVersion: 'TLSv1.2', ...options }),
      }
    }
    return known.context
  }
}

function sameOptions(one: SecureContextOptions, other: SecureContextOptions): boolean {
  const ones = Object.entries(one)
  const others = new Map<string, unknown>(Object.entries(other))
  return ones.length === others.size && ones.every(([name, value]) => sameValue(value, others.get(name)))
}

function sameValue(one: unknown, other: unknown): boolean {
  return Buffer.isBuffer(one) && Buffer.isBuffer(other) ? one.equals(other) : one === other
}
