import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { createAccess, createCredentialPepper } from '../../src/security/access/index.ts'
import { attachSmtp } from '../constellation/smtp.ts'
import { startApi } from '../flows/api-fixture.ts'
import type { ApiFixture } from '../flows/api-fixture.ts'
import { startStaff } from '../flows/staff-fixture.ts'
import type { StaffFixture } from '../flows/staff-fixture.ts'
import { startTestSubmission } from '../flows/submission-fixture.ts'
import type { SubmissionFixture } from '../flows/submission-fixture.ts'
import { deviations, replay } from './replay.ts'

/** Where the rightful owner is: the tests can come from 127.0.0.2 on a socket, and from the others behind a proxy. */
const NETWORKS = ['192.0.2.0/24', '2001:db8:1::/48', '127.0.0.2']
const INSIDE = ['192.0.2.1', '192.0.2.255', '::ffff:192.0.2.9', '2001:db8:1::9', '2001:0DB8:0001:ffff::1']
const OUTSIDE = [
  '192.0.3.1',
  '198.51.100.7',
  '::ffff:198.51.100.7',
  '2001:db8:2::1',
  '2001:db8::1',
  '::192.0.2.9',
  '64:ff9b::192.0.2.9',
  '::1',
  '10.0.0.1',
  '127.0.0.1',
]
/** What a thief may write into the header himself; the proxy puts his address behind it. */
const SPOOFED = [
  '192.0.2.1',
  '192.0.2.1, 192.0.2.1',
  '127.0.0.2',
  '::ffff:192.0.2.1',
  '[192.0.2.1]',
  'unknown, 192.0.2.1',
]
const THIEF = '198.51.100.7'

interface World extends AsyncDisposable {
  readonly proxied: ApiFixture
  readonly direct: ApiFixture
  readonly submission: SubmissionFixture
  readonly staff: StaffFixture
  readonly staffBehindProxy: StaffFixture
  readonly allowedCidrs: readonly string[]
}

interface Loot {
  /** Door and address through which a stolen secret opened something. */
  readonly opened: readonly string[]
  /** The rightful owner who was refused. */
  readonly shutOut: readonly string[]
  readonly tried: number
  /** Every refusal of a door, as one text each. */
  readonly refusals: ReadonlyMap<string, ReadonlySet<string>>
}

async function startWorld(allowedCidrs: readonly string[]): Promise<World> {
  const proxied = await startApi({ trustedProxies: ['127.0.0.1'] })
  const direct = await startApi()
  const submission = await startTestSubmission(proxied)
  const staff = await startStaff(direct, { allow: allowedCidrs })
  const staffBehindProxy = await startStaff(proxied, { allow: allowedCidrs, proxies: ['127.0.0.1'] })
  return {
    proxied,
    direct,
    submission,
    staff,
    staffBehindProxy,
    allowedCidrs,
    async [Symbol.asyncDispose]() {
      await staff[Symbol.asyncDispose]()
      await staffBehindProxy[Symbol.asyncDispose]()
      await submission[Symbol.asyncDispose]()
      await proxied[Symbol.asyncDispose]()
      await direct[Symbol.asyncDispose]()
    },
  }
}

/** Status and words of an answer, without what is the request's own. */
async function ask(url: string, key: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${key}`, ...headers } })
  const text = await response.text()
  return response.ok ? 'open' : `${response.status} ${text.replace(/"requestId":"[^"]*"/, '')}`
}

async function logIn(
  world: World,
  localAddress: string,
  username: string,
  password: string,
): Promise<string> {
  const plain = connect({ host: '127.0.0.1', port: world.submission.ports.implicit, localAddress })
  const socket = connectTls({ socket: plain, rejectUnauthorized: false })
  await using wire = attachSmtp(socket)
  await wire.reply()
  await wire.command('EHLO client.test')
  const token = Buffer.from(`\0${username}\0${password}`).toString('base64')
  const answer = await wire.command(`AUTH PLAIN ${token}`)
  return answer.code === 235 ? 'open' : answer.text
}

async function attack(world: World): Promise<Loot> {
  const opened: string[] = []
  const shutOut: string[] = []
  const refusals = new Map<string, Set<string>>()
  let tried = 0
  const note = (door: string, address: string, isOwner: boolean, answer: string): void => {
    tried += 1
    if (answer !== 'open') refusals.set(door, (refusals.get(door) ?? new Set()).add(answer))
    if (!isOwner && answer === 'open') opened.push(`${door} from ${address}`)
    if (isOwner && answer !== 'open') shutOut.push(`${door} from ${address}: ${answer}`)
  }
  const make = async (api: ApiFixture, path: string) => {
    const { key } = await api.workspace()
    return (await api.call(key, 'POST', path, { name: 'x', allowedCidrs: world.allowedCidrs })).body
  }

  const { key } = await make(world.proxied, '/v1/api-keys')
  const messages = `${world.proxied.url}/v1/messages`
  for (const address of INSIDE)
    note('api', address, true, await ask(messages, key, { 'x-forwarded-for': address }))
  for (const address of OUTSIDE)
    note('api', address, false, await ask(messages, key, { 'x-forwarded-for': address }))
  for (const chain of SPOOFED)
    note(
      'api',
      `${chain} (written)`,
      false,
      await ask(messages, key, { 'x-forwarded-for': `${chain}, ${THIEF}` }),
    )
  // Without a proxy the header is nobody's word.
  const plain = await make(world.direct, '/v1/api-keys')
  for (const chain of SPOOFED) {
    const headers = { 'x-forwarded-for': chain, 'x-real-ip': '192.0.2.1', forwarded: 'for=192.0.2.1' }
    note(
      'api',
      `${chain} (no proxy)`,
      false,
      await ask(`${world.direct.url}/v1/messages`, plain.key, headers),
    )
  }

  const login = await make(world.proxied, '/v1/smtp-credentials')
  note('smtp', '127.0.0.2', true, await logIn(world, '127.0.0.2', login.username, login.password))
  note('smtp', '127.0.0.1', false, await logIn(world, '127.0.0.1', login.username, login.password))
  note('smtp', '127.0.0.1 by key', false, await logIn(world, '127.0.0.1', 'any', key))
  note('smtp', '127.0.0.2 by key', true, await logIn(world, '127.0.0.2', 'any', key))
  const access = createAccess({
    pool: world.proxied.database.pool('bulkhead_smtp'),
    pepper: createCredentialPepper({ keyring: world.proxied.keyring('smtp'), name: 'credential' }),
  })
  for (const [addresses, isOwner] of [
    [INSIDE, true],
    [OUTSIDE, false],
  ] as const) {
    for (const address of addresses) {
      const answer = await access
        .authenticateSmtp(login.username, login.password, { address, userAgent: null })
        .then(
          () => 'open',
          (error: { detail: string }) => error.detail,
        )
      note('smtp look-up', address, isOwner, answer)
    }
  }
  await access.close()

  const staffKey = world.direct.operatorKey
  note(
    'staff',
    '127.0.0.1',
    false,
    await ask(`${world.staff.url}/v1/processes`, staffKey, { 'x-forwarded-for': '192.0.2.1' }),
  )
  const proxiedStaff = `${world.staffBehindProxy.url}/v1/processes`
  const { operatorKey } = world.proxied
  for (const address of INSIDE)
    note('staff', address, true, await ask(proxiedStaff, operatorKey, { 'x-forwarded-for': address }))
  for (const address of OUTSIDE) {
    note('staff', address, false, await ask(proxiedStaff, operatorKey, { 'x-forwarded-for': address }))
    // Before authentication: a wrong key, and none, read like the right one.
    if (world.allowedCidrs.length > 0)
      note(
        'staff',
        `${address} (wrong key)`,
        false,
        await ask(proxiedStaff, 'wrong', { 'x-forwarded-for': address }),
      )
  }
  for (const chain of SPOOFED)
    note(
      'staff',
      `${chain} (written)`,
      false,
      await ask(proxiedStaff, operatorKey, { 'x-forwarded-for': `${chain}, ${THIEF}` }),
    )
  return { opened, shutOut, tried, refusals }
}

replay<World, Loot>(
  {
    id: 'S-09b',
    source: 'SendGrid 2015: ranges of addresses [S:31]; here for API keys, SMTP and staff',
    attack:
      'a stolen API key, SMTP password and operator key, from outside of their networks, with every header that claims otherwise',
    bound:
      'open nothing, in IPv4, IPv6 and IPv4 in IPv6; every refusal of a door reads the same; the owner gets in',
    control: 'the same secrets without networks: they open everything from everywhere',
  },
  {
    real: () => startWorld(NETWORKS),
    control: () => startWorld([]),
    attack,
    judge: (loot) => ({
      breaches: [
        ...deviations(
          { opened: 0, shutOut: 0 },
          { opened: loot.opened.length, shutOut: loot.shutOut.length },
        ),
        ...loot.opened.map((item) => `opened: ${item}`),
        ...[...loot.refusals]
          .filter(([, texts]) => texts.size !== 1)
          .map(([door, texts]) => `${door} refuses in ${texts.size} ways: ${[...texts].join(' | ')}`),
      ],
      evidence: {
        tried: loot.tried,
        opened: loot.opened.join('; ') || 'none',
        shutOut: loot.shutOut.join('; ') || 'none',
      },
    }),
    succeeded(loot) {
      const doors = new Set(loot.opened.map((item) => item.split(' ')[0]))
      if (['api', 'smtp', 'staff'].some((door) => !doors.has(door)))
        throw new Error('without networks every door should have opened')
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
