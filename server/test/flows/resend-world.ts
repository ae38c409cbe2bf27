import { Resend } from 'resend'
import type { ApiFixture } from './api-fixture.ts'
import { sendingWorkspace } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'

/** A workspace that may send, with a key of the Resend door, the vendor's own client that uses it, and requests by hand. */
export interface ResendWorld {
  readonly workspace: TestWorkspace
  readonly key: string
  readonly resend: Resend
  /** What the door answers to a request by hand. */
  ask(
    method: string,
    path: string,
    more?: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> },
    // oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into by tests only
  ): Promise<{ readonly status: number; readonly body: any; readonly headers: Headers }>
}

export async function resendWorld(api: ApiFixture, scopes?: readonly string[]): Promise<ResendWorld> {
  const workspace = await sendingWorkspace(api)
  const made = await api.call(workspace.key, 'POST', '/v1/api-keys', {
    name: 'resend',
    door: 'resend',
    ...(scopes === undefined ? {} : { scopes }),
  })
  const { key } = made.body
  return { workspace, key, resend: clientOf(api, key), ask: askerOf(api, key) }
}

export function clientOf(api: Pick<ApiFixture, 'url'>, key: string): Resend {
  return new Resend(key, { baseUrl: `${api.url}/compat/resend` })
}

/** Null: without a key. */
export function askerOf(api: Pick<ApiFixture, 'url'>, key: string | null): ResendWorld['ask'] {
  return async (method, path, { body, headers } = {}) => {
    const answer = await fetch(`${api.url}/compat/resend${path}`, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    return { status: answer.status, body: await answer.json(), headers: answer.headers }
  }
}
