import { randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { createHttp } from '../constellation/http.ts'
import type { HttpAnswer } from '../constellation/http.ts'
import { operatorKey } from '../constellation/database.ts'
import { startInstallation } from '../constellation/installation.ts'
import { eventually } from '../flows/engine-fixture.ts'
import { tokenOf } from '../flows/accounts-fixture.ts'
import type { Installation } from '../constellation/installation.ts'
import { alterProduct } from '../support/altered-product.ts'
import type { AlteredProduct } from '../support/altered-product.ts'
import { createScan } from '../support/plaintext-scan/places.ts'
import type { Cells } from '../support/plaintext-scan/places.ts'
import { createSearch } from '../support/plaintext-scan/search.ts'
import { undeclared } from '../support/plaintext-scan/table.ts'
import { createCanaries } from './canaries.ts'
import type { Canaries } from './canaries.ts'
import { replay } from './replay.ts'
import { readEverything } from './responses.ts'

interface World extends AsyncDisposable {
  readonly installation: Installation
}

interface Loot {
  readonly cells: Cells
  readonly secrets: number
  readonly requests: number
  /** `operation property` of each answer in the OpenAPI document that is named like a secret. */
  readonly promised: readonly string[]
}

const EACH = 20

/** Where a secret is made it is shown, once. */
const SHOWN_WHERE_MADE = [
  // A session, where a program asked for it as a token; a browser has it in a cookie.
  'account.completeRecovery token',
  'account.completeSignUp token',
  'apiKeys.create key',
  'apiKeys.rotate key',
  'factors.beginTotp secret',
  'factors.makeRecoveryCodes recoveryCodes',
  'factors.addPasskey token',
  'factors.confirmTotp token',
  // Not a secret: what a preview counted, signed, so that an act is on what was shown; and the names of limits.
  'installationQueueActs.preview token',
  'queueActs.preview token',
  'installationQueue.get key',
  'queue.get key',
  'shaping.explain key',
  'shaping.resolve key',
  // Not a secret: the digest of what a version of a template says, which its readers see anyway.
  'templates.create hash',
  'templates.createVersion hash',
  'templates.duplicate hash',
  'templates.get hash',
  'templates.getVersion hash',
  'templates.listVersions hash',
  'templates.publish hash',
  'templates.updateVersion hash',
  'federation.exchange key',
  'firstRun.complete token',
  'logIn.confirmEmailCode token',
  'logIn.showSecondFactor token',
  'logIn.withPasskey token',
  'logIn.withPassword token',
  'smtpCredentials.create password',
  'smtpCredentials.rotate password',
  'sso.finish token',
  'webhooks.create secret',
  'webhooks.rotateSecret secret',
  'workspaces.create key',
]

async function startWorld(altered?: AlteredProduct): Promise<World> {
  const installation = await startInstallation(altered === undefined ? {} : { root: altered.root })
  return {
    installation,
    async [Symbol.asyncDispose]() {
      await installation[Symbol.asyncDispose]()
      altered?.[Symbol.dispose]()
    },
  }
}

async function askForSecrets({ installation }: World): Promise<Loot> {
  const { http, apiKey, apiUrl, dataDirectory } = installation
  const post = async (path: string, body: unknown, key = apiKey) => {
    const answer = await http.call('POST', path, { body, key })
    if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.text}`)
    return answer.body
  }
  const canaries = createCanaries()
  const operator = operatorKey(dataDirectory)
  canaries.adopt('first API key', secretPart(apiKey))
  const neighbour = (await post('/v1/workspaces', { name: 'Neighbour' }, operator)).apiKey.key
  canaries.adopt('API key', secretPart(neighbour))
  const webhooks: string[] = []
  const keys: string[] = []
  const credentials: string[] = []
  for (let i = 0; i < EACH; i++) {
    const key = await post('/v1/api-keys', { name: `key ${i}` })
    canaries.adopt('API key', secretPart(key.key))
    const successor = await post(`/v1/api-keys/${key.id}/rotate`, { overlapHours: 1 })
    canaries.adopt('API key', secretPart(successor.key))
    keys.push(key.id, successor.id)
    const credential = await post('/v1/smtp-credentials', { name: `credential ${i}` })
    canaries.adopt('SMTP password', credential.password)
    const next = await post(`/v1/smtp-credentials/${credential.id}/rotate`, { overlapHours: 1 })
    canaries.adopt('SMTP password', next.password)
    credentials.push(credential.id, next.id)
    const webhook = await post('/v1/webhooks', { url: 'https://hooks.example.com/x' })
    canaries.adopt('webhook secret', webhook.secret.slice('whsec_'.length))
    const rotated = await post(`/v1/webhooks/${webhook.id}/rotate-secret`, {})
    canaries.adopt('webhook secret', rotated.secret.slice('whsec_'.length))
    // The authentication key of a vendor's format is text as it is.
    const vendors = await post('/v1/webhooks', { url: 'https://hooks.example.com/x', format: 'mandrill' })
    canaries.adopt('webhook secret', vendors.secret)
    webhooks.push(webhook.id, vendors.id)
  }

  const session = await becomePerson(post, http, canaries)
  const scan = createScan(createSearch(canaries.all()))
  let requests = 0
  for (const [who, key] of [
    ['owner', apiKey],
    ['neighbour', neighbour],
    ['operator', operator],
    ['person', session],
  ] as const) {
    requests += await readEverything(createHttp(apiUrl, key), key, (path, text) =>
      scan.bytes(who, path, Buffer.from(text)),
    )
  }
  // Whatever else answers: changes, tests, ends, and what is refused.
  const act = async (method: string, path: string, body?: unknown): Promise<void> => {
    requests += 1
    const answer = await http.call(method, path, body === undefined ? {} : { body })
    scan.bytes('acts', `${method} ${path}`, Buffer.from(answer.text))
  }
  for (const id of webhooks) {
    await act('PATCH', `/v1/webhooks/${id}`, { description: 'changed' })
    await act('POST', `/v1/webhooks/${id}/test`, {})
    await act('PATCH', `/v1/webhooks/${id}`, { secret: 'whsec_x' })
    await act('DELETE', `/v1/webhooks/${id}`)
  }
  for (const id of keys) await act('DELETE', `/v1/api-keys/${id}`)
  for (const id of credentials) await act('DELETE', `/v1/smtp-credentials/${id}`)
  scan.bytes('logs', 'output', Buffer.from(installation.output()))
  const document: unknown = (await http.call('GET', '/v1/openapi.json')).body
  return { cells: scan, secrets: canaries.all().length, requests, promised: secretsPromised(document) }
}

/**
 * Signs up by the letter in the local inbox, adds an authenticator app and recovery codes, and logs in: with each way to a secret that
 * needs no browser. Answers a session with everything open to an owner.
 */
async function becomePerson(
  post: (path: string, body: unknown, key?: string) => Promise<HttpAnswer['body']>,
  http: Installation['http'],
  canaries: Canaries,
): Promise<string> {
  const email = `${randomBytes(6).toString('hex')}@people.test`
  const password = canaries.adopt('password', randomBytes(16).toString('hex'))
  await post('/v1/sign-up', { email })
  const link = await eventually(
    async () => {
      const { body } = await http.call('GET', '/v1/inbox?limit=100')
      const letter = body.data.find(({ to }: { to: string[] }) => to.includes(email))
      if (letter === undefined) return undefined
      return tokenOf((await http.call('GET', `/v1/inbox/${letter.id}`)).body.text) ?? undefined
    },
    'the letter with the link',
    30_000,
  )
  const asToken = { transport: 'token' }
  const adopt = (token: string): string => {
    canaries.adopt('session', secretPart(token))
    return token
  }
  const enrolling = await post('/v1/sign-up/complete', {
    token: link,
    password,
    workspaceName: 'Own',
    ...asToken,
  })
  const first = adopt(enrolling.token)
  const begun = await post('/v1/account/totp', {}, first)
  canaries.adopt('seed of an authenticator app', begun.secret)
  const code = new TOTP({ secret: Secret.fromBase32(begun.secret) }).generate()
  const confirmed = await post('/v1/account/totp/confirm', { code }, first)
  const whole = adopt(confirmed.session.token)
  const { recoveryCodes } = await post('/v1/account/recovery-codes', {}, whole)
  for (const item of recoveryCodes) canaries.adopt('recovery code', item)
  const { challenge } = await post('/v1/log-in', { email, password, ...asToken })
  const [recoveryCode] = recoveryCodes
  const shown = await post('/v1/log-in/second-factor', { challenge, recoveryCode, ...asToken })
  adopt(shown.token)
  return whole
}

function secretPart(key: string): string {
  return key.split('_')[2] ?? ''
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (part, name) => (typeof part === 'object' && part !== null ? Reflect.get(part, name) : undefined),
    value,
  )
}

/** Every property of a successful answer whose name says that it holds a secret. */
function secretsPromised(document: unknown): string[] {
  const found: string[] = []
  const walk = (operation: string, schema: unknown, seen: ReadonlySet<unknown>): void => {
    if (typeof schema !== 'object' || schema === null || seen.has(schema)) return
    const deeper = new Set([...seen, schema])
    const reference = at(schema, '$ref')
    if (typeof reference === 'string') {
      walk(operation, at(document, ...reference.slice(2).split('/')), deeper)
    }
    for (const [name, property] of Object.entries(at(schema, 'properties') ?? {})) {
      const isNamedSo = /^key$|(secret|password|private_?key|token|hash|seed|recovery_?codes?)$/i.test(name)
      // Whether there is one is no secret: hasPassword.
      if (isNamedSo && at(property, 'type') !== 'boolean') found.push(`${operation} ${name}`)
    }
    for (const part of Object.values(schema)) walk(operation, part, deeper)
  }
  for (const methods of Object.values(at(document, 'paths') ?? {})) {
    for (const operation of Object.values(methods ?? {})) {
      const id = at(operation, 'operationId')
      for (const [status, answer] of Object.entries(at(operation, 'responses') ?? {})) {
        if (status.startsWith('2')) walk(String(id), answer, new Set())
      }
    }
  }
  return [...new Set(found)].sort()
}

replay<World, Loot>(
  {
    id: 'M-15',
    source: 'Mailchimp 2022, keys taken through the support tool',
    attack:
      'owner, neighbour or operator key → asks every route for keys, passwords and secrets that exist already',
    bound: '0 secrets in any answer after the one that made it; no route promises one in OpenAPI',
    control: 'keys are minted with their whole text as the public prefix: every living key is in the list',
  },
  {
    real: () => startWorld(),
    control: () =>
      startWorld(
        alterProduct([
          {
            file: 'server/src/security/access/key-format.ts',
            find: 'checksum(body)}`\n  return { key: new Redacted(key), prefix, hash',
            replace: 'checksum(body)}`\n  return { key: new Redacted(key), prefix: key, hash',
          },
        ]),
      ),
    attack: askForSecrets,
    judge: ({ cells, secrets, requests, promised }) => ({
      breaches: [
        ...undeclared(cells, { 'first API key': { logs: 'the first start shows it, once' } }),
        ...promised
          .filter((entry) => !SHOWN_WHERE_MADE.includes(entry))
          .map((entry) => `OpenAPI promises a secret: ${entry}`),
        ...SHOWN_WHERE_MADE.filter((entry) => !promised.includes(entry)).map(
          (entry) => `the search in OpenAPI is blind: ${entry} is not seen`,
        ),
      ],
      evidence: {
        secrets,
        requests,
        classesShown: [...cells.found.keys()].filter((kind) => kind !== 'first API key').length,
      },
    }),
    succeeded({ cells }) {
      const shown = cells.found.get('API key')?.get('owner')?.size ?? 0
      if (shown < EACH) throw new Error(`only ${shown} keys were shown`)
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
