import { join } from 'node:path'
import { Client } from 'pg'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { databaseUrls } from '../constellation/database.ts'
import { expectAccessible, HAS_BROWSER, PHONE, startConsole, type ConsoleRun } from '../support/console.ts'
import { startDnsServer, type DnsServer } from '../support/dns-server.ts'

const Domain = z.object({
  id: z.string(),
  name: z.string(),
  state: z.string(),
  records: z.array(
    z.object({
      purpose: z.string(),
      type: z.string(),
      name: z.string(),
      value: z.string(),
      dkim: z.object({ state: z.string() }).nullable(),
    }),
  ),
})
const Made = z.object({ id: z.string() })
const Rows = z.object({ data: z.array(Made) })
const NAME = 'mail.northwind.example'

/** Nothing is wider than the page, also not what a box cuts off. */
async function expectFits(page: Page): Promise<void> {
  const wider = await page.evaluate(
    `[...document.querySelectorAll('main *')].filter((one) => one.getBoundingClientRect().right > window.innerWidth + 1)
      .map((one) => one.outerHTML.slice(0, 120))`,
  )
  expect(wider).toEqual([])
}

const clipboard = async (page: Page) =>
  z.string().parse(await page.evaluate('navigator.clipboard.readText()'))

// A machine that builds and tests other things at the same time takes its time.
describe.runIf(HAS_BROWSER)('domains, senders and tracking in a browser', { timeout: 240_000 }, () => {
  let dns: DnsServer
  let run: ConsoleRun
  beforeAll(async () => {
    dns = await startDnsServer()
    run = await startConsole({ env: { BULKHEAD_DNS_SERVERS: dns.address } })
  })
  afterAll(async () => {
    await run[Symbol.asyncDispose]()
    await dns.close()
  })
  afterEach(() => run.closePages())

  const publish = (name: string, text: string) =>
    dns.set(name, [{ type: 'TXT', strings: text.match(/.{1,255}/g) ?? [] }])
  const domainNow = async (id: string) => Domain.parse(await run.api(`/v1/domains/${id}`))

  const open: ConsoleRun['open'] = async (path, options) => {
    const page = await run.open(path, options)
    page.setDefaultTimeout(60_000)
    return page
  }

  /** The id of a domain that is there and verified. */
  async function verified(name: string): Promise<string> {
    const { data } = z.object({ data: z.array(Domain) }).parse(await run.api('/v1/domains'))
    const domain =
      data.find((one) => one.name === name) ?? Domain.parse(await run.api('/v1/domains', { body: { name } }))
    for (const record of domain.records) publish(record.name, record.value)
    await expect
      .poll(
        async () => Domain.parse(await run.api(`/v1/domains/${domain.id}/verify`, { method: 'POST' })).state,
        { timeout: 30_000, interval: 1_500 },
      )
      .toBe('verified')
    return domain.id
  }

  /** A page of somebody who has a key with these scopes. */
  async function withKey(scopes: readonly string[], path: string): Promise<Page> {
    const { key } = z
      .object({ key: z.string() })
      .parse(await run.api('/v1/api-keys', { body: { name: 'narrow', scopes } }))
    const page = await run.openSignedOut(`/#token=${key}`)
    page.setDefaultTimeout(60_000)
    await page.waitForFunction(`sessionStorage.length > 0`)
    await page.goto(`${run.origin}${path}`)
    return page
  }

  it('leads from no domain to a verified one: what to publish, what DNS has, what is wrong', async () => {
    for (const { id } of Rows.parse(await run.api('/v1/domains')).data)
      await run.api(`/v1/domains/${id}`, { method: 'DELETE' })
    const page = await open('/domains')
    await page.getByRole('heading', { name: 'No domain yet' }).waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Add a domain' }).click()
    await page.getByLabel('Domain', { exact: true }).fill('no domain')
    await page.getByRole('button', { name: 'Add the domain' }).click()
    await page.getByRole('alert').waitFor()
    await page.getByLabel('Domain', { exact: true }).fill(NAME)
    await page.getByRole('button', { name: 'Add the domain' }).click()
    await page.getByRole('heading', { name: NAME, level: 1 }).waitFor()
    const id = page.url().match(/dom_\w+/)?.[0] ?? ''
    const table = page.getByRole('table', { name: 'Records to publish' })
    const { records } = await domainNow(id)
    expect(await table.getByRole('row').count()).toBe(records.length + 1)

    // Names without the zone, as most DNS hosts want them; the choice stands in the address.
    const [first] = records
    const row = table.getByRole('row').nth(1)
    await row.getByRole('button', { name: 'Copy' }).first().click()
    expect(await clipboard(page)).toBe(first!.name)
    await page.getByLabel('Names as your DNS host wants them').selectOption('northwind.example')
    await page.waitForURL(/zone=northwind\.example/)
    await row
      .getByRole('button', { name: /Copy|Copied/ })
      .first()
      .click()
    expect(await clipboard(page)).toBe(first!.name.replace('.northwind.example', ''))
    await row.getByRole('button', { name: 'Copy', exact: true }).last().click()
    await expect.poll(() => clipboard(page)).toBe(first!.value)
    await page.getByRole('button', { name: 'Copy all as zone file' }).click()
    await expect.poll(() => clipboard(page)).toContain(`${first!.name}. 300 IN TXT "v=DKIM1`)
    await expectAccessible(page)

    for (const record of records) publish(record.name, record.value)
    publish(first!.name, 'v=DKIM1; k=rsa; p=AAAA')
    await page.getByRole('button', { name: 'Check now' }).click()
    await row.getByText('wrong').waitFor()
    await row.getByText('v=DKIM1; k=rsa; p=AAAA').waitFor()
    await row.getByText(/The key is another one/).waitFor()
    await expectAccessible(page)

    // Mended elsewhere; the open page notices by itself.
    publish(first!.name, first!.value)
    await page.getByText('verified', { exact: true }).first().waitFor({ timeout: 120_000 })
    expect((await domainNow(id)).state).toBe('verified')
    await page.getByRole('link', { name: 'Domains' }).last().click()
    await page
      .getByRole('table', { name: 'Domains' })
      .getByText('all found')
      .filter({ visible: true })
      .waitFor()
  })

  it('changes keys step by step, and calls a change off', async () => {
    const id = await verified('keys.northwind.example')
    const page = await open(`/domains/${id}`, { theme: 'dark' })
    await page.getByRole('button', { name: 'Rotate keys' }).click()
    await page.getByRole('dialog').getByText('You publish their records').waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Make new keys' }).click()
    await page.getByText('0 of 2 found').waitFor()
    expect(await page.getByRole('button', { name: 'Rotate keys' }).isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Call it off' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Call it off' }).click()
    await page.getByText('0 of 2 found').waitFor({ state: 'detached' })

    await page.getByRole('button', { name: 'Rotate keys' }).click()
    await page.getByRole('button', { name: 'Make new keys' }).click()
    await page.getByText('0 of 2 found').waitFor()
    const pending = (await domainNow(id)).records.filter(({ dkim }) => dkim?.state === 'pending')
    expect(pending.length).toBe(2)
    for (const record of pending) publish(record.name, record.value)
    await page.getByRole('button', { name: 'Check now' }).click()
    await page.getByText('All found; the new keys sign.').waitFor()
    const old = page.getByRole('table', { name: 'Records of old keys' })
    await old
      .getByText(/Leave it until/)
      .first()
      .waitFor()
    expect(await old.getByRole('row').count()).toBe(3)
    await expectAccessible(page)
  })

  it('deletes a domain only after its name was typed', async () => {
    const { id } = Made.parse(await run.api('/v1/domains', { body: { name: 'gone.northwind.example' } }))
    const page = await open(`/domains/${id}`)
    await page.getByRole('button', { name: 'Delete' }).click()
    const remove = page.getByRole('dialog').getByRole('button', { name: 'Delete the domain' })
    expect(await remove.isDisabled()).toBe(true)
    await page.getByLabel('Type gone.northwind.example to go on').fill('gone.northwind.example')
    await remove.click()
    await page.getByRole('heading', { name: 'Domains', level: 1 }).waitFor()
    await page.getByText('gone.northwind.example is deleted.').waitFor()
    await page.goto(`${run.origin}/domains/${id}`)
    await page.getByText(/There is no sending domain/).waitFor()
  })

  it('keeps senders: added with a name, who may use them, removed', async () => {
    await verified(NAME)
    await run.api('/v1/api-keys', {
      body: { name: 'Newsletter', scopes: ['messages:send'], allowedSenders: [`news@${NAME}`] },
    })
    const page = await open('/senders')
    for (const { id } of Rows.parse(await run.api('/v1/senders')).data)
      await run.api(`/v1/senders/${id}`, { method: 'DELETE' })
    await page.reload()
    await page.getByRole('heading', { name: 'No sender yet' }).waitFor()
    await page.getByRole('button', { name: 'Add a sender' }).click()
    await page.getByLabel('Address', { exact: true }).fill('news@elsewhere.example')
    await page.getByRole('button', { name: 'Add the sender' }).click()
    await page
      .getByRole('alert')
      .getByText(/not a domain of this workspace/)
      .waitFor()
    await page.getByLabel('Address', { exact: true }).fill(`news@${NAME}`)
    await page.getByLabel('Name (optional)').fill('<b>Northwind</b> News')
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Add the sender' }).click()
    const table = page.getByRole('table', { name: 'Senders' })
    await table.getByText('<b>Northwind</b> News').waitFor()
    await table.getByText('Newsletter').filter({ visible: true }).waitFor()
    await expectAccessible(page)
    const dark = await open('/senders', { theme: 'dark', viewport: PHONE })
    await dark.getByText('<b>Northwind</b> News').waitFor()
    await expectAccessible(dark)
    await expectFits(dark)
    await page.getByRole('button', { name: `Remove news@${NAME}` }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).click()
    await page.getByRole('heading', { name: 'No sender yet' }).waitFor()
  })

  it('says which sender waits, until when, and where it can be let go', async () => {
    await verified(NAME)
    await run.asOwner()
    // As if workspace and owner were here for days: only then something new waits.
    const client = new Client({ connectionString: databaseUrls(join(run.directory, 'data')).superuser })
    await client.connect()
    await client.query("update workspace set created_at = created_at - interval '3 days'")
    await client.query("update notices.contact set joined_at = joined_at - interval '3 days'")
    await client.end()
    const { id } = Made.parse(await run.api('/v1/senders', { body: { email: `new@${NAME}` } }))
    const page = await open('/senders')
    const row = page.getByRole('row').filter({ hasText: `new@${NAME}` })
    await row.getByText('mail held').filter({ visible: true }).waitFor()
    await page.getByText('Mail of a new sender is held').waitFor()
    await expectAccessible(page)
    await page.getByRole('note').getByRole('link', { name: 'Approvals' }).click()
    await page.waitForURL(/security\/approvals/)
    await run.api(`/v1/senders/${id}`, { method: 'DELETE' })
  })

  it('sets what is tracked, and says honestly what it means', async () => {
    await verified(NAME)
    const page = await open('/tracking')
    const clicks = page.getByRole('group', { name: 'Clicks' })
    await clicks.getByRole('radio', { name: /^On/ }).check()
    await page.getByText('It holds for new mail.').waitFor()
    expect(await run.api('/v1/tracking')).toMatchObject({ clicks: 'on', opens: 'off' })
    await page.getByText(/many people block it/).waitFor()
    await expectAccessible(page)

    await page.getByRole('button', { name: 'Add a link domain' }).click()
    await page.getByLabel('Host').fill(`links.${NAME}`)
    await page.getByRole('button', { name: 'Add it' }).click()
    const item = page.getByRole('listitem').filter({ hasText: `links.${NAME}` })
    await item.getByText('waits for DNS').waitFor()
    const { data } = z
      .object({ data: z.array(z.object({ record: z.object({ name: z.string(), value: z.string() }) })) })
      .parse(await run.api('/v1/link-domains'))
    dns.set(data[0]!.record.name, [{ type: 'CNAME', value: 'elsewhere.example' }])
    await item.getByRole('button', { name: 'Check now' }).click()
    await item.getByText('elsewhere.example', { exact: true }).waitFor()
    await expectAccessible(page)
    const dark = await open('/tracking', { theme: 'dark', viewport: PHONE })
    await dark.getByText(`links.${NAME}`).first().waitFor()
    await expectAccessible(dark)
    await expectFits(dark)
    await item.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).click()
    await page.getByRole('heading', { name: 'No link domain' }).waitFor()
  })

  it('fits a phone, in the dark too', async () => {
    const id = await verified(NAME)
    for (const path of ['/domains', `/domains/${id}`]) {
      const page = await open(path, { theme: 'dark', viewport: PHONE })
      await page.getByText(NAME).first().waitFor()
      await expectFits(page)
      await expectAccessible(page)
    }
  })

  it('says so when the list cannot be had, and comes back', async () => {
    const page = await open('/')
    await page.route('**/v1/domains?*', (route) => route.abort('connectionrefused'))
    await page.goto(`${run.origin}/domains`)
    await page.getByRole('alert').getByText('The server does not answer').waitFor()
    await expectAccessible(page)
    await page.unrouteAll()
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('table', { name: 'Domains' }).waitFor()
  })

  it('shows those who may only read everything but the acts, and others why they see nothing', async () => {
    const id = await verified(NAME)
    const reader = await withKey(['domains:read', 'senders:read'], `/domains/${id}`)
    for (const name of ['Check now', 'Rotate keys', 'Delete']) {
      const button = reader.getByRole('button', { name })
      await button.waitFor()
      expect([name, await button.isDisabled()]).toEqual([name, true])
      expect(await button.getAttribute('title')).toContain('domains:write')
    }
    const nobody = await withKey(['messages:read'], '/domains')
    for (const [path, what] of [
      ['/domains', 'the domains'],
      [`/domains/${id}`, 'domains'],
      ['/senders', 'the senders'],
      ['/tracking', 'what is tracked'],
    ] as const) {
      await nobody.goto(`${run.origin}${path}`)
      await nobody.getByRole('heading', { name: `You may not see ${what}` }).waitFor()
      await expectAccessible(nobody)
    }
  })

  // The last one: lifting takes two people.
  it('keeps its acts closed with the reason while changes of senders are contained', async () => {
    const reason = 'Somebody adds senders that nobody knows'
    await run.api('/v1/containments', {
      body: { capabilities: ['sender-change'], reason, hours: 1 },
    })
    for (const [path, name] of [
      ['/domains', 'Add a domain'],
      ['/senders', 'Add a sender'],
      ['/tracking', 'Add a link domain'],
    ] as const) {
      const page = await open(path)
      const button = page.getByRole('button', { name })
      await button.waitFor()
      await expect.poll(() => button.getAttribute('title'), { timeout: 60_000 }).toContain(reason)
      expect(await button.isDisabled()).toBe(true)
      await expectAccessible(page)
    }
  })
})
