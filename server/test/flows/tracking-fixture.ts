import { request } from 'node:http'
import PostalMime from 'postal-mime'
import type { ApiFixture } from './api-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'

export interface Fetched {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** A browser of today. */
export const BROWSER =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36'

/** One request with a Host of choice; redirects are not followed. */
export function fetchLink(
  api: ApiFixture,
  method: string,
  path: string,
  options: {
    readonly host?: string
    readonly headers?: Record<string, string>
    readonly body?: string | Buffer
  } = {},
): Promise<Fetched> {
  const { port } = new URL(api.url)
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        headers: {
          'user-agent': BROWSER,
          ...options.headers,
          ...(options.host === undefined ? {} : { host: options.host }),
        },
      },
      (response) => {
        const pieces: Buffer[] = []
        response.on('data', (piece: Buffer) => pieces.push(piece))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(pieces).toString('latin1'),
          }),
        )
      },
    )
    sent.on('error', reject)
    sent.end(options.body)
  })
}

export const FORM = { 'content-type': 'application/x-www-form-urlencoded' } as const
export const ONE_CLICK = 'List-Unsubscribe=One-Click'

/** What the links of a message are, as its reader's program sees them. */
export async function linksIn(raw: Buffer): Promise<{
  readonly clicks: readonly string[]
  readonly open: string | undefined
  readonly unsubscribe: string | undefined
  readonly mailto: string | undefined
  readonly html: string
  readonly header: (name: string) => string | undefined
}> {
  const mail = await PostalMime.parse(raw)
  const header = (name: string): string | undefined => mail.headers.find(({ key }) => key === name)?.value
  const html = mail.html ?? ''
  const list = header('list-unsubscribe') ?? ''
  return {
    html,
    clicks: [...html.matchAll(/href=["']?(https?:[^"' >]*\/t\/c\/[\w-]+)/g)].map(([, url = '']) => url),
    open: /src="(https?:[^"]*\/t\/o\/[\w-]+\.gif)"/.exec(html)?.[1],
    unsubscribe: /<(https?:[^>]+)>/.exec(list)?.[1],
    mailto: /<mailto:([^>]+)>/.exec(list)?.[1],
    header,
  }
}

/** The content of a message as it is stored. */
export async function contentOf(api: ApiFixture, workspace: TestWorkspace, id: string): Promise<Buffer> {
  const response = await fetch(`${api.url}/v1/messages/${id}/content`, {
    headers: { authorization: `Bearer ${workspace.key}` },
  })
  if (!response.ok) throw new Error(`no content: ${await response.text()}`)
  return Buffer.from(await response.arrayBuffer())
}

export function pathOf(url: string | undefined): string {
  if (url === undefined) throw new Error('there is no such link')
  return new URL(url).pathname
}
