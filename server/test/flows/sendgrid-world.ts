import sendgrid from '@sendgrid/client'
import type { ApiFixture } from './api-fixture.ts'

/** A workspace with a key of the SendGrid door, and the vendor's own client that uses it. */
export interface SendGridWorld {
  readonly workspace: { readonly id: string; readonly key: string }
  readonly key: string
  /** What the vendor's client answers, its refusals too. */
  readonly ask: (
    method: string,
    path: string,
    more?: { readonly body?: unknown; readonly query?: Record<string, unknown> },
    // oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into by tests only
  ) => Promise<{ readonly status: number; readonly body: any }>
}

export async function sendgridWorld(api: ApiFixture): Promise<SendGridWorld> {
  const workspace = await api.workspace()
  const made = await api.call(workspace.key, 'POST', '/v1/api-keys', { name: 'sendgrid', door: 'sendgrid' })
  return { workspace, key: made.body.key, ask: asker(api, made.body.key) }
}

/** The vendor's client with a key. */
export function asker(api: Pick<ApiFixture, 'url'>, key: string): SendGridWorld['ask'] {
  // The types know the one instance only; each world has its own.
  const { Client } = sendgrid as unknown as { Client: new () => typeof sendgrid }
  const client = new Client()
  client.setApiKey(key)
  client.setDefaultRequest('baseUrl', `${api.url}/compat/sendgrid`)
  return async (method, path, { body, query } = {}) => {
    const request = { method, url: path, body, qs: query } as Parameters<typeof sendgrid.request>[0]
    try {
      const [response] = await client.request(request)
      return { status: response.statusCode, body: response.body }
    } catch (error) {
      const { code, response } = error as { code: number; response?: { body: unknown } }
      if (response === undefined) throw error
      return { status: code, body: response.body }
    }
  }
}
