import { createRequire, registerHooks, syncBuiltinESMExports } from 'node:module'
import { pathToFileURL } from 'node:url'

/**
 * Loaded into the product's processes by the scenario `sealing`: what the same product costs when nothing is sealed. Two modules are
 * replaced as they are resolved, the cipher and the leases of its keys; nothing of this is in the product, and no setting reaches it.
 */
const REPLACED: readonly { readonly path: string; readonly by: URL }[] = [
  { path: '/server/src/platform/sealing/sealing.ts', by: new URL('sealing.ts', import.meta.url) },
  {
    path: '/server/src/platform/keyring-client/content-keys.ts',
    by: new URL('content-keys.ts', import.meta.url),
  },
]

registerHooks({
  resolve(specifier, context, nextResolve) {
    const found = nextResolve(specifier, context)
    const replaced = REPLACED.find(({ path }) => found.url.endsWith(path))
    return replaced === undefined ? found : { ...found, url: replaced.by.href }
  },
})

// The supervisor starts its processes with spawn(node, […, entry]); each gets this file too.
const childProcess = createRequire(import.meta.url)('node:child_process')
const { spawn } = childProcess
childProcess.spawn = (command: string, args: readonly string[], options: object) =>
  spawn(
    command,
    command === process.execPath ? ['--import', pathToFileURL(import.meta.filename).href, ...args] : args,
    options,
  )
syncBuiltinESMExports()
