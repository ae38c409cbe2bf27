import { createContext, useContext } from 'react'
import type { Api } from '../api/client.ts'

export type LiveState = 'connecting' | 'live' | 'interrupted' | 'refused'

export interface Session {
  readonly api: Api
  /** The key itself, for samples that a person copies. */
  readonly token: string
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
