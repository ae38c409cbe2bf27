import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { TemplateDetail, TemplateVersionSummary } from '@bulkhead/sdk'
import { formatBytes } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Select } from '../../ui/field.tsx'
import { useMay } from '../../ui/guard.tsx'
import { linkLook } from '../../ui/link.ts'
import { Listing } from '../../ui/listing.tsx'
import { Panel, Row } from '../../ui/panel.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { DIALECT_NAMES } from './dialects.ts'
import { PublishDialog } from './publish-dialog.tsx'
import { templatesQueries } from './templates-queries.ts'
import { VersionDiff } from './version-diff.tsx'

/** All versions, what changed between two of them, and the way back. */
export function TemplateVersions({ template }: { readonly template: TemplateDetail }) {
  const { api } = useSession()
  const query = useInfiniteQuery(templatesQueries.versions(api, template.id))
  return (
    <div className="flex flex-col gap-4">
      <Listing
        query={query}
        label="versions"
        empty={<Empty title="There is no version">That cannot be.</Empty>}
      >
        {(versions) => (
          <>
            <Compare template={template} versions={versions} />
            <Panel
              title="Versions"
              lead="Newest first. A published version never changes; going back is publishing an older one."
            >
              <ul>
                {versions.map((version) => (
                  <VersionRow
                    key={version.id}
                    template={template}
                    version={version}
                    isOnly={versions.length === 1}
                  />
                ))}
              </ul>
            </Panel>
          </>
        )}
      </Listing>
    </div>
  )
}

function Compare({
  template,
  versions,
}: {
  readonly template: TemplateDetail
  readonly versions: readonly TemplateVersionSummary[]
}) {
  const search = useSearch({ from: '/templates/$templateId' })
  const navigate = useNavigate({ from: '/templates/$templateId' })
  const [newest, before] = versions
  if (newest === undefined || before === undefined) return null
  const after = search.version ?? newest.number
  const against =
    search.against ??
    (template.activeVersion !== null && template.activeVersion !== after
      ? template.activeVersion
      : (versions.find(({ number }) => number < after)?.number ?? before.number))
  const choose = (name: 'version' | 'against') => (event: { target: { value: string } }) =>
    void navigate({
      search: { tab: 'versions', version: after, against, [name]: Number(event.target.value) },
      replace: true,
      resetScroll: false,
    })
  const options = versions.map(({ number, isActive, state }) => (
    <option key={number} value={String(number)}>
      {number}
      {isActive ? ' (sent now)' : state === 'draft' ? ' (draft)' : ''}
    </option>
  ))
  return (
    <Panel
      title="What changed"
      action={
        <div className="flex flex-wrap gap-3">
          <Select label="From version" value={String(against)} onChange={choose('against')}>
            {options}
          </Select>
          <Select label="To version" value={String(after)} onChange={choose('version')}>
            {options}
          </Select>
        </div>
      }
    >
      <VersionDiff key={`${against} ${after}`} templateId={template.id} before={against} after={after} />
    </Panel>
  )
}

function VersionRow({
  template,
  version,
  isOnly,
}: {
  readonly template: TemplateDetail
  readonly version: TemplateVersionSummary
  readonly isOnly: boolean
}) {
  const { api } = useSession()
  const mayNot = useMay('templates:write')
  const [asked, setAsked] = useState<'publish' | 'delete'>()
  const remove = useAct(() => api.templates.deleteVersion(template.id, version.number), {
    done: `Draft ${version.number} is gone.`,
    refresh: ['templates'],
  })
  const close = (): void => setAsked(undefined)
  return (
    <Row
      title={
        <>
          <Link
            to="/templates/$templateId"
            params={{ templateId: template.id }}
            search={{ version: version.number }}
            className={linkLook}
          >
            Version {version.number}
          </Link>
          <Chip tone={version.isActive ? 'ok' : version.state === 'draft' ? 'info' : 'neutral'}>
            {version.isActive ? 'sent now' : version.state}
          </Chip>
          <span className="font-normal text-muted">{version.note}</span>
        </>
      }
      detail={
        <>
          “{version.subject}” · {DIALECT_NAMES[version.dialect]} · {formatBytes(version.sizeBytes)} · changed{' '}
          <Time at={version.updatedAt} /> by {version.createdBy}
          {version.publishedAt !== null && (
            <>
              {' '}
              · published <Time at={version.publishedAt} />
            </>
          )}{' '}
          · <code className="font-mono">{version.hash.slice(0, 12)}</code>
        </>
      }
      action={
        <>
          {version.state === 'draft' && (
            <Button
              look="quiet"
              onClick={() => setAsked('delete')}
              disabledReason={mayNot ?? (isOnly ? 'A template has at least one version.' : undefined)}
            >
              Delete
            </Button>
          )}
          <Button
            onClick={() => setAsked('publish')}
            disabledReason={mayNot ?? (version.isActive ? 'This version is sent already.' : undefined)}
          >
            {version.state === 'published' && !version.isActive ? 'Go back to it' : 'Publish'}
          </Button>
          {asked === 'publish' && <PublishDialog template={template} version={version} onClose={close} />}
          {asked === 'delete' && (
            <Confirm
              title={`Delete draft ${version.number}`}
              action="Delete"
              danger
              onConfirm={() => remove.orThrow()}
              onClose={close}
            >
              It was never sent, and cannot be brought back.
            </Confirm>
          )}
        </>
      }
    />
  )
}
