/** What waits, by whom it belongs to. */
export interface FairLine<Item> {
  /** False where this owner, or everybody together, has too much waiting; then nothing is added. */
  add(owner: string, item: Item, chars: number): boolean
  /** Puts what was taken back before the owner's others, whatever the bounds; the owner had a turn, and comes last. */
  putBack(owner: string, items: readonly Item[]): void
  /** Up to `most` items of the next owner who may have some, in their order; undefined where nobody may. */
  take(
    may: (owner: string) => boolean,
    most: number,
  ): { readonly owner: string; readonly items: readonly Item[] } | undefined
  /** Takes an item out that waits no longer; false where it is not in the line. */
  remove(owner: string, item: Item): boolean
  readonly size: number
}

interface Waiting<Item> {
  readonly item: Item
  readonly chars: number
}

interface Owner<Item> {
  items: Waiting<Item>[]
  chars: number
}

/** Owners take turns, whatever each has waiting. */
export function createFairLine<Item>(bounds: {
  readonly itemsMax: number
  readonly itemsOfOneMax: number
  readonly charsMax: number
  readonly charsOfOneMax: number
}): FairLine<Item> {
  // In the order of whose turn is next; an owner without items is not in it.
  const owners = new Map<string, Owner<Item>>()
  let size = 0
  let chars = 0

  function counted(own: Owner<Item>, items: readonly Waiting<Item>[], sign: 1 | -1): void {
    const sum = items.reduce((total, waiting) => total + waiting.chars, 0) * sign
    own.chars += sum
    chars += sum
    size += items.length * sign
  }

  return {
    add(owner, item, itemChars) {
      const own = owners.get(owner) ?? { items: [], chars: 0 }
      if (size >= bounds.itemsMax || own.items.length >= bounds.itemsOfOneMax) return false
      if (chars + itemChars > bounds.charsMax || own.chars + itemChars > bounds.charsOfOneMax) return false
      const waiting = { item, chars: itemChars }
      own.items.push(waiting)
      counted(own, [waiting], 1)
      owners.set(owner, own)
      return true
    },
    putBack(owner, items) {
      if (items.length === 0) return
      const own = owners.get(owner) ?? { items: [], chars: 0 }
      // It had its share of the bounds before; counted as nothing, it takes nobody's place.
      const waiting = items.map((item) => ({ item, chars: 0 }))
      own.items.unshift(...waiting)
      counted(own, waiting, 1)
      // To the end of the turns, also where new items of his have come nearer meanwhile.
      owners.delete(owner)
      owners.set(owner, own)
    },
    take(may, most) {
      for (const [owner, own] of owners) {
        if (!may(owner)) continue
        const taken = own.items.splice(0, most)
        counted(own, taken, -1)
        // To the end of the turns.
        owners.delete(owner)
        if (own.items.length > 0) owners.set(owner, own)
        return { owner, items: taken.map(({ item }) => item) }
      }
      return undefined
    },
    remove(owner, item) {
      const own = owners.get(owner)
      const at = own?.items.findIndex((waiting) => waiting.item === item) ?? -1
      if (own === undefined || at < 0) return false
      counted(own, own.items.splice(at, 1), -1)
      if (own.items.length === 0) owners.delete(owner)
      return true
    },
    get size() {
      return size
    },
  }
}
