import { randomUUID } from 'node:crypto'
import { startNoticesWorld } from '../flows/notices-fixture.ts'
import type { Established, NoticesWorld } from '../flows/notices-fixture.ts'
import { deviations, replay } from './replay.ts'

/** As the worker does it. */
const RECONCILE_MS = 10_000
const LIMIT_MS = 60_000
/** In the control arm nothing comes; this long is waited for it. */
const CONTROL_MS = 15_000
const ROGUE = 'arxxwalls.test'

interface World extends AsyncDisposable {
  readonly notices: NoticesWorld
  readonly workspaces: readonly [session: Established, key: Established, database: Established]
  readonly waitMs: number
}

interface Arrival {
  /** Milliseconds from the change to the last of the earlier owners' letters and to the webhook; Infinity: not seen. */
  readonly mailMs: number
  readonly webhookMs: number
}

interface Loot {
  readonly bySession: Arrival
  readonly byKey: Arrival
  readonly byDatabase: Arrival
  readonly alarm: Arrival
  readonly ownerAdded: Arrival
  readonly rogueMailDelivered: number
  readonly rogueMailHeld: number
  readonly lettersToRogueOwner: number
  readonly alertsToRogueHook: number
}

const PROTECTED = ['sender', 'sending_domain', 'webhook_endpoint', 'member'] as const

async function startWorld(isProtected: boolean): Promise<World> {
  const notices = await startNoticesWorld(isProtected ? { reconcileMs: RECONCILE_MS } : {})
  const workspaces = [
    await notices.established('session'),
    await notices.established('key'),
    await notices.established('database'),
  ] as const
  if (!isProtected) {
    // The control arm: a database that does not notice changes, and no comparison.
    for (const table of PROTECTED) {
      await notices.sql(`alter table ${table} disable trigger profile`)
      await notices.sql(`alter table ${table} disable trigger inert`)
    }
  }
  return {
    notices,
    workspaces,
    waitMs: isProtected ? LIMIT_MS : CONTROL_MS,
    [Symbol.asyncDispose]: () => notices[Symbol.asyncDispose](),
  }
}

/** From the change at `begin` until all earlier owners and the webhook have heard. */
async function arrival(
  { notices, waitMs }: World,
  workspace: Established,
  begin: number,
  text: string,
  isIt: (data: { kind: string; change: { kind: string } | null }) => boolean,
): Promise<Arrival> {
  let mailMs = Infinity
  let webhookMs = Infinity
  while (performance.now() - begin < waitMs && (mailMs === Infinity || webhookMs === Infinity)) {
    const now = performance.now() - begin
    if (
      mailMs === Infinity &&
      workspace.owners.every(({ email }) => notices.letters(email).some((letter) => letter.includes(text)))
    )
      mailMs = now
    if (webhookMs === Infinity && workspace.hook.received.some(({ body }) => isIt(body.data))) webhookMs = now
    await new Promise((done) => setTimeout(done, 50))
  }
  return { mailMs: Math.round(mailMs), webhookMs: Math.round(webhookMs) }
}

const changed = (kind: string) => (data: { kind: string; change: { kind: string } | null }) =>
  data.kind === 'profile.changed' && data.change?.kind === kind

/** Adds domain and sender, tries to mail from them, adds an owner and a webhook: as who has a session, a key, and the database. */
async function attack(world: World): Promise<Loot> {
  const { notices } = world
  const { api } = notices
  const [session, key, database] = world.workspaces
  const post = async (token: string, path: string, body: unknown) => {
    const answer = await api.call(token, 'POST', path, body)
    if (answer.status >= 300) throw new Error(`${path}: ${answer.text}`)
    return answer.body
  }
  const rogueMail = async (workspace: Established, token: string, from: string): Promise<string> =>
    (
      await post(token, '/v1/messages', {
        from,
        to: 'victim@reader.test',
        subject: 'Your account',
        text: 'Send your recovery words.',
        tags: [workspace.uuid],
      })
    ).id

  const hijacked = session.owners[0].token
  await post(hijacked, '/v1/domains', { name: ROGUE })
  let begin = performance.now()
  await post(hijacked, '/v1/senders', { email: `security@${ROGUE}` })
  const mails = [{ of: session, id: await rogueMail(session, hijacked, `security@${ROGUE}`) }]
  const bySession = await arrival(world, session, begin, `security@${ROGUE}`, changed('sender.added'))

  await post(key.key, '/v1/webhooks', { url: `${key.hook.url}/rogue` })
  await post(key.key, '/v1/domains', { name: ROGUE })
  begin = performance.now()
  await post(key.key, '/v1/senders', { email: `security@${ROGUE}` })
  mails.push({ of: key, id: await rogueMail(key, key.key, `security@${ROGUE}`) })
  const byKey = await arrival(world, key, begin, `security@${ROGUE}`, changed('sender.added'))
  begin = performance.now()
  const rogueOwner = await notices.owner(key.uuid, `boss@${ROGUE}`)
  const ownerAdded = await arrival(world, key, begin, 'Somebody became an owner', changed('owner.added'))
  await api.call(key.key, 'DELETE', `/v1/webhooks/${key.webhookId}`)

  begin = performance.now()
  // A sender's row whose values nobody could seal: who writes to the database has no key.
  await notices.sql(
    `insert into sending_domain (id, workspace_id, name, state, verified_at) values ($1, $2, $3, 'verified', now())`,
    [randomUUID(), database.uuid, ROGUE],
  )
  await notices.sql(
    `insert into sender (id, workspace_id, email_index, sealed_email)
     values ($1, $2, sha256('x'), '\\x01'::bytea || sha256('a') || sha256('b'))`,
    [randomUUID(), database.uuid],
  )
  const alarmed = arrival(
    world,
    database,
    begin,
    'The audit log knows of no act behind it',
    (data) => data.kind === 'profile.unexplained',
  )
  mails.push({ of: database, id: await rogueMail(database, database.key, `security@${ROGUE}`) })
  const byDatabase = await arrival(
    world,
    database,
    begin,
    `A sending domain was added: ${ROGUE}`,
    changed('domain.added'),
  )
  const alarm = await alarmed

  // Time for whatever may still go out.
  await new Promise((done) => setTimeout(done, 2_000))
  const states = await Promise.all(mails.map(async ({ of, id }) => (await of.get(id)).states))
  return {
    bySession,
    byKey,
    byDatabase,
    alarm,
    ownerAdded,
    rogueMailDelivered: states.filter((state) => state.delivered === 1).length,
    rogueMailHeld: states.filter((state) => state.held === 1).length,
    lettersToRogueOwner: notices.letters(rogueOwner.email).length,
    alertsToRogueHook: (
      await notices.sql(`select 1 from notices.notice where url like '%/rogue' and state = 'sent'`)
    ).length,
  }
}

replay<World, Loot>(
  {
    id: 'M-06',
    source: 'Mailchimp 2022 [M:13-15], DigitalOcean [D:27]',
    attack: 'hijacked session, API key or database → adds a sender, domain, owner and webhook of its own',
    bound:
      'all earlier owners by mail and the earlier webhook hear within 60 s; mail from it is held; the new owner and webhook hear nothing; without an act in the audit log: an alarm within 60 s',
    control: 'the database does not notice changes: the mail goes out and nobody hears',
  },
  {
    real: () => startWorld(true),
    control: () => startWorld(false),
    attack,
    judge: (loot) => {
      const arrivals = Object.entries({
        session: loot.bySession,
        key: loot.byKey,
        database: loot.byDatabase,
        alarm: loot.alarm,
        owner: loot.ownerAdded,
      })
      const late = arrivals.flatMap(([who, { mailMs, webhookMs }]) => [
        ...(mailMs <= LIMIT_MS ? [] : [`${who}: not all earlier owners were mailed within 60 s`]),
        ...(webhookMs <= LIMIT_MS ? [] : [`${who}: the earlier webhook was not told within 60 s`]),
      ])
      return {
        breaches: [
          ...late,
          ...deviations(
            { rogueMailDelivered: 0, rogueMailHeld: 3, lettersToRogueOwner: 0, alertsToRogueHook: 0 },
            { ...loot },
          ),
        ],
        evidence: {
          ...Object.fromEntries(
            arrivals.flatMap(([who, { mailMs, webhookMs }]) => [
              [`${who}MailMs`, String(mailMs)],
              [`${who}WebhookMs`, String(webhookMs)],
            ]),
          ),
          rogueMailHeld: loot.rogueMailHeld,
          rogueMailDelivered: loot.rogueMailDelivered,
        },
      }
    },
    succeeded: (loot) => {
      // Of a domain written into the database there is no DKIM key: nobody but the keyring makes one.
      if (loot.rogueMailDelivered < 2) throw new Error('the rogue mail must go out without the protection')
      if (loot.bySession.mailMs !== Infinity || loot.byDatabase.webhookMs !== Infinity)
        throw new Error('nobody must hear without the protection')
    },
    close: (world) => world[Symbol.asyncDispose](),
    timeoutMs: 600_000,
  },
)
