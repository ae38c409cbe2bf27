import { TlogFault } from './fault.ts'
import { HASH_BYTES, nodeHash } from './merkle.ts'

/** Hashes in a full tile (C2SP tlog-tiles). */
export const TILE_WIDTH = 256
const LEVEL_MAX = 63
const ENTRY_BYTES_MAX = 0xffff

/** A tile of hashes, or a bundle of entries, as C2SP tlog-tiles names it. `width` below 256 is a partial one. */
export interface TileName {
  readonly level: number | 'entries'
  readonly index: number
  readonly width: number
}

/** The path below the prefix of the log, for example `tile/0/x001/x234/067.p/5`. */
export function tilePath(tile: TileName): string {
  const digits = String(tile.index)
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0')
  const parts = padded.match(/.{3}/g) ?? []
  const path = parts.map((part, at) => (at < parts.length - 1 ? `x${part}` : part)).join('/')
  return `tile/${tile.level}/${path}${tile.width === TILE_WIDTH ? '' : `.p/${tile.width}`}`
}

/** Reads such a path. @throws TlogFault for every other spelling, so that a tile has one address. */
export function parseTilePath(path: string): TileName {
  const match =
    path.length > 80 ? null : /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path)
  if (match === null) throw new TlogFault('this is not the path of a tile')
  const [, level = '', encoded = '', width] = match
  const tile = {
    level: level === 'entries' ? ('entries' as const) : Number(level),
    index: Number(encoded.replaceAll(/[x/]/g, '')),
    width: width === undefined ? TILE_WIDTH : Number(width),
  }
  if (tile.level !== 'entries' && tile.level > LEVEL_MAX) throw new TlogFault('tiles have levels 0 to 63')
  if (!Number.isSafeInteger(tile.index)) throw new TlogFault('the index of the tile is too large')
  if (width !== undefined && (tile.width < 1 || tile.width >= TILE_WIDTH))
    throw new TlogFault('a partial tile has 1 to 255 hashes')
  if (tilePath(tile) !== path) throw new TlogFault('this is not how the path of a tile is written')
  return tile
}

/** How many hashes the tile has in a tree of `size` leaves; 0 where it does not exist. */
export function tileWidth(level: number, index: number, size: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level)
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH))
}

/** The tiles of hashes that a tree of `newSize` has and one of `oldSize` has not, in the width of the new tree. */
export function newTiles(
  oldSize: number,
  newSize: number,
): { level: number; index: number; width: number }[] {
  const tiles: { level: number; index: number; width: number }[] = []
  for (let level = 0; Math.floor(newSize / TILE_WIDTH ** level) > 0; level++) {
    const before = Math.floor(oldSize / TILE_WIDTH ** level)
    const after = Math.floor(newSize / TILE_WIDTH ** level)
    for (let index = Math.floor(before / TILE_WIDTH); index * TILE_WIDTH < after; index++) {
      const width = tileWidth(level, index, newSize)
      if (width !== tileWidth(level, index, oldSize)) tiles.push({ level, index, width })
    }
  }
  return tiles
}

/** The hashes of a tile. @throws TlogFault where it does not hold exactly `width`. */
export function splitTile(bytes: Uint8Array, width: number): Buffer[] {
  if (bytes.length !== width * HASH_BYTES)
    throw new TlogFault(`the tile has ${bytes.length} bytes, not ${width * HASH_BYTES}`)
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: width }, (_, at) => buffer.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES))
}

/** Entries, each after its length in two bytes (C2SP tlog-tiles, "Log entries"). */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    entries.flatMap((entry) => {
      if (entry.length > ENTRY_BYTES_MAX) throw new TlogFault('a log entry has at most 65,535 bytes')
      const length = Buffer.alloc(2)
      length.writeUInt16BE(entry.length)
      return [length, entry]
    }),
  )
}

/** The entries of a bundle. @throws TlogFault where it does not hold exactly `width`. */
export function decodeEntryBundle(bytes: Uint8Array, width: number): Buffer[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const entries: Buffer[] = []
  let at = 0
  while (at < buffer.length && entries.length <= width) {
    const end = at + 2 <= buffer.length ? at + 2 + buffer.readUInt16BE(at) : Number.POSITIVE_INFINITY
    if (end > buffer.length) throw new TlogFault('the bundle of entries ends in the middle of one')
    entries.push(buffer.subarray(at + 2, end))
    at = end
  }
  if (entries.length !== width) throw new TlogFault(`the bundle does not hold ${width} entries`)
  return entries
}

/** The hash over 2^n hashes. */
export function perfectHash(hashes: readonly Uint8Array[]): Buffer {
  const [only] = hashes
  if (only === undefined) throw new TlogFault('nothing has no perfect hash')
  if (hashes.length === 1) return Buffer.from(only)
  const middle = hashes.length / 2
  return nodeHash(perfectHash(hashes.slice(0, middle)), perfectHash(hashes.slice(middle)))
}
