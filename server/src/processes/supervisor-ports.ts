import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { SETTINGS, formatAddress } from '../platform/config/index.ts'
import type { Config, ListenAddress } from '../platform/config/index.ts'
import { errorCode } from '../platform/postgres/index.ts'

const LISTENERS = ['http', 'submission', 'submissions', 'inbound', 'staff'] as const

/**
 * Tries to listen where the processes will, so that a port in use is one clear error before anything starts.
 * `waitMs` is how long processes of a crashed run get to let go.
 */
export async function checkPorts(config: Config, waitMs: number): Promise<void> {
  const deadline = performance.now() + waitMs
  for (const key of LISTENERS) {
    const address = config[key]
    if (address === 'off') continue
    for (;;) {
      const code = await tryListen(address)
      if (code === null) break
      if (code !== 'EADDRINUSE' || performance.now() > deadline) throw new Error(explain(key, address, code))
      await sleep(100)
    }
  }
}

function explain(key: (typeof LISTENERS)[number], address: ListenAddress, code: string): string {
  const { name } = SETTINGS[key]
  const where = formatAddress(address)
  const other = `for example ${name}=${formatAddress({ host: address.host, port: (address.port % 60_000) + 1000 })}`
  if (code === 'EADDRINUSE')
    return `${where} is in use by another program: stop that one, or set ${name} to another address, ${other}`
  if (code === 'EACCES')
    return `${where} needs a right that this user does not have: set ${name} to a port above 1023, ${other}`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `${where} is not an address of this host: change ${name}, ${other}`
  return `${where} cannot be listened on (${code}): change ${name}, ${other}`
}

function tryListen(address: ListenAddress): Promise<string | null> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', (error) => resolve(errorCode(error) ?? error.message))
    server.listen({ ...address, exclusive: true }, () => server.close(() => resolve(null)))
  })
}
