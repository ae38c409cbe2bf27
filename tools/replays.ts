// `npm run replays`: runs every replay and writes replays.json, the table in docs/replays.md and the same table on the terminal.
// Exits with 1 where a bound does not hold, a control arm does not succeed, or a replay did not run; with 2 where the arguments name
// what is no replay. Arguments choose replays: `M-05`.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { chooseReplays, replayFiles } from './replays/choice.ts'
import { mergedRun, readReplays, replayTable, terminalTable, withReplays } from './replays/report.ts'

const ROOT = resolve(import.meta.dirname, '..')
const PAGE = join(ROOT, 'docs/replays.md')

const RESULTS = join(ROOT, 'replays.json')

const files = replayFiles(readdirSync(join(ROOT, 'server/test/replays')))
const choice = chooseReplays(process.argv.slice(2), [...files.keys()])
if (choice.kind === 'run') process.exitCode = await runReplays(choice.ids)
else {
  const isHelp = choice.kind === 'help'
  ;(isHelp ? process.stdout : process.stderr).write(choice.text)
  process.exitCode = isHelp ? 0 : 2
}

async function runReplays(ids: readonly string[]): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-replays-'))
  const report = join(directory, 'vitest.json')
  const isWhole = ids.length === files.size
  const paths = isWhole
    ? ['server/test/replays/']
    : ids.map((id) => `server/test/replays/${files.get(id) ?? ''}`)
  const code = await runVitest([
    'run',
    ...paths,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ])
  const replays = readReplays(readJson(report))
  rmSync(directory, { recursive: true, force: true })
  const run = { commit: commit(), at: new Date().toISOString(), replays }
  const lost = ids.filter((id) => !replays.some((item) => item.id.toUpperCase() === id))
  // What did not run overwrites nothing, and a choice of replays only its own.
  const merged = mergedRun(readJson(RESULTS), run)
  if (replays.length > 0) writeFileSync(RESULTS, `${JSON.stringify(merged, null, 2)}\n`)
  if (isWhole && lost.length === 0)
    writeFileSync(PAGE, withReplays(readFileSync(PAGE, 'utf8'), replayTable(run)))
  process.stdout.write(`\n${terminalTable(run)}\n`)
  const bounded = replays.filter((item) => item.state === 'bounded').length
  process.stdout.write(`${bounded} of ${ids.length} replays bounded, each with a control arm that succeeds\n`)
  if (lost.length > 0) process.stdout.write(`did not run: ${lost.join(', ')}\n`)
  return code === 0 && bounded === ids.length ? 0 : 1
}

/** Null where the file is not there or no JSON: a run that was ended while it wrote. */
function readJson(path: string): unknown {
  try {
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null
  } catch {
    return null
  }
}

function runVitest(args: readonly string[]): Promise<number> {
  const child = spawn(join(ROOT, 'node_modules/.bin/vitest'), args, { cwd: ROOT, stdio: 'inherit' })
  return new Promise((done) => {
    child.once('error', () => done(1))
    child.once('exit', (exitCode) => done(exitCode ?? 1))
  })
}

function commit(): string {
  const { stdout } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' })
  return stdout.trim()
}
