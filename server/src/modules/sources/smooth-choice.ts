interface Weighted {
  readonly name: string
  readonly weight: number
}

/**
 * Chooses by weight, evenly: of weights 5, 1, 1 no five of one in a row (smooth weighted round robin, as nginx does it). The same calls give the
 * same choices. Candidates may differ from call to call; one that comes back starts where it was.
 */
export function createSmoothChoice(): <Item extends Weighted>(
  candidates: readonly Item[],
) => Item | undefined {
  const credit = new Map<string, number>()
  return (candidates) => {
    let best: (typeof candidates)[number] | undefined
    let bestCredit = -Infinity
    let total = 0
    for (const item of candidates) {
      const own = (credit.get(item.name) ?? 0) + item.weight
      credit.set(item.name, own)
      total += item.weight
      if (own > bestCredit) {
        best = item
        bestCredit = own
      }
    }
    if (best !== undefined) credit.set(best.name, bestCredit - total)
    return best
  }
}
