import client from '@sendgrid/client'
import mailer from '@sendgrid/mail'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { sendingWorkspace } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'

/** Where the vendor's page of errors explains one. */
export const HELP = 'http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html#'

export interface Raw {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into by tests only
  readonly body: any
}

export interface SendGridWorld extends AsyncDisposable {
  readonly api: ApiFixture
  readonly workspace: TestWorkspace
  readonly key: string
  raw(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Raw>
  /** A request to send, complete but for what is given. */
  mail(over?: Record<string, unknown>): Record<string, unknown>
  post(over?: Record<string, unknown>, headers?: Record<string, string>): Promise<Raw>
  /** The message as it was stored, with its soft line breaks joined. */
  contentOf(id: string): Promise<string>
  // oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into by tests only
  sent(over?: Record<string, unknown>): Promise<{ id: string; message: any; content: string }>
  accepted(): Promise<number>
}

/** A workspace that may send, with a key of the SendGrid door, to which the vendor's own clients are pointed. */
export async function startSendGrid(): Promise<SendGridWorld> {
  const api = await startApi()
  const workspace = await sendingWorkspace(api)
  const made = await api.call(workspace.key, 'POST', '/v1/api-keys', { name: 'sendgrid', door: 'sendgrid' })
  const key: string = made.body.key
  client.setApiKey(key)
  client.setDefaultRequest('baseUrl', `${api.url}/compat/sendgrid`)
  mailer.setClient(client)

  const raw: SendGridWorld['raw'] = async (method, path, body, headers = {}) => {
    const response = await fetch(`${api.url}/compat/sendgrid${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined
        ? {}
        : { body: Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: text === '' ? undefined : JSON.parse(text),
    }
  }
  const mail: SendGridWorld['mail'] = (over = {}) => ({
    personalizations: [{ to: [{ email: 'ann@there.example' }] }],
    from: { email: workspace.from },
    subject: 'Hello',
    content: [{ type: 'text/plain', value: 'Hello.' }],
    ...over,
  })
  const post: SendGridWorld['post'] = (over, headers) => raw('POST', '/v3/mail/send', mail(over), headers)
  const contentOf: SendGridWorld['contentOf'] = async (id) => {
    const { text } = await api.call(workspace.key, 'GET', `/v1/messages/${id}/content`)
    return text.replaceAll('=\r\n', '').replaceAll('=3D', '=')
  }

  return {
    api,
    workspace,
    key,
    raw,
    mail,
    post,
    contentOf,
    accepted: async () => (await workspace.ledger()).accepted,
    async sent(over) {
      const answer = await post(over)
      if (answer.status !== 202 || answer.text !== '') throw new Error(`not accepted: ${answer.text}`)
      const id = answer.headers.get('x-message-id') ?? ''
      return { id, message: await workspace.get(id), content: await contentOf(id) }
    },
    async [Symbol.asyncDispose]() {
      const ledger = await workspace.ledger()
      await api[Symbol.asyncDispose]()
      if (!ledger.balanced || ledger.lost > 0 || ledger.doubled > 0)
        throw new Error(`the ledger does not balance: ${JSON.stringify(ledger)}`)
    },
  }
}
