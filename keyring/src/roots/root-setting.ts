import { isAbsolute } from 'node:path'

export interface FileSetting {
  readonly kind: 'file'
  readonly path: string
}

export interface Pkcs11Setting {
  readonly kind: 'pkcs11'
  readonly module: string
  readonly token: string
  readonly label: string
  /** Null: the PIN is in BULKHEAD_KEYRING_PIN. */
  readonly pinFile: string | null
}

export interface VaultSetting {
  readonly kind: 'vault'
  /** Scheme, host and port. */
  readonly origin: string
  readonly mount: string
  readonly key: string
  readonly tokenFile: string
  readonly namespace: string | null
  readonly caFile: string | null
}

export interface KmsSetting {
  readonly kind: 'aws-kms'
  readonly arn: string
  readonly region: string
  /** Null: the region's own. */
  readonly endpoint: string | null
  readonly profile: string
}

export type RootSetting = FileSetting | Pkcs11Setting | VaultSetting | KmsSetting

const FORMS =
  'write file:/path, pkcs11:module=…;token=…;label=…;pin-file=…, vault:https://host:8200/transit/keys/name;token-file=… or aws-kms:arn:aws:kms:…'
const KEY_ARN =
  /^arn:aws[a-z-]*:kms:([a-z0-9-]{1,32}):\d{12}:key\/(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/
const MAX_TEXT = 4096

/**
 * Parses a root: `file:/path` (also a plain absolute path), `pkcs11:…`, `vault:…` or `aws-kms:…`, with options behind semicolons.
 * Throws with `name`, what is wrong and what to write. The text holds no secret by design: PIN and token are in files.
 */
export function parseRootSetting(name: string, text: string): RootSetting {
  const fail = (reason: string): never => {
    throw new Error(`${name}: ${reason}`)
  }
  if (text.length > MAX_TEXT || text.includes('\0')) return fail(FORMS)
  if (isAbsolute(text)) return { kind: 'file', path: text }
  const colon = text.indexOf(':')
  const rest = text.slice(colon + 1)
  switch (text.slice(0, Math.max(colon, 0))) {
    case 'file':
      return isAbsolute(rest) ? { kind: 'file', path: rest } : fail('the path after file: must be absolute')
    case 'pkcs11':
      return parsePkcs11(rest, fail)
    case 'vault':
      return parseVault(rest, fail)
    case 'aws-kms':
      return parseKms(rest, fail)
    default:
      return fail(`"${text.slice(0, 40)}" is not a root: ${FORMS}`)
  }
}

/** The roots of earlier days, separated by `|`; keys wrapped by them still open and are wrapped anew. */
export function parsePreviousRoots(name: string, text: string): readonly RootSetting[] {
  return text
    .split('|')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => parseRootSetting(name, part))
}

type Fail = (reason: string) => never

function parsePkcs11(text: string, fail: Fail): Pkcs11Setting {
  const options = readOptions(text, ['module', 'token', 'label', 'pin-file'], fail)
  const need = (option: string): string =>
    options.get(option) ?? fail(`pkcs11 needs ${option}=…; the form is module=…;token=…;label=…;pin-file=…`)
  const module = need('module')
  const pinFile = options.get('pin-file') ?? null
  if (!isAbsolute(module)) fail('the path of the PKCS#11 module must be absolute')
  if (pinFile !== null && !isAbsolute(pinFile)) fail('the path of pin-file must be absolute')
  const token = need('token')
  // CK_TOKEN_INFO.label has 32 bytes.
  if (Buffer.byteLength(token) > 32) fail('a token label has at most 32 bytes')
  return { kind: 'pkcs11', module, token, label: need('label'), pinFile }
}

function parseVault(text: string, fail: Fail): VaultSetting {
  const [address = '', ...rest] = text.split(';')
  const options = readOptions(rest.join(';'), ['token-file', 'namespace', 'ca-file'], fail)
  if (!URL.canParse(address)) return fail('vault: needs a URL, https://host:8200/transit/keys/name')
  const url = new URL(address)
  const path = /^\/(?:v1\/)?([\w./-]{1,200})\/keys\/([\w.-]{1,200})$/.exec(url.pathname)
  const [, mount = '', key = ''] = path ?? []
  if (path === null)
    return fail('the path of the Vault URL must be /<mount>/keys/<name>, for example /transit/keys/bulkhead')
  if (url.username !== '' || url.search !== '' || url.hash !== '') {
    return fail('the Vault URL must have no user, query or fragment; the token is in token-file=…')
  }
  if (!isSafeOrigin(url)) return fail('Vault must be reached over https; http is for loopback only')
  const tokenFile =
    options.get('token-file') ?? fail('vault needs token-file=…, the path of a file with its token')
  const caFile = options.get('ca-file') ?? null
  if (!isAbsolute(tokenFile)) return fail('the path of token-file must be absolute')
  if (caFile !== null && !isAbsolute(caFile)) return fail('the path of ca-file must be absolute')
  const namespace = options.get('namespace') ?? null
  if (namespace !== null && !/^[\w./-]{1,200}$/.test(namespace))
    return fail('the namespace has characters that Vault refuses')
  return { kind: 'vault', origin: url.origin, mount, key, tokenFile, namespace, caFile }
}

function parseKms(text: string, fail: Fail): KmsSetting {
  const [arn = '', ...rest] = text.split(';')
  const options = readOptions(rest.join(';'), ['endpoint', 'profile'], fail)
  const region = KEY_ARN.exec(arn)?.[1]
  if (region === undefined) {
    return fail(
      'aws-kms needs the ARN of a key, arn:aws:kms:<region>:<account>:key/<id>; an alias could be turned to another key',
    )
  }
  const endpoint = options.get('endpoint') ?? null
  if (endpoint !== null) {
    if (!URL.canParse(endpoint)) return fail('endpoint is not a URL')
    const url = new URL(endpoint)
    if (!isSafeOrigin(url)) return fail('the endpoint must use https; http is for loopback only')
    if (url.username !== '' || url.search !== '' || url.hash !== '' || url.pathname !== '/') {
      return fail('the endpoint must be an origin, https://host[:port]')
    }
  }
  return {
    kind: 'aws-kms',
    arn,
    region,
    endpoint: endpoint === null ? null : new URL(endpoint).origin,
    profile: options.get('profile') ?? 'default',
  }
}

function readOptions(text: string, known: readonly string[], fail: Fail): ReadonlyMap<string, string> {
  const options = new Map<string, string>()
  for (const part of text.split(';')) {
    if (part.trim() === '') continue
    const at = part.indexOf('=')
    const name = part.slice(0, Math.max(at, 0)).trim()
    const value = part.slice(at + 1).trim()
    if (!known.includes(name)) fail(`"${part.slice(0, 40)}" is not an option; there are ${known.join(', ')}`)
    if (value === '') fail(`${name} is empty`)
    if (options.has(name)) fail(`${name} is given twice`)
    options.set(name, value)
  }
  return options
}

/** Tokens and keys never cross a network in clear text. */
function isSafeOrigin(url: URL): boolean {
  if (url.protocol === 'https:') return true
  return url.protocol === 'http:' && /^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost)$/.test(url.hostname)
}
