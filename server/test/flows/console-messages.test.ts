import { mkdirSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { DESK, expectAccessible, HAS_BROWSER, PHONE, startConsole } from '../support/console.ts'
import type { ConsoleRun } from '../support/console.ts'

const SHOTS = process.env['BULKHEAD_SHOTS']
const DAY_MS = 86_400_000
/** The machine may be busy. */
const SOON = { timeout: 15_000 }

/** What is wider than the page. */
const TOO_WIDE = `document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')]
  .filter((node) => node.getBoundingClientRect().right > innerWidth).map((node) => node.outerHTML.slice(0, 200))`

function inADay(): string {
  return new Date(Date.now() + DAY_MS).toISOString()
}

/** What the API answers of things that are made, of messages and of lists. */
const Made = z.object({ id: z.string() })
const WithStates = z.object({ states: z.record(z.string(), z.number()) })
const List = z.object({ data: z.array(Made) })

/** For whoever wants to look: BULKHEAD_SHOTS names a directory. */
async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS === undefined) return
  mkdirSync(SHOTS, { recursive: true })
  await page.screenshot({ path: `${SHOTS}/${name}.png` })
}

describe.runIf(HAS_BROWSER)('messages in a browser', { timeout: 120_000 }, () => {
  let run: ConsoleRun
  beforeAll(async () => {
    run = await startConsole()
  }, 180_000)
  afterAll(() => run?.[Symbol.asyncDispose]())
  afterEach(() => run.closePages())

  async function send(body: Record<string, unknown>): Promise<string> {
    const sent = await run.api('/v1/messages', {
      body: { from: run.setup.from, to: 'ann@example.com', subject: 'Hello', text: 'Hello there.', ...body },
    })
    return Made.parse(sent).id
  }

  async function ended(id: string): Promise<void> {
    await expect
      .poll(async () => Object.keys(WithStates.parse(await run.api(`/v1/messages/${id}`)).states), SOON)
      .not.toContain('pending')
  }

  it('greets who has sent nothing, and lists a message the moment it is sent', async () => {
    const page = await run.open('/messages', { viewport: DESK })
    await page.getByRole('heading', { name: 'No messages yet' }).waitFor()
    await expectAccessible(page)
    await send({ subject: 'The first one', tags: ['letters'] })
    await page.getByRole('link', { name: /The first one/ }).waitFor()
    await expectAccessible(page)
  })

  it('understands words, says what it does not understand, and keeps all in the address', async () => {
    await send({ subject: 'To Bob', to: 'bob@example.com', lane: 'bulk', tags: ['news'] })
    const page = await run.open('/messages')
    await page.getByRole('link', { name: /To Bob/ }).waitFor()
    const search = page.getByLabel('Search messages')
    await page.keyboard.press('/')
    await page.keyboard.type('bob@example.com tag:news lane:bulk')
    await expect
      .poll(() => page.getByRole('list', { name: 'Messages' }).getByRole('link').count(), SOON)
      .toBe(1)
    await expect
      .poll(() => Object.fromEntries(new URL(page.url()).searchParams), SOON)
      .toEqual({ recipient: 'bob@example.com', tag: 'news', lane: 'bulk' })
    await page.reload()
    await expect.poll(() => search.inputValue(), SOON).toBe('recipient:bob@example.com tag:news lane:bulk')
    await search.fill('invoice')
    await search.press('Enter')
    await page.getByRole('alert').getByText('sealed').waitFor()
    await expectAccessible(page)
    await search.fill('state:expired')
    await page.getByRole('heading', { name: 'No message matches' }).waitFor()
    await page.getByRole('link', { name: 'Clear the filters' }).click()
    await page.getByRole('link', { name: /To Bob/ }).waitFor()
    await page.getByLabel('Time', { exact: true }).selectOption('own')
    await page.getByRole('tab', { name: 'UTC', exact: true }).click()
    await page.getByLabel('From', { exact: true }).fill('2026-01-01T00:00')
    await page.getByLabel('To', { exact: true }).fill('2026-01-02T00:00')
    await shoot(page, 'range')
    await page.getByRole('button', { name: 'Show these' }).click()
    await page.getByRole('heading', { name: 'No message matches' }).waitFor()
    await expect
      .poll(() => new URL(page.url()).searchParams.get('since'), SOON)
      .toBe('2026-01-01T00:00:00.000Z')
    await page.getByLabel('Clock').selectOption('utc')
    // One choice for all screens: it is the same elsewhere and after a reload.
    const choice = page.getByRole('group', { name: 'Times of all screens' })
    await choice.getByRole('button', { name: 'UTC', pressed: true }).waitFor()
    await page.goto(`${run.origin}/`)
    await page.locator('main time').filter({ hasText: / UTC$/, visible: true }).first().waitFor()
    await choice.getByRole('button', { name: 'Local' }).click()
    await expect.poll(() => page.locator('time').filter({ hasText: / UTC$/ }).count(), SOON).toBe(0)
  })

  it('scrolls through many with few rows, walks by keys, and holds new ones back while one reads', async () => {
    const messages = Array.from({ length: 180 }, (_, n) => ({
      from: run.setup.from,
      to: `reader${n}@example.com`,
      subject: `Letter ${n}`,
      text: 'x',
      sendAt: inADay(),
    }))
    await run.api('/v1/messages/batch', { body: { messages } })
    const page = await run.open('/messages', { viewport: DESK })
    await page.getByText('Live', { exact: true }).waitFor()
    await page.getByRole('link', { name: /Letter 179/ }).waitFor()
    const list = page.getByRole('list', { name: 'Messages' })
    expect(await list.getByRole('link').count()).toBeLessThan(40)
    await shoot(page, 'list')
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await expect.poll(() => page.evaluate('document.activeElement.textContent'), SOON).toContain('Letter 178')
    await send({ subject: 'News came' })
    const pill = page.getByRole('button', { name: '1 new message' })
    await pill.waitFor()
    expect(await list.getByText('News came').count()).toBe(0)
    await expectAccessible(page)
    await shoot(page, 'pill')
    await pill.click()
    await list.getByText('News came').waitFor()
    // Down to the first one ever sent, page after page.
    const first = page.getByRole('link', { name: /The first one/ })
    const until = Date.now() + 60_000
    while ((await first.count()) === 0 && Date.now() < until) {
      await page.evaluate(
        `document.querySelector('ul[aria-label="Messages"]').parentElement.scrollBy(0, 1500)`,
      )
      await page.waitForTimeout(50)
    }
    await first.waitFor()
    expect(await list.getByRole('link').count()).toBeLessThan(60)
    await page.getByText(/All 18\d messages/).waitFor()
    await page.getByLabel('Stop new messages from sliding in').click()
    await expect.poll(() => new URL(page.url()).searchParams.get('tail'), SOON).toBe('off')
    await page.keyboard.press('Escape')
  })

  it('tells a story: recipients, attempts word by word, resend with a choice, links both ways', async () => {
    const id = await send({
      subject: 'Three fates',
      to: ['ann@example.com', 'bounce+1@simulator.bulkhead.test', 'bounce+2@simulator.bulkhead.test'],
      html: '<p style="color:rgb(1, 2, 3)" id="hi">Hello <b>Ann</b></p><script>document.body.remove()</script>',
      text: 'Hello Ann',
      metadata: { order: 4711 },
    })
    await ended(id)
    const page = await run.open(`/messages/${id}`, { viewport: DESK })
    await page.getByRole('heading', { name: 'Three fates' }).waitFor()
    await page.getByRole('heading', { name: 'Delivered' }).waitFor()
    await page.getByText('Dialogue of the two servers').first().click()
    await page.getByText(/^S: 2/).first().waitFor()
    await expectAccessible(page)
    await shoot(page, 'story')
    const states = page.getByRole('group', { name: 'State of a recipient' })
    await states.getByRole('link', { name: /bounced/ }).click()
    await expect
      .poll(() => page.getByRole('link', { name: 'ann@example.com', exact: true }).count(), SOON)
      .toBe(0)
    await page.getByRole('link', { name: 'bounce+1@simulator.bulkhead.test' }).click()
    await expect.poll(() => page.getByRole('heading', { name: 'Bounced' }).count(), SOON).toBe(1)
    await expect.poll(() => new URL(page.url()).searchParams.get('recipient'), SOON).toBe('2')
    await page.getByRole('link', { name: 'Of all recipients' }).click()
    await page.getByRole('link', { name: 'One recipient after the other' }).click()

    await page.getByRole('button', { name: 'Send again…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('2 of 3 chosen').waitFor()
    await dialog.getByText('2 of them are on the suppression list', { exact: false }).waitFor()
    await expectAccessible(page)
    await shoot(page, 'resend')
    await dialog.getByRole('button', { name: 'None' }).click()
    expect(await dialog.getByRole('button', { name: 'Send to 0' }).isDisabled()).toBe(true)
    await dialog.getByLabel(/ann@example.com/).check()
    await dialog.getByText('gets it twice', { exact: false }).waitFor()
    await dialog.getByLabel('Why (optional)').fill('She asked for it')
    await dialog.getByRole('button', { name: 'Send to 1' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('sent again', { exact: true }).waitFor()
    await page.getByRole('heading', { name: 'Delivered' }).waitFor()
    const again = page.url().split('/').at(-1)
    expect(again).not.toBe(id)
    await page.getByRole('link', { name: id }).click()
    await page.getByRole('heading', { name: 'Sent again' }).waitFor()
    await page.getByText('She asked for it').waitFor()
    await page.getByRole('link', { name: 'The new message' }).click()
    await expect.poll(() => page.url(), SOON).toContain(again)
  })

  it('shows content without letting it run, opens and clicks, webhooks with replay, and JSON', async () => {
    const hook = Made.parse(await run.api('/v1/webhooks', { body: { url: 'http://127.0.0.1:9/hook' } }))
    const id = await send({
      subject: 'All of it',
      html: '<p style="color:rgb(1, 2, 3)" id="hi">Hello <b>Ann</b></p><script>document.body.remove()</script>',
      attachments: [{ filename: 'a.txt', content: btoa('x') }],
    })
    await ended(id)
    const page = await run.open(`/messages/${id}?tab=content`, { viewport: DESK })
    const frame = page.frameLocator('iframe[title="HTML of the message"]')
    await frame.locator('#hi').waitFor()
    expect(await frame.locator('#hi').textContent()).toBe('Hello Ann')
    await page.getByRole('button', { name: 'As wide as a phone' }).click()
    await expect.poll(() => new URL(page.url()).searchParams.get('width'), SOON).toBe('phone')
    await expectAccessible(page)
    await shoot(page, 'content')
    await page.getByRole('tab', { name: 'Headers' }).click()
    await page.getByRole('rowheader', { name: 'Message-ID' }).waitFor()
    await page.getByRole('tab', { name: 'Attachments (1)' }).click()
    await page.getByText('a.txt').waitFor()
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download as accepted' }).click()
    expect((await download).suggestedFilename()).toBe(`${id}.eml`)

    await page.getByRole('tab', { name: 'Opens and clicks' }).click()
    await page.getByRole('heading', { name: 'Nothing was fetched' }).waitFor()
    await page.getByRole('tab', { name: 'Webhooks' }).click()
    const deliveries = page.getByRole('list', { name: 'Webhook deliveries' })
    await deliveries.getByText('message.delivered').waitFor()
    await expectAccessible(page)
    await shoot(page, 'webhooks')
    await page.getByRole('tab', { name: 'JSON' }).click()
    await page.getByText('"subject": "All of it"').waitFor()
    await expectAccessible(page)
    await run.api(`/v1/webhooks/${hook.id}`, { method: 'DELETE' })
  })

  it('says why a message waits and when it is tried next, moves it and cancels it', async () => {
    const id = await send({ subject: 'Later', to: ['ann@example.com', 'bob@example.com'], sendAt: inADay() })
    const page = await run.open(`/messages/${id}`, { viewport: DESK })
    await page.getByRole('heading', { name: 'Why it waits' }).waitFor()
    await page.getByText('Its time has not come yet.').first().waitFor()
    expect(await page.getByRole('button', { name: 'Send again…' }).isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Reschedule' }).click()
    await page.getByRole('button', { name: 'In 24 hours' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Reschedule' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await shoot(page, 'waiting')
    await page.getByRole('button', { name: 'Cancel', exact: true }).click()
    await page.getByRole('button', { name: 'Cancel the message' }).click()
    await page.getByRole('heading', { name: 'Cancelled' }).first().waitFor()
    expect(await page.getByRole('heading', { name: 'Why it waits' }).count()).toBe(0)
    expect(await page.getByRole('button', { name: 'Send again…' }).isDisabled()).toBe(false)
  })

  it('shows of a sensitive message that it exists, and says why no more', async () => {
    const id = await send({ subject: 'Reset 9876', text: 'Your code is 9876', sensitive: true })
    await ended(id)
    const page = await run.open(`/messages/${id}`, { viewport: DESK })
    await page.getByText('This message is sensitive').waitFor()
    expect(await page.getByRole('button', { name: 'Send again…' }).isDisabled()).toBe(true)
    await page.getByRole('tab', { name: 'Content' }).click()
    await page.getByRole('heading', { name: 'Nobody may read this' }).waitFor()
    expect(await page.getByText('9876').count()).toBe(0)
    await page.getByRole('tab', { name: 'JSON' }).click()
    await page.getByText(`"id": "${id}"`).waitFor()
    expect(await page.getByText('9876').count()).toBe(0)
    await expectAccessible(page)
  })

  it('says it where the server fails, a message is unknown, or one may not look', async () => {
    const page = await run.open('/messages/msg_00000000000000000000000000', { viewport: DESK })
    await page.getByText('There is no such message.').waitFor()
    // Once the stream is there, everything is read anew once: that would come back by itself, before the button is pressed.
    await page.getByText('Live', { exact: true }).waitFor()
    await page.waitForTimeout(1_500)
    run.problems.splice(0)
    await page.route('**/v1/messages?**', (route) => route.abort())
    await page.getByRole('link', { name: 'Messages' }).first().click()
    await page.getByRole('alert').waitFor(SOON)
    await expectAccessible(page)
    await page.unroute('**/v1/messages?**')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('list', { name: 'Messages' }).waitFor()
    run.problems.splice(0)
  })

  it('shows nothing to who may not look', async () => {
    const made = z
      .object({ key: z.string() })
      .parse(await run.api('/v1/api-keys', { body: { name: 'domains', scopes: ['domains:read'] } }))
    const page = await run.openSignedOut('/messages')
    await page.evaluate(`sessionStorage.setItem('bulkhead.key', '${made.key}')`)
    await page.goto(`${run.origin}/messages`)
    await page.getByRole('heading', { name: 'You may not see messages' }).waitFor()
    await expectAccessible(page)
    await page.goto(`${run.origin}/inbox`)
    await page.getByRole('heading', { name: 'You may not see the inbox' }).waitFor()
    run.problems.splice(0)
  })

  it('is accessible in the dark and on a phone, and nothing scrolls sideways', async () => {
    const { data } = List.parse(await run.api('/v1/messages?limit=100&state=bounced'))
    const id = data[0]?.id ?? ''
    for (const [path, name] of [
      ['/messages', 'phone-list'],
      [`/messages/${id}`, 'phone-story'],
      [`/messages/${id}?tab=content`, 'phone-content'],
      ['/inbox', 'phone-inbox'],
    ] as const) {
      const page = await run.open(path, { viewport: PHONE, theme: 'dark' })
      await page.getByText('balanced').or(page.getByRole('main')).first().waitFor()
      await page.waitForTimeout(700)
      expect(await page.evaluate(TOO_WIDE), path).toEqual([])
      await expectAccessible(page)
      await shoot(page, name)
      const desk = await run.open(path, { viewport: DESK, theme: 'dark' })
      await desk.waitForTimeout(700)
      await expectAccessible(desk)
      await shoot(desk, name.replace('phone', 'dark'))
    }
  })

  it('checks captured mail and shows what a filter would', async () => {
    const id = await send({
      subject: 'GREAT OFFER!!',
      html: '<a href="https://evil.example/">www.bank.example</a><p>Enough words to be a mail that says something.</p>',
      text: 'Offer',
    })
    await ended(id)
    const { data } = List.parse(await run.api(`/v1/inbox?messageId=${id}`))
    const page = await run.open(`/inbox/${data[0]?.id}?tab=checks`, { viewport: DESK })
    await page.getByText('The text shows another address than the link leads to', { exact: false }).waitFor()
    await page.getByText('SPF alignment').waitFor()
    await page.getByText(/of 10 checks found something/).waitFor()
    await expectAccessible(page)
    await shoot(page, 'checks')
    await page.getByRole('button', { name: 'Empty…' }).click()
    await page.getByRole('button', { name: 'Delete all' }).click()
    await page.getByRole('heading', { name: 'The inbox is empty' }).waitFor()
  })

  it('works on and says so while sending is cut off', async () => {
    const id = await send({ subject: 'Before', sendAt: inADay() })
    await run.api(`/v1/messages/${id}/cancel`, { method: 'POST' })
    await run.api('/v1/containments', { body: { capabilities: ['send'], reason: 'A drill of the test.' } })
    const page = await run.open(`/messages/${id}`, { viewport: DESK })
    await page.getByText('A drill of the test.', { exact: false }).first().waitFor()
    await page.getByRole('button', { name: 'Send again…' }).click()
    await page.getByRole('button', { name: 'Send to 1' }).click()
    await page.getByRole('dialog').getByRole('alert').waitFor()
    await expectAccessible(page)
    await shoot(page, 'contained')
    run.problems.splice(0)
  })
})
