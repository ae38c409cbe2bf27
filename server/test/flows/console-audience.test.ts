import { createServer, type Server } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Locator, Page } from 'playwright-core'
import { z } from 'zod'
import { expectAccessible, HAS_BROWSER, PHONE, startConsole, type ConsoleRun } from '../support/console.ts'

const Made = z.looseObject({ id: z.string() })
const SHOTS = process.env['BULKHEAD_SHOTS']

/** A picture for whoever wants to look: BULKHEAD_SHOTS names a folder. */
async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/${name}.png` })
}

/** Nothing is wider than the page, and nothing on it keeps somebody out. */
async function expectFine(page: Page, name: string): Promise<void> {
  await expectAccessible(page)
  await shoot(page, name)
  const before = page.viewportSize()
  await page.setViewportSize(PHONE)
  const [inner, scroll] = z
    .tuple([z.number(), z.number()])
    .parse(await page.evaluate('[window.innerWidth, document.documentElement.scrollWidth]'))
  expect(scroll, page.url()).toBeLessThanOrEqual(inner)
  await shoot(page, `${name}-phone`)
  if (before !== null) await page.setViewportSize(before)
}

/** What a table shows stands in it twice, once folded for narrow screens: the one that is seen. */
const seen = (within: Locator, text: string): Locator =>
  within.getByText(text, { exact: true }).filter({ visible: true })

describe.runIf(HAS_BROWSER)(
  'topics, contacts, broadcasts and inbound routes in a browser',
  { timeout: 300_000 },
  () => {
    let run: ConsoleRun
    let receiver: Server
    let url: string
    beforeAll(async () => {
      receiver = createServer((request, response) => {
        request.resume()
        request.on('end', () => response.writeHead(204).end())
      })
      await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done))
      const address = receiver.address()
      if (address === null || typeof address === 'string') throw new Error('no port')
      url = `http://127.0.0.1:${address.port}/parse`
      run = await startConsole()
    }, 300_000)
    afterAll(async () => {
      receiver.close()
      await run[Symbol.asyncDispose]()
    })
    afterEach(() => run.closePages())

    it('makes a topic, notes who left, tells what an address gets, lets it back, and deletes', async () => {
      const page = await run.open('/topics')
      await page.getByRole('heading', { name: 'No topics yet' }).waitFor()
      await expectFine(page, 'topics-empty')
      await page.getByRole('button', { name: 'New topic' }).click()
      await page.getByLabel('Name', { exact: true }).fill('Product news')
      await page.getByLabel('Description (optional)').fill('Once a month')
      await page.getByLabel('The default topic').check()
      await expectFine(page, 'topic-new')
      await page.getByRole('button', { name: 'Make the topic' }).click()
      const table = page.getByRole('table', { name: 'Topics' })
      await seen(table, 'default').waitFor()
      await table.getByRole('link', { name: 'Product news' }).click()
      await page.getByRole('heading', { name: 'Nobody has left it' }).waitFor()
      await page.getByRole('button', { name: 'Note addresses' }).click()
      await page.getByLabel('Addresses', { exact: true }).fill('ann@example.com\nbob@example.com')
      await page.getByRole('button', { name: 'Note 2 addresses' }).click()
      const left = page.getByRole('table', { name: 'Who has left' })
      await left.getByText('bob@example.com').waitFor()
      await expectFine(page, 'topic')

      await page.getByLabel('Find an address that left').fill('ann@example.com')
      await page.waitForURL(/email=ann/)
      await expect.poll(() => left.getByRole('row').count()).toBe(2)
      await page.goto(`${run.origin}/topics?email=ann%40example.com`)
      const gets = page.getByRole('region', { name: 'What ann@example.com gets' })
      await gets.getByText('left', { exact: true }).waitFor()
      await expectFine(page, 'topics')
      await gets.getByRole('link', { name: 'Product news' }).click()
      await left.getByRole('button', { name: 'Let back' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Let back' }).click()
      await page.getByRole('heading', { name: 'This address has not left it' }).waitFor()

      await page.getByRole('button', { name: 'Edit' }).click()
      await page.getByLabel('Name', { exact: true }).fill('News')
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByRole('heading', { name: 'News', level: 1 }).waitFor()
      await page.getByRole('button', { name: 'Delete' }).click()
      await page.getByRole('button', { name: 'Delete it' }).click()
      await page.getByRole('heading', { name: 'No topics yet' }).waitFor()
    })

    it('adds contacts, puts them on a list and takes them off, finds one by the whole address', async () => {
      const page = await run.open('/contacts', { theme: 'dark' })
      await page.getByRole('heading', { name: 'No contacts yet' }).waitFor()
      await expectFine(page, 'contacts-empty')
      await page.getByRole('tab', { name: 'Lists' }).click()
      await page.getByRole('button', { name: 'New list' }).click()
      await page.getByLabel('Name', { exact: true }).fill('Newsletter')
      await page.getByRole('button', { name: 'Make the list' }).click()
      await page.getByRole('table', { name: 'Lists' }).getByRole('link', { name: 'Newsletter' }).waitFor()

      await page.getByRole('tab', { name: 'Contacts' }).click()
      await page.getByRole('button', { name: 'New contact' }).click()
      await page.getByLabel('Address', { exact: true }).fill('ann@example.com')
      await page.getByLabel('First name').fill('Ann')
      await page.getByLabel('Attributes (optional)').fill('plan gold')
      await page.getByText('is no attribute').waitFor()
      await page.getByLabel('Attributes (optional)').fill('plan = gold\nseats = 3')
      await page.getByLabel('Put on the list').selectOption({ label: 'Newsletter' })
      await expectFine(page, 'contact-new')
      await page.getByRole('button', { name: 'Add the contact' }).click()
      const table = page.getByRole('table', { name: 'Contacts' })
      await table.getByRole('link', { name: 'ann@example.com' }).waitFor()
      await run.api('/v1/contacts', { body: { email: 'bob@example.com', unsubscribed: true } })
      await page.getByLabel('Broadcasts').selectOption('true')
      await table.getByRole('link', { name: 'bob@example.com' }).waitFor()
      await page.getByLabel('Find a contact').fill('nobody@example.com')
      await page.getByRole('heading', { name: 'No contact has this address' }).waitFor()
      await page.getByLabel('Find a contact').fill('ann@example.com')
      await table.getByRole('link', { name: 'ann@example.com' }).click()
      await page.getByText('gold', { exact: true }).waitFor()
      await page.getByRole('link', { name: 'Newsletter' }).waitFor()
      await expectFine(page, 'contact')
      await page.getByRole('button', { name: 'Edit' }).click()
      await page.getByLabel('Attributes (optional)').fill('seats = 4')
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByText('gold', { exact: true }).waitFor({ state: 'detached' })

      await page.getByRole('link', { name: 'Newsletter' }).click()
      await page.getByRole('button', { name: 'Put contacts on it' }).click()
      await page.getByLabel('Addresses or ids of contacts').fill('bob@example.com\nstranger@example.com')
      await page.getByRole('button', { name: 'Put 2 on it' }).click()
      await page
        .getByRole('alert')
        .getByText(/stranger@example\.com|contacts\.1|contacts\[1\]/)
        .waitFor()
      await page.getByLabel('Addresses or ids of contacts').fill('bob@example.com')
      await page.getByRole('button', { name: 'Put on it' }).click()
      await table.getByRole('link', { name: 'bob@example.com' }).waitFor()
      await expectFine(page, 'list')
      await table
        .getByRole('row')
        .filter({ hasText: 'bob@example.com' })
        .getByRole('button', { name: 'Take off' })
        .click()
      await expect.poll(() => table.getByRole('row').count()).toBe(2)
      await page.getByRole('button', { name: 'Delete' }).click()
      await page.getByRole('button', { name: 'Delete it' }).click()
      await page.getByRole('heading', { name: 'No lists yet' }).waitFor()
      await page.goto(`${run.origin}/contacts?email=ann%40example.com`)
      await table.getByRole('link', { name: 'ann@example.com' }).click()
      await page.getByRole('button', { name: 'Delete' }).click()
      await page.getByRole('button', { name: 'Delete it' }).click()
      await page.waitForURL(/\/contacts$/)
    })

    it('sends a broadcast, shows how far it is and who got it, and cancels one that waits', async () => {
      const page = await run.open('/broadcasts')
      await page.getByRole('heading', { name: 'No broadcasts yet' }).waitFor()
      await expectFine(page, 'broadcasts-empty')
      const { id: list } = Made.parse(await run.api('/v1/lists', { body: { name: 'All' } }))
      for (const [email, unsubscribed] of [
        ['carl@example.com', false],
        ['dora@example.com', true],
      ] as const)
        await run.api('/v1/contacts', { body: { email, unsubscribed, lists: [list] } })
      const draft = async (name: string): Promise<string> =>
        Made.parse(
          await run.api('/v1/broadcasts', {
            body: {
              name,
              listId: list,
              from: run.setup.from,
              subject: 'Hello {{ first_name }}',
              text: 'News {{ unsubscribe_url }}',
            },
          }),
        ).id
      await draft('November')
      await page.reload()
      await page
        .getByRole('table', { name: 'Broadcasts' })
        .getByRole('link', { name: /November/ })
        .click()
      await page.getByRole('button', { name: 'Send …' }).click()
      await expectFine(page, 'broadcast-send')
      await page.getByRole('button', { name: 'Send it now' }).click()
      await page.getByText('sent', { exact: true }).first().waitFor({ timeout: 60_000 })
      const members = page.getByRole('table', { name: 'Members' })
      await page.getByLabel('State of members').selectOption('skipped')
      await members.getByText('dora@example.com').waitFor()
      await seen(members, 'unsubscribed').waitFor()
      await expectFine(page, 'broadcast')
      await page.getByRole('link', { name: 'see what became of it' }).click()
      await page.getByRole('link', { name: /carl@example\.com/ }).waitFor()

      const late = await draft('Later')
      await page.goto(`${run.origin}/broadcasts?id=${late}`)
      await page.getByRole('button', { name: 'Send …' }).click()
      await page.getByLabel('Begin (optional)').fill('2027-06-01T09:00')
      await page.getByRole('button', { name: 'Schedule it' }).click()
      await page.getByText('scheduled', { exact: true }).waitFor()
      await page.getByRole('button', { name: 'Cancel it' }).click()
      await page.getByRole('button', { name: 'Cancel the broadcast' }).click()
      await page.getByText('cancelled', { exact: true }).first().waitFor()
      await page.goto(`${run.origin}/broadcasts?state=cancelled`)
      await page.getByRole('link', { name: /Later/ }).waitFor()
      await expectFine(page, 'broadcasts')
    })

    it('makes an inbound route, says how it is set up, moves it, and takes it away', async () => {
      const page = await run.open('/inbound', { theme: 'dark' })
      await page.getByRole('heading', { name: 'No inbound routes yet' }).waitFor()
      await expectFine(page, 'inbound-empty')
      await page.getByRole('button', { name: 'New route' }).click()
      await page.getByLabel('Host name').fill('parse.elsewhere.example')
      await page.getByLabel('URL of the program').fill(url)
      await page.getByRole('button', { name: 'Make the route' }).click()
      await page.getByRole('alert').waitFor()
      await page.getByLabel('Host name').fill('parse.example.test')
      await page.getByRole('button', { name: 'Make the route' }).click()
      await page
        .getByRole('table', { name: 'Inbound routes' })
        .getByRole('link', { name: 'parse.example.test' })
        .click()
      await page.getByText('takes mail', { exact: true }).waitFor()
      await page.getByRole('heading', { name: 'Nothing came yet' }).waitFor()
      await expectFine(page, 'inbound')
      await page.getByRole('button', { name: 'Edit' }).click()
      await page.getByLabel('URL of the program').fill(`${url}/2`)
      await page.getByLabel('Post the mail as it came').check()
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByText('the mail as it came, in the field email').waitFor()
      await page.getByRole('button', { name: 'Delete' }).click()
      await page.getByRole('button', { name: 'Delete the route' }).click()
      await page.getByRole('heading', { name: 'No inbound routes yet' }).waitFor()
    })

    it('says what a role may not see, and what is contained, on each of them', async () => {
      const analyst = await run.asRole('analyst')
      const page = await analyst.open('/contacts')
      await page.getByRole('heading', { name: 'You may not see the contacts' }).waitFor()
      await expectAccessible(page)
      await page.goto(`${run.origin}/topics`)
      await page.getByRole('heading', { name: 'Topics', level: 1 }).waitFor()
      expect(await page.getByRole('button', { name: 'New topic' }).isDisabled()).toBe(true)

      const { id } = Made.parse(
        await run.api('/v1/containments', {
          body: { capabilities: ['write', 'sender-change', 'send:bulk'], hours: 1, reason: 'A drill.' },
        }),
      )
      expect(id).not.toBe('')
      const owner = await run.asOwner()
      const contained = await owner.open('/topics')
      for (const [path, button] of [
        ['/topics', 'New topic'],
        ['/contacts', 'New contact'],
        ['/inbound', 'New route'],
      ] as const) {
        await contained.goto(`${run.origin}${path}`)
        const act = contained.getByRole('button', { name: button })
        await expect.poll(() => act.getAttribute('title'), { timeout: 15_000 }).toContain('A drill.')
        await expectAccessible(contained)
      }
    })
  },
)
