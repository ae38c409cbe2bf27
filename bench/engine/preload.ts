import { mkdirSync } from 'node:fs'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { Socket } from 'node:net'
import { join } from 'node:path'

/**
 * Loaded into the product's processes by scenarios of the benchmark; its URL says what for, so that no setting of the product and no
 * variable reaches it:
 * - `port=N`: connections to port 25 of a loopback address go to port N of it, as a packet filter would have it. The sink needs no root
 *   then, and the product has no switch for it.
 * - `profile=DIRECTORY`: sender and keyring write a CPU profile there when they end.
 */
const url = new URL(import.meta.url)
const port = Number(url.searchParams.get('port') ?? 0)
const profile = url.searchParams.get('profile')
const SMTP_PORT = 25
const LOOPBACK = /^127\./
const PROFILED: Readonly<Record<string, string>> = {
  '/processes/sender.ts': 'sender',
  '/keyring/src/main.ts': 'keyring',
}

function redirected(value: unknown): unknown {
  if (Array.isArray(value)) {
    // What net.connect() hands on: a list with marks of its own, which has to stay the same list.
    value[0] = redirected(value[0])
    return value
  }
  if (typeof value !== 'object' || value === null || !('port' in value) || !('host' in value)) return value
  const isMail = value.port === SMTP_PORT && typeof value.host === 'string' && LOOPBACK.test(value.host)
  return isMail ? { ...value, port } : value
}

if (port > 0) {
  const connect: unknown = Reflect.get(Socket.prototype, 'connect')
  if (typeof connect !== 'function') throw new Error('node:net has no connect')
  Reflect.set(Socket.prototype, 'connect', function (this: Socket, ...args: unknown[]): unknown {
    return Reflect.apply(connect, this, [redirected(args[0]), ...args.slice(1)])
  })
}

// The supervisor starts its processes with spawn(node, […, entry]); each gets this file too.
const childProcess = createRequire(import.meta.url)('node:child_process')
const { spawn } = childProcess
childProcess.spawn = (command: string, args: readonly string[], options: object) => {
  if (command !== process.execPath) return spawn(command, args, options)
  const entry = args.at(-1) ?? ''
  const kind = Object.entries(PROFILED).find(([path]) => entry.endsWith(path))?.[1]
  const flags = ['--import', url.href]
  if (profile !== null && kind !== undefined) {
    const directory = join(profile, kind)
    mkdirSync(directory, { recursive: true })
    flags.push('--cpu-prof', `--cpu-prof-dir=${directory}`)
  }
  return spawn(command, [...flags, ...args], options)
}
syncBuiltinESMExports()
