// `npm test`: every check and every test; the last line is `N passed, N failed`.
//   --long        also the long suite (server/test/long)
//   --only-tests  no static checks
// Other arguments go to vitest, for example a path.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT, ensureInstalled, toolEnvironment } from './install.mjs'

const args = process.argv.slice(2)
const own = new Set(['--long', '--only-tests'])
const long = args.includes('--long')
const vitestArgs = args.filter((arg) => !own.has(arg))

/** The checks, in order. Add a step here: `command` is one of node_modules/.bin. */
const CHECKS = [
  { name: 'format', command: 'oxfmt', args: ['--check', '.'] },
  { name: 'types and lint', command: 'oxlint', args: ['--type-aware', '--type-check'] },
  { name: 'dependency directions', command: 'depcruise', args: arch() },
  { name: 'dead code', command: 'knip', args: ['--no-progress'] },
  { name: 'generated files', command: 'node', args: ['tools/generate.ts', '--check'] },
]

const node = await ensureInstalled()
let passed = 0
let failed = 0

if (!args.includes('--only-tests')) {
  for (const check of CHECKS) {
    const started = performance.now()
    const code = await run(check.command, check.args)
    if (code === 0) passed += 1
    else failed += 1
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    process.stdout.write(`${code === 0 ? '✓' : '✗'} ${check.name} (${seconds} s)\n`)
  }
}

const directory = mkdtempSync(join(tmpdir(), 'bulkhead-results-'))
const report = join(directory, 'vitest.json')
const code = await run('vitest', [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...vitestArgs,
])
const counts = readCounts(report)
passed += counts.passed
// An error outside any test (a file that does not load, a failed set-up) fails the run without failing a test.
failed += code !== 0 && counts.failed === 0 ? 1 : counts.failed
rmSync(directory, { recursive: true, force: true })

process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1

/** What `npm run arch` cruises. */
function arch() {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  return scripts.arch.split(' ').slice(1)
}

function run(command, commandArgs) {
  const child = spawn(join(ROOT, 'node_modules/.bin', command), commandArgs, {
    cwd: ROOT,
    stdio: 'inherit',
    env: toolEnvironment({ BULKHEAD_TEST_NODE: node, ...(long ? { BULKHEAD_TEST_LONG: '1' } : {}) }),
  })
  const pass = (signal) => child.kill(signal)
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, pass)
  return new Promise((resolve) => {
    child.once('error', (error) => {
      process.stderr.write(`${command} could not be run: ${error.message}\n`)
      resolve(1)
    })
    child.once('exit', (exitCode) => resolve(exitCode ?? 1))
  })
}

function readCounts(path) {
  if (!existsSync(path)) return { passed: 0, failed: 0 }
  const result = JSON.parse(readFileSync(path, 'utf8'))
  const unloaded = result.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  )
  return { passed: result.numPassedTests, failed: result.numFailedTests + unloaded.length }
}
