/**
 * Addresses and networks: one spelling of each, whether one lies in another, who is behind an address. The only place that imports `ipaddr.js`,
 * and that on what `node:net` has taken.
 */
export { isAddress, normaliseAddress } from './address.ts'
export { clientKeyOf, networkAround, siteOf } from './client-key.ts'
export {
  CIDRS_MAX,
  coversNetwork,
  isInNetworks,
  networkAt,
  networkOf,
  networksInBoth,
  parseCidr,
} from './networks.ts'
export type { CidrResult } from './networks.ts'
export { readOwnAddresses } from './own-addresses.ts'
