import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { expectAccessible, HAS_BROWSER, PHONE, startConsole, type ConsoleRun } from '../support/console.ts'

describe.runIf(HAS_BROWSER)('containment in a browser', { timeout: 120_000 }, () => {
  let run: ConsoleRun
  beforeAll(async () => {
    run = await startConsole()
    // People who are there before anything is contained; two of them lift.
    await run.asOwner()
    for (const role of ['admin', 'analyst', 'auditor'] as const) await run.asRole(role)
  })
  afterAll(() => run[Symbol.asyncDispose]())
  afterEach(() => run.closePages())

  const send = (): Promise<unknown> =>
    run.api('/v1/messages', {
      body: { from: run.setup.from, to: ['ann@example.com'], subject: 'Hello', text: 'x', lane: 'bulk' },
    })

  it('is previewed, done, seen on every page by everybody, and lifted by two people', async () => {
    const owner = await run.asOwner()
    const page = await owner.open('/security/containment')
    await page.getByRole('heading', { name: 'Nothing is cut off' }).waitFor()
    await expectAccessible(page)

    await page.getByRole('button', { name: 'Contain', exact: true }).click()
    for (const name of [
      'Sending',
      'Delivery',
      'Domains and senders',
      'Making credentials',
      'Other changes',
      'Webhooks',
    ])
      await page.getByLabel(name, { exact: true }).uncheck()
    await page.getByLabel('only bulk').first().check()
    // Enter looks; it cuts nothing off.
    await page.getByLabel('Why').fill('We check a campaign')
    await page.getByLabel('Why').press('Enter')
    await page.getByText('What it would do, by the last').waitFor()
    await expectAccessible(page)
    // What was previewed for another wish is not shown for this one.
    await page.getByLabel('only critical').first().check()
    await page.getByText('What it would do, by the last').waitFor({ state: 'detached' })
    await page.getByLabel('only critical').first().uncheck()
    await page.getByRole('button', { name: 'Preview' }).click()
    await page.getByText('What it would do, by the last').waitFor()
    await page.getByRole('button', { name: 'Contain now' }).click()
    const question = page.getByRole('dialog')
    await question.getByText('Sending of bulk; for everybody').waitFor()
    await question.getByText('A lift takes two people.').waitFor()
    await expectAccessible(page)
    await question.getByRole('button', { name: 'Contain it' }).click()
    await page.getByText('Contained. Nothing of it is in flight').waitFor()
    await page.getByText('A containment is in force: send:bulk').waitFor()
    await expect(send()).rejects.toThrow(/We check a campaign/)

    // Whoever asked is not whoever lifts.
    await page.getByRole('button', { name: 'Ask to lift' }).click()
    await page.getByRole('dialog').getByLabel('Why').fill('It was nothing')
    await page.getByRole('dialog').getByRole('button', { name: 'Ask to lift' }).click()
    await page.getByText('in force, lift asked for').waitFor()
    await page.getByRole('button', { name: 'Lift', exact: true }).click()
    await page.getByRole('dialog').getByLabel('Why').fill('Me again')
    await page.getByRole('dialog').getByRole('button', { name: 'Lift now' }).click()
    await page.getByRole('dialog').getByRole('alert').waitFor()
    await expectAccessible(page)

    const admin = await run.asRole('admin')
    const second = await admin.open('/messages', { viewport: PHONE, theme: 'dark' })
    await second.getByText('A containment is in force: send:bulk').waitFor()
    await second.getByRole('link', { name: 'See and lift' }).click()
    await second.getByRole('button', { name: 'Lift', exact: true }).click()
    await second.getByRole('dialog').getByLabel('Why').fill('I agree')
    await second.getByRole('dialog').getByRole('button', { name: 'Lift now' }).click()
    await second.getByText('Lifted: all is as it was.').waitFor()
    await second.getByText('A containment is in force').waitFor({ state: 'detached' })
    await expectAccessible(second)
    await expect.poll(() => send().then(() => 'sent', String)).toBe('sent')
  })

  it('cuts off a workspace and says on each screen why nothing can be done there', async () => {
    const owner = await run.asOwner()
    await owner.api('/v1/containments', {
      body: {
        capabilities: ['send', 'write', 'sender-change', 'credential', 'read'],
        reason: 'Hijacked, it seems',
      },
    })
    const page = await owner.open('/messages')
    await page.getByText(/in force: .*read/).waitFor()
    await page.getByText('Hijacked, it seems').first().waitFor()
    await expectAccessible(page)
    await page.getByRole('link', { name: 'See and lift' }).click()
    await page.getByText('in force', { exact: true }).waitFor()
    run.problems.splice(0)
  })

  it('shows a failure with a way to try again, and is closed to those who may not see it', async () => {
    const analyst = await run.asRole('analyst')
    const closed = await analyst.open('/security/containment')
    await closed.getByRole('heading', { name: 'You may not see what is contained' }).waitFor()
    await expectAccessible(closed)
    const auditor = await run.asRole('auditor')
    const page = await auditor.open('/')
    await page.route('**/v1/containments?*', (route) => route.fulfill({ status: 500, body: 'no' }))
    await page.getByRole('link', { name: 'Containment' }).click()
    await page.getByRole('button', { name: 'Try again' }).waitFor({ timeout: 20_000 })
    await page.unrouteAll()
    // It also asks again by itself, and may have been faster.
    await page
      .getByRole('button', { name: 'Try again' })
      .click({ timeout: 3_000 })
      .catch(() => undefined)
    await page.getByText('in force', { exact: true }).waitFor()
    expect(await page.getByRole('button', { name: 'Contain', exact: true }).getAttribute('title')).toContain(
      'containments:write',
    )
    run.problems.splice(0)
  })
})
