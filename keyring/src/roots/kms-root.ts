import { createHash } from 'node:crypto'
import { KEY_BYTES } from '../aead.ts'
import { describeError } from '../log.ts'
import { Refusal } from '../refusal.ts'
import { awsCredentials } from './aws-credentials.ts'
import { asObject, exchangeWithRetries, quote, readBase64, readObject } from './http-exchange.ts'
import type { HttpAnswer } from './http-exchange.ts'
import type { OpenRoot, Place } from './root-provider.ts'
import type { KmsSetting } from './root-setting.ts'
import { signAwsRequest } from './sigv4.ts'
import { tryRoot } from './try-root.ts'

const TIMEOUT_MS = 3000
/** The limit of CiphertextBlob. */
const MAX_CIPHERTEXT_BYTES = 6144

/** KMS reports these with status 400, and they pass. */
const PASSING: ReadonlySet<string> = new Set([
  'ThrottlingException',
  'LimitExceededException',
  'RequestThrottled',
])
const EXPIRED: ReadonlySet<string> = new Set(['ExpiredTokenException', 'ExpiredToken'])
/** Another key, another context, or bytes that KMS never made. */
const NOT_OPENED: ReadonlySet<string> = new Set(['InvalidCiphertextException', 'IncorrectKeyException'])

/** An error of KMS by its type, with what a person should do. */
class KmsFault extends Error {
  readonly type: string

  constructor(type: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'KmsFault'
    this.type = type
  }
}

/**
 * The root key in AWS KMS: a symmetric key by its ARN. The place is the encryption context, so CloudTrail names the workspace of each
 * use. Throws where KMS cannot be reached, credentials are missing or refused, or the key is disabled or of another kind.
 */
export async function openKmsRoot(deps: {
  setting: KmsSetting
  env: Readonly<Record<string, string | undefined>>
}): Promise<OpenRoot> {
  const { setting } = deps
  const source = awsCredentials({ env: deps.env, profile: setting.profile })
  const url = new URL(setting.endpoint ?? regionalEndpoint(setting))

  async function call(operation: string, input: object): Promise<Readonly<Record<string, unknown>>> {
    const body = Buffer.from(JSON.stringify(input))
    let answer: HttpAnswer
    try {
      answer = await exchangeWithRetries(
        async () => {
          const headers = {
            'content-type': 'application/x-amz-json-1.1',
            'x-amz-target': `TrentService.${operation}`,
          }
          const credentials = await source.current()
          const signed = signAwsRequest({
            method: 'POST',
            url,
            headers,
            body,
            credentials,
            region: setting.region,
            service: 'kms',
            at: new Date(),
          })
          return { method: 'POST', url, headers: signed.headers, body, timeoutMs: TIMEOUT_MS }
        },
        (refused) => {
          const type = errorType(refused)
          if (EXPIRED.has(type)) source.forget()
          return PASSING.has(type) || EXPIRED.has(type)
        },
      )
    } catch (error) {
      throw new KmsFault('', `AWS KMS at ${url.origin} cannot be used: ${describeError(error)}`, error)
    }
    const content = readObject(answer.body)
    if (answer.status === 200 && content !== null) return content
    throw fault(setting, url, operation, answer)
  }

  async function use(
    operation: 'Encrypt' | 'Decrypt',
    input: object,
  ): Promise<Readonly<Record<string, unknown>>> {
    try {
      const output = await call(operation, {
        KeyId: setting.arn,
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        ...input,
      })
      if (output['KeyId'] === setting.arn) return output
      throw new KmsFault('', `AWS KMS used another key than ${setting.arn}`)
    } catch (error) {
      if (!(error instanceof KmsFault)) throw error
      if (operation === 'Decrypt' && NOT_OPENED.has(error.type)) {
        throw new Refusal('refused', 'The sealed value does not open here', error)
      }
      throw new Refusal('unavailable', error.message, error)
    }
  }

  inspectKey(setting, await call('DescribeKey', { KeyId: setting.arn }))
  const root: OpenRoot = {
    id: `aws-kms:${createHash('sha256').update(setting.arn).digest('hex').slice(0, 16)}`,
    async wrap(place, key) {
      const output = await use('Encrypt', {
        Plaintext: key.toString('base64'),
        EncryptionContext: contextOf(place),
      })
      const wrapped = readBase64(output['CiphertextBlob'], MAX_CIPHERTEXT_BYTES)
      if (wrapped !== null && wrapped.length > 0) return wrapped
      throw new Refusal('unavailable', 'AWS KMS answers with something else than a ciphertext')
    },
    async unwrap(place, wrapped) {
      if (wrapped.length === 0 || wrapped.length > MAX_CIPHERTEXT_BYTES) {
        throw new Refusal('refused', 'The sealed value is not in a known format')
      }
      const output = await use('Decrypt', {
        CiphertextBlob: wrapped.toString('base64'),
        EncryptionContext: contextOf(place),
      })
      const key = readBase64(output['Plaintext'], KEY_BYTES)
      if (key?.length === KEY_BYTES) return key
      throw new Refusal('unavailable', 'AWS KMS answers with something else than a key')
    },
    close: async () => undefined,
  }
  await tryRoot(root, 'AWS KMS')
  return root
}

/** One pair per field: the number of fields and the position of each are bound too. */
function contextOf(place: Place): Readonly<Record<string, string>> {
  return Object.fromEntries([
    ['bulkhead', 'root'],
    ...place.map((field, at) => [`bulkhead:${at}`, String(field)]),
  ])
}

function regionalEndpoint(setting: KmsSetting): string {
  const domain = setting.arn.startsWith('arn:aws-cn:') ? 'amazonaws.com.cn' : 'amazonaws.com'
  return `https://kms.${setting.region}.${domain}`
}

function inspectKey(setting: KmsSetting, content: Readonly<Record<string, unknown>>): void {
  const data = asObject(content['KeyMetadata'])
  const name = `The KMS key ${setting.arn}`
  if (data === null || data['Arn'] !== setting.arn) throw new Error(`${name} is described as another key`)
  if (data['KeyUsage'] !== 'ENCRYPT_DECRYPT' || data['KeySpec'] !== 'SYMMETRIC_DEFAULT') {
    throw new Error(`${name} is not a symmetric key for encryption: make one with key spec SYMMETRIC_DEFAULT`)
  }
  if (data['KeyState'] !== 'Enabled') {
    throw new Error(
      `${name} is in state ${quote(String(data['KeyState']))}: enable it, or cancel its deletion`,
    )
  }
}

function errorType(answer: HttpAnswer): string {
  if (answer.status === 200) return ''
  const type = readObject(answer.body)?.['__type']
  // Some endpoints write the namespace before the name.
  return typeof type === 'string' ? type.slice(type.lastIndexOf('#') + 1).slice(0, 100) : ''
}

function fault(setting: KmsSetting, url: URL, operation: string, answer: HttpAnswer): KmsFault {
  const type = errorType(answer)
  const content = readObject(answer.body)
  const message = content?.['message'] ?? content?.['Message']
  const said = typeof message === 'string' && message !== '' ? `: ${quote(message)}` : ''
  const advice = ((): string => {
    switch (type) {
      case 'AccessDeniedException':
        return `allow kms:${operation} on ${setting.arn} for these credentials, in the key policy or by IAM`
      case 'NotFoundException':
        return 'mend the ARN, or the account and region'
      case 'DisabledException':
      case 'KMSInvalidStateException':
        return 'enable the key, or cancel its deletion'
      case 'UnrecognizedClientException':
      case 'InvalidClientTokenId':
      case 'ExpiredTokenException':
        return 'give other credentials'
      case 'InvalidSignatureException':
        return "check the secret access key and this host's clock"
      case 'ThrottlingException':
        return 'raise the request quota of KMS'
      default:
        return 'see its message'
    }
  })()
  if (answer.status >= 300 && answer.status < 400) {
    return new KmsFault(
      type,
      `AWS KMS at ${url.origin} redirects, which is not followed: name the right endpoint`,
    )
  }
  if (type === '') {
    return new KmsFault(
      type,
      `AWS KMS at ${url.origin} answers ${answer.status} with something that is not KMS`,
    )
  }
  return new KmsFault(type, `AWS KMS refuses ${operation} with ${type}${said}; next: ${advice}`)
}
