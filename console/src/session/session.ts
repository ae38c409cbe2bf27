import { createContext, useContext } from 'react'
import type { AccountGetOutput } from '@bulkhead/sdk'
import type { Api } from '../api/client.ts'

export type LiveState = 'connecting' | 'live' | 'interrupted' | 'refused'

export type Account = AccountGetOutput

/** The person of a session, and where he works now. */
export interface Person {
  readonly account: Account
  /** `ws_…`; undefined for somebody who is a member of none. */
  readonly workspace: string | undefined
  readonly chooseWorkspace: (id: string) => void
}

export interface Session {
  readonly api: Api
  /** The key itself, for samples that a person copies; null where a person is signed in, who has none. */
  readonly token: string | null
  /** Who is signed in; null where a key is. */
  readonly person: Person | null
  readonly live: LiveState
  readonly signOut: () => void
}

export const SessionContext = createContext<Session | null>(null)

/** The session of the page. Throws outside of one: every screen is behind sign-in. */
export function useSession(): Session {
  const session = useContext(SessionContext)
  if (session === null) throw new Error('A screen was shown without a session')
  return session
}
