import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import type { Locator } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { databaseUrls } from '../constellation/database.ts'
import { expectAccessible, HAS_BROWSER, PHONE, startConsole, type ConsoleRun } from '../support/console.ts'
import type { Who } from '../support/console.ts'
import { startDnsServer } from '../support/dns-server.ts'
import type { DnsServer } from '../support/dns-server.ts'
import { eventually } from './engine-fixture.ts'

const Preview = z.looseObject({ token: z.string(), expected: z.number() })
const Act = z.looseObject({ id: z.string(), state: z.string() })
const Key = z.looseObject({ key: z.string() })
const Lines = z.looseObject({
  lines: z.array(z.looseObject({ site: z.string().nullable(), state: z.string(), recipients: z.number() })),
})

const tomorrow = (): string => new Date(Date.now() + 86_400_000).toISOString()
const addresses = (count: number, domain: string): string[] =>
  Array.from({ length: count }, (_, place) => `r${place}@${domain}`)

const send = (run: ConsoleRun, more: Record<string, unknown>): Promise<unknown> =>
  run.api('/v1/messages', { body: { from: run.setup.from, subject: 'Hello', text: 'x', ...more } })

/** The first that is to be seen: what a narrow screen folds into one column stands twice in the page. */
const seen = (locator: Locator): Locator => locator.filter({ visible: true }).first()

/** Previews and acts over the API. */
async function act(who: Who, wanted: Record<string, unknown>): Promise<z.output<typeof Act>> {
  const { token, expected } = Preview.parse(await who.api('/v1/queue/preview', { body: wanted }))
  return Act.parse(await who.api('/v1/queue/acts', { body: { token, expected, reason: 'made by the API' } }))
}

describe.runIf(HAS_BROWSER)('the queue in a browser', { timeout: 120_000 }, () => {
  let run: ConsoleRun
  beforeAll(async () => {
    run = await startConsole()
    await run.asOwner()
    await run.asRole('developer')
  })
  afterAll(() => run[Symbol.asyncDispose]())
  afterEach(() => run.closePages())

  it('is empty at first, told place by place, paused after a preview, and goes on when it is resumed', async () => {
    const owner = await run.asOwner()
    const page = await owner.open('/operations/queue')
    await page.getByRole('heading', { name: 'Nothing waits' }).waitFor()
    await page.getByText('Nothing is paused or held by an act.').waitFor()
    await expectAccessible(page)

    await send(run, { to: addresses(12, 'one.example'), lane: 'bulk', sendAt: tomorrow(), tags: ['summer'] })
    await send(run, { to: addresses(3, 'two.example'), lane: 'transactional', sendAt: tomorrow() })
    const lines = page.getByRole('table', { name: 'What waits, by place and state' })
    await seen(lines.getByText('Its time has not come yet.')).waitFor()
    expect(await lines.getByRole('row').count()).toBe(3)

    // Filters stand in the address.
    await page.getByLabel('Lane', { exact: true }).selectOption('bulk')
    await page.waitForURL(/lane=bulk/)
    await eventually(
      async () => ((await lines.getByRole('row').count()) === 2 ? true : undefined),
      'one line',
    )

    await page.getByRole('button', { name: 'Act on the queue' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByTestId('expected').getByText('12').waitFor()
    await dialog.getByText('It stops what is accepted later, too').waitFor()
    await dialog.getByText('For example').click()
    expect(await dialog.getByText('@').count()).toBe(0)
    expect(await dialog.getByRole('link', { name: /^msg_/ }).count()).toBe(5)
    await expectAccessible(page)
    // A provider that nobody knows is said to be one.
    await dialog.getByLabel('Provider').fill('gogle')
    await dialog.getByText('Did you mean google?').waitFor()
    await dialog.getByLabel('Provider').fill('')
    await dialog.getByTestId('expected').getByText('12').waitFor()
    expect(await dialog.getByRole('button', { name: /^Pause/ }).isDisabled()).toBe(true)
    await dialog.getByLabel('Why').fill('A wrong link in it')
    await dialog.getByRole('button', { name: 'Pause 12 recipients' }).click()

    const acts = page.getByRole('region', { name: 'Acts', exact: true })
    await acts.getByText('12 recipients stopped.').waitFor()
    await acts.getByText('Pause of bulk mail').waitFor()
    await seen(lines.getByText('Paused by the workspace: A wrong link in it')).waitFor()
    await expectAccessible(page)

    await acts.getByRole('button', { name: 'Resume' }).click()
    await page.getByRole('dialog').getByLabel('Why').fill('The link is right')
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click()
    await acts.getByText('Nothing is paused or held by an act.').waitFor()
    await seen(lines.getByText('Its time has not come yet.')).waitFor()
    await acts.getByLabel('Also what has ended').check()
    await acts.getByText('resumed', { exact: true }).waitFor()
    await page.waitForURL(/acts=all/)

    // Each term of the ledger leads to what it counts.
    const ledger = page.getByRole('region', { name: 'The ledger' })
    await ledger.getByText('balanced').waitFor()
    await ledger.getByRole('link', { name: 'scheduled' }).click()
    await page.waitForURL(/\/messages\?state=scheduled/)
  })

  it('says who holds what, and leaves to the operator what the operator holds', async () => {
    await send(run, { to: addresses(3, 'held.example'), lane: 'critical', sendAt: tomorrow() })
    const operator = await run.asOperator().open('/operations/queue', { theme: 'dark', viewport: PHONE })
    await operator.getByText('What waits in the whole installation').waitFor()
    const ledger = operator.getByRole('region', { name: 'The ledger of the installation' })
    await ledger.getByText('balanced').waitFor()
    await ledger.getByText('Counted').waitFor()
    expect(await ledger.getByRole('link').count()).toBe(0)
    await operator
      .getByRole('button', { name: /^Act on critical/ })
      .first()
      .click()
    const dialog = operator.getByRole('dialog')
    await dialog.getByText('Hold', { exact: true }).click()
    await dialog.getByLabel('Why').fill('We look into it')
    await dialog.getByRole('button', { name: 'Hold 3 recipients' }).click()
    await operator.getByText('3 recipients held.').waitFor()
    await expectAccessible(operator)
    expect(await operator.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)

    const developer = await (await run.asRole('developer')).open('/operations/queue')
    await developer.getByText('Only the operator ends it.').waitFor()
    await seen(developer.getByText('Held by the operator: We look into it')).waitFor()

    await operator.getByRole('button', { name: 'Undo' }).click()
    await operator.getByRole('dialog').getByLabel('Why').fill('It is fine')
    await operator.getByRole('dialog').getByRole('button', { name: 'Undo' }).click()
    await operator.getByText('Nothing is paused or held by an act.').waitFor()
  })

  it('tells why it is shut to those who may not see it, and what failed', async () => {
    const { key } = Key.parse(
      await run.api('/v1/api-keys', { body: { name: 'sends only', scopes: ['messages:send'] } }),
    )
    const shut = await run.openSignedOut(`/#token=${key}`)
    await shut.waitForFunction('sessionStorage.length > 0')
    for (const [path, words] of [
      ['/operations/queue', 'You may not see the queue'],
      ['/operations/shaping', "Shaping is the operator's"],
      ['/operations/sources', 'You may not see the sources'],
      ['/operations/transport', 'You may not see TLS reports'],
      ['/operations/quotas', 'You may not see limits of sending'],
    ] as const) {
      await shut.goto(`${run.origin}${path}`)
      await shut.getByRole('heading', { name: words }).waitFor()
      await expectAccessible(shut)
    }

    const page = await run.open('/operations/quotas')
    await page.route('**/v1/quotas', (route) =>
      route.fulfill({
        status: 403,
        contentType: 'application/problem+json',
        body: JSON.stringify({ title: 'Not today', status: 403, code: 'forbidden', detail: 'A drill.' }),
      }),
    )
    await page.reload()
    await page.getByRole('heading', { name: 'Not today' }).waitFor()
    await page.unroute('**/v1/quotas')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('Your workspace sets itself no limit.').waitFor()
  })

  it('shows limits and what is used of them, and sets them for the workspace and for one key', async () => {
    await run.api('/v1/api-keys', { body: { name: 'shop', scopes: ['messages:send'] } })
    const operator = await run.asOperator().open('/operations/quotas')
    await operator.getByLabel('Workspace').selectOption({ value: run.setup.workspaceId })
    await operator.getByRole('button', { name: 'Set a limit' }).click()
    const limit = operator.getByRole('dialog')
    await limit.getByLabel('Recipients').fill('1000')
    await limit.getByRole('button', { name: 'Save' }).click()
    await operator.getByText('1,000 a day').waitFor()
    await expectAccessible(operator)

    const owner = await (await run.asOwner()).open('/operations/quotas', { theme: 'dark' })
    await owner.getByText('1,000 a day').waitFor()
    await owner.getByRole('button', { name: 'Set a limit' }).click()
    const dialog = owner.getByRole('dialog')
    await dialog.getByLabel('Recipients').fill('5000')
    await dialog.getByRole('button', { name: 'Save' }).click()
    // More than the operator allows is refused, in place.
    await dialog.getByRole('alert').waitFor()
    await dialog.getByLabel('Recipients').fill('10')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await owner.getByText('10 a day').waitFor()
    // A limit is in force within two seconds everywhere; what was sent before is not counted.
    await eventually(
      async () => {
        await send(run, { to: addresses(1, 'three.example'), lane: 'bulk', sendAt: tomorrow() })
        await owner.reload()
        await owner.getByText('10 a day').waitFor()
        return (await owner.getByText(/^[1-9] used/).count()) > 0 ? true : undefined
      },
      'it is counted',
      30_000,
    )
    await expectAccessible(owner)
    await owner
      .getByRole('region', { name: 'Set by your workspace' })
      .getByRole('button', { name: 'Change' })
      .click()
    await owner.getByRole('button', { name: 'Remove limit 1' }).click()
    await owner.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await owner.getByText('Your workspace sets itself no limit.').waitFor()
    await owner.getByLabel('Limit another key').selectOption({ label: 'shop (API)' })
    await owner.getByRole('dialog').getByLabel('Recipients').fill('7')
    await owner.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await owner.getByRole('region', { name: 'shop' }).getByText('7 a day').waitFor()
  })

  it('lifts what was learnt, with what led to it', async () => {
    const { superuser } = databaseUrls(join(run.directory, 'data'))
    const client = new Client({ connectionString: superuser })
    await client.connect()
    const evidence = [
      { at: tomorrow(), code: 421, enhanced: '4.7.28', text: '<b>slow down</b>', stage: 'dot', lane: 'bulk' },
    ]
    await client.query(
      `select engine.put_overlay(gen_random_uuid(), 'suspend', 'drill', 'site', 'mx.drill.test', null, null, '{}', 'they ask for less', $1, 3, 600)`,
      [JSON.stringify(evidence)],
    )
    await client.end()
    const page = await run.asOperator().open('/operations/shaping')
    const overlay = page.getByTestId('overlay')
    await overlay.getByText('421 4.7.28 <b>slow down</b>').waitFor()
    await expectAccessible(page)
    await overlay.getByRole('button', { name: 'Lift' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Lift' }).click()
    await page.getByRole('heading', { name: 'Nothing was learnt that holds now' }).waitFor()
    await page.getByLabel('Also what is over').check()
    await overlay.getByText('by hand').waitFor()

    await page.getByRole('tab', { name: 'Rules' }).click()
    await page.getByLabel('Rules (TOML)').fill('[default]\nconnections = "many"\n')
    await page.getByRole('button', { name: 'Check', exact: true }).click()
    await page.getByTestId('marked').getByText('is no whole number').waitFor()
    await expectAccessible(page)
    await page.getByLabel('Rules (TOML)').fill('[default]\nconnections = 4\n')
    await page.getByRole('button', { name: 'Check', exact: true }).click()
    await page.getByText('Nothing is wrong with it.').waitFor()
  })

  it('cancels a job that is at work where it is, also while delivery is contained', async () => {
    const owner = await run.asOwner()
    await send(run, { to: addresses(6, 'four.example'), tags: ['wrong'], sendAt: tomorrow() })
    await run.api('/v1/containments', { body: { capabilities: ['deliver'], reason: 'a drill' } })
    const { id } = await act(run.asKey, { act: 'expire', filter: { tags: ['wrong'] }, graceSeconds: 0 })
    const page = await owner.open('/operations/queue', { theme: 'dark' })
    await page.getByText('A containment is in force').waitFor()
    const job = page.locator(`[data-act="${id}"]`)
    await job.getByRole('progressbar').waitFor()
    await job.getByText('0 of 6 recipients').waitFor()
    await job.getByText('waits for the end of a containment').waitFor()
    await expectAccessible(page)
    await job.getByRole('button', { name: 'Cancel' }).click()
    await job.getByText('cancelled, holds').waitFor()
    await job.getByText('It was cancelled there.').waitFor()
    await job.getByRole('button', { name: 'Undo' }).waitFor()
    expect(await run.api(`/v1/queue/acts/${id}`)).toMatchObject({ outcome: 'cancelled', expired: 0 })
  })
})

describe.runIf(HAS_BROWSER)('sources and sites in a browser', { timeout: 120_000 }, () => {
  let run: ConsoleRun
  let dns: DnsServer
  let directory: string
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'bulkhead-rules-'))
    const rules = join(directory, 'rules.toml')
    writeFileSync(rules, RULES)
    dns = await startDnsServer()
    dns.set('slow.test', [{ type: 'MX', preference: 10, exchange: 'mx.slow.test' }])
    dns.set('mx.slow.test', [{ type: 'A', value: '127.0.0.61' }])
    run = await startConsole({
      env: {
        BULKHEAD_OUTBOUND: 'direct',
        BULKHEAD_DNS_SERVERS: dns.address,
        BULKHEAD_SHAPING: rules,
        BULKHEAD_HOSTNAME: 'mail.example.net',
      },
    })
  })
  afterAll(async () => {
    await run[Symbol.asyncDispose]()
    await dns.close()
    rmSync(directory, { recursive: true, force: true })
  })
  afterEach(() => run.closePages())

  it('shows a site whose server is away, its limits with their layers, and how it is protected', async () => {
    await send(run, { to: addresses(5, 'slow.test') })
    await eventually(async () => {
      const { lines } = Lines.parse(await run.api('/v1/queue'))
      return lines.find((line) => line.site === 'mx.slow.test' && line.state === 'deferred')
    }, 'nobody listens there')
    const page = await run.asOperator().open('/operations/queue')
    const lines = page.getByRole('table', { name: 'What waits, by place and state' })
    await seen(lines.getByText('Earlier attempts did not succeed')).waitFor()
    await lines.getByRole('link', { name: 'partner' }).first().click()
    await page.waitForURL(/provider=partner/)

    await page.goto(`${run.origin}/operations/shaping?view=limits&domain=slow.test`)
    const limits = page.getByRole('table', { name: 'Limits of mail to slow.test' })
    await limits.getByRole('row', { name: /connections 3 provider .*rules\.toml:4/ }).waitFor()
    await expectAccessible(page)

    await page.goto(`${run.origin}/operations/transport`)
    await page.getByRole('heading', { name: '1 destination of the last 30 days' }).waitFor()
    await page.getByText(/^DANE is off: /).waitFor()
    await expectAccessible(page)
    await page.getByRole('tab', { name: 'Reports to others' }).click()
    await page.getByRole('heading', { name: 'No report was sent yet' }).waitFor()
    await page.getByRole('tab', { name: 'MTA-STS policies' }).click()
    await page.getByRole('heading', { name: 'No policy is known yet' }).waitFor()
  })

  it('shows where mail leaves from, how warm it is, lets a source rest and gives a workspace a pool', async () => {
    const page = await run.asOperator().open('/operations/sources', { theme: 'dark', viewport: PHONE })
    const source = page.getByRole('region', { name: 'ip2' })
    await source.getByText('warming up').waitFor()
    await source.getByText('0 of 40 today').waitFor()
    await source.getByRole('img').or(source.locator('canvas')).first().waitFor()
    await expectAccessible(page)
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)

    await source.getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('dialog').getByLabel('Why').fill('asked for delisting')
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click()
    await source.getByText('rests', { exact: true }).first().waitFor()
    await source.getByText(/asked for delisting, since/).waitFor()
    await source.getByRole('button', { name: 'Resume' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click()
    await source.getByText('sends from 1 host').waitFor()

    await page.getByRole('button', { name: 'Give a pool' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Workspace').selectOption({ value: run.setup.workspaceId })
    await dialog.getByLabel('Pool').fill('newsletters')
    await dialog.getByRole('button', { name: 'Give' }).click()
    await page.getByRole('table', { name: 'Pools of workspaces' }).getByText('newsletters').waitFor()
    await expectAccessible(page)
  })
})

const YESTERDAY = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
const RULES = `
[provider.partner]
match = [{ mx_suffix = "slow.test" }]
connections = 3

[[source]]
name = "ip2"
address = "127.0.0.1"
ehlo = "out2.example.net"
pools = ["default", "newsletters"]

[[warm_up]]
source = "ip2"
provider = "partner"
start = ${YESTERDAY}
ramp = [20, 40, 80, 150, 300]
`
