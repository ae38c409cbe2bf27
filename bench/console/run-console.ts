import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { chromium } from 'playwright-core'
import type { BrowserContext } from 'playwright-core'
import { superuserPool } from '../database.ts'
import { field } from '../product.ts'
import { start } from '../scenarios.ts'
import type { Progress, Sizes } from '../scenarios.ts'
import { startSinkProcess } from '../sink-process.ts'
import { keyringOfApi } from './api-keyring.ts'
import { measureVisits, type Visit } from './measure-visits.ts'
import { seedMessages, type Seeded } from './seed-messages.ts'

const CHROMIUM = '/usr/bin/chromium'
const ROOT = resolve(import.meta.dirname, '../..')
const ROUNDS = 5

/** How long something took in each round, in milliseconds. */
export interface ConsoleFigure {
  readonly what: string
  readonly medianMs: number
  readonly worstMs: number
}

export interface ConsoleResult {
  readonly messages: number
  readonly api: readonly ConsoleFigure[]
  /** Empty where there is no browser. */
  readonly browser: readonly ConsoleFigure[]
}

/** The list of messages among a million of them: what the API takes with each filter, and what a person waits for in Chromium. */
export async function runConsole(sizes: Sizes, progress: Progress): Promise<ConsoleResult> {
  buildConsole(progress)
  await using sink = await startSinkProcess()
  progress.say('console: starting Bulkhead')
  await using product = await start(sizes, sink)
  const origin = `http://127.0.0.1:${product.httpPort}`
  const authorization = `Bearer ${product.apiKey}`
  const access: unknown = await (await fetch(`${origin}/v1/access`, { headers: { authorization } })).json()
  const pool = superuserPool(product.data)
  let seeded: Seeded
  try {
    await using keyring = keyringOfApi(product.data)
    seeded = await seedMessages({
      pool,
      keyring,
      workspace: String(field(field(access, 'workspace'), 'id')),
      messages: sizes.consoleMessages,
      signal: sizes.signal,
      say: (text) => progress.say(text),
    })
  } finally {
    await pool.end()
  }
  progress.say('console: asking the API')
  const api: ConsoleFigure[] = []
  for (const query of queriesOf(seeded)) {
    const times: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const beganMs = performance.now()
      const response = await fetch(`${origin}/v1/messages?limit=50${query}`, { headers: { authorization } })
      await response.arrayBuffer()
      times.push(performance.now() - beganMs)
      if (!response.ok) throw new Error(`GET /v1/messages?${query}: ${response.status}`)
    }
    api.push(figureOf(query === '' ? 'no filter' : query.slice(1), times))
  }
  return {
    messages: seeded.messages,
    api,
    browser: await inBrowser(origin, product.apiKey, seeded, progress),
  }
}

function day(ago: number): string {
  return new Date(Date.now() - ago * 86_400_000).toISOString()
}

function queriesOf({ recipient, rareTag }: Seeded): string[] {
  const states = [
    'delivered',
    'bounced',
    'expired',
    'suppressed',
    'cancelled',
    'uncertain',
    'pending',
    'scheduled',
    'held',
  ]
  return [
    '',
    ...states.map((state) => `&state=${state}`),
    ...['receipt', 'news', rareTag, 'nobody-has-this'].map((tag) => `&tag=${tag}`),
    ...['transactional', 'bulk', 'critical', 'internal'].map((lane) => `&lane=${lane}`),
    `&recipient=${recipient}`,
    '&recipient=nobody@example.com',
    `&recipient=${recipient}&state=bounced`,
    `&tag=${rareTag}&state=bounced`,
    '&tag=news&state=uncertain',
    '&lane=critical&state=bounced',
    '&lane=internal&tag=receipt&state=delivered',
    `&since=${day(1)}`,
    `&since=${day(20)}&until=${day(13)}&state=uncertain`,
    `&until=${day(20)}&tag=${rareTag}`,
  ]
}

async function inBrowser(
  origin: string,
  apiKey: string,
  seeded: Seeded,
  progress: Progress,
): Promise<ConsoleFigure[]> {
  if (!existsSync(CHROMIUM)) {
    progress.say(`console: no browser at ${CHROMIUM}`)
    return []
  }
  await using browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
  const rounds: Visit[] = []
  for (let round = 0; round < ROUNDS; round++) {
    progress.say(`console: visit ${round + 1} of ${ROUNDS}`)
    // Nothing of the visit before is in its cache.
    const profile: BrowserContext = await browser.newContext({ viewport: { width: 1280, height: 800 } })
    rounds.push(await measureVisits(profile, { origin, apiKey, recipient: seeded.recipient }))
    await profile.close()
  }
  return (
    [
      ['list: rows shown, from the begin of a visit with an empty cache', 'rowsMs'],
      ['list: a click opens a message', 'openMs'],
      ['search by recipient, from the last key', 'recipientMs'],
      ['filter by state, from the click', 'stateMs'],
      ['list again, files from the cache', 'againMs'],
    ] as const
  ).map(([what, name]) =>
    figureOf(
      what,
      rounds.map((visit) => visit[name]),
    ),
  )
}

function figureOf(what: string, times: readonly number[]): ConsoleFigure {
  const sorted = [...times].sort((a, b) => a - b)
  return { what, medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0, worstMs: sorted.at(-1) ?? 0 }
}

/** The files that the api serves are those of the sources. */
function buildConsole(progress: Progress): void {
  progress.say('console: building it')
  const built = spawnSync(process.execPath, [join(ROOT, 'node_modules/vite/bin/vite.js'), 'build'], {
    cwd: join(ROOT, 'console'),
  })
  if (built.status !== 0) throw new Error(`the console does not build: ${built.stderr.toString()}`)
}

const ms = (value: number): string => value.toFixed(0).padStart(6)

function line({ what, medianMs, worstMs }: ConsoleFigure): string {
  return `  ${ms(medianMs)} ms, at worst ${ms(worstMs)} ms  ${what}\n`
}

export function renderConsole({ messages, api, browser }: ConsoleResult): string {
  return [
    `\nThe list of messages among ${messages}, ${ROUNDS} rounds each, medians\n`,
    ...api.map(line),
    browser.length === 0 ? '' : 'In Chromium\n',
    ...browser.map(line),
  ].join('')
}
