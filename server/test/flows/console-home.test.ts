import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  DESK,
  expectAccessible,
  HAS_BROWSER,
  PHONE,
  startConsole,
  type ConsoleRun,
} from '../support/console.ts'

/** Counting is some seconds behind, and several hosts of browsers share this machine. */
const PATIENCE = { timeout: 240_000 }

describe.runIf(HAS_BROWSER)('Home in a browser', PATIENCE, () => {
  let run: ConsoleRun
  beforeAll(async () => {
    run = await startConsole()
    // People who are there before anything is contained.
    for (const role of ['analyst', 'auditor'] as const) await run.asRole(role)
  }, 300_000)
  afterAll(() => run[Symbol.asyncDispose]())
  afterEach(() => run.closePages())

  const send = (to: string, more: object = {}): Promise<unknown> =>
    run.api('/v1/messages', {
      body: {
        from: run.setup.from,
        to: [`${to}@simulator.bulkhead.test`],
        subject: 'Order 4711',
        text: 'x',
        ...more,
      },
    })

  it('begins with the guide, and somebody who only reads is told that nothing was sent', async () => {
    const page = await run.open('/')
    await page.getByRole('heading', { name: 'Send the first mail' }).waitFor()
    await expectAccessible(page)
    const analyst = await run.asRole('analyst')
    const reader = await analyst.open('/', { viewport: PHONE, theme: 'dark' })
    await reader.getByRole('heading', { name: 'No mail yet' }).waitFor()
    await expectAccessible(reader)
  })

  it('shows what became of mail, lane by lane, as it happens', async () => {
    const page = await run.open('/', { viewport: DESK })
    await page.getByRole('heading', { name: 'Send the first mail' }).waitFor()
    for (let n = 0; n < 6; n++) await send(`accept+${n}`)
    for (let n = 0; n < 2; n++) await send(`bounce+${n}`, { lane: 'bulk' })
    for (let n = 0; n < 4; n++) await send(`defer+${n}`, { lane: 'critical' })
    await send('complain', { lane: 'bulk' })

    // Without a reload: the first mail turns the guide into numbers, and they follow.
    await page.getByRole('heading', { name: 'Home' }).waitFor({ timeout: 20_000 })
    const tile = (name: string) =>
      page
        .getByRole('list', { name: /^The last/ })
        .getByRole('listitem')
        .filter({ hasText: name })
    await tile('Delivered').getByText('7', { exact: true }).waitFor({ timeout: 40_000 })
    await tile('Bounced').getByText('2', { exact: true }).waitFor()
    await tile('Complained').getByText('1', { exact: true }).waitFor({ timeout: 40_000 })
    await tile('Queued now').getByText('4', { exact: true }).waitFor()

    const health = page.getByRole('table', { name: 'Sending health by lane and route' })
    const row = (name: RegExp) => health.getByRole('row', { name })
    await row(/^transactional → simulator healthy/).waitFor()
    await row(/^critical → simulator failing Lately every attempt was deferred/).waitFor({ timeout: 40_000 })
    await page
      .getByTestId('through')
      .getByText(/Complete until \d/)
      .waitFor()
    // The same figures for those who do not see the plot.
    const figures = page.getByRole('table', { name: 'What became of mail in the last 24 hours' })
    expect(await figures.getByRole('row').count()).toBe(97)
    await page.getByRole('table', { name: 'Latest messages' }).getByText('Order 4711').first().waitFor()
    await expectAccessible(page)
  })

  it('looks back an hour, a week, a month, by keyboard and on a phone', async () => {
    const page = await run.open('/')
    const delivered = page.getByRole('list', { name: /^The last/ }).getByText('7', { exact: true })
    await page.getByRole('navigation', { name: 'Period' }).getByRole('link', { name: '1 h' }).press('Enter')
    await page.waitForURL(/period=1h/)
    await page
      .getByRole('table', { name: 'What became of mail in the last hour' })
      .waitFor({ state: 'attached' })
    await delivered.waitFor()
    for (const period of ['7d', '30d']) {
      await page.goto(`${run.origin}/?period=${period}`)
      await delivered.waitFor()
    }
    const phone = await run.open('/?period=1h', { viewport: PHONE, theme: 'dark' })
    await phone.getByRole('table', { name: 'Sending health by lane and route' }).waitFor()
    await phone.getByRole('table', { name: /What became of mail/ }).waitFor({ state: 'attached' })
    expect(await phone.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    await expectAccessible(phone)
  })

  it('names what waits for a person, and leads there', async () => {
    await run.api('/v1/domains', { body: { name: 'northwind.example' } })
    const owner = await run.asOwner()
    const page = await owner.open('/')
    const waits = page.getByRole('region', { name: 'Waits for you' })
    await waits.getByText('northwind.example', { exact: true }).waitFor()
    await waits.getByText('domain not verified').first().waitFor()
    await expectAccessible(page)
    await waits.getByRole('link', { name: 'northwind.example' }).click()
    await page.waitForURL(/\/domains/)
  })

  it('keeps its other parts when one fails, and tries again', async () => {
    const page = await run.open('/messages')
    await page.route('**/v1/statistics?*', (route) => route.fulfill({ status: 500, body: 'no' }))
    await page.route('**/v1/alerts?*', (route) => route.fulfill({ status: 500, body: 'no' }))
    await page.getByRole('link', { name: 'Home' }).first().click()
    const health = page.getByRole('region', { name: 'Sending health' })
    await health.getByRole('button', { name: 'Try again' }).waitFor({ timeout: 30_000 })
    await page.getByText('Could not be loaded: alarms.').waitFor({ timeout: 30_000 })
    await page.getByRole('table', { name: 'Latest messages' }).getByText('Order 4711').first().waitFor()
    await expectAccessible(page)
    await page.unrouteAll()
    await health.getByRole('button', { name: 'Try again' }).click()
    await health.getByRole('table').waitFor()
    run.problems.splice(0)
  })

  it('leaves out what somebody may not see', async () => {
    const auditor = await run.asRole('auditor')
    const page = await auditor.open('/')
    await page.getByText('Your role sees no mail and no numbers about it.').waitFor()
    await page.getByRole('region', { name: 'Waits for you' }).waitFor()
    expect(await page.getByRole('region', { name: 'Sending health' }).count()).toBe(0)
    await expectAccessible(page)
    const analyst = await run.asRole('analyst')
    const reader = await analyst.open('/', { theme: 'dark' })
    await reader.getByRole('table', { name: 'Sending health by lane and route' }).waitFor()
    await reader.getByRole('region', { name: 'Waits for you' }).waitFor()
    await expectAccessible(reader)
  })

  it('shows the operator the whole installation', async () => {
    const page = await run.asOperator().open('/')
    await page.getByText('The whole installation: all workspaces together.').waitFor()
    await page
      .getByRole('table', { name: 'Sending health by lane and route' })
      .getByRole('row', { name: /^transactional → simulator/ })
      .waitFor()
    await page
      .getByRole('table', { name: /Longest queues/ })
      .getByTitle(run.setup.workspaceId)
      .first()
      .waitFor()
    await expectAccessible(page)
  })

  it('says what is contained, and why', async () => {
    const owner = await run.asOwner()
    await owner.api('/v1/containments', {
      body: { capabilities: ['deliver:bulk'], reason: 'We check a campaign' },
    })
    const page = await owner.open('/')
    await page
      .getByRole('table', { name: 'Sending health by lane and route' })
      .getByRole('row', { name: /^bulk → simulator contained We check a campaign/ })
      .waitFor({ timeout: 40_000 })
    await page
      .getByRole('region', { name: 'Waits for you' })
      .getByRole('link', { name: 'deliver:bulk' })
      .waitFor()
    await expectAccessible(page)
  })
})
