import type { ReactNode } from 'react'
import { useAccess } from '../session/access.ts'
import { LockIcon } from './icons.tsx'
import { Page } from './page.tsx'
import { Empty } from './states.tsx'

/** Shows its children to those who may see them, and to others why they may not. One of several scopes is enough. */
export function Guard({
  scope,
  what,
  title,
  children,
}: {
  readonly scope: string | readonly string[]
  /** As in "You may not see …". */
  readonly what: string
  /** The name of the page, where the children would have drawn it: a refusal is a page with a heading too. */
  readonly title?: string
  readonly children: ReactNode
}) {
  const { can, role, kind } = useAccess()
  const scopes = typeof scope === 'string' ? [scope] : scope
  if (scopes.some(can)) return children
  const who =
    role === null ? (kind === 'operator' ? "The operator's key" : 'This key') : `Your role (${role})`
  const refusal = (
    <Empty icon={<LockIcon className="size-6" />} title={`You may not see ${what}`}>
      {who} lacks the scope {scopes.join(' or ')}.{' '}
      {role === null ? 'Sign in with one that has it.' : 'An owner of the workspace can change your role.'}
    </Empty>
  )
  return title === undefined ? refusal : <Page title={title}>{refusal}</Page>
}

/** Why a button is disabled for lack of a scope; undefined where it may be used. */
export function useMay(scope: string): string | undefined {
  const { can, role } = useAccess()
  if (can(scope)) return undefined
  return role === null
    ? `This key may not: it lacks the scope ${scope}.`
    : `Your role (${role}) may not: it lacks the scope ${scope}.`
}
