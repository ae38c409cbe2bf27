// `npm run replays`: runs every replay and writes replays.json, the table in docs/replays.md and the same table on the terminal.
// Exits with 1 where a bound does not hold, a control arm does not succeed, or a replay did not run. Arguments choose replays: `M-05`.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { readReplays, replayTable, terminalTable, withReplays } from './replays/report.ts'

const ROOT = resolve(import.meta.dirname, '..')
const PAGE = join(ROOT, 'docs/replays.md')

const chosen = process.argv.slice(2)
const directory = mkdtempSync(join(tmpdir(), 'bulkhead-replays-'))
const report = join(directory, 'vitest.json')
const paths =
  chosen.length === 0
    ? ['server/test/replays/']
    : chosen.map((id) => `server/test/replays/${id.toLowerCase()}-`)
const code = await runVitest([
  'run',
  ...paths,
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
])
const results: unknown = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : null
rmSync(directory, { recursive: true, force: true })
const replays = readReplays(results)
const run = { commit: commit(), at: new Date().toISOString(), replays }
writeFileSync(join(ROOT, 'replays.json'), `${JSON.stringify(run, null, 2)}\n`)
// A choice of replays is no report of all.
if (chosen.length === 0) writeFileSync(PAGE, withReplays(readFileSync(PAGE, 'utf8'), replayTable(run)))
process.stdout.write(`\n${terminalTable(run)}\n`)
const bounded = replays.filter((item) => item.state === 'bounded').length
process.stdout.write(
  `${bounded} of ${replays.length} replays bounded, each with a control arm that succeeds\n`,
)
process.exitCode = code === 0 && bounded === replays.length && bounded > 0 ? 0 : 1

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
