import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { LANES } from '../kernel/lane.ts'
import { journalDirectoryOf, type Outbound } from '../modules/delivery/index.ts'
import { formatAddress, mayLeaveSensitive, type Config } from '../platform/config/index.ts'
import { isPublicAddress } from '../platform/dns/index.ts'
import { createKeyringClient } from '../platform/keyring-client/index.ts'
import { runProcess } from '../platform/lifecycle/index.ts'
import { isSameProcess } from '../platform/part-files/index.ts'
import { listen } from '../platform/postgres/index.ts'
import { startContainmentWatch } from '../security/containment/index.ts'
import { startSenderEngine } from './sender-engine.ts'

await runProcess({
  name: 'sender',
  poolSize: 8,
  async start(context) {
    const { config, log } = context
    const keyring = createKeyringClient({ ...context.keyring, log })
    const containment = await startContainmentWatch({ pool: context.pool, log, actorClass: 'sender' })
    const engine = await startSenderEngine({
      pool: context.pool,
      keyring,
      containment,
      metrics: context.metrics,
      tracing: context.tracing,
      sensitiveMayLeave: mayLeaveSensitive(config),
      log,
      processId: context.processId,
      journalDirectory: journalDirectoryOf(context.dataDirectory),
      isAlive: isSameProcess,
      outbound: outboundOf(config, context.runtimeDirectory),
      simulator:
        config.simulator === 'off'
          ? null
          : { domain: config.simulator, socketPath: join(context.runtimeDirectory, 'simulator.sock') },
      host: hostname(),
      hostname: config.hostname,
      returnPathDomain: config.inbound === 'off' ? null : config.returnPathDomain,
      retryScale: config.retryScale,
      shapingFile: config.shaping,
      dns: {
        ...(config.dnsServers.length === 0 ? {} : { servers: config.dnsServers.map(formatAddress) }),
        timeoutMs: 5_000,
        tries: 2,
      },
      secureDns:
        config.dnssecResolver === null ? null : { server: config.dnssecResolver, trust: 'configured' },
      allowPrivate: config.allowPrivateTargets,
      resolveRelay: (host) => resolveRelay(host, config.allowPrivateTargets),
    })
    const listening = listen(context.pool, 'bulkhead_queue', log, (payload) =>
      engine.wake(LANES.filter((lane) => payload.split(',').includes(lane))),
    )
    context.ready()
    return {
      async [Symbol.asyncDispose]() {
        await listening[Symbol.asyncDispose]()
        await engine[Symbol.asyncDispose]()
        await containment[Symbol.asyncDispose]()
        await keyring[Symbol.asyncDispose]()
      },
    }
  },
})

function outboundOf(config: Config, runtimeDirectory: string): Outbound {
  const { outbound } = config
  switch (outbound.kind) {
    case 'capture':
      return { kind: 'capture', socketPath: join(runtimeDirectory, 'capture.sock') }
    case 'direct':
      return { kind: 'direct' }
    case 'relay':
      return {
        kind: 'relay',
        host: outbound.host,
        port: outbound.port,
        implicitTls: outbound.implicitTls,
        auth: outbound.auth ?? undefined,
      }
  }
}

/** The system's resolver: a relay is often named in /etc/hosts or by a search domain. */
async function resolveRelay(host: string, allowPrivate: boolean) {
  const family = isIP(host)
  const found =
    family === 0 ? await lookup(host, { all: true }).catch(() => null) : [{ address: host, family }]
  if (found === null) return null
  return found
    .filter(({ address }) => allowPrivate || isPublicAddress(address))
    .map((item) => ({ address: item.address, family: item.family === 6 ? (6 as const) : (4 as const) }))
}
