import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { createAuthenticator } from './authenticator.ts'
import type { SoftwareAuthenticator } from './authenticator.ts'
import type { Passkey } from './console-browser.ts'

type CreationOptions = Parameters<SoftwareAuthenticator['create']>[0]
type RequestOptions = Parameters<SoftwareAuthenticator['get']>[0]

export interface CallOptions {
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** A call of the API; the answer parsed, null for one without content. @throws Error with the answer for everything but 2xx. */
export type Call = (path: string, options?: CallOptions) => Promise<unknown>

export interface ConsolePerson {
  readonly email: string
  readonly call: Call
  /** Name and value of the session's cookie. */
  readonly cookie: () => { readonly name: string; readonly value: string }
  /** What the person's device holds, as a browser's virtual authenticator takes it. */
  readonly passkeys: () => Passkey[]
}

class Refused extends Error {
  readonly code: string

  constructor(message: string, code: string) {
    super(message)
    this.code = code
  }
}

export async function call(url: string, options: CallOptions): Promise<{ body: unknown; cookies: string[] }> {
  const response = await fetch(url, {
    method: options.method ?? (options.body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  })
  const text = await response.text()
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '')
  const body: unknown = isJson && text !== '' ? JSON.parse(text) : text === '' ? null : text
  if (!response.ok) {
    const { code } = z.looseObject({ code: z.string().default('') }).parse(isJson ? body : {})
    throw new Refused(`${options.method ?? ''} ${url}: ${response.status} ${text}`, code)
  }
  return { body, cookies: response.headers.getSetCookie() }
}

const Inbox = z.object({ data: z.array(z.looseObject({ id: z.string(), subject: z.string() })) })

/** The counter of a passkey follows the clock, because it is here and in several browsers: one that goes back is that of a copied device. */
function count(): number {
  return Math.floor(performance.now() / 10)
}

/** The token of the newest letter to an address whose link leads to `verb` and that was not there before. */
async function tokenFor(asKey: Call, email: string, verb: string): Promise<string> {
  const deadlineMs = performance.now() + 30_000
  while (performance.now() < deadlineMs) {
    const { data } = Inbox.parse(await asKey('/v1/inbox?limit=50'))
    for (const item of data.filter((one) => JSON.stringify(one).includes(email))) {
      const { text } = z.looseObject({ text: z.string() }).parse(await asKey(`/v1/inbox/${item.id}`))
      const token = new RegExp(`/account/${verb}#(bht_\\w+)`).exec(text)?.[1]
      if (token !== undefined) return token
    }
    await new Promise((done) => setTimeout(done, 150))
  }
  throw new Error(`no letter with a link to ${verb} came to ${email}`)
}

/**
 * A person who has signed up by mail, with a passkey and no password, and is signed in; made by the API, as the pages of the console make one.
 * `origin` is that of the console. Letters are read with a key, from the inbox of development.
 */
export async function signUpPerson(
  deps: { readonly origin: string; readonly asKey: Call },
  name: string,
  email = `${name.toLowerCase()}-${randomBytes(4).toString('hex')}@example.com`,
): Promise<ConsolePerson> {
  const { origin } = deps
  const device = createAuthenticator({ origin })
  let cookie: readonly [string, string] | null = null
  const once: Call = async (path, options = {}) => {
    const answer = await call(`${origin}${path}`, {
      ...options,
      headers: {
        'bulkhead-csrf': '1',
        'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140',
        ...(cookie === null ? {} : { cookie: cookie.join('=') }),
        ...options.headers,
      },
    })
    for (const text of answer.cookies) {
      const [, key = '', value = ''] = /^([^=]+)=([^;]*)/.exec(text) ?? []
      if (key === '__Host-bulkhead-session') cookie = value === '' ? null : [key, value]
    }
    return answer.body
  }
  /** Shows the passkey again where the operation wants that. */
  const asPerson: Call = async (path, options) => {
    try {
      return await once(path, options)
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== 'step_up_required') throw error
      const asked = (await once('/v1/session/step-up/options', { body: {} })) as RequestOptions
      await once('/v1/session/step-up', { body: { passkey: device.get(asked, { signCount: count() }) } })
      return once(path, options)
    }
  }
  await once('/v1/sign-up', { body: { email } })
  const token = await tokenFor(deps.asKey, email, 'sign-up')
  await once('/v1/sign-up/complete', { body: { token, name } })
  const options = (await once('/v1/account/passkeys/options', { body: {} })) as CreationOptions
  await once('/v1/account/passkeys', { body: { name: 'Laptop', response: device.create(options) } })
  return {
    email,
    call: asPerson,
    cookie: () => {
      if (cookie === null) throw new Error(`${email} is signed out`)
      return { name: cookie[0], value: cookie[1] }
    },
    passkeys: () =>
      device.credentials.map((one) => ({
        credentialId: one.id.toString('base64'),
        isResidentCredential: true,
        rpId: one.rpId,
        userHandle: Buffer.from(one.userHandle, 'base64url').toString('base64'),
        privateKey: one.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
        signCount: count(),
      })),
  }
}

/** Takes the invitation that was mailed to the person. */
export async function acceptInvitation(asKey: Call, person: ConsolePerson): Promise<void> {
  const token = await tokenFor(asKey, person.email, 'invitation')
  await person.call('/v1/invitations/accept', { body: { token } })
}
