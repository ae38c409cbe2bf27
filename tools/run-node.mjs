// Runs a TypeScript entry under Node 24 in the place of this process: same terminal, signals passed on, same exit code.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { ROOT } from './install.mjs'

/**
 * @param {string} node Path of Node 24.
 * @param {string} entry Path below the repository.
 * @param {string[]} args
 * @param {{ link?: boolean }} [options] `link`: an IPC channel tells the child when this process is gone, however it ends.
 */
export function runNode(node, entry, args, options = {}) {
  const stdio = options.link ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit'
  const child = spawn(node, [join(ROOT, entry), ...args], { stdio })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  if (options.link && process.env.npm_lifecycle_event !== undefined) {
    // A signal to npm ends npm and its shell, but does not come down here: their end is the signal.
    const parent = process.ppid
    setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 500).unref()
  }
  child.once('error', (error) => {
    process.stderr.write(`${node} could not be run: ${error.message}\n`)
    process.exit(1)
  })
  child.once('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
}
