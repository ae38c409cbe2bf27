import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { queries } from '../../api/queries.ts'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Guard } from '../../ui/guard.tsx'
import { BuildingIcon } from '../../ui/icons.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Select } from '../../ui/field.tsx'
import { Empty } from '../../ui/states.tsx'
import { CredentialLimits } from './credential-limits.tsx'
import { LimitsPanel } from './limits-panel.tsx'
import { operationsQueries } from './operations-queries.ts'

/** How much may be sent, and what is used of it. */
export function QuotasScreen() {
  const { isOperator } = useAccess()
  return (
    <Page
      title="Quotas"
      width="reading"
      lead="How many recipients may be accepted, in total and for each key. What is refused for it costs nothing."
    >
      <Guard scope={isOperator ? 'workspaces:read' : 'messages:read'} what="limits of sending">
        {isOperator ? <OfWorkspaces /> : <OfOwn />}
      </Guard>
    </Page>
  )
}

function OfOwn() {
  const { api } = useSession()
  const quotas = useQuery(operationsQueries.quotas(api, undefined))
  return (
    <Loaded query={quotas} label="limits">
      {({ data }) => (
        <>
          <LimitsPanel
            title="Set by whoever runs the server"
            lead="They hold for the whole workspace. Nobody in it can raise them."
            none="The server sets no limit."
            limits={data.filter(({ scope }) => scope === 'installation')}
          />
          <LimitsPanel
            title="Set by your workspace"
            lead="A bound that you give yourselves, so that a mistake or a stolen key stays small."
            none="Your workspace sets itself no limit."
            limits={data.filter(({ scope }) => scope === 'workspace')}
            writeScope="policies:write"
            onSave={(limits) => api.quotas.set({ limits })}
          />
          <CredentialLimits limits={data.filter(({ scope }) => scope === 'credential')} />
        </>
      )}
    </Loaded>
  )
}

function OfWorkspaces() {
  const { api } = useSession()
  const { workspace } = useSearch({ from: '/operations/quotas' })
  const navigate = useNavigate()
  const workspaces = useQuery(queries.workspaces(api))
  return (
    <>
      <Loaded query={workspaces} label="workspaces" rows={1}>
        {(all) => (
          <Select
            label="Workspace"
            value={workspace ?? ''}
            onChange={(event) =>
              void navigate({
                to: '/operations/quotas',
                search: event.target.value === '' ? {} : { workspace: event.target.value },
                replace: true,
              })
            }
          >
            <option value="">choose…</option>
            {all.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </Select>
        )}
      </Loaded>
      {workspace === undefined ? (
        <div className="rounded-lg border border-line bg-surface">
          <Empty icon={<BuildingIcon className="size-6" />} title="Choose a workspace">
            Its limits and what it has used of them are shown here; those that you set, it cannot raise.
          </Empty>
        </div>
      ) : (
        <OfWorkspace key={workspace} workspace={workspace} />
      )}
    </>
  )
}

function OfWorkspace({ workspace }: { readonly workspace: string }) {
  const { api } = useSession()
  const quotas = useQuery(operationsQueries.quotas(api, workspace))
  return (
    <Loaded query={quotas} label="limits">
      {({ data }) => (
        <>
          <LimitsPanel
            title="Set by you"
            lead="They hold for the whole workspace, in every process within two seconds."
            none="You set it no limit."
            limits={data.filter(({ scope }) => scope === 'installation')}
            writeScope="workspaces:write"
            onSave={(limits) => api.quotas.setForWorkspace(workspace, { limits })}
          />
          <LimitsPanel
            title="Set by the workspace"
            lead="For itself and for its keys."
            none="It sets itself no limit."
            limits={data.filter(({ scope }) => scope !== 'installation')}
          />
        </>
      )}
    </Loaded>
  )
}
