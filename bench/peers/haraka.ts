import { generateKeyPairSync } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../free-port.ts'
import { SENDER_DOMAIN, startProgram, temporaryDirectory, waitForPort } from './peer.ts'
import type { Peer, PeerMix, PeerOptions } from './peer.ts'

/** Where Haraka is: BULKHEAD_BENCH_HARAKA names a directory with a node_modules (or Haraka itself), else bench/peers/node_modules. Or null. */
export function findHaraka(): { readonly main: string; readonly modules: string } | null {
  const named = process.env['BULKHEAD_BENCH_HARAKA']
  const places = named === undefined ? [import.meta.dirname] : [named, join(named, '..', '..')]
  for (const place of places) {
    const modules = join(place, 'node_modules')
    const main = join(modules, 'Haraka')
    if (existsSync(join(main, 'haraka.js'))) return { main, modules }
  }
  return null
}

/** Why Haraka cannot take part, or null when it can. */
export function harakaMissing(signed: boolean): string | null {
  const found = findHaraka()
  if (found === null)
    return 'Haraka is not installed (BULKHEAD_BENCH_HARAKA=directory, or npm install Haraka in bench/peers)'
  if (signed && !existsSync(join(found.modules, 'haraka-plugin-dkim')))
    return 'haraka-plugin-dkim is not installed'
  return null
}

/** Haraka's own relay plugin reads address lists; this says the same for the loopback, and that the sink is everyone's MX. */
function benchPlugin(sinkPort: number, mix: PeerMix | undefined): string {
  const hosts = Object.entries(mix?.routes ?? {}).map(([domain, { address }]) => [domain, address])
  return `'use strict'
const hosts = new Map(${JSON.stringify(hosts)})
exports.hook_connect_init = (next, connection) => { connection.relaying = true; next() }
exports.hook_rcpt = (next) => next(OK)
exports.hook_get_mx = (next, hmail, domain) =>
  next(OK, { priority: 0, exchange: hosts.get(domain) ?? '127.0.0.1', port: ${sinkPort} })
`
}

/**
 * Starts a private Haraka that queues to disk and delivers through its own outbound engine (not smtp_forward, which would only pass
 * through), with a process per core as its guide to performance advises. Throws with what Haraka said.
 */
export async function startHaraka(options: PeerOptions): Promise<Peer> {
  const found = findHaraka()
  if (found === null) throw new Error('Haraka is not installed')
  await using cleanup = new AsyncDisposableStack()
  const directory = cleanup.use(temporaryDirectory('haraka'))
  const root = directory.path
  const config = join(root, 'config')
  // Haraka reads defaults that it ships from its own files, as `haraka -i` copies them.
  cpSync(join(found.main, 'config'), config, { recursive: true })
  for (const name of ['plugins', 'queue', join('config', 'dkim', SENDER_DOMAIN)]) {
    mkdirSync(join(root, name), { recursive: true })
  }
  symlinkSync(found.modules, join(root, 'node_modules'))
  const [port = 0] = await freePorts(1)
  const files: Record<string, string> = {
    'smtp.ini': `listen=127.0.0.1:${port}\nnodes=cpus\n`,
    me: 'haraka.bench.test\n',
    plugins: `bench_relay\n${options.signed ? 'dkim\n' : ''}`,
    'outbound.ini': `concurrency_max=50\nenable_tls=${options.mix !== undefined}\nlocal_mx_ok=true\n${
      options.mix === undefined ? '' : 'temp_fail_intervals=3s,5s,10s,30s\n'
    }`,
    'log.ini': '[main]\nlevel=WARN\n',
    'dkim.ini': `[sign]\nenabled=true\nselector=bench\ndomain=${SENDER_DOMAIN}\n[verify]\nenabled=false\n[canon]\nbody=relaxed\n`,
    [`dkim/${SENDER_DOMAIN}/selector`]: 'bench\n',
    [`dkim/${SENDER_DOMAIN}/private`]: generateKeyPairSync('rsa', { modulusLength: 2048 })
      .privateKey.export({ type: 'pkcs1', format: 'pem' })
      .toString(),
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(config, name), text, { mode: 0o600 })
  writeFileSync(join(root, 'plugins', 'bench_relay.js'), benchPlugin(options.sinkPort, options.mix))
  const haraka = await startProgram(process.execPath, [join(found.main, 'bin', 'haraka'), '-c', root], {
    cwd: root,
    env: { ...process.env, HARAKA: root },
  })
  cleanup.defer(() => haraka.stop())
  await waitForPort('Haraka', port, haraka)
  const manifest: unknown = JSON.parse(readFileSync(join(found.main, 'package.json'), 'utf8'))
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest
      ? String(manifest.version)
      : '?'
  const owned = cleanup.move()
  return {
    name: options.signed ? 'Haraka + DKIM' : 'Haraka',
    version,
    signed: options.signed,
    port,
    pids: [haraka.pid],
    notes: [
      options.signed ? 'signed RSA-2048 by haraka-plugin-dkim' : 'unsigned',
      ...(options.mix === undefined
        ? []
        : [
            'TLS on; it has no connection limit for a destination, so limits are overstepped; no MX look-ups',
          ]),
      'a process per core (nodes=cpus); queue files on disk, not fsynced as shipped; 50 deliveries at a time each',
    ],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
