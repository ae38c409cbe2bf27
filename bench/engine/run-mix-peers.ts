import { runFlow } from '../flow.ts'
import { loadSmtp } from '../load-smtp.ts'
import { harakaMissing, startHaraka } from '../peers/haraka.ts'
import { postfixMissing, startPostfix } from '../peers/postfix.ts'
import type { Progress, Sizes } from '../scenarios.ts'
import { createMix } from './mix.ts'
import { openWorld } from './open-mix.ts'
import { FIRST_ATTEMPTS, notesOf } from './run-mix.ts'

const MAX_SECONDS = 60

/**
 * The mix through Postfix and Haraka, unsigned, with TLS to the sink. Both ask the system's resolver, so their routes are written down for them
 * instead of looked up. Postfix keeps the providers' numbers of connections; Haraka has no such limit.
 */
export async function runMixPeers(sizes: Sizes, progress: Progress): Promise<void> {
  const mix = createMix({ limits: 'raised', deferPercent: 1 })
  const connections = Object.fromEntries(mix.doors.map(({ name, limits }) => [name, limits.connections]))
  const peers = [
    { name: 'Postfix', missing: postfixMissing(false), startPeer: startPostfix },
    { name: 'Haraka', missing: harakaMissing(false), startPeer: startHaraka },
  ]
  for (const { name, missing, startPeer } of peers) {
    if (missing !== null) {
      progress.say(`mix, ${name}: left out, ${missing}`)
      continue
    }
    await using world = await openWorld(mix)
    progress.say(`mix, ${name}: starting`)
    await using peer = await startPeer({
      sinkPort: world.sink.port,
      signed: false,
      mix: { routes: mix.routes, connections },
    })
    let sent = 0
    const load = (messages: number) => {
      const from = sent
      sent += messages
      return loadSmtp({
        port: peer.port,
        messages,
        bytes: sizes.bytes,
        connections: sizes.connections,
        maxSeconds: Math.min(MAX_SECONDS, sizes.maxSeconds),
        signal: sizes.signal,
        recipientDomain: (index) => mix.domainOf(from + index),
      })
    }
    const flow = {
      server: peer.name,
      sink: world.sink,
      pids: peer.pids,
      signal: sizes.signal,
      scenario: 'mix',
    }
    await runFlow({ ...flow, load: () => load(Math.min(200, sizes.warmUp)) })
    const result = await runFlow({ ...flow, share: FIRST_ATTEMPTS, load: () => load(sizes.mixMessages) })
    progress.done({ ...result, notes: [peer.version, ...peer.notes, ...notesOf(result, 'raised').slice(2)] })
  }
}
