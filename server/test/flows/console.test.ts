import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { DESK, HAS_BROWSER, startConsole } from '../support/console.ts'
import type { ConsoleRun } from '../support/console.ts'
import { childrenOf } from '../support/supervisor.ts'

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC'

/** A web server that a hostile mail wants to reach; it counts who came. */
async function startTracker(): Promise<{ url: string; hits: string[]; stop(): void }> {
  const hits: string[] = []
  const server = createServer((request, response) => {
    hits.push(request.url ?? '')
    response.end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hits,
    stop: () => server.close(),
  }
}

function hostileHtml(tracker: string): string {
  return `<!doctype html><html><head><meta http-equiv="refresh" content="0;url=${tracker}/refresh">
    <link rel="stylesheet" href="${tracker}/style.css"></head>
    <body style="background:url(${tracker}/background.png)"><h1 id="hello" style="color:rgb(1, 2, 3)">Hello Ann</h1>
    <img id="logo" src="cid:logo"><img src="${tracker}/pixel.gif"><iframe src="${tracker}/frame"></iframe>
    <a id="link" href="${tracker}/link">Link</a><a id="self" target="_top" href="${tracker}/top">Top</a>
    <form action="${tracker}/form"><button id="send">Send</button></form>
    <script>document.getElementById('hello').textContent = 'script ran'; fetch('${tracker}/fetch'); parent.postMessage('x', '*')</script>
    <img src="x" onerror="document.getElementById('hello').textContent = 'handler ran'"></body></html>`
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    (response) => response.ok,
    () => false,
  )
}

describe.runIf(HAS_BROWSER)('the console in a browser', { timeout: 60_000 }, () => {
  let run: ConsoleRun
  let context: BrowserContext
  let setup: ConsoleRun['setup']
  let tracker: Awaited<ReturnType<typeof startTracker>>

  beforeAll(async () => {
    tracker = await startTracker()
    run = await startConsole()
    setup = run.setup
  }, 240_000)
  afterAll(async () => {
    tracker?.stop()
    // Exceptions of pages and violations of their policy fail it; that the hostile mail is stopped in its own frame is meant.
    const meant =
      run?.problems.filter((problem) => !/\/(?:inbox|html)-frame\/|: Framing 'http:/.test(problem)) ?? []
    run?.problems.splice(0, run.problems.length, ...meant)
    await run?.[Symbol.asyncDispose]()
  })
  afterEach(() => run?.closePages())

  /** By the address that holds the key, as it is printed for those who only look around. */
  async function open(path = '/', viewport: { width: number; height: number } = DESK): Promise<Page> {
    const { pathname, hash } = new URL(setup.consoleUrl)
    const page = await run.openSignedOut(`${pathname}${hash}/#${path}`, { viewport })
    context = page.context()
    return page
  }

  async function send(body: object): Promise<string> {
    const response = await fetch(`${setup.apiUrl}/v1/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${setup.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ from: 'shop@example.test', to: 'ann@example.com', text: 'Hello', ...body }),
    })
    const answer = (await response.json()) as { id: string }
    expect(response.status, JSON.stringify(answer)).toBe(202)
    return answer.id
  }

  it('takes the key out of the address at once and greets a newcomer with a mail to paste', async () => {
    const page = await open()
    await page.getByRole('heading', { name: 'Send the first mail' }).waitFor()
    expect(page.url()).toBe(`${setup.apiUrl}/`)
    expect(await page.content()).not.toContain(setup.apiKey)
    await page.reload()
    await page.getByRole('tab', { name: 'SMTP' }).click()
    await page.getByText('hello@example.test').first().waitFor()
  })

  it('asks for a key, says what is wrong with one, and lets a good one in', async () => {
    const page = await run.openSignedOut('/inbox')
    await page.getByRole('button', { name: 'Use an API key instead' }).click()
    await page.getByLabel('API key').fill(`bhk_${'x'.repeat(40)}`)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText('The server does not know this key').waitFor()
    await page.getByLabel('API key').fill(setup.apiKey)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('heading', { name: 'The inbox is empty' }).waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(await page.evaluate('sessionStorage.length')).toBe(0)
  })

  it('shows a mail the moment it is sent, and nothing in it runs, loads or leads out', async () => {
    const page = await open('/inbox')
    await page.getByRole('heading', { name: 'The inbox is empty' }).waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    await send({
      from: 'Shop <shop@example.test>',
      subject: 'Order 4711',
      html: hostileHtml(tracker.url),
      text: 'Hello Ann in text',
      attachments: [
        { filename: 'logo.png', content: PNG, contentType: 'image/png', contentId: 'logo', inline: true },
        { filename: 'invoice.txt', content: btoa('Total: 4 EUR'), contentType: 'text/plain' },
      ],
    })
    await page.getByRole('link', { name: /Order 4711/ }).waitFor()
    await page.keyboard.press('j')
    const mail = page.frameLocator('iframe[title="HTML of the mail"]')
    await mail.locator('#hello').waitFor()
    expect(await mail.locator('#hello').textContent()).toBe('Hello Ann')
    const frame = page.frames().find((one) => one.url().includes('/inbox-frame/'))
    const inFrame = (expression: string): Promise<unknown> => frame!.evaluate(expression)
    expect(await inFrame(`getComputedStyle(document.getElementById('hello')).color`)).toBe('rgb(1, 2, 3)')
    expect(await inFrame(`document.getElementById('logo').naturalWidth`)).toBe(10)
    await page.getByText(/4 things from elsewhere/).waitFor()
    const address = page.url()
    for (const id of ['#link', '#self', '#send']) await mail.locator(id).click()
    await page.waitForTimeout(500)
    expect(await mail.locator('#hello').textContent()).toBe('Hello Ann')
    expect(page.url()).toBe(address)
    expect(context.pages()).toHaveLength(1)
    expect(tracker.hits).toEqual([])
  })

  it('opens every part of a mail, and its timeline', async () => {
    const page = await open('/inbox')
    await page.getByRole('link', { name: /Order 4711/ }).click()
    await page.getByRole('tab', { name: 'Text' }).click()
    await page.getByText('Hello Ann in text').waitFor()
    await page.getByRole('tab', { name: 'Source' }).click()
    await page.getByText(/DKIM-Signature: v=1/).waitFor()
    await page.getByRole('tab', { name: 'Headers' }).click()
    await page.getByRole('rowheader', { name: 'Message-ID' }).waitFor()
    await page.getByRole('tab', { name: /Attachments/ }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download invoice.txt' }).click()
    expect(readFileSync(await (await download).path(), 'utf8')).toBe('Total: 4 EUR')
    await page.getByRole('tab', { name: /Checks/ }).click()
    await page.getByText('DKIM signature').waitFor()
    await page.getByRole('link', { name: 'Timeline' }).click()
    await page.getByRole('heading', { name: 'Delivered' }).waitFor()
    await page.getByText('250 2.0.0 Captured', { exact: true }).waitFor()
    // What passed between the two servers is there for who asks.
    const said = page.getByText('S: 250 2.0.0 Captured')
    expect(await said.count()).toBe(0)
    await page.getByText('Dialogue of the two servers').click()
    await said.waitFor()
    await page.getByRole('tab', { name: 'Content' }).click()
    await page.getByRole('link', { name: /Read it in the inbox/ }).waitFor()
  })

  it('keeps filters in the address, and the ledger in sight', async () => {
    const page = await open('/messages')
    await page.getByRole('link', { name: /Order 4711/ }).waitFor()
    await page.getByLabel('Search messages').fill('nobody@example.com')
    await page.getByRole('heading', { name: 'No message matches' }).waitFor()
    expect(new URL(page.url()).searchParams.get('recipient')).toBe('nobody@example.com')
    await page.reload()
    await page.getByRole('heading', { name: 'No message matches' }).waitFor()
    await page.getByRole('link', { name: 'Clear the filters' }).click()
    await page.getByRole('link', { name: /Order 4711/ }).waitFor()
    await page.getByText('balanced').waitFor()
  })

  it('cancels and moves what waits, and shows no content of a sensitive message', async () => {
    const waiting = await send({ subject: 'Later', sendAt: new Date(Date.now() + 86_400_000).toISOString() })
    const page = await open(`/messages/${waiting}`)
    await page.getByRole('button', { name: 'Reschedule' }).click()
    await page.getByRole('button', { name: 'In 24 hours' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Reschedule' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Cancel', exact: true }).click()
    await page.getByRole('button', { name: 'Cancel the message' }).click()
    await page.getByRole('heading', { name: 'Cancelled' }).waitFor()
    expect(await page.getByRole('button', { name: 'Cancel', exact: true }).isDisabled()).toBe(true)

    const secret = await send({ subject: 'Reset 9876', text: 'code 9876', sensitive: true })
    await page.goto(`${setup.apiUrl}/messages/${secret}`)
    await page.getByText('This message is sensitive').waitFor()
    expect(await page.getByText('9876').count()).toBe(0)
    await page.getByRole('tab', { name: 'Content' }).click()
    await page.getByRole('heading', { name: 'Nobody may read this' }).waitFor()
    expect(await page.getByRole('button', { name: /Download/ }).count()).toBe(0)
  })

  it('comes back by itself after the API was killed, and shows what came meanwhile', async () => {
    const page = await open('/inbox')
    await page.getByText('Live', { exact: true }).waitFor()
    const api = childrenOf(run.supervisor.pid).find((child) => child.command.includes('processes/api.ts'))
    process.kill(api!.pid, 'SIGKILL')
    await page.getByText('Reconnecting').waitFor()
    const deadline = Date.now() + 30_000
    while (!(await isReady(setup.apiUrl)) && Date.now() < deadline) await page.waitForTimeout(200)
    await send({ subject: 'After the crash' })
    await page.getByRole('link', { name: /After the crash/ }).waitFor({ timeout: 20_000 })
  }, 60_000)

  it('fits a phone of 360 pixels without scrolling sideways', async () => {
    const page = await open('/inbox', { width: 360, height: 700 })
    await page.getByRole('link', { name: /Order 4711/ }).click()
    await page.getByRole('link', { name: 'Back to the list' }).waitFor()
    for (const path of ['/', '/inbox', '/messages', page.url().replace(setup.apiUrl, '')]) {
      await page.goto(setup.apiUrl + path)
      await page.getByText('balanced').waitFor()
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
    }
  })

  it('shows HTML by a ticket for one mail only, under a policy of its own', async () => {
    const call = async (path: string, init: RequestInit = {}) =>
      fetch(setup.apiUrl + path, { headers: { authorization: `Bearer ${setup.apiKey}` }, ...init })
    const { data } = (await (await call('/v1/inbox')).json()) as { data: { id: string; subject: string }[] }
    const order = data.find((mail) => mail.subject === 'Order 4711')!
    const view = (await (await call(`/v1/inbox/${order.id}/view`, { method: 'POST' })).json()) as {
      url: string
    }
    const shown = await fetch(setup.apiUrl + view.url)
    expect(shown.status).toBe(200)
    expect(shown.headers.get('content-security-policy')).toMatch(
      /^sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:/,
    )
    expect(shown.headers.get('cache-control')).toBe('no-store')
    const other = data.find((mail) => mail.id !== order.id)!
    for (const path of [
      view.url.replace(order.id, other.id),
      view.url.replace(/.$/, '~'),
      `/inbox-frame/${order.id}`,
    ])
      expect((await fetch(setup.apiUrl + path)).status).toBe(410)
    const page = await call('/inbox')
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe')
  })
})
