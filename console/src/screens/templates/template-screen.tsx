import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import type { TemplateDetail } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { Chip } from '../../ui/chip.tsx'
import { Guard } from '../../ui/guard.tsx'
import { linkLook } from '../../ui/link.ts'
import { Loaded } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { DIALECT_NAMES, DIALECT_WORDS } from './dialects.ts'
import { TemplateActions } from './template-actions.tsx'
import { TemplateUse } from './template-use.tsx'
import { TemplateVersions } from './template-versions.tsx'
import { templatesQueries } from './templates-queries.ts'
import type { TemplateTab } from './templates-search.ts'
import { VersionEditor } from './version-editor.tsx'

const TABS = [
  { name: 'edit', label: 'Edit and preview' },
  { name: 'versions', label: 'Versions' },
  { name: 'use', label: 'Use it' },
] as const satisfies readonly { name: TemplateTab; label: string }[]

/** One template: its text with a preview beside it, its versions and what changed between them, and how programs send it. */
export function TemplateScreen() {
  const { api } = useSession()
  const { templateId } = useParams({ from: '/templates/$templateId' })
  const query = useQuery(templatesQueries.one(api, templateId))
  return (
    <Page
      title={query.data?.name ?? 'Template'}
      back={
        <Link to="/templates" className={linkLook}>
          Templates
        </Link>
      }
      lead={query.data !== undefined && <Lead template={query.data} />}
      actions={query.data !== undefined && <TemplateActions template={query.data} />}
    >
      <Guard scope="templates:read" what="the templates">
        <Loaded query={query} label="the template">
          {(template) => <Parts template={template} />}
        </Loaded>
      </Guard>
    </Page>
  )
}

function Lead({ template }: { readonly template: TemplateDetail }) {
  return (
    <span className="flex flex-wrap items-center gap-2">
      <code className="font-mono text-xs">{template.alias ?? template.id}</code>
      {template.activeVersion === null ? (
        <Chip tone="warn" title="Publish a version; until then messages cannot name the template.">
          nothing is published
        </Chip>
      ) : (
        <Chip tone="ok">version {template.activeVersion} is sent</Chip>
      )}
      {template.dialect !== 'liquid' && (
        <Chip title={DIALECT_WORDS[template.dialect]}>{DIALECT_NAMES[template.dialect]}</Chip>
      )}
    </span>
  )
}

function Parts({ template }: { readonly template: TemplateDetail }) {
  const search = useSearch({ from: '/templates/$templateId' })
  const navigate = useNavigate({ from: '/templates/$templateId' })
  const tab = search.tab ?? 'edit'
  const version = search.version ?? template.newestVersion
  return (
    <div className="flex flex-col gap-4">
      <div className="border-b border-line">
        <Tabs
          label="Parts of the template"
          tabs={TABS}
          chosen={tab}
          onChoose={(name) => void navigate({ search: name === 'edit' ? {} : { tab: name } })}
          idPrefix="template"
        />
      </div>
      <div id="template-panel" role="tabpanel" aria-labelledby={`template-tab-${tab}`}>
        {tab === 'edit' && <OpenVersion key={version} template={template} number={version} />}
        {tab === 'versions' && <TemplateVersions template={template} />}
        {tab === 'use' && <TemplateUse template={template} />}
      </div>
    </div>
  )
}

function OpenVersion({ template, number }: { readonly template: TemplateDetail; readonly number: number }) {
  const { api } = useSession()
  const query = useQuery({
    ...templatesQueries.version(api, template.id, number),
    // What somebody types is not replaced under his hands.
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  return (
    <Loaded query={query} label="the version" rows={8}>
      {(version) => <VersionEditor template={template} version={version} />}
    </Loaded>
  )
}
