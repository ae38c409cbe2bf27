import { randomInt } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { until } from './installation.ts'
import type { Installation } from './installation.ts'
import type { JournallingSink } from './sink.ts'
import type { HttpAnswer } from './http.ts'

/** Somebody who signed up through the doors of the product. Needs `BULKHEAD_TRUSTED_PROXIES: '127.0.0.1,::1'`. */
export interface Citizen {
  readonly email: string
  readonly password: string
  /** In base32, as the authenticator app has it. */
  readonly seed: string
  readonly recoveryCodes: readonly string[]
  /** One-time tokens of the letters so far. */
  readonly links: readonly string[]
  /** Of a full session. */
  readonly token: string
  /** Sessions before: enrolment. */
  readonly earlierTokens: readonly string[]
  call(method: string, path: string, body?: unknown): Promise<HttpAnswer>
}

/** The letters to an address, decoded as far as links need it. */
export type Letters = (email: string) => Promise<readonly string[]>

/** Letters that the local inbox of the first workspace got. */
export function lettersInInbox({ http }: Installation): Letters {
  return async (email) => {
    const { body } = await http.call('GET', '/v1/inbox?limit=100')
    const rows: readonly { id: string }[] = body?.data ?? []
    const mails = await Promise.all(rows.map(async ({ id }) => http.call('GET', `/v1/inbox/${id}`)))
    // Checks of the mail name its links too, shortened: the letter itself is what is read.
    return mails
      .filter(({ text }) => text.includes(email))
      .map(({ body: mail }) => plain(String(mail?.text ?? '')))
  }
}

/** Letters that came to the sink. */
export function lettersInSink(sink: JournallingSink): Letters {
  return async (email) =>
    (await sink.messages(2_000))
      .filter(({ raw }) => raw.includes(email))
      .map(({ raw }) => plain(raw.toString('utf8')))
}

const plain = (text: string): string => text.replaceAll('=\r\n', '').replaceAll('=\n', '')

/** The newest one-time token in letters to an address that is none of `but`. */
export async function linkTo(letters: Letters, email: string, but: readonly string[] = []): Promise<string> {
  let found = ''
  await until(`a link to ${email}`, 30_000, async () => {
    const links = (await letters(email)).flatMap((text) => text.match(/bht_[0-9A-Za-z_]+/g) ?? [])
    found = links.findLast((link) => !but.includes(link)) ?? ''
    return found !== ''
  })
  return found
}

/** Signs somebody up: letter, link, password, authenticator app, recovery codes, workspace. */
export async function signUp(
  installation: Installation,
  letters: Letters,
  wish: {
    readonly email: string
    readonly password: string
    readonly name: string
    readonly workspaceName: string
    readonly address?: string
    readonly userAgent?: string
  },
): Promise<Citizen> {
  const headers = {
    'x-forwarded-for': wish.address ?? `198.18.${randomInt(256)}.${randomInt(256)}`,
    'user-agent': wish.userAgent ?? 'test',
  }
  const ask = async (key: string, method: string, path: string, body?: unknown): Promise<HttpAnswer> =>
    installation.http.call(method, path, { key, headers, ...(body === undefined ? {} : { body }) })
  const must = async (key: string, path: string, body: unknown) => {
    const answer = await ask(key, 'POST', path, body)
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`)
    return answer.body
  }
  await must('', '/v1/sign-up', { email: wish.email })
  const link = await linkTo(letters, wish.email)
  const { email: _, address: __, userAgent: ___, ...wanted } = wish
  const enrolling = (await must('', '/v1/sign-up/complete', { token: link, ...wanted, transport: 'token' }))
    .token
  const { secret } = await must(enrolling, '/v1/account/totp', {})
  const app = new TOTP({ secret: Secret.fromBase32(secret) })
  const confirmed = await must(enrolling, '/v1/account/totp/confirm', {
    code: app.generate(),
  })
  const token: string = confirmed.session.token
  const { recoveryCodes } = await must(token, '/v1/account/recovery-codes', {})
  return {
    email: wish.email,
    password: wish.password,
    seed: secret,
    recoveryCodes,
    links: [link],
    token,
    earlierTokens: [enrolling],
    call: (method, path, body) => ask(token, method, path, body),
  }
}
