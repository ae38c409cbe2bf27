import { TlogFault } from './fault.ts'
import { EMPTY_ROOT, nodeHash } from './merkle.ts'
import { perfectHash, splitTile, tileWidth, TILE_WIDTH } from './tiles.ts'

const TILE_LEVELS = 8

/** Answers the bytes of a tile of hashes, which has `width` hashes in the tree that is read. */
export type TileSource = (level: number, index: number, width: number) => Promise<Uint8Array>

/** A tree whose hashes are read from tiles. Nothing that it answers is trusted before a signed root has confirmed it. */
export interface TiledTree {
  readonly size: number
  root(): Promise<Buffer>
  /** From the leaf's sibling up (RFC 6962 §2.1.1). */
  inclusionProof(index: number): Promise<Buffer[]>
  /** From the tree of the first `oldSize` leaves (RFC 6962 §2.1.2). */
  consistencyProof(oldSize: number): Promise<Buffer[]>
  /** The root when it had only `oldSize` leaves. */
  rootAt(oldSize: number): Promise<Buffer>
}

/** A tree of `size` leaves over a source of tiles. Each tile is read once. */
export function tiledTree(size: number, source: TileSource): TiledTree {
  const tiles = new Map<string, Promise<Buffer[]>>()

  function tile(level: number, index: number): Promise<Buffer[]> {
    const name = `${level}/${index}`
    const known = tiles.get(name)
    if (known !== undefined) return known
    const width = tileWidth(level, index, size)
    const read = source(level, index, width).then((bytes) => splitTile(bytes, width))
    tiles.set(name, read)
    return read
  }

  /** The hash over the 2^height leaves from index · 2^height. */
  async function perfect(height: number, index: number): Promise<Buffer> {
    const level = Math.floor(height / TILE_LEVELS)
    const span = 2 ** (height % TILE_LEVELS)
    const first = index * span
    const hashes = await tile(level, Math.floor(first / TILE_WIDTH))
    const part = hashes.slice(first % TILE_WIDTH, (first % TILE_WIDTH) + span)
    if (part.length !== span) throw new TlogFault('the tile lacks a hash that the tree needs')
    return perfectHash(part)
  }

  /** The hash over the leaves [from, to); `from` is where a subtree of that size may begin. */
  async function range(from: number, to: number): Promise<Buffer> {
    const parts: Promise<Buffer>[] = []
    let at = from
    while (at < to) {
      const span = largestPowerBelow(to - at + 1)
      parts.push(perfect(Math.log2(span), at / span))
      at += span
    }
    const hashes = await Promise.all(parts)
    return hashes.reduceRight((right, left) => nodeHash(left, right))
  }

  function subproof(old: number, from: number, to: number, isWhole: boolean): Promise<Buffer>[] {
    if (old === to - from) return isWhole ? [] : [range(from, to)]
    const split = largestPowerBelow(to - from)
    return old <= split
      ? [...subproof(old, from, from + split, isWhole), range(from + split, to)]
      : [...subproof(old - split, from + split, to, false), range(from, from + split)]
  }

  const rootAt = async (oldSize: number): Promise<Buffer> => {
    if (!isSize(oldSize) || oldSize > size) throw new TlogFault(`the tree has ${size} leaves`)
    return oldSize === 0 ? EMPTY_ROOT : range(0, oldSize)
  }
  return {
    size,
    root: () => rootAt(size),
    rootAt,
    async inclusionProof(index) {
      if (!isSize(index) || index >= size) throw new TlogFault(`the tree has ${size} leaves`)
      const siblings: Promise<Buffer>[] = []
      let [from, to] = [0, size]
      while (to - from > 1) {
        const middle = from + largestPowerBelow(to - from)
        siblings.push(index < middle ? range(middle, to) : range(from, middle))
        if (index < middle) to = middle
        else from = middle
      }
      return (await Promise.all(siblings)).reverse()
    },
    async consistencyProof(oldSize) {
      if (!isSize(oldSize) || oldSize > size) throw new TlogFault(`the tree has ${size} leaves`)
      if (oldSize === 0 || oldSize === size) return []
      return Promise.all(subproof(oldSize, 0, size, true))
    },
  }
}

/** The largest power of two that is smaller than n, for n > 1. */
function largestPowerBelow(n: number): number {
  let power = 2 ** Math.floor(Math.log2(n))
  // Math.log2 rounds near large powers of two.
  while (power >= n) power /= 2
  while (power * 2 < n) power *= 2
  return power
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
