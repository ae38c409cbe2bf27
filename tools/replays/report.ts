/** What one arm left behind: see server/test/replays/replay.ts. */
interface Arm {
  readonly state: 'passed' | 'failed'
  readonly breaches: readonly string[]
  readonly evidence: Readonly<Record<string, number | string>>
  readonly durationMs: number
  readonly error: string | null
}

export interface ReplayResult {
  readonly id: string
  readonly source: string
  readonly attack: string
  readonly bound: string
  readonly control: string
  /** `bounded`: the bound holds and the control arm succeeded. `broken`: the bound does not hold. `unproved`: the control arm failed. */
  readonly state: 'bounded' | 'broken' | 'unproved'
  readonly arms: { readonly real: Arm | null; readonly control: Arm | null }
}

export interface ReplayRun {
  readonly commit: string
  readonly at: string
  readonly replays: readonly ReplayResult[]
}

/** What replays.json holds: each result with the run that it is of. */
interface ReplayFile {
  readonly replays: readonly (Fields & { readonly id: string })[]
}

const BEGIN = '<!-- replays: made by npm run replays, do not edit -->'
const END = '<!-- end of replays -->'

type Fields = Readonly<Record<string, unknown>>

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/**
 * Reads vitest's JSON report. Tests without a replay's record are tests of the harness and are left out; a replay whose test failed
 * before it could judge has its title instead.
 */
export function readReplays(report: unknown): ReplayResult[] {
  const byId = new Map<string, { facts: Fields; real: Arm | null; control: Arm | null }>()
  for (const file of list(fields(report)['testResults'])) {
    for (const test of list(fields(file)['assertionResults']).map(fields)) {
      const record = fields(fields(test['meta'])['replay'])
      const title = text(list(test['ancestorTitles']).at(-1))
      const id = text(record['id']) || (/^([A-Z]+(?:-\d+\w?)?): /.exec(title)?.[1] ?? '')
      if (id === '') continue
      const known = byId.get(id) ?? { facts: { id, attack: title }, real: null, control: null }
      if (text(record['id']) !== '') known.facts = record
      const isControl = text(record['arm']) === 'control' || text(test['title']).startsWith('succeeds in')
      known[isControl ? 'control' : 'real'] = armOf(test, fields(record['verdict']))
      byId.set(id, known)
    }
  }
  return [...byId]
    .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([id, found]) => ({
      id,
      source: text(found.facts['source']),
      attack: text(found.facts['attack']),
      bound: text(found.facts['bound']),
      control: text(found.facts['control']),
      state:
        found.real?.state !== 'passed'
          ? 'broken'
          : found.control?.state !== 'passed'
            ? 'unproved'
            : 'bounded',
      arms: { real: found.real, control: found.control },
    }))
}

/** The results of `run`, and of what it did not run those that the file has. Takes any JSON; what is no result in it is dropped. */
export function mergedRun(file: unknown, run: ReplayRun): ReplayFile {
  const results = new Map<string, Fields & { readonly id: string }>()
  const earlier = fields(file)
  for (const kept of list(earlier['replays']).map(fields)) {
    const id = text(kept['id'])
    const { commit = earlier['commit'], at = earlier['at'], ...rest } = kept
    if (id !== '') results.set(id, { ...rest, id, commit, at })
  }
  for (const result of run.replays) results.set(result.id, { ...result, commit: run.commit, at: run.at })
  return { replays: [...results.values()].sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true })) }
}

function armOf(test: Fields, verdict: Fields): Arm {
  const evidence: Record<string, number | string> = {}
  for (const [name, value] of Object.entries(fields(verdict['evidence']))) {
    if (typeof value === 'number' || typeof value === 'string') evidence[name] = value
  }
  const duration = test['duration']
  return {
    state: test['status'] === 'passed' ? 'passed' : 'failed',
    breaches: list(verdict['breaches']).map(text),
    evidence,
    durationMs: typeof duration === 'number' ? Math.round(duration) : 0,
    error: text(list(test['failureMessages'])[0]).split('\n')[0] || null,
  }
}

const cell = (value: string): string => value.replaceAll('|', '\\|').replaceAll('\n', ' ')

function evidenceText(arm: Arm | null): string {
  return Object.entries(arm?.evidence ?? {})
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}

/** How many breaches the control arm had; the first one as an example. */
function controlText({ control, arms }: ReplayResult): string {
  if (arms.control?.state !== 'passed') return `${control}. **Did not succeed**`
  const more = arms.control.breaches.length > 1 ? ` (and ${arms.control.breaches.length - 1} more)` : ''
  return `${control}. Got: ${arms.control.breaches[0] ?? ''}${more}`
}

function seconds(result: ReplayResult): string {
  return (((result.arms.real?.durationMs ?? 0) + (result.arms.control?.durationMs ?? 0)) / 1000).toFixed(1)
}

/** The Markdown table of docs/replays.md. */
export function replayTable(run: ReplayRun): string {
  const head = ['id', 'attack', 'bound', 'evidence', 'control', 'seconds']
  const rows = run.replays.map((result) => [
    `${result.id} (${result.source})${result.state === 'bounded' ? '' : ` **${result.state}**`}`,
    result.attack,
    result.bound,
    evidenceText(result.arms.real),
    controlText(result),
    seconds(result),
  ])
  return [
    `Run at ${run.at} on commit ${run.commit}.`,
    '',
    `| ${head.join(' | ')} |`,
    `| ${head.map(() => '---').join(' | ')} |`,
    ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`),
  ].join('\n')
}

/** What the terminal shows: a paragraph per replay, because its sentences do not fit into columns. */
export function terminalTable(run: ReplayRun): string {
  return run.replays
    .map((result) => {
      const failures = [result.arms.real?.error, result.arms.control?.error].filter((error) => error != null)
      return [
        `${result.state === 'bounded' ? '✓' : '✗'} ${result.id}  ${result.state}, ${seconds(result)} s`,
        `    attack    ${result.attack}`,
        `    bound     ${result.bound}`,
        `    evidence  ${evidenceText(result.arms.real)}`,
        `    control   ${controlText(result)}`,
        ...failures.map((error) => `    failed    ${error}`),
      ].join('\n')
    })
    .join('\n')
}

/** Throws where the page has lost its markers. */
export function withReplays(page: string, table: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`docs/replays.md must hold the lines ${BEGIN} and ${END}`)
  return `${page.slice(0, begin)}${BEGIN}\n${table}\n${page.slice(end)}`
}
