import { createHash } from 'node:crypto'

/** Bytes of a SHA-256 hash. */
export const HASH_BYTES = 32

/** The root of the empty tree: SHA-256 of nothing (RFC 6962 §2.1). */
export const EMPTY_ROOT: Buffer = createHash('sha256').digest()

/** No proof in a tree of at most 2^53 - 1 leaves is longer (C2SP tlog-witness allows 63). */
export const PROOF_HASHES_MAX = 63

const LEAF_PREFIX = Buffer.of(0)
const NODE_PREFIX = Buffer.of(1)

/** The hash of one log entry: SHA-256(0x00 ‖ entry) (RFC 6962 §2.1). */
export function leafHash(entry: Uint8Array): Buffer {
  return createHash('sha256').update(LEAF_PREFIX).update(entry).digest()
}

/** The hash over two subtrees: SHA-256(0x01 ‖ left ‖ right) (RFC 6962 §2.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(NODE_PREFIX).update(left).update(right).digest()
}

/** The root over the hashes of all leaves, in memory (RFC 6962 §2.1). For what is large, read tiles: tree.ts. */
export function rootOfLeaves(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return EMPTY_ROOT
  // A subtree whose right sibling is missing is carried up unchanged: this pairs level by level and equals the recursive definition.
  let level: Buffer[] = leaves.map((leaf) => Buffer.from(leaf))
  while (level.length > 1) {
    const above: Buffer[] = []
    for (const [at, left] of level.entries()) {
      if (at % 2 === 1) continue
      const right = level[at + 1]
      above.push(right === undefined ? left : nodeHash(left, right))
    }
    level = above
  }
  return level[0] ?? EMPTY_ROOT
}

export interface InclusionClaim {
  readonly index: number
  readonly size: number
  readonly leafHash: Uint8Array
  readonly root: Uint8Array
  /** From the sibling of the leaf up to the child of the root. */
  readonly proof: readonly Uint8Array[]
}

/** Whether the proof shows that the leaf stands at `index` in the tree of `size` leaves with that root (RFC 9162 §2.1.3.2). */
export function verifyInclusion(claim: InclusionClaim): boolean {
  const { index, size, proof } = claim
  if (!isSize(index) || !isSize(size) || index >= size) return false
  if (!areHashes([claim.leafHash, claim.root, ...proof.slice(0, PROOF_HASHES_MAX + 1)])) return false
  if (proof.length > PROOF_HASHES_MAX) return false
  let at = index
  let last = size - 1
  let hash: Buffer = Buffer.from(claim.leafHash)
  for (const sibling of proof) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash)
      while (at % 2 === 0 && at !== 0) {
        at = half(at)
        last = half(last)
      }
    } else {
      hash = nodeHash(hash, sibling)
    }
    at = half(at)
    last = half(last)
  }
  return last === 0 && hash.equals(claim.root)
}

export interface ConsistencyClaim {
  readonly oldSize: number
  readonly oldRoot: Uint8Array
  readonly newSize: number
  readonly newRoot: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/**
 * Whether the proof shows that the old tree is a prefix of the new one (RFC 9162 §2.1.4.2). The empty tree is a prefix of all;
 * its proof, and that between equal trees, is empty (C2SP tlog-witness).
 */
export function verifyConsistency(claim: ConsistencyClaim): boolean {
  const { oldSize, newSize, proof } = claim
  if (!isSize(oldSize) || !isSize(newSize) || oldSize > newSize || proof.length > PROOF_HASHES_MAX)
    return false
  if (!areHashes([claim.oldRoot, claim.newRoot, ...proof])) return false
  if (newSize === 0 && !EMPTY_ROOT.equals(claim.newRoot)) return false
  if (oldSize === 0) return proof.length === 0 && EMPTY_ROOT.equals(claim.oldRoot)
  if (oldSize === newSize) return proof.length === 0 && Buffer.from(claim.oldRoot).equals(claim.newRoot)
  // The hash of an old tree that is one perfect subtree is known to the verifier and left out of the proof.
  const [first, ...rest] = isPowerOfTwo(oldSize) ? [claim.oldRoot, ...proof] : proof
  if (first === undefined || proof.length === 0) return false
  let at = oldSize - 1
  let last = newSize - 1
  while (at % 2 === 1) {
    at = half(at)
    last = half(last)
  }
  let oldHash: Buffer = Buffer.from(first)
  let newHash: Buffer = Buffer.from(first)
  for (const sibling of rest) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      oldHash = nodeHash(sibling, oldHash)
      newHash = nodeHash(sibling, newHash)
      while (at % 2 === 0 && at !== 0) {
        at = half(at)
        last = half(last)
      }
    } else {
      newHash = nodeHash(newHash, sibling)
    }
    at = half(at)
    last = half(last)
  }
  return last === 0 && oldHash.equals(claim.oldRoot) && newHash.equals(claim.newRoot)
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function areHashes(values: readonly Uint8Array[]): boolean {
  return values.every((value) => value.length === HASH_BYTES)
}

// Shifts of JavaScript stop at 32 bits.
function half(value: number): number {
  return Math.floor(value / 2)
}

function isPowerOfTwo(value: number): boolean {
  let rest = value
  while (rest % 2 === 0) rest = half(rest)
  return rest === 1
}
