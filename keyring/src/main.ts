import { readConfig } from './config.ts'
import { startKeyring } from './keyring.ts'
import { createLog, describeError } from './log.ts'
import { openRoots, readKnownRoots } from './roots/index.ts'

/**
 * The process `keyring`. Says `{type:'ready'}` over IPC once it listens, and ends when its supervisor goes away or on SIGTERM. It
 * exits with 1 where it cannot start.
 */

// Whoever read the log may be gone before this process is.
process.stdout.on('error', () => undefined)
const log = createLog((line) => process.stdout.write(line))

const exit = (): never => process.exit(0)

// Node opens its debugger on SIGUSR1: whoever may signal this process could then read every key in it.
process.on('SIGUSR1', () => log('warn', 'SIGUSR1 is ignored: the keyring has no debugger'))

try {
  const config = readConfig(process.env)
  // Children and crash reports of this process must not find the secrets it was started with.
  delete process.env['BULKHEAD_KEYRING_CLIENTS']
  delete process.env['BULKHEAD_INTERNAL_DATABASE_URL']
  const env = { ...process.env }
  for (const name of ['BULKHEAD_KEYRING_PIN', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'])
    delete process.env[name]
  const roots = await openRoots({ config, known: () => readKnownRoots(config.databaseUrl), env, log })
  const keyring = await startKeyring({ config, roots, log })
  log('info', 'The keyring listens', { socket: config.socketPath, root: roots.current.id })

  const close = async (): Promise<void> => {
    try {
      await keyring[Symbol.asyncDispose]()
    } finally {
      await roots[Symbol.asyncDispose]()
    }
  }
  let stopping = false
  const stop = (why: string): void => {
    if (stopping) return
    stopping = true
    log('info', 'The keyring stops', { why })
    // A database that hangs must not keep the process alive.
    setTimeout(() => process.exit(0), 2000).unref()
    close().then(exit, exit)
  }
  process.on('SIGTERM', () => stop('SIGTERM'))
  // Ctrl-C reaches the whole process group; the supervisor decides the order in which processes end.
  process.on('SIGINT', () => {
    if (process.send === undefined) stop('SIGINT')
  })
  if (process.send !== undefined) {
    process.on('disconnect', () => stop('the supervisor went away'))
    process.send({ type: 'ready' })
  }
} catch (error) {
  log('error', 'The keyring cannot start', { error: describeError(error) })
  process.exitCode = 1
  if (process.connected) process.disconnect()
}
