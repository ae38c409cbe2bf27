import { connect } from 'node:net'

export interface HttpAnswer {
  readonly status: number
  // oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into by tests only
  readonly body: any
  readonly text: string
  readonly headers: Headers
}

export interface HttpCall {
  /** A string or bytes go as they are, anything else as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly key?: string
  readonly timeoutMs?: number
}

export interface Http {
  /** Throws where no answer came. */
  call(method: string, path: string, options?: HttpCall): Promise<HttpAnswer>
  /** POST /v1/messages. */
  send(message: unknown, options?: HttpCall): Promise<HttpAnswer>
}

export function createHttp(url: string, apiKey: string): Http {
  async function call(method: string, path: string, options: HttpCall = {}): Promise<HttpAnswer> {
    const { body } = options
    const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${options.key ?? apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body) }),
      signal: AbortSignal.timeout(options.timeoutMs ?? 30_000),
    })
    const text = await response.text()
    // Not lines of JSON, which are many documents.
    const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '')
    return {
      status: response.status,
      text,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : null,
    }
  }
  return {
    call,
    send: (message, options = {}) => call('POST', '/v1/messages', { ...options, body: message }),
  }
}

/** Writes bytes to an HTTP port and answers all that comes back until the peer closes, or until `timeoutMs`. */
export function rawHttp(url: string, bytes: string | Buffer, timeoutMs = 10_000): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((done) => {
    let text = ''
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    const end = (): void => {
      clearTimeout(timer)
      socket.destroy()
      done(text)
    }
    const timer = setTimeout(end, timeoutMs)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
    socket.on('error', end)
    socket.on('close', end)
  })
}
