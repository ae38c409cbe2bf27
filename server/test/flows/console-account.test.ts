import { Secret, TOTP } from 'otpauth'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HAS_BROWSER, startConsole } from '../support/console.ts'
import type { ConsoleRun } from '../support/console.ts'

const PASSWORD = 'a river full of wooden clocks'

const linkIn = (text: string): string => /https?:\/\/\S+\/account\/\S+#bht_\w+/.exec(text)?.[0] ?? ''

describe.runIf(HAS_BROWSER)('people in a browser', { timeout: 120_000 }, () => {
  let run: ConsoleRun
  let context: BrowserContext
  let page: Page
  let origin: string
  const seen = new Set<string>()

  beforeAll(async () => {
    run = await startConsole()
    origin = run.origin
    page = await run.openSignedOut('/', { authenticator: true })
    context = page.context()
  }, 240_000)
  // Exceptions of pages and violations of their policy fail it.
  afterAll(() => run?.[Symbol.asyncDispose]())

  /** The newest letter to an address in the inbox of development that no test has read yet. */
  async function letterTo(address: string, subject: RegExp): Promise<string> {
    let text: string | undefined
    await expect
      .poll(
        async () => {
          const list = (await run.api('/v1/inbox?limit=50')) as { data: { id: string; subject: string }[] }
          for (const item of list.data) {
            if (seen.has(item.id) || !JSON.stringify(item).includes(address) || !subject.test(item.subject))
              continue
            seen.add(item.id)
            text = ((await run.api(`/v1/inbox/${item.id}`)) as { text: string }).text
            return true
          }
          return false
        },
        { timeout: 30_000, interval: 300 },
      )
      .toBe(true)
    return text ?? ''
  }

  const post = (path: string, body: unknown): Promise<Response> =>
    fetch(`${origin}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  it('sign up with a passkey, and make their workspace', async () => {
    await page.goto(origin)
    await page.getByRole('link', { name: 'Sign up' }).click()
    await page.getByLabel('E-mail').fill('ann@example.com')
    await page.getByRole('button', { name: 'Send the link' }).click()
    await page.getByRole('heading', { name: 'Check your mail' }).waitFor()
    const link = linkIn(await letterTo('ann@example.com', /confirm/i))
    await page.goto(link)
    await page.getByRole('heading', { name: 'Welcome to Bulkhead' }).waitFor()
    // What proves the address stands in no address bar and in no history that a page could read.
    expect(page.url()).not.toContain('bht_')
    await page.getByLabel('What should we call you?').fill('Ann')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByLabel('Name of a new workspace').fill('Clocks')
    await page.getByRole('button', { name: 'Make my account' }).click()
    await page.getByRole('heading', { name: 'Add a second factor' }).waitFor()
    // Until there is one, no other page opens (C-05).
    await page.goto(`${origin}/messages`)
    await page.getByRole('heading', { name: 'Add a second factor' }).waitFor()
    await page.getByRole('button', { name: /Add a passkey/ }).click()
    await page.getByTestId('recovery-codes').waitFor()
    expect(await page.getByTestId('recovery-codes').locator('li').count()).toBe(10)
    await page.getByRole('button', { name: 'I have kept them' }).click()
    await page.goto(origin)
    await page.getByText('Clocks').first().waitFor()
    const cookies = await context.cookies()
    const cookie = cookies.find(({ name }) => name === '__Host-bulkhead-session')
    expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Strict', path: '/' })
    expect(await page.evaluate('document.cookie')).toBe('')
  })

  it('add an authenticator app, sign out, and come back with password and code', async () => {
    await page.goto(`${origin}/security/account`)
    await page.getByRole('button', { name: 'Add an app' }).click()
    await page.getByRole('button', { name: 'Show the picture to scan' }).click()
    await page.getByRole('img', { name: /QR code/ }).waitFor()
    const secret = (
      (await page.getByLabel('The same as text', { exact: true }).textContent()) ?? ''
    ).replaceAll(/\s/g, '')
    const totp = new TOTP({ secret: Secret.fromBase32(secret) })
    await page.getByLabel('Code', { exact: true }).fill(totp.generate())
    await page.getByRole('button', { name: 'Add the authenticator app' }).click()
    await page.getByText('Authenticator app').first().waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('E-mail').fill('ann@example.com')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('heading', { name: 'Show your second factor' }).waitFor()
    // The code that was just used does not work again; the next one does.
    await page
      .getByLabel('Code of your authenticator app')
      .fill(totp.generate({ timestamp: Date.now() + 30_000 }))
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText('Clocks').first().waitFor()
  })

  it('sign in with a passkey alone, and show it again before they invite somebody', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByText('Clocks').first().waitFor()
    await page.goto(`${origin}/security/members`)
    await page.getByRole('button', { name: 'Invite somebody' }).click()
    await page.getByLabel('E-mail').fill('bob@example.com')
    await page.getByRole('button', { name: 'Send the invitation' }).click()
    await page.getByText('bob@example.com').first().waitFor()
    expect(linkIn(await letterTo('bob@example.com', /./))).toContain('/account/invitation#')
  })

  it('find all of it on a phone, and on a tablet, without scrolling sideways, whatever their workspaces are called', async () => {
    const name = 'The second workspace, whose name is as long as names become'
    const made = await page.evaluate(
      `fetch('/v1/account/workspaces', { method: 'POST', body: JSON.stringify({ name: ${JSON.stringify(name)} }),
        headers: { 'content-type': 'application/json', 'bulkhead-csrf': '1' } }).then(({ status }) => status)`,
    )
    expect(made).toBe(201)
    for (const width of [360, 640, 768, 1024]) {
      await page.setViewportSize({ width, height: 760 })
      for (const path of ['/security/members', '/security/alerts', '/security/account', '/']) {
        await page.goto(`${origin}${path}`)
        await page.getByRole('combobox', { name: 'Workspace' }).waitFor()
        expect(await page.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(width)
      }
    }
    await page.setViewportSize({ width: 1280, height: 800 })
  })

  it('are told the same about an address that has no account, and reset a password without being signed in', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click()
    const said = async (address: string): Promise<string> => {
      await page.goto(`${origin}/forgot`)
      await page.getByLabel('E-mail').fill(address)
      await page.getByRole('button', { name: 'Send the link' }).click()
      await page.getByRole('heading', { name: 'Check your mail' }).waitFor()
      return ((await page.locator('main').textContent()) ?? '').replaceAll(address, '')
    }
    expect(await said('ann@example.com')).toBe(await said('nobody@example.com'))
    await page.goto(linkIn(await letterTo('ann@example.com', /password/i)))
    await page.getByLabel('New password').fill('password1234')
    await page.getByRole('button', { name: 'Set the password' }).click()
    await page
      .getByRole('alert')
      .filter({ hasText: /breach|known|common/i })
      .waitFor()
    await page.getByLabel('New password').fill('eleven quiet lighthouses at noon')
    await page.getByRole('button', { name: 'Set the password' }).click()
    await page.getByRole('heading', { name: 'The password is set' }).waitFor()
    await page.goto(origin)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  })

  it('see nothing of each other when two of them use one browser in two tabs', async () => {
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByRole('combobox', { name: 'Workspace' }).waitFor()
    await page.goto(`${origin}/security/members`)
    await page.getByText('ann@example.com').first().waitFor()
    await post('/v1/sign-up', { email: 'carl@example.com' })
    const token = linkIn(await letterTo('carl@example.com', /confirm/i)).replace(/^[^#]*#/, '')
    const other = await context.newPage()
    await other.goto(origin)
    const made = await other.evaluate(
      `fetch('/v1/sign-up/complete', { method: 'POST', headers: { 'content-type': 'application/json' },
        body: ${JSON.stringify(JSON.stringify({ token, password: PASSWORD }))} }).then(({ status }) => status)`,
    )
    expect(made).toBe(200)
    await page.evaluate(`window.dispatchEvent(new Event('focus'))`)
    await page.getByRole('heading', { name: 'Add a second factor' }).waitFor()
    expect(await page.getByText('ann@example.com').count()).toBe(0)
  })
})
