import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Page } from 'playwright-core'
import { z } from 'zod'
import { HAS_BROWSER, startConsole, type ConsoleRun } from '../support/console.ts'

const Made = z.looseObject({ id: z.string() })
/** What a page would have set if anything had run. */
const MARK = 'window.__ran=1'
const MARKUP = `"><img src=x onerror=${MARK}><script>${MARK}</script><svg onload=${MARK}>'`
const SHORT = `'"><img src=x onerror=${MARK}>`
const EXPRESSION = '{{constructor.constructor("window.__ran=1")()}}${window.__ran=1}'
/** `elsewhere`: a server that must not hear of anybody who looks. */
const htmlOf = (
  elsewhere: string,
): string => `<!doctype html><base href="${elsewhere}"><meta http-equiv="refresh" content="0;url=javascript:${MARK}">
<link rel="stylesheet" href="${elsewhere}x.css"><style>body{background:url(${elsewhere}y)}</style>
<h1 id="seen">seen</h1><script>parent.${MARK};top.${MARK}</script><img src=x onerror="parent.${MARK}">
<a id="js" href="javascript:parent.${MARK}" target="_top">go</a><form action="${elsewhere}" target="_top"><button id="post">post</button></form>
<iframe srcdoc="<script>top.${MARK}</script>"></iframe><iframe src="javascript:top.${MARK}"></iframe>`

function ran(page: Page): Promise<unknown> {
  return page.evaluate('window.__ran')
}

describe.runIf(HAS_BROWSER)('what attackers write, on every screen', { timeout: 600_000 }, () => {
  let run: ConsoleRun
  let receiver: Server
  let url: string
  let html: string
  const heard: string[] = []
  const paths: string[] = []
  beforeAll(async () => {
    receiver = createServer((request, response) => {
      request.resume()
      if (request.url?.startsWith('/leak/') === true) heard.push(request.url)
      request.on('end', () =>
        response.writeHead(500, { 'content-type': 'text/html', 'x-error': SHORT }).end(`${html}${MARKUP}`),
      )
    })
    await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done))
    const address = receiver.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    url = `http://127.0.0.1:${address.port}/`
    html = htmlOf(`${url}leak/`)
    run = await startConsole()
  }, 300_000)
  afterAll(async () => {
    receiver.closeAllConnections()
    receiver.close()
    // Frames say what they stopped; of the editor only the width of tabs is lost to the policy.
    const meant =
      /Blocked script execution in|Applying inline style violates|Blocked form submission|\/html-frame\/|\/view\/|sandboxed|\/leak\/|Unsafe attempt to initiate navigation/
    const others = run.problems.filter((problem) => !meant.test(problem))
    run.problems.splice(0, run.problems.length, ...others)
    await run[Symbol.asyncDispose]()
  })

  /** What is refused was not written: the attacker goes on to the next field. */
  async function write(path: string, body: unknown): Promise<string | undefined> {
    try {
      return Made.safeParse(await run.api(path, { body })).data?.id
    } catch {
      return undefined
    }
  }

  async function seed(): Promise<void> {
    const { from } = run.setup
    const message = await write('/v1/messages', {
      from: { email: from, name: SHORT },
      to: [{ email: 'ann@example.com', name: MARKUP.slice(0, 100) }, 'bounce+x@simulator.bulkhead.test'],
      subject: MARKUP,
      html,
      text: `${MARKUP}${EXPRESSION}`,
      tags: ['"><svg onload=window.__ran=1>', 'javascript:window.__ran=1'],
      metadata: { [`k`]: MARKUP },
      headers: { 'X-Odd': SHORT },
      attachments: [
        {
          filename: `x"><img src=x onerror=${MARK}>.html`,
          content: Buffer.from(html).toString('base64'),
          contentType: 'text/html',
        },
      ],
    })
    expect(message).toBeDefined()
    const webhook = await write('/v1/webhooks', {
      url: `${url}?"><img%20src=x%20onerror=${MARK}>`,
      description: MARKUP,
    })
    expect(webhook).toBeDefined()
    await run.api(`/v1/webhooks/${webhook}/test`, { body: {} })
    const template = await write('/v1/templates', {
      name: MARKUP,
      subject: `${MARKUP}{{ name }}`,
      html: `${html}{{ name | raw }}<a href="{{ link }}">x</a>`,
      text: EXPRESSION.replaceAll('{{', '').replaceAll('}}', ''),
      sampleData: { name: MARKUP, link: `javascript:${MARK}`, ['__proto__x']: MARKUP },
      note: MARKUP,
    })
    expect(template).toBeDefined()
    const topic = await write('/v1/topics', { name: SHORT, description: MARKUP })
    expect(topic).toBeDefined()
    await run
      .api(`/v1/topics/${topic}/suppressions`, {
        body: { emails: [`"<img/src=x/onerror=${MARK}>"@example.com`] },
      })
      .catch(() => undefined)
    const list = await write('/v1/lists', { name: MARKUP, description: MARKUP })
    expect(list).toBeDefined()
    const contact = await write('/v1/contacts', {
      email: 'eve@example.com',
      firstName: MARKUP,
      lastName: EXPRESSION,
      attributes: { script: MARKUP, href: `javascript:${MARK}` },
      lists: [list],
    })
    expect(contact).toBeDefined()
    const broadcast = await write('/v1/broadcasts', {
      name: MARKUP,
      listId: list,
      from: { email: from, name: SHORT },
      subject: MARKUP,
      previewText: MARKUP.slice(0, 200),
      html,
      text: MARKUP,
    })
    const route = await write('/v1/inbound-routes', {
      hostname: 'parse.example.test',
      url: `${url}?"><img%20src=x%20onerror=${MARK}>`,
    })
    const key = await write('/v1/api-keys', { name: MARKUP, scopes: ['messages:send'] })
    await write('/v1/api-keys', { name: EXPRESSION, scopes: ['messages:send'], door: 'sendgrid' })
    const smtp = await write('/v1/smtp-credentials', { name: MARKUP })
    await write('/v1/senders', { email: `x@${from.split('@')[1]}`, name: SHORT })
    const domain = await write('/v1/domains', { name: 'xn--script-3ja.example' })
    for (const name of [`<img src=x onerror=${MARK}>.example`, `javascript:${MARK}`, 'a.example"><script>'])
      await write('/v1/domains', { name })
    const entry = await write('/v1/suppressions', {
      email: `"<svg/onload=${MARK}>"@example.com`,
      reason: 'manual',
      note: MARKUP,
    })
    await write('/v1/containments', {
      capabilities: ['send:bulk'],
      hours: 1,
      reason: MARKUP,
      incident: SHORT,
    })
    paths.push(
      '/',
      '/inbox',
      '/messages',
      `/messages?tag=${encodeURIComponent('"><svg onload=window.__ran=1>')}`,
      ...['', '?tab=content', '?tab=tracking', '?tab=webhooks', '?tab=json'].map(
        (tab) => `/messages/${message}${tab}`,
      ),
      '/domains',
      `/domains/${domain}?zone=${encodeURIComponent(MARKUP)}`,
      '/senders',
      '/templates',
      `/templates?search=${encodeURIComponent(SHORT)}`,
      ...['', '?tab=versions', '?tab=use'].map((tab) => `/templates/${template}${tab}`),
      '/suppressions',
      `/suppressions?id=${entry}`,
      `/suppressions?email=${encodeURIComponent(`"<svg/onload=${MARK}>"@example.com`)}`,
      '/topics',
      `/topics?id=${topic}`,
      `/topics?email=${encodeURIComponent(`${SHORT}@example.com`)}`,
      '/contacts',
      '/contacts?view=lists',
      `/contacts?id=${contact}`,
      `/contacts?list=${list}`,
      `/contacts?id=${encodeURIComponent('../api-keys')}`,
      '/broadcasts',
      `/broadcasts?id=${broadcast}`,
      '/inbound',
      `/inbound?id=${route}`,
      '/bounces',
      '/tracking',
      '/api-keys',
      `/api-keys?id=${key}`,
      '/smtp-credentials',
      `/smtp-credentials?id=${smtp}`,
      '/webhooks',
      `/webhooks/${webhook}`,
      '/security/containment',
      '/security/alerts',
      '/security/audit',
      '/operations/queue',
      '/operations/quotas',
      `/messages/${encodeURIComponent(SHORT)}`,
      `/operations/${encodeURIComponent(SHORT)}`,
      `/webhooks?view=javascript:${MARK}`,
    )
    const deliveries = async () =>
      z
        .object({ data: z.array(z.looseObject({ id: z.string(), attempts: z.number() })) })
        .parse(await run.api(`/v1/webhooks/${webhook}/deliveries?order=newest`)).data
    await expect
      .poll(async () => (await deliveries()).some(({ attempts }) => attempts > 0), { timeout: 60_000 })
      .toBe(true)
    for (const { id } of (await deliveries()).slice(0, 3)) paths.push(`/webhooks/${webhook}?delivery=${id}`)
  }

  it('is text and nothing else: nothing runs, no element comes of it, nothing is asked for elsewhere', async () => {
    await seed()
    const page = await run.open('/')
    const dialogs: string[] = []
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message())
      void dialog.dismiss()
    })
    for (const path of paths) {
      await page.goto(`${run.origin}${path}`)
      await page.locator('main :is(h1, h2)').first().waitFor()
      await page
        .locator('[aria-busy="true"], [role="status"].loading-late')
        .first()
        .waitFor({ state: 'detached', timeout: 10_000 })
        .catch(() => undefined)
      expect(await ran(page), path).toBeUndefined()
      expect(
        await page.evaluate(
          `[...document.querySelectorAll('*')].filter((element) => [...element.attributes].some(({ name, value }) => name.startsWith('on') || /^\\s*javascript:/i.test(value) && ['href', 'src', 'action', 'formaction'].includes(name))).map((element) => element.outerHTML.slice(0, 200))`,
        ),
        path,
      ).toEqual([])
      expect(
        await page.evaluate(`document.querySelectorAll('base, main img[src="x"], main script').length`),
        path,
      ).toBe(0)
      expect(new URL(page.url()).origin, path).toBe(run.origin)
    }
    expect([dialogs, heard]).toEqual([[], []])
  })

  it('stays in its frame where it is shown as HTML', async () => {
    const page = await run.open('/inbox')
    await page
      .getByRole('link', { name: /onerror/ })
      .first()
      .click()
    const frame = page.frameLocator('iframe[title="HTML of the mail"]')
    await frame.locator('#seen').waitFor()
    for (const id of ['js', 'post'])
      await frame
        .locator(`#${id}`)
        .click({ timeout: 3_000 })
        .catch(() => undefined)
    expect(new URL(page.url()).origin).toBe(run.origin)
    expect(await ran(page)).toBeUndefined()
    expect(await frame.locator('body').evaluate('self.origin')).toBe('null')
    expect(heard).toEqual([])
  })
})
