import type { BrowserContext, Page } from 'playwright-core'

export interface Visit {
  readonly rowsMs: number
  readonly openMs: number
  readonly recipientMs: number
  readonly stateMs: number
  readonly againMs: number
}

const ROW = 'ul[aria-label="Messages"] a'

/** In every page: when a row was first painted, by the page's own clock, which begins with the visit. */
const WATCH = `new MutationObserver(() => {
  if (window.rowsAtMs === undefined && document.querySelector('${ROW}') !== null) {
    window.rowsAtMs = null
    requestAnimationFrame(() => requestAnimationFrame(() => { window.rowsAtMs = performance.now() }))
  }
}).observe(document, { childList: true, subtree: true })`

/** One person's visit: the list, a message, a search by recipient, a filter by state, the list again. */
export async function measureVisits(
  profile: BrowserContext,
  where: { readonly origin: string; readonly apiKey: string; readonly recipient: string },
): Promise<Visit> {
  const { origin, apiKey, recipient } = where
  profile.setDefaultTimeout(60_000)
  const page = await profile.newPage()
  await page.addInitScript(WATCH)
  await page.addInitScript(`sessionStorage.setItem('bulkhead.key', ${JSON.stringify(apiKey)})`)
  await page.goto(`${origin}/messages`)
  const rowsMs = await rowsShown(page)

  const openMs = await timed(async () => {
    await page.locator(ROW).first().click()
    await page.getByRole('heading', { name: 'Timeline' }).waitFor()
  })
  await page.goBack()
  await page.locator(ROW).first().waitFor()

  const search = page.getByLabel('Search messages')
  await search.fill(`recipient:${recipient}`)
  const recipientMs = await timed(async () => {
    await search.press('Enter')
    await untilTrue(page, everyRow(`text.includes(${JSON.stringify(recipient)})`))
  })
  await search.fill('')
  await search.press('Enter')
  await page.locator(ROW).first().waitFor()

  const stateMs = await timed(async () => {
    await page.getByRole('link', { name: /^bounced/ }).click()
    await untilTrue(page, everyRow(`text.startsWith('bounced')`))
  })
  await page.goto(`${origin}/messages`)
  return { rowsMs, openMs, recipientMs, stateMs, againMs: await rowsShown(page) }
}

/** There are rows, and the text of each is as wanted. */
function everyRow(isWanted: string): string {
  return `(() => {
    const rows = [...document.querySelectorAll('${ROW}')]
    return rows.length > 0 && rows.every(({ textContent: text }) => ${isWanted})
  })()`
}

async function rowsShown(page: Page): Promise<number> {
  await untilTrue(page, 'window.rowsAtMs')
  return Number(await page.evaluate('window.rowsAtMs'))
}

/** Asked by the debugger: a text that the page itself would evaluate is stopped by its policy. */
async function untilTrue(page: Page, expression: string): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!(await page.evaluate(`Boolean(${expression})`))) {
    if (Date.now() > deadline) throw new Error(`the page did not come to: ${expression}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const beganMs = performance.now()
  await work()
  return performance.now() - beganMs
}
