/** Which replays a run takes, or the text to print instead of running. */
export type ReplayChoice =
  | { readonly kind: 'run'; readonly ids: readonly string[] }
  | { readonly kind: 'help' | 'refused'; readonly text: string }

/** The replays among the names of a directory: id in capitals → file. `m-05b-erasure.test.ts` is M-05B. */
export function replayFiles(names: readonly string[]): Map<string, string> {
  const found = new Map<string, string>()
  for (const name of [...names].sort()) {
    if (name.startsWith('scan-') && name.endsWith('.test.ts')) found.set('SCAN', name)
    const id = /^([a-z]-\d+[a-z]?)-.*\.test\.ts$/.exec(name)?.[1]
    if (id !== undefined) found.set(id.toUpperCase(), name)
  }
  return found
}

/** Judges the arguments: ids in any case, none for all; `--help` anywhere. Nothing else is taken, so that a slip runs nothing. */
export function chooseReplays(args: readonly string[], known: readonly string[]): ReplayChoice {
  const list = `Replays: ${known.join(', ')}\n`
  if (args.some((arg) => arg === '--help' || arg === '-h')) return { kind: 'help', text: `${USAGE}\n${list}` }
  const ids = args.map((arg) => arg.toUpperCase())
  const unknown = args.filter((arg) => !known.includes(arg.toUpperCase()))
  if (unknown.length > 0)
    return { kind: 'refused', text: `${unknown.join(', ')}: there is no such replay.\n${list}` }
  return { kind: 'run', ids: ids.length === 0 ? known : known.filter((id) => ids.includes(id)) }
}

const USAGE = `npm run replays                     all replays: the incidents as attacks, each with its control arm
npm run replays -- M-05 X-04        these only

Writes replays.json (of a choice only its own results) and, where all ran, the table in docs/replays.md.
Exit code 0: every bound holds and every control arm succeeded. 1: something did not. 2: there is no such replay.
`
