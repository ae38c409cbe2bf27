import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startDnsServer } from '../../server/test/support/dns-server.ts'
import { temporaryDirectory } from '../peers/peer.ts'
import { startSinkProcess } from '../sink-process.ts'
import type { SinkProcess } from '../sink-process.ts'
import type { Door } from './gate.ts'
import type { Mix } from './mix.ts'

/** The world that mail goes to: DNS and the hosts it names. */
export interface World extends AsyncDisposable {
  readonly sink: SinkProcess
  /** `127.0.0.1:port`. */
  readonly dnsServer: string
}

/** Starts a DNS server with this zone and a sink with these doors, all on the loopback, with TLS on. */
export async function openWorld({
  zone,
  doors,
}: Pick<Mix, 'zone'> & { readonly doors: readonly Door[] }): Promise<World> {
  await using cleanup = new AsyncDisposableStack()
  const directory = cleanup.use(temporaryDirectory('doors'))
  const file = join(directory.path, 'doors.json')
  writeFileSync(file, JSON.stringify(doors))
  const sink = cleanup.use(await startSinkProcess(['--tls', '--doors', file]))
  const dns = await startDnsServer({ ...zone })
  cleanup.defer(() => dns.close())
  const owned = cleanup.move()
  return { sink, dnsServer: dns.address, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
