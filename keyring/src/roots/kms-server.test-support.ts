import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'

export type KmsMood =
  | 'well'
  | 'throttling'
  | 'failing'
  | 'silent'
  | 'garbage'
  | 'redirect'
  | 'other-key'
  | 'expired'

export interface TestKms extends AsyncDisposable {
  readonly origin: string
  readonly arn: string
  /** Access keys that are good, with their secrets. */
  readonly secrets: Map<string, string>
  /** The encryption contexts of Encrypt and Decrypt, oldest first. */
  readonly contexts: unknown[]
  /** Paths of instance metadata that were asked. */
  readonly metadata: string[]
  readonly key: { state: string; usage: string; spec: string }
  mood: KmsMood
  moodFor: number
}

/** The part of AWS KMS that the root uses, and instance metadata (IMDSv2), over real HTTP. It recomputes every signature itself. */
export async function startTestKms(): Promise<TestKms> {
  const master = randomBytes(32)
  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '/', 'http://x')
      const body = await readBody(request)
      if (url.pathname === '/container') {
        const isAllowed = request.headers.authorization === 'container-token'
        return void response.writeHead(isAllowed ? 200 : 403).end(isAllowed ? roleCredentials() : '')
      }
      if (url.pathname.startsWith('/latest/')) return instanceMetadata(url.pathname, request, response)
      const mood = kms.moodFor > 0 ? kms.mood : 'well'
      kms.moodFor -= 1
      const say = (status: number, content: object): void => {
        response
          .writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
          .end(JSON.stringify(content))
      }
      const refuse = (type: string, message = ''): void => say(400, { __type: type, message })
      if (mood === 'silent') return
      if (mood === 'garbage') return void response.writeHead(502).end('<html>Bad Gateway</html>')
      if (mood === 'redirect') return void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()
      if (mood === 'throttling') return refuse('ThrottlingException', 'Rate exceeded')
      if (mood === 'expired')
        return refuse('ExpiredTokenException', 'The security token included in the request is expired')
      if (mood === 'failing') return say(500, { __type: 'KMSInternalException' })
      const problem = checkSignature(request, body, kms.secrets)
      if (problem !== null) return refuse(problem)
      const input = JSON.parse(body.toString())
      const operation = String(request.headers['x-amz-target']).replace('TrentService.', '')
      if (input.KeyId !== kms.arn)
        return refuse('NotFoundException', `Key '${String(input.KeyId)}' does not exist`)
      const answerArn = mood === 'other-key' ? kms.arn.replace('key/1234', 'key/9999') : kms.arn
      if (operation === 'DescribeKey') {
        const { state, usage, spec } = kms.key
        return say(200, { KeyMetadata: { Arn: kms.arn, KeyState: state, KeyUsage: usage, KeySpec: spec } })
      }
      if (kms.key.state !== 'Enabled') return refuse('DisabledException', `${kms.arn} is disabled.`)
      const context = Object.entries(input.EncryptionContext ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
      kms.contexts.push(input.EncryptionContext)
      const additional = Buffer.from(JSON.stringify(context))
      if (operation === 'Encrypt') {
        const nonce = randomBytes(12)
        const cipher = createCipheriv('aes-256-gcm', master, nonce).setAAD(additional)
        const blob = Buffer.concat([
          nonce,
          cipher.update(input.Plaintext, 'base64'),
          cipher.final(),
          cipher.getAuthTag(),
        ])
        return say(200, { CiphertextBlob: blob.toString('base64'), KeyId: answerArn })
      }
      if (operation !== 'Decrypt') return refuse('UnknownOperationException')
      try {
        const blob = Buffer.from(input.CiphertextBlob, 'base64')
        const decipher = createDecipheriv('aes-256-gcm', master, blob.subarray(0, 12)).setAAD(additional)
        decipher.setAuthTag(blob.subarray(-16))
        const plain = Buffer.concat([decipher.update(blob.subarray(12, -16)), decipher.final()])
        return say(200, { Plaintext: plain.toString('base64'), KeyId: answerArn })
      } catch {
        return refuse('InvalidCiphertextException')
      }
    })().catch(() => response.destroy())
  })

  function instanceMetadata(path: string, request: IncomingMessage, response: ServerResponse): void {
    kms.metadata.push(`${request.method} ${path}`)
    const list = '/latest/meta-data/iam/security-credentials/'
    if (path === '/latest/api/token') {
      const isAsked =
        request.method === 'PUT' && request.headers['x-aws-ec2-metadata-token-ttl-seconds'] !== undefined
      response.writeHead(isAsked ? 200 : 400).end(isAsked ? 'session' : '')
    } else if (request.headers['x-aws-ec2-metadata-token'] !== 'session') response.writeHead(401).end()
    else if (path === list) response.end('mail-role')
    else if (path === `${list}mail-role`) {
      response.end(roleCredentials())
    } else response.writeHead(404).end()
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const kms: TestKms = {
    origin: `http://127.0.0.1:${port}`,
    arn: 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    secrets: new Map([['AKIATEST', 'test-secret']]),
    contexts: [],
    metadata: [],
    key: { state: 'Enabled', usage: 'ENCRYPT_DECRYPT', spec: 'SYMMETRIC_DEFAULT' },
    mood: 'well',
    moodFor: 0,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
    },
  }
  return kms
}

const digest = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')

/** What instance metadata and container agents answer, good for an hour. */
function roleCredentials(): string {
  return JSON.stringify({
    Code: 'Success',
    AccessKeyId: 'ASIAROLE',
    SecretAccessKey: 'role-secret',
    Token: 'session-token',
    Expiration: new Date(Date.now() + 3_600_000).toISOString(),
  })
}

/** Recomputes the signature from what came over the wire; the error type that KMS would answer, or null. */
function checkSignature(
  request: IncomingMessage,
  body: Buffer,
  secrets: ReadonlyMap<string, string>,
): string | null {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([A-Z0-9]+)\/(\d{8})\/eu-central-1\/kms\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? '',
    )
  if (match === null) return 'IncompleteSignatureException'
  const [, id = '', date = '', signed = '', signature] = match
  const secret = secrets.get(id)
  if (secret === undefined) return 'UnrecognizedClientException'
  const names = signed.split(';')
  for (const name of ['host', 'x-amz-date', 'x-amz-target'])
    if (!names.includes(name)) return 'InvalidSignatureException'
  const time = String(request.headers['x-amz-date'])
  const sentAt = Date.parse(time.replace(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/, '$1-$2-$3T$4:$5:$6Z'))
  if (Math.abs(Date.now() - sentAt) > 300_000 || !time.startsWith(date)) return 'InvalidSignatureException'
  let canonical = `${request.method}\n/\n\n`
  for (const name of names) canonical += `${name}:${String(request.headers[name])}\n`
  canonical += `\n${signed}\n${digest(body)}`
  const text = `AWS4-HMAC-SHA256\n${time}\n${date}/eu-central-1/kms/aws4_request\n${digest(canonical)}`
  let key: Buffer = Buffer.from(`AWS4${secret}`)
  for (const part of [date, 'eu-central-1', 'kms', 'aws4_request'])
    key = createHmac('sha256', key).update(part).digest()
  return createHmac('sha256', key).update(text).digest('hex') === signature
    ? null
    : 'InvalidSignatureException'
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}
