import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { TemplateDetail, TemplateVersionSummary } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { Confirm } from '../../ui/confirm.tsx'
import { linkLook } from '../../ui/link.ts'
import { useAct } from '../../ui/use-mutation-act.ts'
import { TemplateProblems } from './template-problems.tsx'

/** Says what changes for whom, then makes a version the one that is sent. */
export function PublishDialog({
  template,
  version,
  onClose,
}: {
  readonly template: TemplateDetail
  readonly version: TemplateVersionSummary
  readonly onClose: () => void
}) {
  const { api } = useSession()
  const check = useQuery({
    queryKey: ['template-preview', template.id, version.number],
    queryFn: ({ signal }) =>
      api.templates.preview({ templateId: template.id, version: version.number }, { signal }),
    gcTime: 0,
  })
  const isBack = template.activeVersion !== null && version.number < template.activeVersion
  const act = useAct(() => api.templates.publish(template.id, version.number), {
    done: `Version ${version.number} is sent from now on.`,
    refresh: ['templates'],
  })
  return (
    <Confirm
      title={isBack ? `Go back to version ${version.number}` : `Publish version ${version.number}`}
      action={isBack ? 'Go back' : 'Publish'}
      onConfirm={() => act.orThrow()}
      onClose={onClose}
      disabledReason={
        check.data?.problems.some((problem) => problem.severity === 'error') === true
          ? 'Mend the errors first: messages would be refused.'
          : undefined
      }
    >
      <p>
        Every message that names <b className="text-ink">{template.alias ?? template.name}</b> without a
        version is rendered from it at once
        {template.activeVersion === null
          ? '.'
          : `, instead of version ${template.activeVersion}. That one stays and can be published again.`}{' '}
        It is recorded in the audit log, and the version never changes afterwards.
      </p>
      {template.activeVersion !== null && template.activeVersion !== version.number && (
        <p className="mt-2">
          <Link
            to="/templates/$templateId"
            params={{ templateId: template.id }}
            search={{ tab: 'versions', version: version.number, against: template.activeVersion }}
            className={linkLook}
            onClick={onClose}
          >
            See what changes
          </Link>
        </p>
      )}
      {check.data !== undefined && <TemplateProblems problems={check.data.problems} />}
    </Confirm>
  )
}
