import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { expectAccessible, HAS_BROWSER, PHONE, startConsole, type ConsoleRun } from '../support/console.ts'

/** Replaces what the source editor holds. */
async function write(page: Page, label: string, text: string): Promise<void> {
  const editor = page.getByRole('textbox', { name: label, exact: true })
  await editor.click()
  await page.keyboard.press('Control+a')
  await page.keyboard.insertText(text)
}

const preview = (page: Page) => page.getByRole('region', { name: 'Preview' })

describe.runIf(HAS_BROWSER)('templates in a browser', { timeout: 120_000 }, () => {
  let run: ConsoleRun
  beforeAll(async () => {
    run = await startConsole()
  })
  afterAll(async () => {
    // That a script of a template is stopped in its frame is meant; of the editor only the width of tabs is lost to the policy.
    const meant = /Blocked script execution in '[^']*\/html-frame\/|Applying inline style violates/
    const others = run.problems.filter((problem) => !meant.test(problem))
    run.problems.splice(0, run.problems.length, ...others)
    await run[Symbol.asyncDispose]()
  })
  afterEach(() => run.closePages())

  const send = (template: object): Promise<unknown> =>
    run.api('/v1/messages', { body: { from: run.setup.from, to: ['ann@example.com'], template } })

  it('are written, seen as they are sent, published, compared, and taken back', async () => {
    const page = await run.open('/templates')
    await page.getByRole('heading', { name: 'No template yet' }).waitFor()
    await expectAccessible(page)

    await page.getByRole('button', { name: 'New template' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Order shipped')
    expect(await page.getByLabel('Alias (optional)').inputValue()).toBe('order-shipped')
    await page.getByLabel('Begin with').selectOption({ label: 'Receipt' })
    await page.getByRole('button', { name: 'Make the template' }).click()
    await page.getByRole('heading', { name: 'Order shipped', level: 1 }).waitFor()
    await expect(send({ id: 'order-shipped' })).rejects.toThrow(/publish/i)
    await preview(page).getByText('can be sent').waitFor()
    expect(await page.getByTestId('subject').textContent()).toBe('Your order 1042')
    await preview(page).frameLocator('iframe').getByText('Wooden clock').waitFor()
    await expectAccessible(page)

    await page.getByLabel('Subject').fill('{{ name }}: <b>{{ order.number }}</b>')
    await write(page, 'HTML', '<p id="hi">Hello {{ name }}</p><script>parent.x = 1</script>')
    await page.getByRole('tab', { name: 'Sample data' }).click()
    await write(page, 'Sample data', '{"name": "<i>Ann</i>", "order": {"number": 7}}')
    await expect.poll(() => page.getByTestId('subject').textContent()).toBe('<i>Ann</i>: <b>7</b>')
    // What the data holds is text in HTML too.
    await expect
      .poll(() => preview(page).frameLocator('iframe').locator('#hi').textContent())
      .toBe('Hello <i>Ann</i>')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('The draft is saved.').waitFor()
    await page.getByRole('button', { name: 'Publish', exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Publish' }).click()
    await page.getByText('Version 1 is sent from now on.').waitFor()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })

    await page.getByLabel('Subject').fill('News for {{ name }}')
    await page.getByRole('button', { name: 'Save as draft' }).click()
    await page.getByText('Saved as a new draft.').waitFor()
    await page.getByRole('button', { name: 'Publish', exact: true }).click()
    await page.getByRole('dialog').getByRole('link', { name: 'See what changes' }).click()
    const changes = page.getByRole('region', { name: 'Changes of Subject' })
    await changes.getByText('News for {{ name }}').waitFor()
    await changes.getByText('{{ name }}: <b>{{ order.number }}</b>').waitFor()
    await expectAccessible(page)
    await page
      .getByRole('listitem')
      .filter({ hasText: 'Version 2' })
      .getByRole('button', { name: 'Publish' })
      .click()
    await page.getByRole('dialog').getByRole('button', { name: 'Publish' }).click()
    await page.getByText('Version 2 is sent from now on.').waitFor()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Go back to it' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Go back' }).click()
    await page.getByText('Version 1 is sent from now on.').waitFor()

    await page.getByRole('tab', { name: 'Use it' }).click()
    await page.getByText('"id": "order-shipped"').first().waitFor()
    await send({ id: 'order-shipped', data: { name: 'Bob', order: { number: 8 } } })
    const reader = await run.open('/inbox', { theme: 'dark' })
    await reader.getByText('Bob: <b>8</b>').first().waitFor({ timeout: 30_000 })
  })

  it('say where something is wrong, keep what is typed, and refuse to publish it', async () => {
    await run.api('/v1/templates', {
      body: { name: 'Broken', alias: 'broken', subject: 'Hello', html: '<p>Hello</p>', text: 'Hello' },
    })
    const page = await run.open('/templates?search=broken')
    await page.getByRole('link', { name: 'Broken' }).click()
    await preview(page).getByText('can be sent').waitFor()
    await write(page, 'HTML', '<p>\n{% if name %}never closed</p>')
    await preview(page).getByText('would be refused').waitFor()
    await page
      .getByRole('list', { name: 'Problems' })
      .getByText(/html, line \d/)
      .first()
      .waitFor()
    await expectAccessible(page)
    await page.getByRole('link', { name: 'Domains' }).click()
    await page.getByRole('dialog').getByText('It is lost if you leave now').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Stay' }).click()
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('The draft is saved.').waitFor()
    await page.getByRole('button', { name: 'Publish', exact: true }).click()
    await expect
      .poll(() => page.getByRole('dialog').getByRole('button', { name: 'Publish' }).isDisabled())
      .toBe(true)
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('tab', { name: 'Sample data' }).click()
    await write(page, 'Sample data', '{"name": ')
    await page.getByRole('alert').waitFor()
  })

  it('are deleted by typing their alias, and brought back', async () => {
    await run.api('/v1/templates', { body: { name: 'Gone', alias: 'gone', subject: 'Hello', text: 'Hello' } })
    const page = await run.open('/templates', { viewport: PHONE, theme: 'dark' })
    await page.getByRole('link', { name: 'Gone' }).click()
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByLabel('Type gone to go on').fill('gone')
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('It can be restored for 30 days.').waitFor()
    await page.getByRole('button', { name: 'Show deleted' }).click()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Restore' }).click()
    await page.getByText('Gone is back.').waitFor()
  })

  it('are read and not changed by those who may read only, and closed to others', async () => {
    await run.api('/v1/templates', { body: { name: 'Read me', subject: 'Hello', text: 'Hello' } })
    const analyst = await run.asRole('analyst')
    const page = await analyst.open('/templates?search=Read')
    expect(await page.getByRole('button', { name: 'New template' }).getAttribute('title')).toContain(
      'templates:write',
    )
    await page.getByRole('link', { name: 'Read me' }).click()
    await preview(page).getByText('can be sent').waitFor()
    expect(await page.getByRole('button', { name: 'Publish', exact: true }).isDisabled()).toBe(true)
    const auditor = await run.asRole('auditor')
    const closed = await auditor.open('/templates')
    await closed.getByRole('heading', { name: 'You may not see the templates' }).waitFor()
    await expectAccessible(closed)
  })
})
