import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HELP, startSendGrid } from './sendgrid-mail-world.ts'
import type { SendGridWorld } from './sendgrid-mail-world.ts'

let world: SendGridWorld

beforeAll(async () => {
  world = await startSendGrid()
})
afterAll(() => world[Symbol.asyncDispose]())

const people = (over: Record<string, unknown>) => ({
  personalizations: [{ to: [{ email: 'ann@there.example' }], ...over }],
})
const TO = `${HELP}message.personalizations.to`
const CONTENT_MISSING =
  'Unless a valid template_id is provided, the content parameter is required. There must be at least one defined content block. We typically suggest both text/plain and text/html blocks are included, but only one block is required.'
const SUBJECT_MISSING =
  'The subject is required. You can get around this requirement if you use a template with a subject defined or if every personalization has a subject defined.'
const FROM_MISSING =
  'The from object must be provided for every email send. It is an object that requires the email parameter, but may also contain a name parameter.  e.g. {"email" : "example@example.com"}  or {"email" : "example@example.com", "name" : "Example Recipient"}.'
const PEOPLE_MISSING = 'The personalizations field is required and must have at least one personalization.'
const TO_MISSING =
  'The to array is required for all personalization objects, and must have at least one email object with a valid email address.'

type Refused = readonly [over: Record<string, unknown>, field: string, message: string, anchor?: string]

const REFUSED: readonly Refused[] = [
  [{ personalizations: undefined }, 'personalizations', PEOPLE_MISSING, '-Personalizations-Errors'],
  [{ personalizations: [{}] }, 'personalizations.0.to', TO_MISSING],
  [{ personalizations: [{ to: [] }] }, 'personalizations.0.to', TO_MISSING],
  [
    { personalizations: [{ to: [{}] }] },
    'personalizations.0.to.0.email',
    'The to email parameter is required.',
    'message.personalizations.to',
  ],
  [
    { personalizations: [{ to: ['a@b.example'] }] },
    'personalizations.0.to.0',
    'Invalid type. Expected: object, given: string.',
    'message.personalizations.to',
  ],
  [
    { personalizations: [{ to: [{ email: ['a'] }] }] },
    'personalizations.0.to.0.email',
    'Invalid type. Expected: string, given: array.',
    'message.personalizations.to',
  ],
  [{ from: undefined }, 'from.email', FROM_MISSING, 'message.from'],
  [{ from: {} }, 'from.email', FROM_MISSING, 'message.from'],
  [{ from: 'a@b.example' }, 'from', 'Invalid type. Expected: object, given: string.'],
  [{ from: { email: '' } }, 'from.email', 'The from email does not contain a valid address.', 'message.from'],
  [{ subject: undefined }, 'subject', SUBJECT_MISSING],
  [{ subject: '' }, 'subject', SUBJECT_MISSING],
  [{ content: undefined }, 'content', CONTENT_MISSING],
  [{ content: [] }, 'content', CONTENT_MISSING],
  [
    { content: [{ type: 'text/plain', value: '' }] },
    'content.0.value',
    'The content value must be a string at least one character in length.',
    'message.content.value',
  ],
  [
    {
      content: [
        { type: 'text/html', value: 'x' },
        { type: 'text/plain', value: 'x' },
      ],
    },
    'content',
    'Following RFC 1341, section 7.2, if either text/html or text/plain are to be sent in your email: text/plain needs to be first, followed by text/html, followed by any other content.',
    'message.content.value',
  ],
  [
    people({ cc: [{ email: 'Ann@there.example' }] }),
    'personalizations.0',
    'Each email address in the personalization block should be unique between to, cc, and bcc. We found the first duplicate instance of [Ann@there.example] in the personalizations.0.cc field.',
    'message.recipient-errors',
  ],
  [
    people({ send_at: 1e12 }),
    'personalizations.0.send_at',
    'Scheduling more than 72 hours in advance is forbidden.',
    'message.personalizations.send_at',
  ],
  [
    { send_at: 'soon' },
    'send_at',
    'The send_at parameter is expecting a Unix timestamp as an integer. We will send immediately if you include a send_at timestamp that is in the past.',
  ],
  [
    { categories: Array.from({ length: 11 }, (_, i) => `c${i}`) },
    'categories',
    'There is a limit of 10 categories for each email that is sent. You provided 11 categories.',
  ],
  [
    { categories: ['a', 'a'] },
    'categories',
    'The categories must be a unique list, and you have included a more than once.',
  ],
  [{ categories: ['ä'] }, 'categories', 'Categories can not contain non-ASCII characters.'],
  [{ custom_args: { a: 1 } }, 'custom_args', 'All values of custom arguments object must be strings'],
  [{ custom_args: [] }, 'custom_args', 'Invalid type. Expected: object, given: array.'],
  [
    { custom_args: { a: 'x'.repeat(10_000) } },
    'custom_args',
    'The combined size of both global and personalization custom arguments may not exceed 10,000 bytes per personalization.',
  ],
  [{ headers: { Subject: 'x' } }, 'headers', 'Header can not be one of the reserved keys.'],
  [{ headers: { Sender: 'x@there.example' } }, 'headers', 'Header can not be one of the reserved keys.'],
  [
    { content: [{ type: 'application/json', value: '{}' }] },
    'content.0.type',
    'The content type must be text/plain, text/html, text/x-amp-html, text/calendar or another kind of text. Add anything else as an attachment.',
    'message.content.type',
  ],
  [
    { headers: { 'a b': 'x' } },
    'headers',
    'Header keys cannot contain non-ASCII characters and empty spaces.',
  ],
  [
    { reply_to: { email: 'a@b.example' }, reply_to_list: [{ email: 'a@b.example' }] },
    'reply_to_list',
    'The reply_to and reply_to_list parameters cannot be used together.',
  ],
  [
    { attachments: [{ content: 'NOT BASE64', filename: 'a.txt' }] },
    'attachments.0.content',
    'The attachment content must be base64 encoded.',
    'message.attachments.content',
  ],
  [
    { attachments: [{ filename: 'a.txt' }] },
    'attachments.0.content',
    'The attachment content parameter is required.',
    'message.attachments.content',
  ],
  [
    { attachments: [{ content: 'YQ==', filename: 'a.txt', disposition: 'x' }] },
    'attachments.0.disposition',
    'The disposition of your attachment can be either "inline" or "attachment". You provided x.',
    'message.attachments.disposition',
  ],
  [
    { attachments: [{ content: 'YQ==' }] },
    'attachments.0.filename',
    'The attachment filename parameter is required.',
    'message.attachments.filename',
  ],
  [
    { attachments: [{ content: 'YQ==', filename: 'a.png', disposition: 'inline' }] },
    'attachments.0.content_id',
    "The content_id parameter is required if disposition = 'inline'.",
    'message.attachments.content_id',
  ],
  [
    people({ headers: { 'reply-to': 'x@there.example' } }),
    'personalizations.0.headers',
    'Header cannot be one of the reserved keys.',
  ],
  [
    people({ headers: { 'a b': 'x' } }),
    'personalizations.0.headers',
    'Header keys cannot contain non-ASCII characters or empty spaces.',
  ],
  [{ ip_pool_name: 'x' }, 'ip_pool_name', 'The name of your IP pool must be 2 to 64 characters in length.'],
  [
    { mail_settings: { sandbox_mode: { enable: 'yes' } } },
    'mail_settings.sandbox_mode.enable',
    'The sandbox mode enable param should be a boolean value.',
  ],
  [
    { mail_settings: { bypass_list_management: { enable: true }, bypass_spam_management: { enable: true } } },
    'mail_settings.bypass_list_management',
    'The bypass_list_management setting cannot be combined with any of the other bypass settings.',
  ],
  [
    { tracking_settings: { click_tracking: { enable: 1 } } },
    'tracking_settings.click_tracking.enable',
    'The click tracking enable param should be a boolean value.',
  ],
  [{ asm: { group_id: 'x' } }, 'asm.group_id', 'The ASM group ID must be an integer.'],
  [
    { asm: { group_id: 1, groups_to_display: Array.from({ length: 26 }, (_, i) => i) } },
    'asm.groups_to_display',
    'There is a limit of 25 unsubscribe groups that can be displayed to a user at a time.',
  ],
]

describe('a refusal', () => {
  it.each(
    REFUSED.map(([over, field, message, anchor]) => ({
      over,
      field,
      message,
      help: `${HELP}${anchor ?? `message.${field.replaceAll(/\.\d+/g, '')}`}`,
    })),
  )('$field: $message', async ({ over, ...error }) => {
    const { status, body } = await world.post(over)
    expect({ status, body }).toEqual({ status: 400, body: { errors: [error] } })
  })

  it('tells everything that is wrong at once', async () => {
    const { status, body } = await world.raw('POST', '/v3/mail/send', {})
    expect(status).toBe(400)
    expect(body.errors.map(({ message, field }: Record<string, unknown>) => [field, message])).toEqual([
      ['from.email', FROM_MISSING],
      ['personalizations', PEOPLE_MISSING],
      ['content', CONTENT_MISSING],
      ['subject', SUBJECT_MISSING],
    ])
    const several = await world.post({ personalizations: [{ to: [{ email: 'x' }, { email: 'y' }] }] })
    expect(several.body.errors).toEqual(
      [0, 1].map((at) => ({
        message: 'Does not contain a valid address.',
        field: `personalizations.0.to.${at}.email`,
        help: TO,
      })),
    )
  })

  it('counts personalizations and recipients', async () => {
    const one = { to: [{ email: 'ann@there.example' }] }
    const many = await world.post({ personalizations: Array.from({ length: 1_001 }, () => one) })
    expect(many.body.errors[0].message).toBe(
      'The personalization block is limited to 1000 personalizations per API request. You have provided 1001 personalizations. Please consider splitting this into multiple requests and resending your request.',
    )
    const to = Array.from({ length: 1_001 }, (_, i) => ({ email: `p${i}@there.example` }))
    expect((await world.post({ personalizations: [{ to }] })).body.errors[0].message).toBe(
      'There is a limit of 1000 total recipients (to + cc + bcc) per request.',
    )
  })

  it('of what is no JSON object, or not said to be JSON, or of another method, is the vendor’s', async () => {
    const url = '/v3/mail/send'
    const cases = [
      [await world.raw('POST', url, '{'), 400, 'Bad Request'],
      [await world.raw('POST', url, '[]'), 400, 'Bad Request'],
      [await world.raw('POST', url), 400, 'Bad Request'],
      [await world.raw('POST', url, Buffer.from('{"a":"\xe4"}', 'latin1')), 415, 'Invalid UTF8 in request'],
      [
        await world.raw('POST', url, world.mail(), { 'content-type': 'text/plain' }),
        415,
        'Content-Type should be application/json',
      ],
      [await world.raw('GET', url), 405, 'POST method allowed only'],
      [await world.raw('POST', '/v3/mail/nothing', {}), 404, 'not found'],
      [
        await world.raw('POST', url, world.mail(), { authorization: 'Bearer SG.wrong' }),
        401,
        'The provided authorization grant is invalid, expired, or revoked',
      ],
      [
        await world.raw('POST', url, world.mail(), { authorization: '' }),
        401,
        'Permission denied, wrong credentials',
      ],
    ] as const
    for (const [answer, status, message] of cases) {
      expect(answer.status).toBe(status)
      expect(answer.body).toEqual({ errors: [{ message, field: null, help: null }] })
      expect(answer.headers.get('content-type')).toContain('application/json')
    }
  })

  it('meets keys whose vendor scopes have no sending', async () => {
    const { body } = await world.api.call(world.workspace.key, 'POST', '/v1/api-keys', {
      name: 'narrow',
      door: 'sendgrid',
      doorScopes: ['templates.read'],
    })
    const answer = await world.post({}, { authorization: `Bearer ${body.key}` })
    expect([answer.status, answer.body]).toEqual([
      403,
      { errors: [{ message: 'access forbidden', field: null, help: null }] },
    ])
  })
})
