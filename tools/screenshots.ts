import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import { DESK, HAS_BROWSER, PHONE, startConsole } from '../server/test/support/console.ts'
import type { ConsoleRun } from '../server/test/support/console.ts'
import { FIRST_SCREENS, SCREENS } from './screenshots/screens.ts'
import type { Screen } from './screenshots/screens.ts'
import { seed } from './screenshots/seed.ts'
import type { Seeded } from './screenshots/seed.ts'

/**
 * `npm run screenshots`: starts an installation with a believable history and takes a picture of every screen, in both themes, at the width of
 * a desk and of a phone.
 *   --out <folder>   where to; default ./screenshots
 *   --only <text>    only screens whose name holds it
 *   --theme, --size  one of light, dark; one of desk, phone
 *   --readme         renews docs/images/console.png, and takes no other picture
 */
const ROOT = resolve(import.meta.dirname, '..')
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(ROOT, 'screenshots') },
    only: { type: 'string', default: '' },
    theme: { type: 'string' },
    size: { type: 'string' },
    readme: { type: 'boolean', default: false },
  },
})
const THEMES = ['light', 'dark'] as const
const SIZES = { desk: DESK, phone: PHONE } as const
const say = (text: string): void => void process.stderr.write(`${text}\n`)

if (!HAS_BROWSER) {
  say('There is no /usr/bin/chromium on this host')
  process.exit(1)
}
const run = await startConsole()
let failures = 0
const files: string[] = []
try {
  mkdirSync(values.out, { recursive: true })
  if (!values.readme) await takeFirst()
  say('The installation runs; filling it')
  using filled = await seed(run, say)
  failures += filled.failures
  if (values.readme) {
    const page = await openAs(run, 'owner', 'light', 'desk')
    const screen = SCREENS.find(({ name }) => name === 'inbox-mail')
    if (screen !== undefined) await take(page, screen, filled.seeded, join(ROOT, 'docs/images/console.png'))
  } else await takeAll(filled.seeded)
  writeFileSync(join(values.out, 'index.html'), sheet(files))
  say(`${files.length} pictures in ${values.out}; index.html shows all`)
} finally {
  // The pictures are what counts here; the tests fail for what is said in them.
  for (const problem of run.problems.splice(0)) say(`a page said: ${problem}`)
  await run[Symbol.asyncDispose]()
}
if (failures > 0) say(`${failures} steps failed`)
process.exit(failures > 0 ? 1 : 0)

function looks(): { readonly theme: 'light' | 'dark'; readonly size: keyof typeof SIZES }[] {
  return THEMES.flatMap((theme) => (['desk', 'phone'] as const).map((size) => ({ theme, size }))).filter(
    ({ theme, size }) => (values.theme ?? theme) === theme && (values.size ?? size) === size,
  )
}

/** One after the other in every look: the last of them changes what the others show. */
async function takeFirst(): Promise<void> {
  const { pathname, hash } = new URL(run.setup.firstRun?.url ?? run.origin)
  for (const screen of FIRST_SCREENS.filter(({ name }) => name.includes(values.only))) {
    for (const { theme, size } of looks()) {
      const page = await openAs(run, screen.who ?? 'key', theme, size)
      const file = `${screen.name}-${theme}-${size}.png`
      await take(page, screen, { firstRun: `${pathname}${hash}` }, join(values.out, file))
      files.push(file)
      await run.closePages()
    }
  }
}

async function takeAll(seeded: Seeded): Promise<void> {
  const screens = SCREENS.filter(({ name }) => name.includes(values.only))
  for (const { theme, size } of looks()) {
    for (const who of ['nobody', 'key', 'owner', 'analyst', 'operator'] as const) {
      const own = screens.filter((screen) => (screen.who ?? 'owner') === who)
      if (own.length === 0) continue
      const page = await openAs(run, who, theme, size)
      for (const screen of own) {
        const file = `${screen.name}-${theme}-${size}.png`
        await take(page, screen, seeded, join(values.out, file))
        files.push(file)
      }
      await run.closePages()
    }
    say(`${files.length} pictures; ${theme}, ${size} done`)
  }
}

async function openAs(
  installation: ConsoleRun,
  who: NonNullable<Screen['who']>,
  theme: 'light' | 'dark',
  size: keyof typeof SIZES,
): Promise<Page> {
  const options = { theme, viewport: SIZES[size] }
  switch (who) {
    case 'key':
      return installation.open('/', options)
    case 'nobody':
      return installation.openSignedOut('/', options)
    case 'operator':
      return installation.asOperator().open('/', options)
    case 'owner':
      return (await installation.asOwner()).open('/', options)
    case 'analyst':
      return (await installation.asRole('analyst')).open('/', options)
  }
}

/** A picture is taken also where the screen did not come to rest. */
async function take<Known>(page: Page, screen: Screen<Known>, known: Known, path: string): Promise<void> {
  try {
    const address = typeof screen.path === 'string' ? screen.path : screen.path(known)
    await page.goto(`${run.origin}${address}`)
    await page.locator('h1').first().waitFor({ timeout: 8_000 })
    await page
      .locator('[aria-busy="true"]')
      .first()
      .waitFor({ state: 'detached', timeout: 8_000 })
      .catch(() => undefined)
    await screen.prepare?.(page)
    await page.waitForTimeout(500)
  } catch (error) {
    failures += 1
    say(`${screen.name}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`)
  }
  await page.screenshot({ path })
}

/** All pictures on one page. */
function sheet(files: readonly string[]): string {
  const items = files
    .map(
      (file) =>
        `<figure><a href="${file}"><img src="${file}" loading="lazy"></a><figcaption>${file}</figcaption></figure>`,
    )
    .join('\n')
  return `<!doctype html><meta charset="utf-8"><title>Screens of Bulkhead</title>
<style>body{font:14px sans-serif;display:flex;flex-wrap:wrap;gap:16px}figure{margin:0}img{height:320px;border:1px solid #999}</style>
${items}
`
}
