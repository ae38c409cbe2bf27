import { areEqual, sha256, type Bytes } from './bytes.ts'

/** As in the log's own library: no proof is longer (C2SP tlog-witness). */
const HASHES_MAX = 63
const HASH_BYTES = 32
const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

/** SHA-256(0x00 ‖ entry) (RFC 6962 §2.1). */
export function leafHash(entry: Bytes): Promise<Bytes> {
  return sha256(LEAF, entry)
}

function nodeHash(left: Bytes, right: Bytes): Promise<Bytes> {
  return sha256(NODE, left, right)
}

/** Whether a leaf stands at `index` of the tree with this size and root (RFC 9162 §2.1.3.2). */
export async function isIncluded(claim: {
  readonly index: number
  readonly size: number
  readonly leaf: Bytes
  readonly root: Bytes
  readonly proof: readonly Bytes[]
}): Promise<boolean> {
  const { index, size, proof } = claim
  if (!isWhole(index) || !isWhole(size) || index >= size || !areHashes(proof)) return false
  let at = index
  let last = size - 1
  let hash = claim.leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      hash = await nodeHash(sibling, hash)
      while (at % 2 === 0 && at !== 0) {
        at = half(at)
        last = half(last)
      }
    } else {
      hash = await nodeHash(hash, sibling)
    }
    at = half(at)
    last = half(last)
  }
  return last === 0 && areEqual(hash, claim.root)
}

/** Whether the old tree is the beginning of the new one (RFC 9162 §2.1.4.2). */
export async function isContinued(claim: {
  readonly oldSize: number
  readonly oldRoot: Bytes
  readonly newSize: number
  readonly newRoot: Bytes
  readonly proof: readonly Bytes[]
}): Promise<boolean> {
  const { oldSize, oldRoot, newSize, newRoot, proof } = claim
  if (!isWhole(oldSize) || !isWhole(newSize) || oldSize > newSize || !areHashes(proof)) return false
  if (oldSize === newSize) return proof.length === 0 && areEqual(oldRoot, newRoot)
  if (oldSize === 0) return proof.length === 0
  const [first, ...rest] = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : proof
  if (first === undefined || proof.length === 0) return false
  let at = oldSize - 1
  let last = newSize - 1
  while (at % 2 === 1) {
    at = half(at)
    last = half(last)
  }
  let oldHash = first
  let newHash = first
  for (const sibling of rest) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      oldHash = await nodeHash(sibling, oldHash)
      newHash = await nodeHash(sibling, newHash)
      while (at % 2 === 0 && at !== 0) {
        at = half(at)
        last = half(last)
      }
    } else {
      newHash = await nodeHash(newHash, sibling)
    }
    at = half(at)
    last = half(last)
  }
  return last === 0 && areEqual(oldHash, oldRoot) && areEqual(newHash, newRoot)
}

function areHashes(proof: readonly Bytes[]): boolean {
  return proof.length <= HASHES_MAX && proof.every((hash) => hash.length === HASH_BYTES)
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value))
}

/** Not a shift: sizes may exceed 32 bits. */
function half(value: number): number {
  return Math.floor(value / 2)
}
