import { spawn } from 'node:child_process'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Page } from 'playwright-core'
import { z } from 'zod'
import { expectAccessible, HAS_BROWSER, PHONE, startConsole, type ConsoleRun } from '../support/console.ts'

const SERVER = resolve(import.meta.dirname, '../..')
const Made = z.looseObject({ id: z.string() })
const Inbox = z.object({ data: z.array(z.looseObject({ subject: z.string().nullable() })) })
const Endpoint = z.looseObject({
  id: z.string(),
  format: z.string(),
  signing: z.boolean(),
  eventTypes: z.array(z.string()),
  formatEvents: z.array(z.string()),
})

/** Runs a text as a person would who pastes it, where the SDKs of the vendors are installed. */
function shell(text: string): Promise<{ code: number | null; out: string }> {
  return new Promise((done) => {
    const child = spawn('bash', ['-e'], {
      cwd: SERVER,
      env: { PATH: process.env['PATH'] ?? '', HOME: '/tmp' },
    })
    let out = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.on('close', (code) => done({ code, out }))
    child.stdin.end(text)
  })
}

const node = (code: string): string => `${process.execPath} --input-type=module - <<'CODE'\n${code}\nCODE`

async function copied(page: Page, label: string): Promise<string> {
  const read = async (): Promise<string> =>
    z.string().parse(await page.evaluate('navigator.clipboard.readText()'))
  await page.evaluate(`navigator.clipboard.writeText('')`)
  await page.getByLabel(label, { exact: true }).locator('..').getByRole('button').click()
  await expect.poll(read, { timeout: 15_000 }).not.toBe('')
  return read()
}

/** Nothing is wider than the page. */
async function expectFits(page: Page): Promise<void> {
  const [inner, scroll] = z
    .tuple([z.number(), z.number()])
    .parse(await page.evaluate('[window.innerWidth, document.documentElement.scrollWidth]'))
  expect(scroll, page.url()).toBeLessThanOrEqual(inner)
}

describe.runIf(HAS_BROWSER)('programs of other vendors in a browser', { timeout: 300_000 }, () => {
  let run: ConsoleRun
  let receiver: Server
  let url: string
  const received: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = []
  beforeAll(async () => {
    receiver = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        received.push({ headers: request.headers, body })
        response.writeHead(204).end()
      })
    })
    await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done))
    const address = receiver.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    url = `http://127.0.0.1:${address.port}/hooks`
    run = await startConsole()
  }, 300_000)
  afterAll(async () => {
    receiver.closeAllConnections()
    receiver.close()
    // Of the editor only the width of tabs is lost to the policy.
    const others = run.problems.filter((problem) => !/Applying inline style violates/.test(problem))
    run.problems.splice(0, run.problems.length, ...others)
    await run[Symbol.asyncDispose]()
  })
  afterEach(() => run.closePages())

  const sent = async (): Promise<number> =>
    Inbox.parse(await run.api('/v1/inbox?limit=100')).data.filter(({ subject }) => subject === 'Hello').length

  it.each([
    ['SendGrid', /^SG\./, 'Node, @sendgrid/mail', '/compat/sendgrid'],
    ['Resend', /^re_/, 'Node, resend', '/compat/resend'],
    ['Mandrill', /^md-/, 'Node, @mailchimp/mailchimp_transactional', '/compat/mandrill/api/1.0'],
  ])('get a key of %s, and the samples that are shown send as they are', async (vendor, form, tab, path) => {
    const page = await run.open('/api-keys?view=new')
    await page.getByLabel('Name', { exact: true }).fill(`old shop, ${vendor}`)
    await page.getByRole('radio', { name: `As ${vendor}` }).check()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Make the key' }).click()
    await page.getByRole('heading', { name: 'The key is made' }).waitFor()
    const key = await page.getByTestId('secret').innerText()
    expect(key).toMatch(form)
    await page.getByText(`${run.origin}${path}`, { exact: true }).waitFor()
    const set = await copied(page, 'Set the key')
    for (const [name, program] of [
      [tab, node],
      ['curl', (code: string) => code],
    ] as const) {
      await page.getByRole('tab', { name, exact: true }).click()
      const code = await copied(page, `Send a mail: ${name}`)
      expect(code).not.toContain(key)
      const before = await sent()
      const { code: exit, out } = await shell(`${set}\n${program(code)}`)
      expect([exit, out], name).toEqual([0, expect.not.stringMatching(/error|Invalid|rejected/)])
      await expect.poll(sent, { timeout: 60_000 }).toBe(before + 1)
    }
    await expectAccessible(page)
    await page.setViewportSize(PHONE)
    await expectFits(page)

    await page.goto(`${run.origin}/api-keys`)
    await page
      .getByRole('link', { name: `old shop, ${vendor}` })
      .first()
      .click()
    await page.getByText(`the door for programs of ${vendor}, nothing else`).waitFor()
    await page.getByText('shown once when it was made').waitFor()
    expect(await page.content()).not.toContain(key)
  })

  it.each([
    ['SendGrid', 'sendgrid', 'WEBHOOK_PUBLIC_KEY'],
    ['Mandrill', 'mandrill', 'WEBHOOK_AUTH_KEY'],
    ['Resend', 'resend', 'WEBHOOK_SECRET'],
  ])(
    'are told events as %s tells them, and the sample verifies ours only',
    async (vendor, format, variable) => {
      const page = await run.open('/webhooks?view=new', { theme: 'dark' })
      await page.getByLabel('URL', { exact: true }).fill(`${url}/${format}`)
      await page.getByRole('radio', { name: new RegExp(`^${vendor}`) }).check()
      // What the form offers of a format the server takes, all of it.
      await page.getByRole('radio', { name: 'These' }).check()
      for (const box of await page.getByRole('group', { name: 'Events' }).getByRole('checkbox').all())
        await box.check()
      await expectAccessible(page)
      await page.getByRole('button', { name: 'Add the webhook' }).click()
      await page.getByRole('heading', { name: 'The webhook is added' }).waitFor()
      const set =
        format === 'sendgrid'
          ? await copied(page, 'Set the public key')
          : await copied(page, 'Set the secret')
      expect(set).toContain(`export ${variable}='`)
      const sample = await copied(page, 'Check a signature: Node')
      received.length = 0
      await page.getByRole('button', { name: 'Send a test event' }).click()
      const ours = () => received.findLast(({ body }) => body.length > 30)
      await expect.poll(ours, { timeout: 60_000 }).toBeDefined()
      const { headers, body } = ours() ?? { headers: {}, body: '' }
      const judged = await shell(
        `${set}\n${node(`${sample}\nconst headers = ${JSON.stringify(headers)}\nconst body = ${JSON.stringify(body)}\nconsole.log(isOurs(headers, Buffer.from(body)), isOurs(headers, Buffer.from(body + 'x')))`)}`,
      )
      expect(judged).toEqual({ code: 0, out: 'true false\n' })

      await page.getByRole('link', { name: 'See its deliveries' }).click()
      await page.getByText(`all that ${vendor} has a word for`).waitFor()
      await page
        .getByRole('table', { name: 'Deliveries' })
        .getByRole('link', { name: 'webhook.test' })
        .click()
      await page.getByLabel('The body', { exact: true }).waitFor()
      await expectAccessible(page)
      await page.setViewportSize(PHONE)
      await expectFits(page)
      await page.goto(`${run.origin}/webhooks`)
      await expectFits(page)
    },
  )

  it('changes the words of an endpoint and leaves alone what a program chose by its vendor’s names', async () => {
    const { id } = Made.parse(
      await run.api('/v1/webhooks', {
        body: { url: `${url}/named`, format: 'sendgrid', formatEvents: ['dropped', 'bounce'] },
      }),
    )
    const now = async () => Endpoint.parse(await run.api(`/v1/webhooks/${id}`))
    const page = await run.open(`/webhooks/${id}`)
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByRole('radio', { name: 'As a program chose: dropped, bounce' }).waitFor()
    await page.getByLabel('What it is for (optional)').fill('CRM')
    await page.getByLabel('Sign requests').uncheck()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Requests are not signed').waitFor()
    expect(await now()).toMatchObject({ formatEvents: ['dropped', 'bounce'], signing: false })
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByRole('radio', { name: /^Bulkhead/ }).check()
    await page.getByText('The change makes another signing secret').waitFor()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('all but audit.recorded').waitFor()
    expect(await now()).toMatchObject({ format: 'bulkhead', formatEvents: [], eventTypes: [], signing: true })
  })

  it.each([
    ['SendGrid Handlebars', 'sendgrid-handlebars'],
    ['SendGrid tags', 'sendgrid-legacy'],
    ['Mandrill Handlebars', 'mandrill-handlebars'],
    ['Mandrill merge tags', 'merge-tags'],
    ['Resend', 'resend'],
  ])('have templates in the language %s, seen as they are sent', async (language, dialect) => {
    const page = await run.open('/templates')
    await page.getByRole('button', { name: 'New template' }).click()
    await page.getByLabel('Name', { exact: true }).fill(`In ${language}`)
    await page.getByLabel('Written in').selectOption(dialect)
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Make the template' }).click()
    const preview = page.getByRole('region', { name: 'Preview' })
    await preview.getByText('can be sent').waitFor()
    expect(await page.getByTestId('subject').textContent()).toBe('Hello Ann')
    await preview.frameLocator('iframe').getByText('Hello Ann,').waitFor()
    expect(await page.getByLabel('Written in').inputValue()).toBe(dialect)
    await expectAccessible(page)
    await page.setViewportSize(PHONE)
    await expectFits(page)
    await page.goto(`${run.origin}/templates`)
    await page.setViewportSize({ width: 1280, height: 800 })
    await page
      .getByRole('row', { name: new RegExp(`In ${language}`) })
      .getByText(language, { exact: true })
      .filter({ visible: true })
      .waitFor()
  })

  it('a version that takes the place of another keeps what the editor does not show, and may be in another language', async () => {
    const { id } = Made.parse(
      await run.api('/v1/templates', {
        body: {
          name: 'Kept',
          subject: 'Hello {{name}}',
          text: 'Hello',
          from: { email: 'shop@example.test', name: 'Shop' },
          replyTo: ['help@example.test'],
          labels: ['orders'],
        },
      }),
    )
    await run.api(`/v1/templates/${id}/versions/1/publish`, { body: {} })
    const page = await run.open(`/templates/${id}`)
    await page.getByLabel('Written in').selectOption('merge-tags')
    await page.getByLabel('Subject').fill('Hello *|NAME|*')
    await page.getByRole('button', { name: 'Save as draft' }).click()
    await page.getByText('Saved as a new draft.').waitFor()
    expect(await run.api(`/v1/templates/${id}/versions/2`)).toMatchObject({
      dialect: 'merge-tags',
      from: { email: 'shop@example.test', name: 'Shop' },
      replyTo: ['help@example.test'],
      labels: ['orders'],
    })
    await page.getByRole('tab', { name: 'Versions' }).click()
    await page.getByRole('region', { name: 'Changes of Language' }).getByText('Mandrill merge tags').waitFor()
    await expectAccessible(page)
  })
})
