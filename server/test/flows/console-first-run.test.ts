import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Secret, TOTP } from 'otpauth'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectAccessible, HAS_BROWSER, PHONE, startConsole } from '../support/console.ts'
import type { ConsoleRun } from '../support/console.ts'

const PASSWORD = 'a river full of wooden clocks'

/** The console address as it stands in the terminal. */
function printedAddress(run: ConsoleRun): string {
  return /^ {2}Console +(\S+)$/m.exec(run.supervisor.output())?.[1] ?? ''
}

const pathOf = (address: string): string => {
  const { pathname, hash } = new URL(address)
  return `${pathname}${hash}`
}

async function fits(page: Page): Promise<void> {
  const width = page.viewportSize()?.width ?? 0
  // Plots follow a changed window a moment later.
  await expect
    .poll(() => page.evaluate('document.documentElement.scrollWidth'), { timeout: 10_000 })
    .toBeLessThanOrEqual(width)
}

async function makeIt(page: Page, email: string, workspace: string): Promise<void> {
  await page.getByLabel('Name of the workspace').fill(workspace)
  await page.getByLabel('Your name').fill('Ann')
  await page.getByLabel('Your e-mail').fill(email)
}

describe.runIf(HAS_BROWSER)('the first run in a browser, with a passkey', { timeout: 120_000 }, () => {
  let run: ConsoleRun
  let page: Page
  let address: string

  beforeAll(async () => {
    run = await startConsole()
    address = printedAddress(run)
  }, 240_000)
  afterAll(() => run?.[Symbol.asyncDispose]())

  it('begins at the address that the start printed, readable in both themes and on a phone', async () => {
    expect(address).toMatch(/^http:\/\/localhost:\d+\/account\/first-run#bht_/)
    for (const theme of ['light', 'dark'] as const) {
      const phone = await run.openSignedOut(pathOf(address), { theme, viewport: PHONE })
      await phone.getByRole('heading', { name: 'Make it yours' }).waitFor()
      await expectAccessible(phone)
      await fits(phone)
    }
    const visitor = await run.openSignedOut('/')
    await visitor.getByText('Nobody owns this installation yet').waitFor()
    await expectAccessible(visitor)
    await run.closePages()
  })

  it('offers a password where the address can have no passkey, and the way to one that can', async () => {
    const { port } = new URL(address)
    const numbers = await run.openSignedOut('/')
    await numbers.goto(`http://127.0.0.1:${port}${pathOf(address)}`)
    await numbers.getByLabel('Password', { exact: true }).waitFor()
    expect(await numbers.getByRole('radio', { name: /A passkey/ }).isDisabled()).toBe(true)
    await numbers.getByRole('link', { name: `Open this page as localhost:${port}` }).waitFor()
    await run.closePages()
  })

  it('makes the owner with a passkey, and names the workspace', async () => {
    page = await run.openSignedOut(pathOf(address), { authenticator: true })
    await makeIt(page, 'ann@northwind.example', 'Northwind')
    expect(page.url()).not.toContain('bht_')
    await page.getByRole('button', { name: 'Continue with a passkey' }).click()
    await page.getByTestId('recovery-codes').waitFor()
    expect(await page.getByTestId('recovery-codes').locator('li').count()).toBe(10)
    await expectAccessible(page)
    await page.getByRole('button', { name: 'I have kept them' }).click()
    await page.getByRole('heading', { name: 'Send the first mail' }).waitFor()
    await page.getByText('Northwind').first().waitFor()
    // The key of the start still opens the same workspace.
    expect(await run.api('/v1/workspace')).toMatchObject({ name: 'Northwind', id: run.setup.workspaceId })
  })

  it('sends the first mail and shows on the same page how it arrives', async () => {
    const send = page.getByRole('button', { name: 'Send the first mail' }).last()
    await send.click()
    const story = page.getByTestId('live-story')
    await story.getByText('Accepted and on disk').waitFor()
    await story.getByText('Delivered', { exact: true }).waitFor()
    await story.getByText(/250 .*Captured/).waitFor()
    await page.getByText('1 of 4 done').waitFor()
    await expectAccessible(page)
    // The story outlives a reload, and another mail fails where it should.
    await page.reload()
    await page.getByTestId('live-story').getByText('Delivered', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Send one that bounces' }).click()
    await page.getByTestId('live-story').getByText('Bounced', { exact: true }).waitFor()
  })

  it('makes a key for the samples, which sends', async () => {
    const samples = page.getByRole('region', { name: 'First steps' })
    await samples.getByRole('button', { name: 'Make a key for it' }).click()
    await samples.getByText('Copying fills in the whole key').waitFor()
    expect(await samples.getByRole('tabpanel').textContent()).toContain('bhk_')
    await samples.getByRole('button', { name: 'Copy' }).click()
    const copied = String(await page.evaluate('navigator.clipboard.readText()'))
    const key = /Bearer (bhk_\w+)/.exec(copied)?.[1] ?? ''
    expect(await samples.textContent()).not.toContain(key)
    const answer = await fetch(`${run.origin}/v1/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ from: run.setup.from, to: 'bo@example.com', subject: 'By key', text: 'Hi' }),
    })
    expect(answer.status).toBe(202)
  })

  it('leads on to a real domain, and goes away when it is told to', async () => {
    await run.api('/v1/domains', { body: { name: 'mail.northwind.example' } })
    await page.reload()
    const steps = page.getByRole('region', { name: 'First steps' })
    await steps.getByText('2 of 4 done').waitFor()
    await steps.getByRole('button', { name: 'Publish its DNS records' }).click()
    await steps.getByRole('link', { name: 'The records of mail.northwind.example' }).waitFor()
    await steps.getByRole('button', { name: 'Let mail leave this host' }).click()
    await steps.getByText(/BULKHEAD_OUTBOUND=direct BULKHEAD_HOSTNAME=mail\.northwind\.example/).waitFor()
    for (const theme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: theme })
      await expectAccessible(page)
    }
    await page.setViewportSize(PHONE)
    await fits(page)
    await steps.getByRole('button', { name: 'Hide this' }).click()
    await steps.waitFor({ state: 'detached' })
    await page.reload()
    await page.getByRole('heading', { name: 'Home' }).waitFor()
    expect(await steps.count()).toBe(0)
  })

  it('tells whoever comes later with the link that it has done its work', async () => {
    const late = await run.openSignedOut(pathOf(address))
    await late.getByRole('heading', { name: 'This link has done its work' }).waitFor()
    await expectAccessible(late)
    await late.getByRole('link', { name: 'Sign in' }).click()
    await late.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(await late.getByText('Nobody owns this installation yet').count()).toBe(0)
    const setup = JSON.parse(readFileSync(join(run.directory, 'data/development.json'), 'utf8'))
    const again = await fetch(`${run.origin}/v1/first-run/complete`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: setup.firstRun.token, email: 'eve@example.com', workspaceName: 'Eve’s' }),
    })
    expect(again.status).toBe(400)
  })
})

describe.runIf(HAS_BROWSER)(
  'the first run in a browser, with a password and an app',
  { timeout: 120_000 },
  () => {
    let run: ConsoleRun

    beforeAll(async () => {
      run = await startConsole()
    }, 240_000)
    afterAll(() => run?.[Symbol.asyncDispose]())

    it('makes the owner, who signs in again with both', async () => {
      const page = await run.openSignedOut(pathOf(printedAddress(run)), { viewport: PHONE })
      await makeIt(page, 'ann@northwind.example', 'Northwind')
      await page.getByRole('radio', { name: /A password and an authenticator app/ }).check()
      await page.getByLabel('Password', { exact: true }).fill('password1')
      await page.getByRole('button', { name: 'Continue' }).click()
      // What is refused costs nothing: the form stays, and so does the link.
      await page
        .getByRole('alert')
        .filter({ hasText: /password/i })
        .waitFor()
      await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
      await page.getByRole('button', { name: 'Continue' }).click()
      await page.getByRole('button', { name: 'Show the picture to scan' }).click()
      await page.getByRole('img', { name: /QR code/ }).waitFor()
      await expectAccessible(page)
      await fits(page)
      const secret = (
        (await page.getByLabel('The same as text', { exact: true }).textContent()) ?? ''
      ).replaceAll(/\s/g, '')
      const totp = new TOTP({ secret: Secret.fromBase32(secret) })
      await page.getByLabel('Code', { exact: true }).fill(totp.generate())
      await page.getByRole('button', { name: 'Add the authenticator app' }).click()
      await page.getByTestId('recovery-codes').waitFor()
      await page.getByRole('button', { name: 'I have kept them' }).click()
      await page.getByRole('heading', { name: 'Send the first mail' }).waitFor()
      await fits(page)
      await expectAccessible(page)
      await page.context().clearCookies()
      await page.goto(run.origin)
      await page.getByLabel('E-mail').fill('ann@northwind.example')
      await page.getByLabel('Password').fill(PASSWORD)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await page
        .getByLabel('Code of your authenticator app')
        .fill(totp.generate({ timestamp: Date.now() + 30_000 }))
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await page.getByRole('heading', { name: 'Send the first mail' }).waitFor()
    })
  },
)
