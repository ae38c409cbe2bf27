import { Secret, TOTP } from 'otpauth'
import { aClient, aPassword, aSession, kindsTo, linkIn } from '../flows/accounts-fixture.ts'
import { startApi } from '../flows/api-fixture.ts'
import type { ApiFixture } from '../flows/api-fixture.ts'
import { aPerson, lettersTo } from '../support/people.ts'
import type { Browser, TestPerson } from '../support/people.ts'
import { alterFunction } from './altered-function.ts'
import { deviations, replay } from './replay.ts'

const VICTIMS = 8

interface World {
  readonly api: ApiFixture
  readonly workspace: string
  readonly victims: readonly TestPerson[]
  /** Without any second factor, in the same workspace, whose policy nobody has touched. */
  readonly passwordOnly: TestPerson
}

interface Loot {
  readonly resets: number
  readonly sessionsOfResets: number
  readonly factorsDropped: number
  /** Sessions in which the attacker read the workspace. */
  readonly workspacesOpened: number
  readonly oldSessionsAlive: number
  readonly ownersNotTold: number
  readonly linksUsedTwice: number
  readonly passwordOnlyOpened: number
}

async function startWorld(isProtected: boolean): Promise<World> {
  const api = await startApi({ trustedProxies: ['127.0.0.1'] })
  if (!isProtected)
    await alterFunction(
      api.database,
      'set_password',
      'perform engine.revoke_sessions(p_person, null, p_keep);',
      'perform engine.drop_factors(p_person);',
    )
  const { id: workspace } = await api.workspace()
  const memberOf = [{ workspace, role: 'developer' }]
  return {
    api,
    workspace,
    victims: await Promise.all(Array.from({ length: VICTIMS }, () => aPerson(api, { totp: true, memberOf }))),
    passwordOnly: await aPerson(api, { memberOf }),
  }
}

/** Whoever has mailbox and password goes as far as the log-in lets him: he reads mailed codes and adds a factor of his own. */
async function enter(api: ApiFixture, at: Browser, person: TestPerson, password: string): Promise<boolean> {
  let step = await at.call('POST', '/v1/log-in', { email: person.email, password })
  if (step.body?.next === 'email_code') {
    const letters = await lettersTo(api, person.email)
    const code = /\b(\d{4}[ -]?\d{4})\b/.exec(letters.at(-1)?.text ?? '')?.[1] ?? ''
    step = await at.call('POST', '/v1/log-in/email-code', { challenge: step.body.challenge, code })
  }
  if (step.body?.next === 'enrol') {
    const begun = await at.call('POST', '/v1/account/totp', {})
    if (begun.status === 201) {
      const app = new TOTP({ secret: Secret.fromBase32(begun.body.secret), period: 30, digits: 6 })
      await at.call('POST', '/v1/account/totp/confirm', { code: app.generate() })
    }
  }
  return (await at.call('GET', '/v1/workspace')).status === 200
}

async function attack({ api, victims, passwordOnly }: World): Promise<Loot> {
  const loot = {
    resets: 0,
    sessionsOfResets: 0,
    factorsDropped: 0,
    workspacesOpened: 0,
    oldSessionsAlive: 0,
    ownersNotTold: 0,
    linksUsedTwice: 0,
  }
  for (const victim of victims) {
    const stolen = await aSession(api, victim.id)
    const at = aClient(api)
    await at.call('POST', '/v1/password-reset', { email: victim.email })
    const token = await linkIn(api, victim.email, 'reset')
    const password = aPassword()
    const { status, setCookies, text } = await at.call('POST', '/v1/password-reset/complete', {
      token,
      password,
    })
    if (status === 204) loot.resets += 1
    if (setCookies.length > 0 || text.includes('bhu_') || at.cookies.size > 0) loot.sessionsOfResets += 1
    const again = await at.call('POST', '/v1/password-reset/complete', { token, password: aPassword() })
    if (again.status === 204) loot.linksUsedTwice += 1
    if ((await api.persons.factors.state(victim.id)).totp === null) loot.factorsDropped += 1
    if ((await api.call(stolen, 'GET', '/v1/account')).status === 200) loot.oldSessionsAlive += 1
    if (!(await kindsTo(api, victim.email)).includes('password_changed')) loot.ownersNotTold += 1
    if (await enter(api, at, victim, password)) loot.workspacesOpened += 1
  }
  // A password and nothing else, without anybody's mailbox: a new workspace asks for a second factor.
  const at = aClient(api)
  await at.call('POST', '/v1/log-in', { email: passwordOnly.email, password: passwordOnly.password })
  const passwordOnlyOpened = (await at.call('GET', '/v1/workspace')).status === 200 ? 1 : 0
  return { ...loot, passwordOnlyOpened }
}

replay<World, Loot>(
  {
    id: 'D-04',
    source: 'D:31, D:47',
    attack:
      'whoever has the mailboxes of 8 people, and a session stolen from each → resets their passwords and signs in with the new ones',
    bound:
      'no second factor is dropped, no session is made by a reset, the stolen ones are dead, every owner is told, and no workspace opens: the second factor is still asked for',
    control: 'the reset drops the factors and leaves the sessions: every workspace opens',
  },
  {
    real: () => startWorld(true),
    control: () => startWorld(false),
    attack,
    judge: (loot) => ({
      breaches: deviations(
        {
          resets: VICTIMS,
          sessionsOfResets: 0,
          factorsDropped: 0,
          workspacesOpened: 0,
          oldSessionsAlive: 0,
          ownersNotTold: 0,
          linksUsedTwice: 0,
          passwordOnlyOpened: 0,
        },
        { ...loot },
      ),
      evidence: { ...loot },
    }),
    succeeded(loot) {
      if (
        loot.workspacesOpened !== VICTIMS ||
        loot.factorsDropped !== VICTIMS ||
        loot.oldSessionsAlive !== VICTIMS
      )
        throw new Error(`the attack got ${JSON.stringify(loot)}`)
    },
    close: ({ api }) => api[Symbol.asyncDispose](),
  },
)
