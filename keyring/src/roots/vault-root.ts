import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { KEY_BYTES } from '../aead.ts'
import { describeError } from '../log.ts'
import type { Log } from '../log.ts'
import { Refusal } from '../refusal.ts'
import { asObject, exchangeWithRetries, quote, readBase64, readObject } from './http-exchange.ts'
import type { HttpAnswer } from './http-exchange.ts'
import { bindPlace } from './root-provider.ts'
import type { OpenRoot } from './root-provider.ts'
import type { VaultSetting } from './root-setting.ts'
import { tryRoot } from './try-root.ts'
import { keepToken } from './vault-token.ts'
import type { VaultToken } from './vault-token.ts'

const TIMEOUT_MS = 3000
const MAX_CIPHERTEXT = 4096

/** What a request to Vault came to, with what a person should do. */
class VaultFault extends Error {
  readonly status: number

  constructor(status: number, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'VaultFault'
    this.status = status
  }
}

/**
 * The root key in Vault's Transit engine (1.12 or newer, for associated_data). Throws where Vault cannot be reached, is sealed, refuses
 * the token, has no such key, or has one of another type. The id is the key's name and the moment at which it was made, so that a key
 * that was deleted and made again is another root; `known` holds ids in the database, for keys whose first version is archived.
 */
export async function openVaultRoot(deps: {
  setting: VaultSetting
  known: readonly string[]
  log: Log
}): Promise<OpenRoot> {
  const { setting, log } = deps
  const ca = setting.caFile === null ? undefined : await readCa(setting.caFile)
  const token: VaultToken = keepToken({
    path: setting.tokenFile,
    log,
    send: (method, path, body) => send(method, path, body),
  })

  async function once(method: 'GET' | 'POST', path: string, body: object | null): Promise<HttpAnswer> {
    const text = body === null ? undefined : Buffer.from(JSON.stringify(body))
    return exchangeWithRetries(async () => ({
      method,
      url: new URL(`/v1/${path}`, setting.origin),
      headers: {
        'x-vault-token': await token.read(),
        'x-vault-request': 'true',
        ...(setting.namespace === null ? {} : { 'x-vault-namespace': setting.namespace }),
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(text === undefined ? {} : { body: text }),
      ca,
      timeoutMs: TIMEOUT_MS,
    }))
  }

  async function send(
    method: 'GET' | 'POST',
    path: string,
    body: object | null,
  ): Promise<Readonly<Record<string, unknown>>> {
    let answer: HttpAnswer
    try {
      answer = await once(method, path, body)
      // The file may hold a newer token than the one that was refused.
      if (answer.status === 403 && (await token.reread())) answer = await once(method, path, body)
    } catch (error) {
      if (error instanceof VaultFault) throw error
      throw new VaultFault(0, `Vault at ${setting.origin} cannot be reached: ${describeError(error)}`, error)
    }
    const content = readObject(answer.body)
    if (answer.status >= 200 && answer.status < 300 && content !== null) return content
    throw fault(setting, path, answer, content)
  }

  async function transit(
    operation: 'encrypt' | 'decrypt',
    body: object,
  ): Promise<Readonly<Record<string, unknown>>> {
    try {
      const content = await send('POST', `${setting.mount}/${operation}/${setting.key}`, body)
      return asObject(content['data']) ?? {}
    } catch (error) {
      if (!(error instanceof VaultFault)) throw error
      if (operation === 'decrypt' && error.status === 400) {
        throw new Refusal('refused', 'The sealed value does not open here', error)
      }
      throw new Refusal('unavailable', error.message, error)
    }
  }

  const id = await inspectKey(
    setting,
    await send('GET', `${setting.mount}/keys/${setting.key}`, null),
    deps.known,
    log,
  )
  const root: OpenRoot = {
    id,
    async wrap(place, key) {
      const data = await transit('encrypt', {
        plaintext: key.toString('base64'),
        associated_data: bindPlace(place).toString('base64'),
      })
      const ciphertext = data['ciphertext']
      if (typeof ciphertext === 'string' && isCiphertext(ciphertext)) return Buffer.from(ciphertext, 'latin1')
      throw new Refusal(
        'unavailable',
        `Vault at ${setting.origin} answers with something else than a ciphertext`,
      )
    },
    async unwrap(place, wrapped) {
      const ciphertext = wrapped.toString('latin1')
      if (!isCiphertext(ciphertext)) throw new Refusal('refused', 'The sealed value is not in a known format')
      const data = await transit('decrypt', {
        ciphertext,
        associated_data: bindPlace(place).toString('base64'),
      })
      const key = readBase64(data['plaintext'], KEY_BYTES)
      if (key?.length === KEY_BYTES) return key
      throw new Refusal('unavailable', `Vault at ${setting.origin} answers with something else than a key`)
    },
    close: async () => token.stop(),
  }
  try {
    await tryRoot(root, `Vault at ${setting.origin}`)
    await token.keepAlive()
  } catch (error) {
    token.stop()
    throw error
  }
  return root
}

async function inspectKey(
  setting: VaultSetting,
  content: Readonly<Record<string, unknown>>,
  known: readonly string[],
  log: Log,
): Promise<string> {
  const name = `The Vault key ${setting.mount}/keys/${setting.key}`
  const data = asObject(content['data'])
  const versions = asObject(data?.['keys'])
  if (data === null || versions === null) throw new Error(`${name} is described in a way that is not Vault's`)
  if (data['type'] !== 'aes256-gcm96') {
    throw new Error(`${name} is of type ${quote(String(data['type']))}: make one with type=aes256-gcm96`)
  }
  if (data['derived'] === true)
    throw new Error(`${name} is derived: make one with derived=false, the place is bound otherwise`)
  if (data['exportable'] === true || data['allow_plaintext_backup'] === true) {
    log('warn', 'The Vault key can be exported: whoever may do that has the root', { key: setting.key })
  }
  if (data['deletion_allowed'] === true) {
    log('warn', 'The Vault key may be deleted, and everything sealed with it', { key: setting.key })
  }
  const prefix = `vault:${createHash('sha256')
    .update(JSON.stringify([setting.namespace, setting.mount, setting.key]))
    .digest('hex')
    .slice(0, 16)}`
  const first = versions['1']
  if (typeof first === 'number') return `${prefix}:${first}`
  const made = Object.entries(versions)
    .filter((entry): entry is [string, number] => /^\d+$/.test(entry[0]) && typeof entry[1] === 'number')
    .sort(([left], [right]) => Number(left) - Number(right))[0]?.[1]
  if (made === undefined) throw new Error(`${name} has no version that may be used`)
  // The first version is archived (min_decryption_version), and its moment with it: the database remembers.
  const remembered = known.find(
    (id) => id.startsWith(`${prefix}:`) && Number(id.slice(prefix.length + 1)) <= made,
  )
  return remembered ?? `${prefix}:${made}`
}

function fault(
  setting: VaultSetting,
  path: string,
  answer: HttpAnswer,
  content: Readonly<Record<string, unknown>> | null,
): VaultFault {
  const errors = content?.['errors']
  const said = Array.isArray(errors) && errors.length > 0 ? `: ${quote(errors.map(String).join('; '))}` : ''
  const where = `Vault at ${setting.origin}`
  const text = ((): string => {
    if (answer.status >= 300 && answer.status < 400) {
      return `${where} redirects to ${quote(String(answer.headers.location))}, which is not followed: name the active server, or one that forwards`
    }
    switch (answer.status) {
      case 400:
        return `${where} refuses the request to ${path}${said}`
      case 403:
        return `${where} refuses the token for ${path}${said}: its policy needs update on ${setting.mount}/encrypt/${setting.key} and ${setting.mount}/decrypt/${setting.key} and read on ${setting.mount}/keys/${setting.key}, and it must not be expired; write a good one to ${setting.tokenFile}`
      case 404:
        return `${where} has nothing at ${path}: make the key (vault write -f ${setting.mount}/keys/${setting.key} type=aes256-gcm96), or mend mount, name and namespace`
      case 429:
        return `${where} throttles (429)${said}: raise its rate limit quota`
      case 503:
        return `${where} is sealed or in maintenance (503)${said}: unseal it`
      default:
        return answer.status >= 200 && answer.status < 300
          ? `${where} answers ${path} with something that is not JSON: is it Vault?`
          : `${where} answers ${answer.status} to ${path}${said}`
    }
  })()
  return new VaultFault(answer.status, text)
}

function isCiphertext(text: string): boolean {
  return text.length <= MAX_CIPHERTEXT && /^vault:v\d{1,9}:[A-Za-z0-9+/]+={0,2}$/.test(text)
}

async function readCa(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Error(`The CA file ${path} cannot be read`, { cause: error })
  })
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new Error(`The CA file ${path} holds no PEM certificate`)
  return text
}
