import type { Quota } from '@bulkhead/sdk'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { useMay } from '../../ui/guard.tsx'
import { Panel } from '../../ui/panel.tsx'
import { LimitsEditor } from './limits-editor.tsx'
import { Limit } from './limits-panel.tsx'
import type { WantedLimits } from './limits-panel.tsx'
import { operationsQueries } from './operations-queries.ts'

interface Credential {
  readonly id: string
  readonly name: string
  readonly kind: 'key' | 'smtp'
}

/** Limits of single keys and SMTP credentials. */
export function CredentialLimits({ limits }: { readonly limits: readonly Quota[] }) {
  const { api } = useSession()
  const { can } = useAccess()
  const client = useQueryClient()
  const credentials = useCredentials()
  const [editing, setEditing] = useState<Credential | null>(null)
  const mayNotKeys = useMay('api-keys:write')
  const mayNotSmtp = useMay('smtp-credentials:write')
  const groups = [...Map.groupBy(limits, (limit) => limit.credential?.id ?? '')]
  const others = credentials.filter(({ id }) => !groups.some(([known]) => known === id))
  const save = async ({ id, kind }: Credential, wanted: WantedLimits): Promise<void> => {
    await (kind === 'key'
      ? api.quotas.setForApiKey(id, { limits: wanted })
      : api.quotas.setForSmtpCredential(id, { limits: wanted }))
    await client.invalidateQueries({ queryKey: ['quotas'] })
  }
  const mayNot = (kind: Credential['kind']): string | undefined => (kind === 'key' ? mayNotKeys : mayNotSmtp)
  return (
    <Panel
      title="Of single keys"
      lead="The limits of the workspace hold besides. A key that takes another one's place has its limits and its use."
      action={
        (can('api-keys:write') || can('smtp-credentials:write')) &&
        others.length > 0 && <Choose credentials={others} onChoose={setEditing} />
      }
    >
      {groups.length === 0 ? (
        <p className="px-4 py-3 text-sm text-muted">No key has a limit of its own.</p>
      ) : (
        groups.map(([id, own]) => {
          const name = own[0]?.credential?.name ?? id
          const kind = id.startsWith('smtp_') ? 'smtp' : 'key'
          return (
            <section key={id} aria-label={name} className="border-b border-line last:border-b-0">
              <div className="flex items-center gap-2 px-4 pt-2.5 text-sm font-medium">
                <span className="min-w-0 flex-1 break-words">
                  {name}{' '}
                  <span className="font-normal text-muted">{kind === 'smtp' ? 'SMTP' : 'API key'}</span>
                </span>
                <Button
                  className="h-7 px-2"
                  disabledReason={mayNot(kind)}
                  aria-label={`Change the limits of ${name}`}
                  onClick={() => setEditing({ id, name, kind })}
                >
                  Change
                </Button>
              </div>
              <ul>
                {own.map((limit) => (
                  <Limit key={limit.name} limit={{ ...limit, credential: null }} />
                ))}
              </ul>
            </section>
          )
        })
      )}
      {editing !== null && (
        <LimitsEditor
          title={`Limits of ${editing.name}`}
          limits={limits.filter(({ credential }) => credential?.id === editing.id)}
          onSave={(wanted) => save(editing, wanted)}
          onClose={() => setEditing(null)}
        />
      )}
    </Panel>
  )
}

function Choose({
  credentials,
  onChoose,
}: {
  readonly credentials: readonly Credential[]
  readonly onChoose: (credential: Credential) => void
}) {
  return (
    <label>
      <span className="sr-only">Limit another key</span>
      <select
        value=""
        onChange={(event) => {
          const chosen = credentials.find(({ id }) => id === event.target.value)
          if (chosen !== undefined) onChoose(chosen)
        }}
        className="h-8 max-w-48 rounded-md border border-line-strong bg-surface px-2 text-sm"
      >
        <option value="">Limit another key…</option>
        {credentials.map(({ id, name, kind }) => (
          <option key={id} value={id}>
            {name} ({kind === 'smtp' ? 'SMTP' : 'API'})
          </option>
        ))}
      </select>
    </label>
  )
}

/** Keys and credentials that live and that this person may see. */
function useCredentials(): readonly Credential[] {
  const { api } = useSession()
  const { can } = useAccess()
  const keys = useQuery({ ...operationsQueries.apiKeys(api), enabled: can('api-keys:write') })
  const smtp = useQuery({ ...operationsQueries.smtpCredentials(api), enabled: can('smtp-credentials:write') })
  return [
    ...(keys.data?.data ?? [])
      .filter(({ revokedAt }) => revokedAt === null)
      .map(({ id, name }): Credential => ({ id, name, kind: 'key' })),
    ...(smtp.data?.data ?? [])
      .filter(({ revokedAt }) => revokedAt === null)
      .map(({ id, name }): Credential => ({ id, name, kind: 'smtp' })),
  ]
}
