import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'

/** How the server misbehaves next. */
export type VaultMood =
  | 'well'
  | 'sealed'
  | 'standby-redirect'
  | 'throttling'
  | 'silent'
  | 'garbage'
  | 'endless'
  | 'old-version'
  | 'other-key'

export interface TestVault extends AsyncDisposable {
  readonly origin: string
  readonly port: number
  /** Tokens that are good, with their life in seconds. */
  readonly tokens: Map<string, { ttl: number; renewable: boolean }>
  /** Paths that were asked, oldest first. */
  readonly requests: string[]
  readonly key: { type: string; derived: boolean; exportable: boolean; made: number; archived: number }
  namespace: string | null
  mood: VaultMood
  /** The mood lasts for this many requests. */
  moodFor: number
  rotate(): void
}

interface Version {
  readonly key: Buffer
  readonly made: number
}

/** The part of Vault that the root uses: Transit with one key, tokens, and the ways in which Vault refuses, over real HTTP or HTTPS. */
export async function startTestVault(
  options: { readonly tls?: { readonly key: string; readonly cert: string } } = {},
): Promise<TestVault> {
  const versions: Version[] = [{ key: randomBytes(32), made: 1_790_000_000 }]

  const listener: RequestListener = (request, response) => {
    void (async () => {
      const path = new URL(request.url ?? '/', 'http://x').pathname
      vault.requests.push(path)
      const mood = vault.moodFor > 0 ? vault.mood : 'well'
      vault.moodFor -= 1
      const say = (status: number, body: object, headers: Record<string, string> = {}): void => {
        response
          .writeHead(status, { 'content-type': 'application/json', ...headers })
          .end(JSON.stringify(body))
      }
      if (mood === 'silent') return
      if (mood === 'sealed') return say(503, { errors: ['Vault is sealed'] })
      if (mood === 'throttling')
        return say(429, { errors: ['rate limit quota exceeded'] }, { 'retry-after': '0.02' })
      if (mood === 'standby-redirect') return say(307, {}, { location: 'http://127.0.0.1:1/steal' })
      if (mood === 'garbage') return void response.writeHead(200).end('<html>It works!</html>')
      if (mood === 'endless') {
        response.writeHead(200)
        const timer = setInterval(() => response.write(randomBytes(64 * 1024)), 1)
        response.on('close', () => clearInterval(timer))
        return
      }
      const token = String(request.headers['x-vault-token'])
      const life = vault.tokens.get(token)
      if (life === undefined || request.headers['x-vault-request'] !== 'true') {
        return say(403, { errors: ['permission denied'] })
      }
      if ((request.headers['x-vault-namespace'] ?? null) !== vault.namespace) {
        return say(404, { errors: ['no handler for route'] })
      }
      const body = await readBody(request)
      if (path === '/v1/auth/token/lookup-self') return say(200, { data: life })
      if (path === '/v1/auth/token/renew-self') return say(200, { auth: { lease_duration: life.ttl } })
      if (path === '/v1/transit/keys/mail' && request.method === 'GET') {
        const keys = versions
          .map((version, at) => [String(at + 1), version.made] as const)
          .filter(([number]) => Number(number) > vault.key.archived)
        return say(200, { data: { ...vault.key, keys: Object.fromEntries(keys), supports_encryption: true } })
      }
      const additional =
        mood === 'old-version' ? Buffer.alloc(0) : Buffer.from(body['associated_data'] ?? '', 'base64')
      if (path === '/v1/transit/encrypt/mail' && request.method === 'POST') {
        const number = versions.length
        const sealed = seal(
          versions[number - 1]?.key ?? Buffer.alloc(32),
          additional,
          Buffer.from(body['plaintext'] ?? '', 'base64'),
        )
        return say(200, {
          data: { ciphertext: `vault:v${number}:${sealed.toString('base64')}`, key_version: number },
        })
      }
      if (path === '/v1/transit/decrypt/mail' && request.method === 'POST') {
        const match = /^vault:v(\d+):(.+)$/.exec(body['ciphertext'] ?? '')
        const key = mood === 'other-key' ? randomBytes(32) : versions[Number(match?.[1]) - 1]?.key
        try {
          const plain = open(key ?? Buffer.alloc(32), additional, Buffer.from(match?.[2] ?? '', 'base64'))
          return say(200, { data: { plaintext: plain.toString('base64') } })
        } catch {
          return say(400, { errors: ['cipher: message authentication failed'] })
        }
      }
      return say(404, { errors: [] })
    })().catch(() => response.destroy())
  }

  const server: Server =
    options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const vault: TestVault = {
    port,
    origin: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    tokens: new Map(),
    requests: [],
    key: { type: 'aes256-gcm96', derived: false, exportable: false, made: 0, archived: 0 },
    namespace: null,
    mood: 'well',
    moodFor: 0,
    rotate() {
      versions.push({ key: randomBytes(32), made: 1_790_000_000 + versions.length * 1000 })
    },
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
    },
  }
  return vault
}

async function readBody(request: IncomingMessage): Promise<Record<string, string>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  return text === '' ? {} : JSON.parse(text)
}

function seal(key: Buffer, additional: Buffer, plain: Buffer): Buffer {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(additional)
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

function open(key: Buffer, additional: Buffer, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12)).setAAD(additional)
  decipher.setAuthTag(sealed.subarray(-16))
  return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()])
}
