import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret, TOTP } from 'otpauth'
import { Client } from 'pg'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { decodeId } from '../../src/kernel/ids.ts'
import { pathDigest } from '../../src/platform/postgres/index.ts'
import { socketUrl } from '../../src/platform/postgres/urls.ts'
import {
  expectAccessible,
  HAS_BROWSER,
  PHONE,
  startConsole,
  type ConsoleRun,
  type Person,
  type Who,
} from '../support/console.ts'
import { startProvider } from '../support/sso-provider.ts'

const Members = z.object({
  data: z.array(z.looseObject({ id: z.string(), email: z.string(), role: z.string().nullable() })),
})
const Policy = z.looseObject({ allowedCidrs: z.array(z.string()), pending: z.unknown() })
const OFFICE = '203.0.113.9'

const SCREENS = [
  '/security/members',
  '/security/members?tab=invitations',
  '/security/members?tab=sets',
  '/security/policies',
  '/security/sign-on',
  '/security/workloads',
  '/security/approvals',
  '/security/alerts?state=all',
  '/security/account',
] as const

/** A page of somebody who shows the passkey whenever the server wants to see it again. */
async function open(who: Who, path: string, options?: Parameters<Who['open']>[1]): Promise<Page> {
  const page = await who.open(path, options)
  page.setDefaultTimeout(45_000)
  page.setDefaultNavigationTimeout(60_000)
  const question = page.getByRole('dialog', { name: 'Is it still you?' })
  const answering = async (): Promise<void> => {
    while (!page.isClosed()) {
      await question.getByRole('button', { name: 'Show a passkey' }).click({ timeout: 0 })
      await question.waitFor({ state: 'detached', timeout: 0 })
    }
  }
  // Ends with the page.
  answering().catch(() => undefined)
  return page
}

async function expectFits(page: Page): Promise<void> {
  const [inner, scroll] = z
    .tuple([z.number(), z.number()])
    .parse(await page.evaluate('[window.innerWidth, document.documentElement.scrollWidth]'))
  expect(scroll, page.url()).toBeLessThanOrEqual(inner)
}

describe.runIf(HAS_BROWSER)('security of people in a browser', { timeout: 240_000 }, () => {
  let run: ConsoleRun
  let owner: Person
  beforeAll(async () => {
    // The test turns up behind a proxy where it wants to come from elsewhere.
    run = await startConsole({ env: { BULKHEAD_TRUSTED_PROXIES: '127.0.0.0/8' } })
    owner = await run.asOwner()
    for (const role of ['admin', 'developer', 'analyst', 'auditor'] as const) await run.asRole(role)
  })
  afterAll(() => run[Symbol.asyncDispose]())
  afterEach(() => run.closePages())

  const memberOf = async (person: Person) => {
    const { data } = Members.parse(await owner.api('/v1/members?limit=100'))
    const found = data.find(({ email }) => email === person.email)
    if (found === undefined) throw new Error(`${person.email} is no member`)
    return found
  }

  async function sql(text: string, values: readonly unknown[] = []): Promise<void> {
    const data = join(run.directory, 'data')
    const { superuser } = z
      .object({ superuser: z.string() })
      .parse(JSON.parse(readFileSync(join(data, 'secrets/postgres.json'), 'utf8')))
    const client = new Client({
      connectionString: socketUrl({
        user: 'postgres',
        password: superuser,
        database: 'bulkhead',
        socketDirectory: join(tmpdir(), `bulkhead-${pathDigest(data)}`, 'pg'),
      }),
    })
    await client.connect()
    try {
      await client.query(text, [...values])
    } finally {
      await client.end()
    }
  }

  it('invites somebody, sends the letter again and takes the invitation back', async () => {
    const page = await open(owner, '/security/members')
    await page.getByRole('table', { name: 'Members' }).getByRole('row').nth(5).waitFor()
    expect(await page.getByText('1 passkey').count()).toBeGreaterThanOrEqual(5)
    await page.getByRole('button', { name: 'Invite somebody' }).click()
    await page.getByLabel('E-mail').fill('no address')
    await page.getByRole('radio', { name: /marketer/ }).check()
    await expectAccessible(page)
    await page.getByLabel('E-mail').fill('grace@example.com')
    await page.getByRole('button', { name: 'Send the invitation' }).click()
    const row = page.getByRole('row', { name: /grace@example\.com/ })
    await row.getByText('waiting').waitFor()
    expect(page.url()).toContain('tab=invitations')
    expect(await row.textContent()).toContain('marketer')
    await expectAccessible(page)
    const again = row.getByRole('button', { name: /Send again/ })
    expect(await again.getAttribute('title')).toMatch(/just now/)
    await sql(`update invitation set sent_at = sent_at - interval '2 minutes'`)
    await page.reload()
    await again.click()
    await page.getByText('The letter goes out again.').waitFor()
    await row.getByRole('button', { name: /Take back/ }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Take it back' }).click()
    await row.getByText('taken back').waitFor()
  })

  it('puts a permission set together, gives it, changes it, and says who loses what', async () => {
    const analyst = await run.asRole('analyst')
    const page = await open(owner, '/security/members?tab=sets')
    await page.getByRole('heading', { name: 'No permission sets' }).waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'New permission set' }).click()
    await page.getByRole('textbox', { name: 'Name' }).fill('Support')
    const save = page.getByRole('button', { name: 'Save' })
    expect(await save.getAttribute('title')).toBe('Choose a scope first.')
    await page.getByRole('checkbox', { name: 'Read mail and what became of it' }).check()
    await page.getByRole('checkbox', { name: 'See who gets no mail, and why' }).check()
    await expectAccessible(page)
    await save.click()
    await page.getByRole('row', { name: /Support/ }).waitFor()

    const { id } = await memberOf(analyst)
    await page.goto(`${run.origin}/security/members/${id}`)
    await page.getByRole('radio', { name: /Support/ }).check()
    await page.getByText('From analyst to Support').waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Change the role' }).click()
    await page.getByRole('definition').filter({ hasText: 'Support' }).first().waitFor()
    expect((await memberOf(analyst)).role).toBeNull()

    await page.goto(`${run.origin}/security/members?tab=sets`)
    const support = page.getByRole('row', { name: /Support/ })
    await support.getByRole('cell', { name: 'Analyst', exact: true }).waitFor()
    expect(await support.getByRole('button', { name: /Delete/ }).getAttribute('title')).toMatch(
      /1 member has it/,
    )
    await support.getByRole('button', { name: /Change/ }).click()
    await page.getByRole('checkbox', { name: 'See who gets no mail, and why' }).uncheck()
    await page.getByText('Analyst will lose at once:').waitFor()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('“Support” is saved.').waitFor()
    await owner.api(`/v1/members/${id}`, { method: 'PATCH', body: { role: 'analyst' } })
    await page.reload()
    await page
      .getByRole('row', { name: /Support/ })
      .getByRole('button', { name: /Delete/ })
      .click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete it' }).click()
    await page.getByRole('heading', { name: 'No permission sets' }).waitFor()
  })

  it('ends sessions of a member and removes one; the last owner stays, and the page says why', async () => {
    const guest = await run.asRole('marketer')
    const { id } = await memberOf(guest)
    const page = await open(owner, '/security/members?q=marketer')
    await page.getByRole('link', { name: /Marketer/ }).click()
    await page.getByRole('heading', { name: 'Marketer', level: 1 }).waitFor()
    const sessions = page.getByRole('region', { name: 'Sessions' })
    await sessions.getByText('Chrome on Linux').waitFor()
    await sessions.getByRole('button', { name: 'End all' }).click()
    const dialog = page.getByRole('dialog')
    expect(await dialog.getByRole('button', { name: 'End them' }).isDisabled()).toBe(true)
    await dialog.getByLabel('Why').fill('A laptop was lost')
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'End them' }).click()
    await sessions.getByText('Not signed in anywhere').waitFor()
    await expect(guest.api('/v1/workspace')).rejects.toThrow(/40[134]/)

    await page.getByRole('button', { name: 'Remove Marketer…' }).click()
    await dialog.getByLabel(/to go on/).fill(guest.email)
    await dialog.getByRole('button', { name: 'Remove', exact: true }).click()
    await page.getByRole('heading', { name: 'Members', level: 1 }).waitFor()
    await page.getByText('Marketer is no member any more.').waitFor()
    const { data } = Members.parse(await owner.api('/v1/members?limit=100'))
    expect(data.map((member) => member.id)).not.toContain(id)

    await page.goto(`${run.origin}/security/members/${(await memberOf(owner)).id}`)
    await page
      .getByText(/You are the only owner/)
      .first()
      .waitFor()
    expect(await page.getByRole('button', { name: 'Leave the workspace…' }).isDisabled()).toBe(true)
    expect(await page.getByRole('radio', { name: /auditor/ }).isDisabled()).toBe(true)
    await expectAccessible(page)
  })

  it('shows what a policy would do before it is made, and lets a second owner confirm what would lock the first one out', async () => {
    const admin = await run.asRole('admin')
    await owner.api(`/v1/members/${(await memberOf(admin)).id}`, { method: 'PATCH', body: { role: 'owner' } })
    const page = await open(owner, '/security/policies')
    await page.getByRole('button', { name: 'Change: length of a session' }).click()
    await page.getByLabel('Hours after log-in').fill('0')
    await page.getByText('Write a whole number of hours, 1 to 720.').waitFor()
    await page.getByLabel('Hours after log-in').fill('8')
    await page.getByText(/Nobody loses access: all \d sessions/).waitFor()
    await page.getByRole('button', { name: 'Change it' }).click()
    await page.getByText('A session opens this workspace for 8 hours after log-in.').waitFor()

    await page.getByRole('button', { name: 'Change: networks' }).click()
    await page.getByLabel('Networks, one on each line').fill('203.0.113.0/240')
    await page.getByText('after the slash stands a number up to 32').waitFor()
    await page.getByLabel('Networks, one on each line').fill('203.0.113.0/24')
    await page.getByText('You would lock yourself out').waitFor()
    await page.getByText(/\d sessions of \d would open this workspace no more once it is confirmed/).waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Ask another owner' }).click()
    await page.getByText('A change waits for another owner').waitFor()
    expect(await page.getByRole('button', { name: 'Confirm' }).isDisabled()).toBe(true)
    await page.getByText('Another owner confirms what you have asked for.').waitFor()
    await expectAccessible(page)
    expect(Policy.parse(await owner.api('/v1/workspace/policy')).allowedCidrs).toEqual([])

    const second = await open(admin, '/security/approvals', { theme: 'dark', viewport: PHONE })
    await second.getByText(/from everywhere to 203\.0\.113\.0\/24/).waitFor()
    await second.getByText('Olivia asked for it.', { exact: false }).waitFor()
    await expectAccessible(second)
    await second.getByRole('button', { name: 'Confirm' }).click()
    await second.getByText(/Confirm from one of the networks/).waitFor()
    await second.setExtraHTTPHeaders({ 'x-forwarded-for': OFFICE })
    await second.getByRole('button', { name: 'Confirm' }).click()
    await second.getByText('A change waits for another owner').waitFor({ state: 'detached' })
    await expect(owner.api('/v1/members')).rejects.toThrow(/address_refused|40[13]/)
    await second.goto(`${run.origin}/security/policies`)
    await second.getByText('Members may act from 1 network only.').waitFor()
    await second.getByRole('button', { name: 'Change: networks' }).click()
    await second.getByLabel('Networks, one on each line').fill('')
    await second.getByRole('button', { name: 'Change it' }).click()
    await second.getByText('Members may act from everywhere.').waitFor()
    expect(await owner.api('/v1/members')).toBeTruthy()
  })

  it('lets a second owner approve what is new, and not whoever made it', async () => {
    const workspace = decodeId('workspace', run.setup.workspaceId)
    await sql(`update workspace set created_at = created_at - interval '2 days' where id = $1`, [workspace])
    await sql(
      `update notices.contact set joined_at = joined_at - interval '2 days', since = since - interval '2 days' where workspace_id = $1`,
      [workspace],
    )
    await owner.api('/v1/senders', { body: { email: 'news@example.test', name: 'News' } })
    await owner.api('/v1/senders', { body: { email: 'fraud@example.test', name: 'Fraud' } })
    const page = await open(owner, '/security/approvals')
    const own = page.getByRole('region', { name: /Sender news@example\.test was added/ })
    await own.getByText('Mail from news@example.test leaves.').waitFor()
    expect(await own.getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true)
    await own.getByText(/Another owner must decide/).waitFor()
    await expectAccessible(page)

    const second = await open(await run.asRole('admin'), '/security/approvals')
    const news = second.getByRole('region', { name: /Sender news@example\.test/ })
    await news.getByText('Olivia').waitFor()
    await news.getByRole('button', { name: 'Approve' }).click()
    await expectAccessible(second)
    await second.getByRole('dialog').getByRole('button', { name: 'Approve' }).click()
    await news.waitFor({ state: 'detached' })
    const fraud = second.getByRole('region', { name: /Sender fraud@example\.test/ })
    await fraud.getByRole('button', { name: 'Reject' }).click()
    await second.getByRole('dialog').getByRole('button', { name: 'Reject' }).click()
    await fraud.waitFor({ state: 'detached' })
    const history = second.getByRole('table', { name: 'Changes' })
    await history.getByRole('row', { name: /news@example\.test was added.*approved/ }).waitFor()
    await history.getByRole('row', { name: /fraud@example\.test was added.*rejected/ }).waitFor()
    const senders = JSON.stringify(await owner.api('/v1/senders'))
    expect(senders).toContain('news@example.test')
    expect(senders).not.toContain('fraud@example.test')
  })

  it('connects a job of CI from what a person knows of it, and revokes it', async () => {
    const page = await open(owner, '/security/workloads')
    await page.getByRole('heading', { name: 'No workload is connected' }).waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Connect a workload' }).click()
    await page.getByLabel('Name', { exact: true }).fill('shop CI')
    await page.getByLabel('Repository').fill('example/shop')
    await page.getByLabel('Which jobs').selectOption('any')
    await page.getByText(/Whoever can start any job there/).waitFor()
    await page.getByLabel('Which jobs').selectOption('environment')
    await page.getByLabel('Environment').fill('production')
    expect(await page.getByTestId('rule-subject').textContent()).toBe(
      'repo:example/shop:environment:production',
    )
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Connect', exact: true }).click()
    const rule = page.getByRole('region', { name: 'shop CI' })
    await rule.getByText('In the workload').waitFor()
    expect(page.url()).toContain('rule=')
    await rule.getByRole('button', { name: 'Copy' }).click()
    const sample = z.string().parse(await page.evaluate('navigator.clipboard.readText()'))
    expect(sample).toContain('id-token: write')
    expect(sample).toMatch(/RULE: fdr_\w+/)
    await page.getByRole('row', { name: /shop CI.*never.*Olivia/ }).waitFor()
    await expectAccessible(page)
    await rule.getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await rule.getByText('It gives no key any more.').waitFor()
  })

  it('connects a provider, says what is wrong with it, tests it and disconnects it', async () => {
    const page = await open(owner, '/security/sign-on')
    await page.getByRole('heading', { name: 'No provider is connected' }).waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Connect a provider' }).click()
    await page.getByText('Where is that at my provider?').click()
    await page.getByRole('button', { name: 'https://accounts.google.com' }).click()
    await page.getByLabel('Issuer').fill('http://127.0.0.1:9/nothing')
    await page.getByLabel('Client id').fill('bulkhead')
    await page.getByLabel('Client secret').fill('it is one')
    await page.getByLabel(/E-mail domains/).fill('example.test')
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Connect', exact: true }).click()
    await page.getByText('It was not connected').waitFor({ timeout: 90_000 })
    await expectAccessible(page)

    await using provider = await startProvider(run.origin, run.origin)
    await provider.be({ sub: 'owner', email: 'owner@example.test' })
    await page.getByLabel('Issuer').fill(provider.issuer)
    await page.getByLabel('Client id').fill('one')
    await page.getByLabel('Client secret').fill('secret of one')
    await page.getByRole('button', { name: 'Connect', exact: true }).click()
    await page.getByText('Nobody gets in through it before a test has come back.').waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Test it' }).click()
    const [tab] = await Promise.all([
      page.context().waitForEvent('page'),
      page.getByRole('link', { name: 'Open the test in a new tab' }).click(),
    ])
    await tab.getByRole('button', { name: 'Go to the provider' }).click()
    await tab.getByText('The provider vouches for owner@example.test.').waitFor()
    await page.getByText('works', { exact: true }).waitFor()

    await page
      .getByRole('region', { name: 'Is it the only way?' })
      .getByRole('button', { name: 'Change' })
      .click()
    await page.getByLabel(/sign in through the company’s provider only/).check()
    await page.getByText('did not sign in through the provider', { exact: false }).first().waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Disconnect' }).click()
    await page
      .getByRole('dialog')
      .getByLabel(/to go on/)
      .fill(new URL(provider.issuer).host)
    await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click()
    await page.getByRole('heading', { name: 'No provider is connected' }).waitFor()
  })

  it('shows an alert with what was done by itself, and keeps the word of whoever has seen it', async () => {
    const page = await open(owner, '/security/alerts')
    await page
      .getByRole('row', { name: /A sender was added/ })
      .first()
      .waitFor()
    await page.getByRole('link', { name: 'A sender was added.' }).first().click()
    await page.getByText('Everybody who was told of such things before was told.', { exact: false }).waitFor()
    await page.getByRole('link', { name: 'Changes and approvals' }).waitFor()
    expect(page.url()).toMatch(/alert=alr_/)
    await expectAccessible(page)
    await page.getByLabel(/What the others shall know/).fill('It was our campaign')
    await page.getByRole('button', { name: 'I have seen it' }).click()
    await page.getByText('Others see that you have it.').waitFor()
    await page.getByLabel('State').selectOption('all')
    await page.getByLabel('Severity').selectOption('critical')
    await page.getByText('No alert of severity critical.').waitFor()
    expect(page.url()).toContain('severity=critical')
    await page.getByLabel('Severity').selectOption('')
    const seen = page.getByRole('row', { name: /A sender was added.*seen/ })
    await seen.getByRole('link').click()
    await page.getByText('It was our campaign').waitFor()
    const auditor = await open(await run.asRole('auditor'), '/security/alerts')
    await auditor.getByRole('row').nth(1).getByRole('link').click()
    expect(await auditor.getByRole('button', { name: 'I have seen it' }).getAttribute('title')).toContain(
      'alerts:write',
    )
  })

  it('shows the operator the alerts of the installation', async () => {
    const operator = run.asOperator()
    await operator.api('/v1/honey-accounts', { body: { email: 'm.ashdown@example.com' } })
    await fetch(`${run.origin}/v1/log-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        email: 'm.ashdown@example.com',
        password: 'a password that nobody has',
        transport: 'token',
      }),
    })
    const page = await open(operator, '/security/alerts')
    await page.getByRole('heading', { name: 'Alerts of the installation' }).waitFor()
    const honey = page.getByRole('link', { name: /Somebody tried an account that nobody has/ }).first()
    await honey.waitFor({ timeout: 40_000 })
    await honey.click()
    await page.getByText(/Find out where the list comes from/).waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'I have seen it' }).click()
    await honey.waitFor({ state: 'detached' })
  })

  it('adds an authenticator app and recovery codes, ends another session, and changes the name', async () => {
    const developer = await run.asRole('developer')
    // The second factor was shown a while ago: it is asked for again before anything happens.
    await sql(`update account.session set strong_at = strong_at - interval '10 minutes'`)
    const page = await developer.open('/security/account')
    page.setDefaultTimeout(45_000)
    page.setDefaultNavigationTimeout(60_000)
    await page.getByRole('button', { name: 'Add an app' }).click()
    await page.getByRole('button', { name: 'Show the picture to scan' }).click()
    const question = page.getByRole('dialog', { name: 'Is it still you?' })
    await question.waitFor()
    await expectAccessible(page)
    await question.getByRole('button', { name: 'Show a passkey' }).click()
    await page.getByRole('img', { name: /QR code/ }).waitFor()
    await expectAccessible(page)
    const secret = (
      (await page.getByLabel('The same as text', { exact: true }).textContent()) ?? ''
    ).replaceAll(/\s/g, '')
    const app = new TOTP({ secret: Secret.fromBase32(secret) })
    await page.getByLabel('Code', { exact: true }).fill('000000')
    await page.getByRole('button', { name: 'Add the authenticator app' }).click()
    await page.getByRole('alert').filter({ hasText: /code/i }).waitFor()
    await page.getByLabel('Code', { exact: true }).fill(app.generate())
    await page.getByRole('button', { name: 'Add the authenticator app' }).click()
    const factors = page.getByRole('region', { name: 'Second factors' })
    await factors.getByRole('button', { name: 'Replace the app' }).waitFor()
    await factors.getByRole('button', { name: 'Make new ones' }).click()
    await factors.getByRole('button', { name: 'Make recovery codes' }).click()
    await page.getByTestId('recovery-codes').waitFor()
    await factors.getByRole('button', { name: 'Done' }).click()
    await factors.getByText('10 of ten are left', { exact: false }).waitFor()

    const sessions = page.getByRole('region', { name: 'Sessions' })
    await sessions.getByText('this one').waitFor()
    expect(await sessions.getByRole('button', { name: 'End all others' }).getAttribute('title')).toBe(
      'There is no other one.',
    )
    const who = page.getByRole('region', { name: 'Who you are' })
    await who.getByRole('button', { name: 'Change', exact: true }).click()
    await who.getByLabel('What others see').fill('<b>Dora</b>')
    await who.getByRole('button', { name: 'Save the name' }).click()
    await who.getByText('<b>Dora</b>').waitFor()
    await who.getByRole('button', { name: 'Change the address' }).click()
    await who.getByLabel('New address').fill('dora@example.com')
    await who.getByRole('button', { name: 'Send the link' }).click()
    await who.getByText(/to dora@example\.com/).waitFor()
    await expectAccessible(page)
    await who.getByRole('button', { name: 'Undo' }).click()
    await who.getByText(/to dora@example\.com/).waitFor({ state: 'detached' })
    // What one calls oneself is text to the others too.
    const members = await open(owner, '/security/members')
    await members.getByRole('link', { name: '<b>Dora</b>' }).waitFor()
    await members.getByRole('cell', { name: '1 passkey, app', exact: true }).waitFor()
  })

  it('fits a phone and reads well in both themes', async () => {
    const page = await open(owner, '/security/account', { viewport: PHONE })
    for (const path of SCREENS) {
      await page.goto(`${run.origin}${path}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.getByRole('status').filter({ hasText: 'Loading' }).first().waitFor({ state: 'detached' })
      await expectFits(page)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        await expectAccessible(page)
      }
    }
  })

  it('is closed to those who may not see it, and leaves acts visible with their reason', async () => {
    const analyst = await open(await run.asRole('analyst'), '/security/members')
    await analyst.getByRole('heading', { name: 'You may not see the members' }).waitFor()
    await expectAccessible(analyst)
    for (const [path, what] of [
      ['/security/policies', 'the policies'],
      ['/security/sign-on', 'the sign-on'],
      ['/security/workloads', 'the workloads'],
      ['/security/approvals', 'what waits'],
      ['/security/alerts', 'the alerts'],
    ] as const) {
      await analyst.goto(`${run.origin}${path}`)
      await analyst.getByRole('heading', { name: `You may not see ${what}` }).waitFor()
    }
    const auditor = await open(await run.asRole('auditor'), '/security/members')
    expect(await auditor.getByRole('button', { name: 'Invite somebody' }).getAttribute('title')).toContain(
      'members:write',
    )
    await auditor.getByRole('link', { name: /Olivia/ }).click()
    await auditor.getByText(/Where and since when is shown to those who may change members/).waitFor()
    await auditor.goto(`${run.origin}/security/policies`)
    expect(
      await auditor.getByRole('button', { name: 'Change: second factor' }).getAttribute('title'),
    ).toContain('policies:write')
  })

  it('shows a failure with a way to try again', async () => {
    const page = await open(owner, '/security/account')
    await page.getByRole('region', { name: 'Sessions' }).getByText('this one').waitFor()
    await page.route('**/v1/members?*', (route) => route.fulfill({ status: 500, body: 'no' }))
    await page.goto(`${run.origin}/security/members`)
    await page.getByRole('button', { name: 'Try again' }).waitFor({ timeout: 20_000 })
    await expectAccessible(page)
    await page.unrouteAll()
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('link', { name: /Olivia/ }).waitFor()
    run.problems.splice(0)
  })

  it('says so where the workspace is contained', async () => {
    await owner.api('/v1/containments', {
      body: { capabilities: ['write', 'read'], reason: 'Hijacked, it seems' },
    })
    const page = await open(owner, '/security/members')
    await page.getByText('Hijacked, it seems').first().waitFor()
    await expectAccessible(page)
    run.problems.splice(0)
  })
})
