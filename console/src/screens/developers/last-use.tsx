import { Time } from '../../ui/time.tsx'
import type { Credential } from './credential-state.ts'

/** When, from where and with what program a credential was last used. */
export function LastUse({ credential }: { readonly credential: Credential }) {
  const { lastUsedAt, lastUsedFrom } = credential
  if (lastUsedAt === null) return <span className="text-muted">never</span>
  return (
    <span>
      <Time at={lastUsedAt} />
      {lastUsedFrom !== null && (
        <span className="text-xs text-muted">
          {' '}
          from <span className="font-mono">{lastUsedFrom.network}</span>
          {lastUsedFrom.program !== null && `, ${lastUsedFrom.program}`}
        </span>
      )}
    </span>
  )
}
