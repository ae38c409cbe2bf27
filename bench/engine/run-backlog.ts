import { setTimeout as delay } from 'node:timers/promises'
import { wallMs } from '../clock.ts'
import { superuserPool } from '../database.ts'
import { runFlow } from '../flow.ts'
import { loadHttp } from '../load-http.ts'
import { BULKHEAD, fillBulk, sayOnce, start } from '../scenarios.ts'
import type { Progress, Sizes } from '../scenarios.ts'
import type { Product } from '../product.ts'
import { fillWaiting, countQueue } from './fill-queue.ts'
import { createMix } from './mix.ts'
import { openWorld } from './open-mix.ts'

const SLOW = 'slow.test'
const SLOW_ADDRESS = '127.27.0.1'
/** One message every two seconds on a connection. */
const SLOW_MS = 2000
const SETTLE_MS = 5000
const FAST_DOMAINS = 200
/** A slow machine measures beside fewer rows, and the report says beside how many. */
const FILL_MAX_SECONDS = 110

/**
 * What bulk mail to many small domains costs beside a growing backlog of the same lane and workspace: nothing; recipients of one slow site,
 * all of them due; and rows that wait for their time, by the million.
 */
export async function runBacklog(sizes: Sizes, progress: Progress): Promise<void> {
  const { signal } = sizes
  const mix = createMix({ limits: 'raised', deferPercent: 0, tail: FAST_DOMAINS })
  const slow = mix.doors[0]
  if (slow === undefined) throw new Error('the mix is empty')
  await using world = await openWorld({
    zone: {
      ...mix.zone,
      [SLOW]: [{ type: 'MX', preference: 10, exchange: `mx.${SLOW}` }],
      [`mx.${SLOW}`]: [{ type: 'A', value: SLOW_ADDRESS }],
    },
    doors: [
      ...mix.doors,
      {
        ...slow,
        name: 'slow',
        hosts: [SLOW_ADDRESS],
        limits: { connections: null, perSecond: null, perConnection: null },
        delayMs: SLOW_MS,
      },
    ],
  })
  const { sink, dnsServer } = world
  progress.say('backlog: starting Bulkhead')
  await using product = await start(sizes, sink, {
    direct: { dnsServer, shaping: mix.shaping },
    sinkPort: sink.port,
  })
  const load = (messages: number) =>
    loadHttp({
      port: product.httpPort,
      apiKey: product.apiKey,
      messages,
      bytes: sizes.bytes,
      connections: sizes.connections,
      maxSeconds: sizes.maxSeconds,
      signal,
      recipientDomain: (index) => `small${index % FAST_DOMAINS}.test`,
      extra: { lane: 'bulk' },
      onRefusal: sayOnce(progress),
    })
  const flow = { server: BULKHEAD, sink, pids: product.pids, signal, arrivals: 'stamped' } as const
  // As much as is measured: what comes first runs on code that is not compiled yet, and would make the rest look good.
  await runFlow({ ...flow, scenario: 'warm-up', load: () => load(sizes.backlogMessages) })
  const measure = async (scenario: string): Promise<void> => {
    const { ready, inLines, later } = await countQueue(product.data)
    progress.say(`${scenario}: ${sizes.backlogMessages} messages`)
    const result = await runFlow({ ...flow, scenario, load: () => load(sizes.backlogMessages) })
    progress.done({
      ...result,
      notes: [`before it: ${ready} rows ready, ${inLines} in lines, ${later} for later`],
    })
  }

  await measure('backlog 0')
  await fillSlow(product, sizes, progress)
  await measure(`backlog, slow site ${sizes.backlogSlow}`)
  const pool = superuserPool(product.data)
  try {
    let waiting = 0
    for (const wanted of sizes.backlogs) {
      const startMs = performance.now()
      waiting += await fillWaiting(pool, { rows: wanted - waiting, maxSeconds: FILL_MAX_SECONDS, signal })
      const seconds = ((performance.now() - startMs) / 1000).toFixed(0)
      progress.say(
        `backlog: ${waiting} rows wait, filled in ${seconds} s${waiting < wanted ? ', no time for more' : ''}`,
      )
      await measure(`backlog ${waiting}`)
    }
  } finally {
    await pool.end()
  }
}

/** Recipients of the slow site, due at once: the engine puts them into its line. */
async function fillSlow(product: Product, sizes: Sizes, progress: Progress): Promise<void> {
  await fillBulk(product, sizes.backlogSlow, new Date(wallMs()), progress, sizes.signal, SLOW)
  const endMs = performance.now() + 30_000
  for (;;) {
    const { ready } = await countQueue(product.data)
    if (ready === 0 || performance.now() > endMs) break
    await delay(500, undefined, { signal: sizes.signal })
  }
  await delay(SETTLE_MS, undefined, { signal: sizes.signal })
}
