import { runFlow } from '../flow.ts'
import type { FlowResult } from '../flow.ts'
import { loadHttp } from '../load-http.ts'
import { BULKHEAD, sayOnce, start } from '../scenarios.ts'
import type { Progress, Sizes } from '../scenarios.ts'
import { createMix } from './mix.ts'
import { openWorld } from './open-mix.ts'
import { keptLimits, overstepped } from './report-engine.ts'

const DEFER_PERCENT = 1
/** A little less than what is not put off: delivered a second is about first attempts. */
export const FIRST_ATTEMPTS = 0.98
/** Retries after seconds instead of minutes. */
export const RETRY_SCALE = 0.02

/**
 * Direct delivery to the mix of destinations, TLS on, 1 % put off: by the shipped rules, which hold a new sender to a few connections at
 * the large providers, and with rules of an operator whom the providers know.
 */
export async function runMix(sizes: Sizes, progress: Progress): Promise<void> {
  for (const limits of ['published', 'raised'] as const) {
    const mix = createMix({ limits, deferPercent: DEFER_PERCENT })
    await using world = await openWorld(mix)
    const { sink, dnsServer } = world
    const scenario = limits === 'published' ? 'mix, shipped rules' : 'mix'
    progress.say(`${scenario}: starting Bulkhead`)
    await using product = await start(sizes, sink, {
      direct: { dnsServer, shaping: mix.shaping },
      sinkPort: sink.port,
      retryScale: RETRY_SCALE,
    })
    let sent = 0
    const load = (messages: number) => {
      const from = sent
      sent += messages
      return loadHttp({
        port: product.httpPort,
        apiKey: product.apiKey,
        messages,
        bytes: sizes.bytes,
        connections: sizes.connections,
        maxSeconds: sizes.maxSeconds,
        signal: sizes.signal,
        recipientDomain: (index) => mix.domainOf(from + index),
        onRefusal: sayOnce(progress),
      })
    }
    const flow = { server: BULKHEAD, sink, pids: product.pids, signal: sizes.signal, scenario }
    await runFlow({ ...flow, load: () => load(sizes.warmUp) })
    const messages = limits === 'published' ? sizes.mixShippedMessages : sizes.mixMessages
    progress.say(`${scenario}: ${messages} messages to ${mix.domains} domains`)
    const result = await runFlow({ ...flow, share: FIRST_ATTEMPTS, load: () => load(messages) })
    progress.done({ ...result, notes: notesOf(result, limits) })
  }
}

export function notesOf(result: FlowResult, limits: string): string[] {
  const over = overstepped(result.providers)
  return [
    limits === 'published'
      ? 'the speed is what the shipped rules allow at the large providers'
      : 'limits of the providers raised as for a sender they know',
    `delivered/s until ${FIRST_ATTEMPTS * 100} % had arrived; the rest came after a retry (delays × ${RETRY_SCALE})`,
    over === 0
      ? 'no limit of a provider was overstepped'
      : `limits of providers were overstepped ${over} times`,
    ...keptLimits(result.providers),
  ]
}
