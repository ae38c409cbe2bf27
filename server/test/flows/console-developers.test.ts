import { spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createConnection } from 'node:net'
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Locator, Page } from 'playwright-core'
import { z } from 'zod'
import { expectAccessible, HAS_BROWSER, PHONE, startConsole, type ConsoleRun } from '../support/console.ts'

const Key = z.object({ id: z.string(), key: z.string() })
const Made = z.object({ id: z.string() })
const Rows = z.object({ data: z.array(z.looseObject({ id: z.string() })) })
const Texts = z.array(z.string())

/** Nothing is wider than the page. */
async function expectFits(page: Page): Promise<void> {
  const [inner, scroll] = z
    .tuple([z.number(), z.number()])
    .parse(await page.evaluate('[window.innerWidth, document.documentElement.scrollWidth]'))
  expect(scroll, page.url()).toBeLessThanOrEqual(inner)
}

const clipboard = async (page: Page): Promise<string> =>
  z.string().parse(await page.evaluate('navigator.clipboard.readText()'))

/** What a table shows stands in it twice, once folded for narrow screens: the one that is seen. */
const seen = (within: Locator, text: string): Locator =>
  within.getByText(text, { exact: true }).filter({ visible: true })

/** What a person copies from a block of code: what is behind the button, which may hold a secret that is not shown. */
async function copied(page: Page, label: string): Promise<string> {
  await page.evaluate(`navigator.clipboard.writeText('')`)
  await page.getByLabel(label, { exact: true }).locator('..').getByRole('button').click()
  await expect.poll(() => clipboard(page), { timeout: 15_000 }).not.toBe('')
  return clipboard(page)
}

/** Runs a text as a person would who pastes it into a shell, with nothing of ours in its environment. */
function shell(text: string, program = 'bash'): Promise<{ code: number | null; out: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, program === 'bash' ? ['-e'] : ['-'], {
      env: { PATH: process.env['PATH'] ?? '', HOME: '/tmp' },
    })
    let out = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.on('close', (code) => resolve({ code, out }))
    child.stdin.end(text)
  })
}

interface Receiver {
  readonly url: string
  readonly received: { readonly headers: IncomingMessage['headers']; readonly body: string }[]
  answer(handler: (response: ServerResponse) => void): void
  readonly server: Server
}

const accept = (response: ServerResponse): void => void response.writeHead(204).end()

async function startReceiver(): Promise<Receiver> {
  const received: Receiver['received'] = []
  let handler = accept
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
      handler(response)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}/hooks/mail`,
    received,
    answer: (next) => {
      handler = next
    },
    server,
  }
}

/** Hands a mail to the door for mail from outside, line by line. */
async function dialogue(port: number, lines: readonly string[]): Promise<string> {
  const socket = createConnection({ port, host: '127.0.0.1' })
  let said = ''
  let waiting = [...lines]
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('close', () => resolve(said))
    socket.on('data', (chunk) => {
      said += chunk.toString()
      if (!/^\d{3} /m.test(chunk.toString())) return
      const [next, ...rest] = waiting
      waiting = rest
      if (next === undefined) socket.end()
      else socket.write(`${next}\r\n`)
    })
  })
}

// A machine that builds and tests other things at the same time takes its time.
describe.runIf(HAS_BROWSER)('what developers see in a browser', { timeout: 300_000 }, () => {
  let run: ConsoleRun
  let inboundPort: number
  beforeAll(async () => {
    const probe = createServer().listen(0, '127.0.0.1')
    await new Promise((done) => probe.once('listening', done))
    const address = probe.address()
    inboundPort = typeof address === 'object' && address !== null ? address.port : 0
    await new Promise((done) => probe.close(done))
    run = await startConsole({
      env: { BULKHEAD_INBOUND: `127.0.0.1:${inboundPort}`, BULKHEAD_RETRY_SCALE: '0.2' },
    })
  }, 300_000)
  afterAll(() => run[Symbol.asyncDispose]())
  afterEach(() => run.closePages())

  const inboxHas = async (subject: string, from: string): Promise<number> => {
    const { data } = z
      .object({
        data: z.array(z.looseObject({ subject: z.string().nullable(), from: z.string().nullable() })),
      })
      .parse(await run.api('/v1/inbox?limit=100'))
    return data.filter((mail) => mail.subject === subject && mail.from?.includes(from) === true).length
  }

  /** A page of somebody who has a key with these scopes. */
  async function withKey(scopes: readonly string[], path: string): Promise<Page> {
    const { key } = Key.parse(await run.api('/v1/api-keys', { body: { name: 'narrow', scopes } }))
    const page = await run.openSignedOut(`/#token=${key}`)
    await page.waitForFunction(`sessionStorage.length > 0`)
    await page.goto(`${run.origin}${path}`)
    return page
  }

  it('makes a key, and the samples that it shows send as they are', async () => {
    const page = await run.open('/api-keys')
    await page.getByRole('link', { name: 'New API key' }).click()
    await page.waitForURL(/view=new/)
    await page.getByLabel('Name', { exact: true }).fill("shop & Sons' <b>")
    await page.getByRole('button', { name: /Your address/ }).click()
    await page.getByRole('button', { name: '@example.test' }).click()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Make the key' }).click()
    await page.getByRole('heading', { name: 'The key is made' }).waitFor()
    const key = await page.getByTestId('secret').innerText()
    expect(key).toMatch(/^bhk_/)
    const set = await copied(page, 'Set the key')
    expect(set).toContain(key)
    // The code itself holds no secret, and what is shown of the first step is cut off.
    expect(await page.getByLabel('Set the key', { exact: true }).innerText()).not.toContain(key)
    for (const [tab, label] of [
      ['curl', 'Send a mail: curl'],
      ['Node', 'Send a mail: Node'],
      ['Python', 'Send a mail: Python'],
    ] as const) {
      await page.getByRole('tab', { name: tab, exact: true }).click()
      const code = await copied(page, label)
      expect(code).not.toContain(key)
      const before = await inboxHas('Hello', '@example.test')
      const { code: exit, out } =
        tab === 'curl'
          ? await shell(`${set}\n${code}`)
          : tab === 'Node'
            ? await shell(`${set}\n${process.execPath} --input-type=module - <<'CODE'\n${code}\nCODE`)
            : await shell(`${set}\npython3 - <<'CODE'\n${code}\nCODE`)
      expect([exit, out], tab).toEqual([0, expect.stringContaining('msg_')])
      await expect.poll(() => inboxHas('Hello', '@example.test'), { timeout: 60_000 }).toBe(before + 1)
    }
    await expectAccessible(page)

    // The language is remembered; the key is not shown again.
    await page.goto(`${run.origin}/api-keys`)
    const table = page.getByRole('table', { name: 'API keys' })
    const row = table.getByRole('row').filter({ hasText: "shop & Sons' <b>" })
    await seen(row, 'send only').waitFor()
    await seen(row, '127.0.0.1/32 · @example.test').waitFor()
    await row.getByRole('link').first().click()
    await page.getByRole('tab', { name: 'Python', selected: true }).waitFor()
    expect(await page.content()).not.toContain(key)

    // It is limited, rotated, and revoked.
    await page.getByRole('button', { name: 'Set a limit' }).click()
    await page.getByLabel('A day').fill('500')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('500 a day').waitFor()
    await page.getByRole('button', { name: 'Rotate' }).click()
    await page.getByRole('button', { name: 'Make the new key' }).click()
    const successor = await page.getByTestId('secret').innerText()
    expect(successor).not.toBe(key)
    await page.getByText('ends soon').waitFor()
    await page.getByRole('button', { name: 'Revoke' }).click()
    // Last use is kept to within half a minute, so either is right.
    await page.getByText(/It is in use|It was never used/).waitFor()
    await page.getByRole('button', { name: 'Revoke it' }).click()
    await page.getByText('revoked', { exact: true }).waitFor()
    const answers = await Promise.all(
      [key, successor].map((one) =>
        fetch(`${run.origin}/v1/access`, { headers: { authorization: `Bearer ${one}` } }).then(
          ({ status }) => status,
        ),
      ),
    )
    expect(answers).toEqual([401, 200])
  })

  it('offers exact scopes, says what leaked keys become, and ends all of a kind only after a look', async () => {
    const { key } = Key.parse(
      await run.api('/v1/api-keys', { body: { name: 'leaky', scopes: ['messages:read'] } }),
    )
    const page = await run.open('/api-keys?view=new', { theme: 'dark' })
    await page.getByLabel('Name', { exact: true }).fill('exact')
    await page.getByRole('radio', { name: /Choose/ }).check()
    await page.getByLabel('Send mail', { exact: true }).uncheck()
    await page
      .getByText('Choose what the key may do')
      .or(page.locator('button[title*="Choose what"]'))
      .first()
      .waitFor()
    await page.getByLabel('See domains and their records').check()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Make the key' }).click()
    await page.getByText('This key cannot send').waitFor()

    await page.goto(`${run.origin}/api-keys`)
    await page.getByRole('button', { name: 'A key leaked' }).click()
    await page.getByLabel('The key', { exact: true }).fill(key)
    await page.getByRole('button', { name: 'Report it' }).click()
    await page.getByText('It is revoked.').waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('link', { name: 'Show those that ended' }).click()
    await page.waitForURL(/show=all/)
    await seen(page.getByRole('row').filter({ hasText: 'leaky' }), 'revoked').waitFor()

    await page.goto(`${run.origin}/smtp-credentials`)
    await page.getByRole('button', { name: 'End all' }).click()
    const end = page.getByRole('button', { name: 'End all SMTP credentials' })
    expect(await end.isDisabled()).toBe(true)
    const word = (await page.getByText(/^Type end \d+ to go on$/).innerText()).match(/end \d+/)?.[0] ?? ''
    await page.getByLabel('Why').fill('a drill')
    expect(await end.isDisabled()).toBe(true)
    await page.getByLabel(/^Type end/).fill(word)
    await end.click()
    await page.getByText('None works any more.').waitFor()
  })

  it('makes an SMTP credential, and its samples send as they are', async () => {
    const page = await run.open('/smtp-credentials?view=new')
    await page.getByLabel('Name', { exact: true }).fill('relay')
    await page.getByRole('button', { name: 'Make the credential' }).click()
    await page.getByRole('heading', { name: 'The credential is made' }).waitFor()
    const password = await page.getByTestId('secret').innerText()
    const set = await copied(page, 'Set the password')
    expect(set).toContain(password)
    for (const [tab, program] of [
      ['curl', 'bash'],
      ['smtplib', 'python3'],
    ] as const) {
      await page.getByRole('tab', { name: tab, exact: true }).click()
      const code = await copied(page, `Send over SMTP: ${tab}`)
      const before = await inboxHas('Hello', '@example.test')
      const { code: exit, out } = await shell(
        program === 'bash' ? `${set}\n${code}` : `${set}\npython3 - <<'CODE'\n${code}\nCODE`,
      )
      expect([exit, out], tab).toEqual([0, expect.any(String)])
      await expect.poll(() => inboxHas('Hello', '@example.test'), { timeout: 60_000 }).toBe(before + 1)
    }
    await expectAccessible(page)
    await page.setViewportSize(PHONE)
    await expectFits(page)
  })

  it('shows a webhook that fails, what it answers, and replays what failed', async () => {
    const receiver = await startReceiver()
    try {
      receiver.answer((response) => response.writeHead(500).end('relation <b>orders</b> does not exist'))
      const page = await run.open('/webhooks')
      await page.getByRole('heading', { name: 'No webhooks yet' }).waitFor()
      await expectAccessible(page)
      await page.getByRole('link', { name: 'Add the first one' }).click()
      await page.getByLabel('URL').fill(receiver.url)
      await page.getByRole('radio', { name: 'These' }).check()
      await page.getByLabel('message.accepted').check()
      await page.getByRole('button', { name: 'Add the webhook' }).click()
      const secret = await page.getByTestId('secret').innerText()
      expect(secret).toMatch(/^whsec_/)
      await page.getByRole('tab', { name: 'Node', exact: true }).click()
      const sample = await copied(page, 'Check a signature: Node')
      await page.getByRole('link', { name: 'See its deliveries' }).click()
      await page.getByRole('heading', { name: 'Nothing was delivered yet' }).waitFor()
      await page.getByRole('button', { name: 'Send a test' }).click()
      const table = page.getByRole('table', { name: 'Deliveries' })
      await seen(table.getByRole('row').filter({ hasText: 'webhook.test' }), '500').waitFor()
      await page.getByText('It does not take events').waitFor()
      await table.getByRole('link', { name: 'webhook.test' }).click()
      await page.getByText('relation <b>orders</b> does not exist').waitFor()
      await page.getByLabel('The body', { exact: true }).getByText('"webhook.test"').waitFor()
      await expectAccessible(page)
      await page.setViewportSize(PHONE)
      await expectFits(page)

      const id = page.url().match(/wh_\w+/)?.[0] ?? ''
      for (let sent = 0; sent < 3; sent++)
        await run.api('/v1/messages', {
          body: { from: 'a@example.test', to: 'ann@example.com', subject: 'x', text: 'x' },
        })
      const accepted = async (state: string): Promise<number> =>
        Rows.parse(await run.api(`/v1/webhooks/${id}/deliveries?type=message.accepted${state}`)).data.length
      await expect.poll(() => accepted(''), { timeout: 30_000 }).toBe(3)
      // 410 is the last try at once, and pauses the endpoint; what waits goes on when it is let.
      receiver.answer((response) => response.writeHead(410).end())
      await page.goto(`${run.origin}/webhooks/${id}`)
      await page.getByText('It is paused').waitFor({ timeout: 90_000 })
      await page.setViewportSize({ width: 1280, height: 800 })
      receiver.answer(accept)
      await page.getByRole('button', { name: 'Go on' }).click()
      await page.getByRole('button', { name: 'Replay failed' }).click()
      await page.getByRole('button', { name: 'Deliver again' }).click()
      await page.getByText(/wait to be delivered|Nothing had failed/).waitFor()
      await page.getByRole('button', { name: 'Close' }).click()
      await expect.poll(() => accepted('&state=delivered'), { timeout: 90_000 }).toBe(3)
      await page.getByLabel('State').selectOption('delivered')
      await page.waitForURL(/state=delivered/)
      await page.reload()
      expect(await page.getByLabel('State').inputValue()).toBe('delivered')
      await table.getByText('delivered').first().waitFor()
      await page.getByText('healthy').first().waitFor()
      await page.getByRole('button', { name: '7 days' }).click()
      await page.getByRole('figure').waitFor()
      await expectAccessible(page)

      // What the sample says of these requests: ours are, altered ones are not.
      const last = receiver.received.findLast(({ body }) => body.includes('message.accepted'))
      const judged = await shell(
        `export WEBHOOK_SECRET='${secret}'\n${process.execPath} --input-type=module - <<'CODE'\n${sample.split('createServer(async')[0]}\nconst headers = ${JSON.stringify(last?.headers)}\nconst body = Buffer.from(${JSON.stringify(last?.body)})\nconsole.log(verify(headers, body)?.type, verify(headers, Buffer.from(body + ' ')))\nprocess.exit(0)\nCODE`,
      )
      expect(judged.out).toContain('message.accepted null')

      await page.getByRole('button', { name: 'Rotate secret' }).click()
      await page.getByRole('button', { name: 'Make it' }).click()
      expect(await page.getByTestId('secret').innerText()).not.toBe(secret)
      await page.getByText('Two secrets sign').waitFor()
      await page.getByRole('button', { name: 'Delete' }).click()
      await page.getByRole('button', { name: 'Delete it' }).click()
      await page.waitForURL(/\/webhooks$/)
    } finally {
      receiver.server.closeAllConnections()
      receiver.server.close()
    }
  })

  it('imports a file of a thousand lines with bad ones, and gives back what it refused', async () => {
    const lines = Array.from({ length: 1_000 }, (_, at) =>
      at % 100 === 7
        ? `${at};nobody;weg`
        : at % 100 === 8
          ? `${at};p${at}@example.org;bounced`
          : `${at};p${at}@example.org;`,
    )
    const file = {
      name: 'kunden.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(`Kunde;Kontakt;Grund\n${lines.join('\n')}\n`),
    }
    const page = await run.open('/suppressions')
    await page.getByRole('heading', { name: 'Nobody is suppressed' }).waitFor()
    await expectAccessible(page)
    await page.getByRole('link', { name: 'import', exact: true }).click()
    await page.getByLabel('File of addresses').setInputFiles(file)
    const rows = page.getByRole('region', { name: 'The first rows of the file' })
    await rows.getByText('p99@example.org').waitFor()
    expect(await rows.getByText('p100@example.org').count()).toBe(0)
    expect(await page.getByLabel('What column 2 is').inputValue()).toBe('email')
    await page.getByLabel('What column 1 is').selectOption('note')
    await page.getByRole('button', { name: 'Try it out' }).click()
    await page.getByText(/990 would be new/).waitFor()
    expect(Rows.parse(await run.api('/v1/suppressions')).data).toEqual([])
    await expectAccessible(page)
    await page.setViewportSize(PHONE)
    await expectFits(page)
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByText(/990 are new/).waitFor()
    await page.getByRole('link', { name: 'See which, and why' }).last().click()
    const refused = page.getByRole('table', { name: 'Refused lines' })
    await refused.getByRole('row').nth(10).waitFor()
    expect(await refused.getByRole('row').count()).toBe(11)
    // Line 9 of the file: behind the titles the eighth.
    await refused.getByRole('row').nth(1).getByText('9', { exact: true }).waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download' }).click(),
    ])
    const saved = readFileSync(await download.path(), 'utf8')
      .trim()
      .split('\r\n')
    expect(saved).toHaveLength(11)
    expect(saved[1]).toMatch(/^9,/)
    expect(saved.join('')).not.toContain('nobody')

    // Why somebody gets no mail; who lifts it says why.
    await page.goto(`${run.origin}/suppressions`)
    // The keys of a list are there with the list.
    await page.getByRole('table', { name: 'Suppressions' }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('P8@Example.org')
    await page
      .getByText('P8@example.org gets no mail')
      .or(page.getByText('P8@Example.org gets no mail'))
      .waitFor()
    await page.waitForURL(/email=P8/)
    await page.getByRole('table', { name: 'Suppressions' }).getByRole('link').first().click()
    await page.getByText('hard bounce', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByLabel('Stops').selectOption('bulk')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('bulk mail only').waitFor()
    await page.getByRole('button', { name: 'Lift' }).click()
    await page.getByLabel(/^Why/).fill('it takes mail again')
    await page.getByRole('button', { name: 'Lift it' }).click()
    await page.waitForURL(/\/suppressions$/)
    await expect
      .poll(async () => JSON.stringify(await run.api('/v1/audit?limit=20')), { timeout: 60_000 })
      .toContain('it takes mail again')

    const [out] = await Promise.all([
      page.waitForEvent('download'),
      page
        .getByRole('button', { name: 'Export …' })
        .click()
        .then(() => page.getByRole('button', { name: 'Export', exact: true }).click()),
    ])
    const exported = readFileSync(await out.path(), 'utf8')
      .trim()
      .split('\r\n')
    expect(exported).toHaveLength(990)
    expect(exported[0]).toBe('email,reason,scope,note,expiresAt,createdAt')
    await page.getByText('The file is among your downloads').waitFor()
  })

  it('goes on with an import that broke off, with the same file', async () => {
    const { id } = Made.parse(await run.api('/v1/suppression-imports', { body: { format: 'csv' } }))
    await run.api(`/v1/suppression-imports/${id}/lines`, {
      body: { fromLine: 1, text: 'email\nq1@example.org\nq2@example.org\n' },
    })
    const page = await run.open('/suppressions?view=imports', { theme: 'dark' })
    const list = page.getByRole('table', { name: 'Imports' })
    await list.getByRole('row').filter({ hasText: 'broke off' }).getByRole('link').first().click()
    await page.getByText('It waits for line 4').waitFor()
    await expectAccessible(page)
    await page.getByLabel('File of addresses').setInputFiles({
      name: 'same.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('email\nq1@example.org\nq2@example.org\nq3@example.org\n'),
    })
    await page.getByText('done', { exact: true }).first().waitFor()
    const done = z
      .object({ added: z.number(), unchanged: z.number() })
      .parse(await run.api(`/v1/suppression-imports/${id}`))
    expect(done).toMatchObject({ added: 3, unchanged: 0 })
  })

  it('shows what came back with its rule and evidence, and the operator what belongs to nobody', async () => {
    const page = await run.open('/bounces')
    await page.getByRole('heading', { name: 'Nothing came back' }).waitFor()
    await expectAccessible(page)
    await run.api('/v1/messages', {
      body: {
        from: 'a@example.test',
        to: ['bounce-later+one@simulator.bulkhead.test', 'complain+one@simulator.bulkhead.test'],
        subject: 'x',
        text: 'x',
      },
    })
    await expect
      .poll(async () => Rows.parse(await run.api('/v1/bounces')).data.length, { timeout: 90_000 })
      .toBe(2)
    await page.reload()
    const table = page.getByRole('table', { name: 'Bounces' })
    await table.getByText('complaint', { exact: true }).waitFor()
    await page.getByLabel('Kind').selectOption('bounce')
    await page.waitForURL(/kind=bounce/)
    await expect.poll(() => table.getByRole('row').count(), { timeout: 15_000 }).toBe(2)
    await table.getByRole('link').first().click()
    await page.getByText('Rule that decided').first().waitFor()
    await page.getByText('the address is suppressed').waitFor()
    await page.getByRole('button', { name: 'Show' }).click()
    await page
      .getByLabel('The report', { exact: true })
      .getByText(/Content-Type/i)
      .first()
      .waitFor()
    await expectAccessible(page)
    await page.setViewportSize(PHONE)
    await expectFits(page)

    const said = await dialogue(inboundPort, [
      'EHLO there.example',
      'MAIL FROM:<eve@there.example>',
      'RCPT TO:<postmaster@localhost>',
      'QUIT',
    ])
    const host = /^220 (\S+)/.exec(said)?.[1] ?? ''
    await dialogue(inboundPort, [
      'EHLO there.example',
      'MAIL FROM:<eve@there.example>',
      `RCPT TO:<postmaster@${host}>`,
      'DATA',
      'From: eve@there.example\r\nTo: postmaster\r\nSubject: <script>alert(1)</script>\r\n\r\nYour mail is odd.\r\n.',
      'QUIT',
    ])
    const operator = await run.asOperator().open('/bounces')
    await operator.getByRole('heading', { name: 'Quarantine' }).waitFor()
    await operator.getByRole('table', { name: 'Quarantine' }).getByRole('link').first().click()
    await operator.getByRole('button', { name: 'Show' }).click()
    await operator.getByText('<script>alert(1)</script>').waitFor()
    await expectAccessible(operator)
  })

  it('says to whom something is missing what, fits a phone in both themes, and bears a failure', async () => {
    const pages = ['/api-keys', '/smtp-credentials', '/webhooks', '/suppressions', '/bounces'] as const
    const narrow = await withKey(['domains:read'], '/api-keys')
    for (const path of pages) {
      await narrow.goto(`${run.origin}${path}`)
      await narrow.getByRole('heading', { name: /^You may not see/ }).waitFor()
      await expectAccessible(narrow)
    }
    const reading = await withKey(
      ['api-keys:read', 'webhooks:read', 'suppressions:read', 'smtp-credentials:read'],
      '/api-keys',
    )
    for (const [path, button] of [
      ['/api-keys', 'New API key'],
      ['/smtp-credentials', 'New SMTP credential'],
      ['/webhooks', 'New webhook'],
      ['/suppressions', 'Suppress an address'],
    ] as const) {
      await reading.goto(`${run.origin}${path}`)
      const wanted = reading.getByRole('button', { name: button })
      await wanted.waitFor()
      expect(await wanted.isDisabled()).toBe(true)
      expect(await wanted.getAttribute('title')).toContain('it lacks the scope')
    }
    for (const theme of ['light', 'dark'] as const) {
      const page = await run.open('/api-keys', { theme, viewport: PHONE })
      for (const path of [
        ...pages,
        '/api-keys?view=new',
        '/webhooks?view=new',
        '/suppressions?view=import',
      ]) {
        await page.goto(`${run.origin}${path}`)
        await page.getByRole('heading', { level: 1 }).waitFor()
        await page
          .getByText(/^Loading /)
          .first()
          .waitFor({ state: 'detached' })
        await expectFits(page)
        await expectAccessible(page)
      }
      await page.route('**/v1/suppressions?*', (route) =>
        route.fulfill({
          status: 500,
          contentType: 'application/problem+json',
          body: JSON.stringify({
            type: 'x',
            title: 'Something broke',
            status: 500,
            code: 'internal',
            detail: 'Try it once more.',
          }),
        }),
      )
      await page.goto(`${run.origin}/suppressions`)
      await page.getByRole('alert').getByText('Something broke').waitFor()
      await expectAccessible(page)
      await page.unroute('**/v1/suppressions?*')
      await page.getByRole('button', { name: 'Try again' }).click()
      await page.getByRole('table', { name: 'Suppressions' }).waitFor()
      await run.closePages()
    }
    // The browser says of each answer of 500 that it was one; the page told the person.
    const said = Texts.parse(run.problems.splice(0))
    expect(said.filter((text) => !/500/.test(text))).toEqual([])
  })

  it('says why nothing is made while that is cut off', async () => {
    await run.api('/v1/containments', { body: { capabilities: ['credential'], reason: 'a drill', hours: 1 } })
    const page = await run.open('/api-keys?view=new')
    await page.getByText('a drill').first().waitFor()
    const make = page.getByRole('button', { name: 'Make the key' })
    expect(await make.isDisabled()).toBe(true)
    expect(await make.getAttribute('title')).toContain('a drill')
    await expectAccessible(page)
  })
})
