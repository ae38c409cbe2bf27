import { createContext, useContext } from 'react'
import type { AccessGetOutput } from '@bulkhead/sdk'

/** What the server says of who asks. */
export interface Access extends AccessGetOutput {
  readonly can: (scope: string) => boolean
  /** The operator's key: it sees the installation and no workspace. */
  readonly isOperator: boolean
}

export const AccessContext = createContext<Access | null>(null)

/** What the person or key of this page may do. Throws outside of a session: every screen is behind it. */
export function useAccess(): Access {
  const access = useContext(AccessContext)
  if (access === null) throw new Error('A screen was shown before it was known who asks')
  return access
}

export function accessOf(answer: AccessGetOutput): Access {
  const scopes = new Set(answer.scopes)
  return { ...answer, can: (scope) => scopes.has(scope), isOperator: answer.kind === 'operator' }
}
