/** What is wrong, in the places of the request where it is wrong. */
export type ProblemTree = string | readonly ProblemTree[] | { readonly [field: string]: ProblemTree } | null

export type Path = readonly (string | number)[]

export interface PlacedProblem {
  readonly path: Path
  readonly message: string
}

/** Problems as the vendor shows them: objects within objects, lists with nothing where nothing is wrong. */
export function treeOf(found: readonly PlacedProblem[]): ProblemTree {
  const own = found.find(({ path }) => path.length === 0)
  if (own !== undefined) return own.message
  const groups = Map.groupBy(found, ({ path }) => path[0])
  const inner = (key: string | number): ProblemTree =>
    treeOf((groups.get(key) ?? []).map(({ path, message }) => ({ path: path.slice(1), message })))
  const keys = [...groups.keys()].filter((key) => key !== undefined)
  const positions = keys.filter((key) => typeof key === 'number')
  if (positions.length === 0) {
    const tree: Record<string, ProblemTree> = Object.create(null)
    for (const key of keys) tree[key] = inner(key)
    return tree
  }
  return Array.from({ length: Math.max(...positions) + 1 }, (_, at) => (groups.has(at) ? inner(at) : null))
}
