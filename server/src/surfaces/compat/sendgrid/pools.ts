type PoolLane = 'critical' | 'transactional' | 'bulk'

/**
 * What the vendor has pools of addresses for, Bulkhead has lanes for: mail that is urgent does not wait behind mail that is not.
 * Other names change nothing: a program that moves here names the pools of its account there, and from which addresses mail leaves is for the
 * operator to say.
 */
const POOL_LANES: Readonly<Record<string, PoolLane>> = {
  critical: 'critical',
  transactional: 'transactional',
  bulk: 'bulk',
}

export function poolLane(name: string): PoolLane | undefined {
  const lower = name.toLowerCase()
  return Object.hasOwn(POOL_LANES, lower) ? POOL_LANES[lower] : undefined
}
