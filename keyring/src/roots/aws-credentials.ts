import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { exchange, readObject } from './http-exchange.ts'
import type { AwsCredentials } from './sigv4.ts'

type Env = Readonly<Record<string, string | undefined>>

interface Found {
  readonly credentials: AwsCredentials
  /** When they end; null: not known to end. */
  readonly expiresAtMs: number | null
}

export interface AwsCredentialSource {
  /** Credentials that are good for minutes. Throws with every place that was asked. */
  current(): Promise<AwsCredentials>
  /** Forgets what a server called expired. */
  forget(): void
}

const METADATA_ORIGIN = 'http://169.254.169.254'
const CONTAINER_ORIGIN = 'http://169.254.170.2'
/** Hosts that AWS allows in AWS_CONTAINER_CREDENTIALS_FULL_URI over http: ECS, EKS and loopback. */
const CONTAINER_HOSTS: ReadonlySet<string> = new Set([
  '169.254.170.2',
  '169.254.170.23',
  '[fd00:ec2::23]',
  '127.0.0.1',
  '[::1]',
  'localhost',
])
const TIMEOUT_MS = 1000
const EARLY_MS = 5 * 60_000
const MAX_FILE_BYTES = 64 * 1024

/**
 * AWS credentials in the order of AWS' own tools: environment, shared file, container, instance metadata (IMDSv2 only, since version 1
 * answers whoever can make this host send a request).
 */
export function awsCredentials(deps: { env: Env; profile: string }): AwsCredentialSource {
  const { env, profile } = deps
  let found: Promise<Found> | null = null

  async function find(): Promise<Found> {
    const places: readonly (readonly [string, () => Promise<Found | null>])[] = [
      ['the environment (AWS_ACCESS_KEY_ID)', async () => fromEnvironment(env)],
      [`profile "${profile}" of the shared credentials file`, () => fromFile(env, profile)],
      ['the container (AWS_CONTAINER_CREDENTIALS_…)', () => fromContainer(env)],
      ['instance metadata', () => fromInstance(env)],
    ]
    const misses: string[] = []
    for (const [name, look] of places) {
      try {
        const result = await look()
        if (result !== null) return result
        misses.push(`${name}: none`)
      } catch (error) {
        misses.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    throw new Error(`No AWS credentials were found. ${misses.join('; ')}`)
  }

  return {
    async current() {
      const looking = (found ??= find())
      try {
        const { credentials, expiresAtMs } = await looking
        if (expiresAtMs !== null && Date.now() > expiresAtMs - EARLY_MS) {
          const again = (found = find())
          return (await again).credentials
        }
        return credentials
      } catch (error) {
        found = null
        throw error
      }
    },
    forget() {
      found = null
    },
  }
}

function fromEnvironment(env: Env): Found | null {
  const accessKeyId = env['AWS_ACCESS_KEY_ID'] ?? ''
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'] ?? ''
  if (accessKeyId === '' && secretAccessKey === '') return null
  if (accessKeyId === '' || secretAccessKey === '') {
    throw new Error('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must both be set')
  }
  return {
    credentials: { accessKeyId, secretAccessKey, sessionToken: env['AWS_SESSION_TOKEN'] || null },
    expiresAtMs: null,
  }
}

async function fromFile(env: Env, profile: string): Promise<Found | null> {
  const path = env['AWS_SHARED_CREDENTIALS_FILE'] || join(env['HOME'] || homedir(), '.aws', 'credentials')
  let text
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
  if (text.length > MAX_FILE_BYTES) throw new Error(`${path} is too long`)
  const values = new Map<string, string>()
  let section = ''
  for (const line of text.split(/\r?\n/)) {
    const head = /^\s*\[\s*([^\]]+?)\s*\]\s*$/.exec(line)
    const pair = /^\s*([a-z_]+)\s*=\s*(\S+)\s*$/.exec(line)
    if (head !== null) section = head[1] ?? ''
    else if (pair !== null && section === profile) values.set(pair[1] ?? '', pair[2] ?? '')
  }
  const accessKeyId = values.get('aws_access_key_id')
  const secretAccessKey = values.get('aws_secret_access_key')
  if (accessKeyId === undefined || secretAccessKey === undefined) return null
  // Tools that write temporary credentials to the file replace them there: it is read again before it is old.
  const expiresAtMs = values.has('aws_session_token') ? Date.now() + 2 * EARLY_MS : null
  return {
    credentials: { accessKeyId, secretAccessKey, sessionToken: values.get('aws_session_token') ?? null },
    expiresAtMs,
  }
}

async function fromContainer(env: Env): Promise<Found | null> {
  const full = env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? ''
  const relative = env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'] ?? ''
  if (full === '' && relative === '') return null
  const url = new URL(relative === '' ? full : `${CONTAINER_ORIGIN}${relative}`)
  if (url.protocol !== 'https:' && !CONTAINER_HOSTS.has(url.hostname)) {
    throw new Error('AWS_CONTAINER_CREDENTIALS_FULL_URI may be http only to the container agent or loopback')
  }
  const file = env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] ?? ''
  const token =
    file === '' ? (env['AWS_CONTAINER_AUTHORIZATION_TOKEN'] ?? '') : (await readFile(file, 'utf8')).trim()
  return readCredentials(await get(url, token === '' ? {} : { authorization: token }))
}

async function fromInstance(env: Env): Promise<Found | null> {
  if (env['AWS_EC2_METADATA_DISABLED'] === 'true') return null
  const origin = env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] || METADATA_ORIGIN
  const session = await exchange({
    method: 'PUT',
    url: new URL('/latest/api/token', origin),
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '300' },
    body: Buffer.alloc(0),
    timeoutMs: TIMEOUT_MS,
  })
  if (session.status !== 200) throw new Error(`the token of IMDSv2 is answered with ${session.status}`)
  const headers = { 'x-aws-ec2-metadata-token': session.body.toString('latin1').trim() }
  const path = '/latest/meta-data/iam/security-credentials/'
  const role = (await get(new URL(path, origin), headers)).toString('latin1').trim()
  if (!/^[\w+=,.@-]{1,64}$/.test(role)) throw new Error('the instance has no role')
  return readCredentials(await get(new URL(`${path}${role}`, origin), headers))
}

async function get(url: URL, headers: Readonly<Record<string, string>>): Promise<Buffer> {
  const answer = await exchange({ method: 'GET', url, headers, timeoutMs: TIMEOUT_MS })
  if (answer.status !== 200) throw new Error(`${url.pathname.slice(0, 80)} is answered with ${answer.status}`)
  return answer.body
}

function readCredentials(body: Buffer): Found {
  const content = readObject(body)
  const [accessKeyId, secretAccessKey, sessionToken, expiration] = [
    content?.['AccessKeyId'],
    content?.['SecretAccessKey'],
    content?.['Token'],
    content?.['Expiration'],
  ]
  if (
    typeof accessKeyId !== 'string' ||
    typeof secretAccessKey !== 'string' ||
    typeof sessionToken !== 'string'
  ) {
    throw new Error('the answer holds no credentials')
  }
  const expiresAtMs = typeof expiration === 'string' ? Date.parse(expiration) : Number.NaN
  return {
    credentials: { accessKeyId, secretAccessKey, sessionToken },
    expiresAtMs: Number.isNaN(expiresAtMs) ? null : expiresAtMs,
  }
}
