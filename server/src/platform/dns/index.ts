/**
 * DNS as values: a caching resolver, a second one that tells what DNSSEC proves, where mail for a domain goes, and which addresses are
 * the public internet.
 * Invariants: what DNS could not say is never taken for "does not exist"; failures are not cached; all sizes are bounded; "secure" is
 * the word of a resolver on this host or of one that the operator named.
 */
export { createDestinationResolver } from './destination.ts'
export type { Destination, DestinationDeps, DestinationHost, HostAddress } from './destination.ts'
export { isPublicAddress } from './public-address.ts'
export { canonicalName, createResolver } from './resolver.ts'
export type { DnsAnswer, DnsResolver, MxRecord, ResolverDeps } from './resolver.ts'
export type { TlsaData } from './record-data.ts'
export { createSecureResolver } from './secure-resolver.ts'
export type { SecureAnswer, SecureResolver, SecureResolverDeps } from './secure-resolver.ts'
