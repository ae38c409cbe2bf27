import { startApi } from '../flows/api-fixture.ts'
import type { ApiFixture } from '../flows/api-fixture.ts'
import { alterFunction } from '../support/altered-api.ts'
import { aBrowser, aPerson } from '../support/people.ts'
import { deviations, replay } from './replay.ts'

const WORKSPACES = 5

interface Loot {
  readonly workspaces: number
  /** Log-ins that the password alone finished. */
  readonly full: number
  /** Workspaces that were entered without a second factor. */
  readonly entered: number
}

/** Nobody has changed any setting: workspaces and owners are as they are made. */
async function attack(api: ApiFixture): Promise<Loot> {
  let full = 0
  let entered = 0
  for (let n = 0; n < WORKSPACES; n++) {
    const workspace = (await api.workspace()).id
    const owner = await aPerson(api, { memberOf: [{ workspace }] })
    const at = aBrowser(api, `198.51.100.${n}`)
    const begun = await at.call('POST', '/v1/log-in', { email: owner.email, password: owner.password })
    if (begun.body.session?.level === 'full') full += 1
    if ((await at.call('GET', '/v1/workspace')).status === 200) entered += 1
  }
  return { workspaces: WORKSPACES, full, entered }
}

replay<ApiFixture, Loot>(
  {
    id: 'S-12',
    source: 'S:27',
    attack:
      'whoever has the passwords of owners who never looked at a setting → logs in with the password alone',
    bound: '0 workspaces are entered: a second factor is demanded unless somebody turns it off',
    control: 'a second factor is advised and not demanded where nobody has decided: every workspace opens',
  },
  {
    real: () => startApi({ trustedProxies: ['127.0.0.1'] }),
    control: async () => {
      const api = await startApi({ trustedProxies: ['127.0.0.1'] })
      await alterFunction(
        api,
        'sign_in_facts',
        "bool_and(coalesce(y.second_factor, 'required') = 'optional')",
        "bool_and(coalesce(y.second_factor, 'optional') = 'optional')",
      )
      await alterFunction(
        api,
        'find_session',
        "coalesce(y.second_factor, 'required')",
        "coalesce(y.second_factor, 'optional')",
      )
      return api
    },
    attack,
    judge: (loot) => ({ breaches: deviations({ full: 0, entered: 0 }, { ...loot }), evidence: { ...loot } }),
    succeeded({ entered }) {
      if (entered !== WORKSPACES) throw new Error(`${entered} of ${WORKSPACES} opened`)
    },
    close: (api) => api[Symbol.asyncDispose](),
  },
)
