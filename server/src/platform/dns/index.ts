/**
 * DNS as values: a caching resolver, where mail for a domain goes, and which addresses are the public internet.
 * Invariants: what DNS could not say is never taken for "does not exist"; failures are not cached; all sizes are bounded.
 */
export { createDestinationResolver } from './destination.ts'
export type { Destination, DestinationDeps, DestinationHost, HostAddress } from './destination.ts'
export { isPublicAddress } from './public-address.ts'
export { createResolver } from './resolver.ts'
export type { DnsAnswer, DnsResolver, MxRecord, ResolverDeps } from './resolver.ts'
