import { TlogFault } from './fault.ts'
import { EMPTY_ROOT, nodeHash } from './merkle.ts'
import { perfectHash, TILE_WIDTH } from './tiles.ts'

/** The unfinished tile of each level, from level 0 up: all that is needed to go on and to know the root. */
export type TreeEdge = readonly (readonly Buffer[])[]

export interface GrownTile {
  readonly level: number
  readonly index: number
  readonly hashes: readonly Buffer[]
}

/** Appends leaves. @returns the new edge and the tiles that changed, each whole. */
export function growTree(
  size: number,
  edge: TreeEdge,
  leaves: readonly Buffer[],
): { readonly edge: Buffer[][]; readonly tiles: GrownTile[] } {
  const levels = edge.map((hashes) => [...hashes])
  const changed = new Map<string, GrownTile>()
  let added: readonly Buffer[] = leaves
  for (let level = 0; added.length > 0; level++) {
    const above: Buffer[] = []
    let open = levels[level] ?? []
    let index = Math.floor(size / TILE_WIDTH ** (level + 1))
    if (open.length !== Math.floor(size / TILE_WIDTH ** level) % TILE_WIDTH)
      throw new TlogFault(`the edge of level ${level} does not belong to a tree of ${size} leaves`)
    for (const hash of added) {
      open.push(hash)
      changed.set(`${level}/${index}`, { level, index, hashes: open })
      if (open.length < TILE_WIDTH) continue
      above.push(perfectHash(open))
      open = []
      index += 1
    }
    levels[level] = open
    added = above
  }
  return { edge: levels, tiles: [...changed.values()] }
}

/** The root of the tree with that edge. */
export function edgeRoot(edge: TreeEdge): Buffer {
  let root: Buffer | null = null
  for (const hashes of edge) {
    let to = hashes.length
    while (to > 0) {
      // The lowest set bit of the width is the size of the last perfect subtree in it.
      const span = to & -to
      const left = perfectHash(hashes.slice(to - span, to))
      root = root === null ? left : nodeHash(left, root)
      to -= span
    }
  }
  return root ?? EMPTY_ROOT
}
