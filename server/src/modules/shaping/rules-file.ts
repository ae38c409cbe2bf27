import { runLoop } from '../../platform/loop/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { readTextFile } from '../../platform/toml/index.ts'
import type { TextFile } from '../../platform/toml/index.ts'
import { loadRules } from './load-rules.ts'
import type { LoadedRules, LoadOptions, RulesText } from './load-rules.ts'
import type { RulesProblem } from './reader.ts'
import type { Rules } from './rules.ts'

export interface RulesFileDependencies extends LoadOptions {
  /** BULKHEAD_SHAPING; null: what is shipped is all. */
  readonly path: string | null
  readonly log: Logger
  /** The file is broken, for the first time or in another way than before; the last good rules hold. */
  readonly onBroken?: (problem: string) => Promise<void>
  /** The rules are others than those that `current()` answered at first. */
  readonly onChanged?: (rules: Rules) => void
  /** How often the file is looked at; default 2 s. */
  readonly everyMs?: number
}

/** How the operator's file is. */
export interface RulesFileState {
  readonly path: string | null
  /** `shipped`: there is no file, or it was never good. */
  readonly inForce: 'shipped' | 'file'
  readonly problems: readonly RulesProblem[]
}

/** The rules in force: what is shipped, with the operator's file on top, read again when it changes. */
export interface RulesFile extends AsyncDisposable {
  current(): Rules
  state(): RulesFileState
  /** Looks at the file now. */
  reload(): Promise<void>
}

const EVERY_MS = 2_000
export const SHIPPED = 'shipped'

/** What is shipped. A fault in it is a fault of the product: throws. */
export async function readShipped(): Promise<RulesText> {
  const read = await readTextFile(new URL('./shipped.toml', import.meta.url))
  if (read.kind === 'problem') throw new Error(`shipped.toml: ${read.problem}`)
  return { name: SHIPPED, text: read.text }
}

/**
 * Reads the rules and watches the operator's file. A broken file changes nothing: the last good one holds, or what is shipped where there
 * was none, and the operator hears of it. Throws only where what is shipped is broken.
 */
export async function openRulesFile(deps: RulesFileDependencies): Promise<RulesFile> {
  const { log, path } = deps
  const shipped = await readShipped()
  const alone = loadRules([shipped], deps)
  if (!alone.ok) throw new Error(`shipped.toml: ${alone.problems.map(showProblem).join('; ')}`)
  let rules = alone.rules
  let state: RulesFileState = { path, inForce: 'shipped', problems: [] }
  /** What was read last; the same is not parsed again. */
  let seen: string | null = null
  const stop = new AbortController()

  async function reload(): Promise<void> {
    if (path === null) return
    const file = await readTextFile(path)
    const found = file.kind === 'text' ? `text ${file.text}` : `problem ${file.problem}`
    if (found === seen) return
    const loaded = load(file)
    if (loaded.ok) {
      rules = loaded.rules
      state = { path, inForce: 'file', problems: [] }
      if (seen !== null) {
        log.info({ path }, 'The rules of shaping were read again')
        deps.onChanged?.(rules)
      }
    } else {
      state = { ...state, problems: loaded.problems }
      const [first] = loaded.problems
      const problem = `${first === undefined ? 'it is broken' : showProblem(first)}${loaded.problems.length > 1 ? ` (and ${loaded.problems.length - 1} more)` : ''}`
      log.error(
        { path, problem, inForce: state.inForce },
        'The file of shaping is broken; the last good rules hold',
      )
      await deps.onBroken?.(problem)
    }
    // Only now: an alarm that could not be raised is raised the next time.
    seen = found
  }

  function load(file: TextFile): LoadedRules {
    if (file.kind === 'problem')
      return {
        ok: false,
        problems: [
          {
            file: path ?? '',
            line: null,
            field: '',
            problem: file.problem,
            fix: 'correct BULKHEAD_SHAPING, or put the file there',
          },
        ],
      }
    return loadRules([shipped, { name: path ?? '', text: file.text }], deps)
  }

  await reload().catch((error: unknown) =>
    log.warn({ err: error }, 'The file of shaping is read again later'),
  )
  const loop = runLoop({
    name: 'shaping rules',
    everyMs: deps.everyMs ?? EVERY_MS,
    log,
    signal: stop.signal,
    round: async () => {
      await reload()
      return undefined
    },
  })

  return {
    current: () => rules,
    state: () => state,
    reload,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await loop
    },
  }
}

/** One line for people. */
export function showProblem(problem: RulesProblem): string {
  const where = problem.line === null ? problem.file : `${problem.file}:${problem.line}`
  return `${where}: ${problem.field === '' ? '' : `${problem.field} `}${problem.problem}; ${problem.fix}`
}
