// @ts-expect-error -- the vendor ships no types
import mailchimp from '@mailchimp/mailchimp_transactional'
import { encodeId } from '../../src/kernel/ids.ts'
import { readMandrillMessageId } from '../../src/modules/webhooks/index.ts'
import type { ApiFixture } from './api-fixture.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into by tests only
type Body = any

/** A workspace with a key of the Mandrill door and a domain, and the vendor's own client that uses it. */
export interface MandrillWorld {
  readonly workspace: { readonly id: string; readonly key: string }
  readonly key: string
  readonly domain: string
  /** A call of the vendor's client, such as `messages.send`; what it answers, its refusals too. */
  ask(call: string, body?: object): Promise<{ readonly status: number; readonly body: Body }>
  /** A request as it is, with the key. */
  post(
    path: string,
    body: string,
    contentType?: string,
    headers?: Record<string, string>,
  ): Promise<{ readonly status: number; readonly body: Body }>
  /** The MIME message that an `_id` names, as it was accepted. */
  mime(id: string): Promise<string>
}

export const BASE = '/compat/mandrill/api/1.3'

export async function mandrillWorld(api: ApiFixture): Promise<MandrillWorld> {
  const workspace = await api.workspace()
  const made = await api.call(workspace.key, 'POST', '/v1/api-keys', { name: 'mandrill', door: 'mandrill' })
  const domain = `m${workspace.id.slice(-8)}.test`
  await api.call(workspace.key, 'POST', '/v1/domains', { name: domain })
  const { key } = made.body
  return {
    workspace,
    key,
    domain,
    ask: asker(api, key),
    async post(path, body, contentType = 'application/json', headers = {}) {
      const answer = await fetch(`${api.url}/compat/mandrill${path}`, {
        method: 'POST',
        headers: { 'content-type': contentType, ...headers },
        body,
      })
      return { status: answer.status, body: await answer.json() }
    },
    async mime(id) {
      const place = readMandrillMessageId(id)
      if (place === null) throw new Error(`${id} is no id of a mail`)
      const answer = await api.call(
        workspace.key,
        'GET',
        `/v1/messages/${encodeId('message', place.messageId)}/content`,
      )
      if (answer.status !== 200) throw new Error(`no content: ${answer.text}`)
      return answer.text
    },
  }
}

/** The vendor's client with a key. It answers errors instead of throwing them. */
export function asker(api: Pick<ApiFixture, 'url'>, key: string): MandrillWorld['ask'] {
  const client = mailchimp(key) as unknown as Record<
    string,
    Record<string, (body: object) => Promise<Body>>
  > & {
    basePath: string
  }
  client.basePath = `${api.url}${BASE}`
  return async (call, body = {}) => {
    const [noun = '', verb = ''] = call.split('.')
    const work = client[noun]?.[verb]
    if (work === undefined) throw new Error(`the client has no ${call}`)
    const answer = await work.call(client[noun], body)
    if (!(answer instanceof Error)) return { status: 200, body: answer }
    const { response } = answer as Error & { response?: { status: number; data: Body } }
    if (response === undefined) throw answer
    return { status: response.status, body: response.data }
  }
}
