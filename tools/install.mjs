// Makes sure that what package-lock.json names is installed, and finds Node 24 in it. Runs on Node 20 and newer, without dependencies.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

export const ROOT = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..')
const BIN = join(ROOT, 'node_modules/.bin')
const STAMP = join(ROOT, 'node_modules/.bulkhead-install')
const NODE_MAJOR = 24

/**
 * Installs what is missing and returns the path of Node 24.
 * @param {{ quiet?: boolean, console?: boolean, tolerant?: boolean }} [options] `quiet` says nothing unless something must be done; `console: false` skips the console's build; `tolerant` goes on where that fails.
 */
export async function ensureInstalled(options = {}) {
  const wanted = lockDigest()
  const stamped = existsSync(STAMP) ? readFileSync(STAMP, 'utf8') : ''
  if (stamped !== wanted || !existsSync(join(ROOT, 'node_modules/.package-lock.json'))) {
    if (!matchesLock()) {
      await installPackages()
      if (!matchesLock()) {
        fail('npm did not install what package-lock.json names: remove node_modules and try again')
      }
    }
    const node = findNode()
    linkPostgres(node)
    writeFileSync(STAMP, wanted)
    if (!options.quiet) say('Packages are installed')
  }
  const node = findNode()
  if (options.console !== false) buildConsole(node, options.tolerant === true)
  return node
}

/** The environment in which `node` and the installed tools are found first. */
export function toolEnvironment(extra = {}) {
  return { ...process.env, PATH: `${BIN}${delimiter}${process.env.PATH ?? ''}`, ...extra }
}

function say(text) {
  process.stderr.write(`${text}\n`)
}

function lockDigest() {
  const hash = createHash('sha256')
  const root = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  for (const file of [
    'package-lock.json',
    'package.json',
    ...root.workspaces.map((name) => `${name}/package.json`),
  ]) {
    hash.update(file).update(existsSync(join(ROOT, file)) ? readFileSync(join(ROOT, file)) : '')
  }
  // A tree that is moved to another platform (a shared volume) lacks that platform's binaries.
  return hash.update(`${process.platform} ${process.arch}`).digest('hex')
}

/** Is what npm recorded in node_modules what the lock file asks for? Then a developer's own `npm install` is left alone. */
function matchesLock() {
  const record = join(ROOT, 'node_modules/.package-lock.json')
  if (!existsSync(record)) return false
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages
  const locked = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages
  return (
    Object.entries(locked).every(([path, entry]) => {
      if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true
      const found = installed[path]
      if (found === undefined) return entry.optional === true || entry.devOptional === true
      return entry.link === true || (found.version === entry.version && existsSync(join(ROOT, path)))
    }) && existsSync(join(BIN, process.platform === 'win32' ? 'node.cmd' : 'node'))
  )
}

/**
 * `npm install --no-save` rather than `npm ci`: a registry mirror may lack the binaries of platforms that are not this one, and
 * `npm ci` then calls the lock file incomplete. What was installed is compared with the lock file afterwards, which is as strict.
 */
async function installPackages() {
  const locked = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages
  const total = Object.entries(locked).filter(
    ([path, entry]) => path.includes('node_modules/') && entry.link !== true,
  ).length
  say(`Installing packages from npm (up to ${total}, about half a minute on a first start)`)
  // Under `npm start` npm names its own script; otherwise it is looked up in PATH.
  const own = process.env.npm_execpath
  const start = own !== undefined && own.endsWith('.js') ? [process.execPath, own] : ['npm']
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=http']
  const child = spawn(start[0], [...start.slice(1), ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const problems = []
  let fetched = 0
  let shownMs = performance.now()
  let rest = ''
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (/^npm http .*\.tgz/.test(line)) fetched += 1
      else if (line.startsWith('npm error')) problems.push(line)
    }
    // A terminal sees one line that counts; a log file gets a line every five seconds.
    if (performance.now() - shownMs < (process.stderr.isTTY ? 200 : 5000)) return
    shownMs = performance.now()
    const text = fetched === 0 ? 'looking up versions' : `${fetched} packages`
    process.stderr.write(process.stderr.isTTY ? `\r  ${text.padEnd(24)}` : `  ${text}\n`)
  })
  const code = await new Promise((done) => {
    child.once('error', (error) => {
      problems.push(`npm could not be run (${error.message}): install Node 20 or newer together with npm`)
      done(1)
    })
    child.once('close', done)
  })
  process.stderr.write(process.stderr.isTTY ? `\r  ${fetched} packages`.padEnd(28) + '\n' : '')
  if (code !== 0) {
    fail(
      `${problems.join('\n')}\nThe packages could not be installed. A network or registry problem may pass: try again`,
    )
  }
}

function findNode() {
  const installed = join(BIN, 'node')
  const candidates = existsSync(installed) ? [installed, process.execPath] : [process.execPath]
  for (const candidate of candidates) {
    const result = spawnSync(candidate, ['--version'], { encoding: 'utf8' })
    if (Number(/^v(\d+)\./.exec(result.stdout ?? '')?.[1]) >= NODE_MAJOR) return candidate
  }
  return fail(
    `Node ${NODE_MAJOR} is needed, and the registry has no binary of it for ${process.platform}-${process.arch}; this is ${process.version}: install Node ${NODE_MAJOR} and start again`,
  )
}

/** The install script of the PostgreSQL package does not run (ignore-scripts); its library links are made by our own code. */
function linkPostgres(node) {
  const url = pathToFileURL(join(ROOT, 'server/src/platform/postgres/binaries.ts')).href
  const script = `const { locateBinaries } = await import(${JSON.stringify(url)}); try { locateBinaries() } catch (error) { console.error(error.message) }`
  spawnSync(node, ['--input-type=module', '--eval', script], { cwd: ROOT, stdio: ['ignore', 2, 2] })
}

function buildConsole(node, tolerant) {
  if (!existsSync(join(ROOT, 'console/vite.config.ts'))) return
  const built = join(ROOT, 'console/dist/index.html')
  const sources = ['console', 'sdk/src', 'package-lock.json'].map((name) => newest(join(ROOT, name)))
  if (existsSync(built) && statSync(built).mtimeMs >= Math.max(...sources)) return
  say('Building the console')
  // Not through npm: this must run under Node 24, whatever Node started it.
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js')
  const result = spawnSync(node, [vite, 'build', '--logLevel', 'warn'], {
    cwd: join(ROOT, 'console'),
    stdio: ['ignore', 2, 2],
    env: toolEnvironment(),
  })
  if (result.status === 0) return
  if (!tolerant) fail('The console could not be built: see the lines above')
  say(
    'The console could not be built: see the lines above. Mail works without it; the next start tries again',
  )
}

function newest(path) {
  if (!existsSync(path)) return 0
  const found = statSync(path)
  if (!found.isDirectory()) return found.mtimeMs
  return Math.max(
    0,
    ...readdirSync(path)
      .filter((name) => !['node_modules', 'dist'].includes(name) && !name.startsWith('.'))
      .map((name) => newest(join(path, name))),
  )
}

/** @returns {never} */
function fail(text) {
  process.stderr.write(`${text}\n`)
  process.exit(1)
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  await ensureInstalled()
