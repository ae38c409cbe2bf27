import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { expectAccessible, HAS_BROWSER, PHONE, startConsole, type ConsoleRun } from '../support/console.ts'

const Entry = z.object({ proof: z.string().nullable() })
const State = z.object({ checkpointSize: z.number() })

/** Opens the newest entry of an action. */
async function openEntry(page: Page, action: string): Promise<void> {
  await page.getByLabel('Action', { exact: true }).fill(action)
  await page.waitForURL(/action=/)
  await page
    .getByRole('table', { name: 'Acts, newest first' })
    .getByRole('button', { name: action })
    .first()
    .click()
  await page.getByRole('region', { name: /^Entry \d+$/ }).waitFor()
}

describe.runIf(HAS_BROWSER)('the audit log in a browser', { timeout: 120_000 }, () => {
  let run: ConsoleRun
  beforeAll(async () => {
    run = await startConsole()
    await run.api('/v1/api-keys', { body: { name: 'Of the audit test', scopes: ['messages:send'] } })
  })
  afterAll(() => run[Symbol.asyncDispose]())
  afterEach(() => run.closePages())

  it('shows who did what, finds it by its action, and proves an entry in the page', async () => {
    const page = await run.open('/security/audit')
    await openEntry(page, 'api_key.created')
    expect(page.url()).toMatch(/action=api_key\.created.*entry=\d+/)
    // A checkpoint follows within a second or so.
    await expect
      .poll(
        async () => {
          await page.getByRole('button', { name: 'Check the proof' }).click()
          return page
            .getByText('Proved: this entry is in the log')
            .or(page.getByRole('alert'))
            .first()
            .textContent()
        },
        { timeout: 15_000, interval: 1_000 },
      )
      .toContain('Proved')
    for (const claim of [
      /The record says/,
      /Its commitment/,
      /signed by the key of the log/,
      /stands at place \d+/,
    ])
      await page.getByText(claim).waitFor()
    await expectAccessible(page)
  })

  it('does not believe an answer in which record, proof or signature was altered', async () => {
    const page = await run.open('/security/audit')
    const alter = async (
      change: (entry: Record<string, string>) => Record<string, string>,
      index: string,
    ) => {
      await page.unrouteAll()
      await page.route(`**/v1/audit/${index}`, async (route) => {
        const answer = await route.fetch()
        await route.fulfill({ response: answer, json: change(await answer.json()) })
      })
      await page.goto(`${run.origin}/security/audit?entry=${index}`)
      await page.getByRole('button', { name: 'Check the proof' }).click()
      await page.getByText('Not proved.').waitFor()
    }
    await openEntry(page, 'api_key.created')
    const index = /entry=(\d+)/.exec(page.url())?.[1] ?? ''
    await expect
      .poll(async () => Entry.parse(await run.api(`/v1/audit/${index}`)).proof, { timeout: 15_000 })
      .not.toBeNull()

    // Somebody rewrites who was named in the record: the leaf is another one.
    await alter(
      (entry) => ({
        ...entry,
        record: String(entry['record']).replace('"detail":{', '"detail":{"x":1,'),
      }),
      index,
    )
    // The page is shown another act than the record holds.
    await alter((entry) => ({ ...entry, action: 'api_key.revoked' }), index)
    // The act is put down to somebody else.
    await alter((entry) => ({ ...entry, actor: 'process:worker' }), index)
    // Another tree: its head is not what the key signed.
    await alter(
      (entry) => ({
        ...entry,
        proof: String(entry['proof']).replace(
          /\n(\d+)\n([A-Za-z0-9+/]{42})/,
          (_, size, root) => `\n${Number(size) + 1}\n${root}`,
        ),
      }),
      index,
    )
  })

  it('remembers the log in this browser, proves that it is continued, and notices another log', async () => {
    const owner = await run.asOwner()
    const page = await owner.open('/security/audit')
    await page.getByRole('button', { name: 'Remember the log in this browser' }).click()
    await page.getByText(/Remembered: [\d,]+ entries/).waitFor()
    await run.api('/v1/api-keys', { body: { name: 'One more', scopes: ['messages:send'] } })
    const { size } = await page.evaluate(() => JSON.parse(localStorage.getItem('bulkhead.audit') ?? '{}'))
    await expect
      .poll(async () => State.parse(await run.api('/v1/audit/state')).checkpointSize, { timeout: 15_000 })
      .toBeGreaterThan(size)
    await page.getByRole('button', { name: 'Compare with what I saw' }).click()
    await page.getByText(/Proved: the log still begins with the [\d,]+ entries/).waitFor()

    await page.evaluate(() => {
      const held = JSON.parse(localStorage.getItem('bulkhead.audit') ?? '{}')
      localStorage.setItem('bulkhead.audit', JSON.stringify({ ...held, size: held.size - 1 }))
    })
    await page.reload()
    await page.getByRole('button', { name: 'Compare with what I saw' }).click()
    await page.getByText('This is not the log that this browser saw').waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Forget what this browser saw' }).click()
    await page.getByRole('button', { name: 'Remember the log in this browser' }).waitFor()
  })

  it('exports everything with progress, and shows what a filter leaves out', async () => {
    const page = await run.open('/security/audit', { theme: 'dark' })
    await page.getByRole('button', { name: 'Export' }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('dialog').getByRole('button', { name: 'Export' }).click()
    expect((await download).suggestedFilename()).toMatch(/^audit-.*\.ndjson$/)
    await page.getByText('The file is in your downloads.').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    await expectAccessible(page)
    await page.getByLabel('Action', { exact: true }).fill('no.such_action')
    await page.getByRole('heading', { name: 'Nothing fits' }).waitFor()
  })

  it('is the installation’s for the operator, and closed to those who may not read it', async () => {
    const page = await run.asOperator().open('/security/audit', { viewport: PHONE })
    await page.getByText('What was done to the installation').waitFor()
    await expectAccessible(page)
    const marketer = await run.asRole('marketer')
    const closed = await marketer.open('/security/audit')
    await closed.getByRole('heading', { name: 'You may not see the audit log' }).waitFor()
    await expectAccessible(closed)
  })
})
