import { afterAll, beforeAll, expect, it } from 'vitest'
import { startSendGrid } from './sendgrid-mail-world.ts'
import type { SendGridWorld } from './sendgrid-mail-world.ts'

let world: SendGridWorld

beforeAll(async () => {
  world = await startSendGrid()
})
afterAll(() => world[Symbol.asyncDispose]())

/** Every field of the vendor's documentation at once. */
const whole = () => ({
  personalizations: [
    {
      to: [{ email: 'ann@there.example', name: 'Ann' }],
      cc: [{ email: 'cc@there.example', name: 'Cc' }],
      bcc: [{ email: 'bcc@there.example' }],
      from: { email: world.workspace.from, name: 'Own' },
      subject: 'Own',
      headers: { 'X-Own': 'a' },
      substitutions: { '-a-': 'b' },
      dynamic_template_data: { a: [1, { b: null }] },
      custom_args: { a: 'b' },
      send_at: 1,
    },
  ],
  from: { email: world.workspace.from, name: 'News' },
  reply_to: { email: 'answers@there.example', name: 'Answers' },
  subject: 'Hello',
  content: [
    { type: 'text/plain', value: 'Hello -a-.' },
    { type: 'text/html', value: '<p>Hello</p>' },
  ],
  attachments: [
    { content: 'YQ==', type: 'text/plain', filename: 'a.txt', disposition: 'inline', content_id: 'a' },
  ],
  sections: { ':s': 't' },
  headers: { 'X-All': 'a' },
  categories: ['a', 'b'],
  custom_args: { c: 'd' },
  send_at: 1,
  ip_pool_name: 'transactional',
  mail_settings: {
    bypass_list_management: { enable: false },
    footer: { enable: true, text: 't', html: '<i>h</i>' },
    sandbox_mode: { enable: true },
    spam_check: { enable: true, threshold: 1, post_to_url: 'https://there.example' },
    bcc: { enable: true, email: 'blind@there.example' },
  },
  tracking_settings: {
    click_tracking: { enable: true, enable_text: true },
    open_tracking: { enable: true, substitution_tag: '[open]' },
    subscription_tracking: { enable: true, text: '<% %>', html: '<% x %>', substitution_tag: '[leave]' },
    ganalytics: {
      enable: true,
      utm_source: 's',
      utm_medium: 'm',
      utm_term: 't',
      utm_content: 'c',
      utm_campaign: 'c',
    },
  },
})

const ODD: readonly unknown[] = [
  null,
  true,
  -1,
  1.5,
  '',
  ' \u2028 ',
  'x'.repeat(300),
  [],
  [[]],
  {},
  { email: { email: [] } },
  JSON.parse('{"__proto__": "x", "constructor": "y"}'),
]

/** The same tree once for each place of it, with something else there. */
function* altered(tree: unknown, odd: unknown): Generator {
  yield odd
  if (typeof tree !== 'object' || tree === null) return
  for (const [key, value] of Object.entries(tree)) {
    for (const other of altered(value, odd)) {
      if (Array.isArray(tree)) yield tree.with(Number(key), other)
      else yield { ...tree, [key]: other }
    }
  }
}

it('answers whatever it is sent in its own shape, and never as if the fault were ours', async () => {
  expect((await world.raw('POST', '/v3/mail/send', whole())).text).toBe('')
  const counts: Record<number, number> = {}
  for (const odd of ODD) {
    const bodies = [...altered(whole(), odd)].slice(1)
    for (let at = 0; at < bodies.length; at += 8) {
      const answers = await Promise.all(
        bodies.slice(at, at + 8).map((body) => world.raw('POST', '/v3/mail/send', body)),
      )
      for (const [offset, { status, body, text }] of answers.entries()) {
        counts[status] = (counts[status] ?? 0) + 1
        const about = `${JSON.stringify(odd)} in body ${at + offset}: ${text.slice(0, 300)}`
        expect([200, 202, 400, 403], about).toContain(status)
        if (status < 300) continue
        expect(body.errors.length, about).toBeGreaterThan(0)
        for (const error of body.errors) {
          expect(Object.keys(error), about).toEqual(['message', 'field', 'help'])
          expect(error.message, about).not.toMatch(/messages\[|undefined|\[object|finish/)
        }
      }
    }
  }
  expect(counts[400]).toBeGreaterThan(500)
}, 240_000)
