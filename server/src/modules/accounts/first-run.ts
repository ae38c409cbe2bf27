import { timingSafeEqual } from 'node:crypto'
import { parseAddress } from '../../kernel/email-address.ts'
import { invalidField } from '../../kernel/faults.ts'
import { decodeId } from '../../kernel/ids.ts'
import type { Client } from '../../platform/http/operation.ts'
import { hashSecret, isOneTimeToken, mintOneTimeToken } from '../../security/access/index.ts'
import type { NewSession } from '../sessions/index.ts'
import type { AccountsDependencies } from './accounts-deps.ts'
import type { AddressVault } from './address-vault.ts'
import type { MakePerson } from './make-person.ts'
import { deadLink } from './one-time-tokens.ts'
import type { OneTimeTokens } from './one-time-tokens.ts'
import { issueProof } from './prove-address.ts'
import { takeTry } from './tries.ts'

/** A link by which somebody becomes the first owner of a workspace that has nobody. */
export interface FirstRunLink {
  /** What stands behind the # of it. */
  readonly token: string
  readonly expiresAt: Date
}

export interface FirstRun {
  /**
   * Development only, at a start: offers a workspace (`ws_…`) to whoever shows the token. Keeps the token of an earlier start while that is
   * good for some hours more. Null, and nothing is offered, where the workspace has or had people.
   */
  offer(workspaceId: string, kept: FirstRunLink | null): Promise<FirstRunLink | null>
  /** Whether a workspace is offered here, and until when. */
  state(): Promise<{ readonly workspace: string; readonly expiresAt: Date } | null>
  /**
   * Makes a person, makes the person owner of the offered workspace and gives that its name, in one transaction. Nothing proves the address:
   * that is why only development offers this. The session can add a second factor and nothing else. Throws `invalid_request` for a link that
   * is not the offered one or whose workspace has an owner by now, and for a refused password, which leaves the link as it is.
   */
  complete(wanted: {
    readonly token: string
    readonly email: string
    readonly name?: string | undefined
    readonly password?: string | undefined
    readonly workspaceName: string
    readonly client: Client
  }): Promise<NewSession>
}

const LIFE_MS = 24 * 3_600_000
const GOOD_FOR_MS = 12 * 3_600_000

/** The first owner of a development installation, by a link that its start prints. */
export function createFirstRun(
  deps: Pick<AccountsDependencies, 'workspaces' | 'transactions' | 'sessions' | 'people' | 'limiter'> & {
    readonly vault: AddressVault
    readonly tokens: OneTimeTokens
    readonly makePerson: MakePerson
    readonly nowMs: () => number
  },
): FirstRun {
  let offered: (FirstRunLink & { readonly workspaceId: string }) | null = null

  const nameOf = (workspaceId: string): Promise<string | null> =>
    deps.transactions.read(workspaceId, (db) => deps.workspaces.nameWithoutPeople(db, workspaceId))

  const isOffered = (token: string): boolean =>
    offered !== null &&
    isOneTimeToken(token) &&
    Number(offered.expiresAt) > deps.nowMs() &&
    timingSafeEqual(hashSecret(token), hashSecret(offered.token))

  return {
    async offer(workspace, kept) {
      const workspaceId = decodeId('workspace', workspace)
      if (workspaceId === null || (await nameOf(workspaceId)) === null) return null
      const link =
        kept !== null && isOneTimeToken(kept.token) && Number(kept.expiresAt) - deps.nowMs() > GOOD_FOR_MS
          ? kept
          : { token: mintOneTimeToken().key.reveal(), expiresAt: new Date(deps.nowMs() + LIFE_MS) }
      offered = { ...link, workspaceId }
      return link
    },

    async state() {
      if (offered === null || Number(offered.expiresAt) <= deps.nowMs()) return null
      const workspace = await nameOf(offered.workspaceId)
      return workspace === null ? null : { workspace, expiresAt: offered.expiresAt }
    },

    async complete({ token, email: given, name, password, workspaceName, client }) {
      await takeTry(deps.limiter, 'first-run', client)
      if (offered === null || !isOffered(token)) throw deadLink()
      const { workspaceId } = offered
      if ((await nameOf(workspaceId)) === null) throw deadLink()
      const parsed = parseAddress(given)
      if (!parsed.ok) throw invalidField('email', parsed.problem)
      const { email } = parsed.address
      const prove = () => issueProof(deps, email)
      const personId = await deps.makePerson({ prove, email, name, password, client }, async (person) => {
        const owner = await deps.workspaces.bindOwner(person, workspaceId)
        return {
          workspaceId,
          store: async (db) => {
            // The second of two at the same time waits here, and finds the first.
            if (!(await deps.workspaces.adopt(db, owner, workspaceName))) throw deadLink()
          },
        }
      })
      deps.people.forget()
      return deps.sessions.issue({ personId, level: 'enrolment', factor: 'none', client, tell: false })
    },
  }
}

/** For the start, which keeps it in a file. */
export function firstRunUrl(publicUrl: string, link: FirstRunLink): string {
  return `${publicUrl}/account/first-run#${link.token}`
}
