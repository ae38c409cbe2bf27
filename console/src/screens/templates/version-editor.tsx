import { useBlocker, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { TemplateDetail, TemplateVersion } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { CodeEditor } from '../../ui/code-editor.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { useMay } from '../../ui/guard.tsx'
import { Note } from '../../ui/note.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { DialectSelect } from './dialect-select.tsx'
import { PublishDialog } from './publish-dialog.tsx'
import { TemplatePreviewPane } from './template-preview.tsx'
import { useDraft } from './use-draft.ts'
import { usePreview } from './use-preview.ts'

const PARTS = [
  { name: 'html', label: 'HTML' },
  { name: 'text', label: 'Text' },
  { name: 'data', label: 'Sample data' },
] as const
type EditedPart = (typeof PARTS)[number]['name']

/** The text of one version and, beside it, what it becomes. A published version is changed by saving a new draft. */
export function VersionEditor({
  template,
  version,
}: {
  readonly template: TemplateDetail
  readonly version: TemplateVersion
}) {
  const { api } = useSession()
  const navigate = useNavigate({ from: '/templates/$templateId' })
  const mayNot = useMay('templates:write')
  const draft = useDraft(version)
  const preview = usePreview(draft)
  const [part, setPart] = useState<EditedPart>('html')
  const [isPublishing, setIsPublishing] = useState(false)
  const isDraft = version.state === 'draft'
  const save = useAct(
    async () => {
      if (draft.input === null) throw new Error(draft.dataProblem ?? 'The sample data cannot be read.')
      const saved = isDraft
        ? await api.templates.updateVersion(template.id, version.number, draft.input)
        : await api.templates.createVersion(template.id, { ...draft.kept, ...draft.input })
      await navigate({ search: { version: saved.number }, ignoreBlocker: true })
      return saved
    },
    { done: isDraft ? 'The draft is saved.' : 'Saved as a new draft.', refresh: ['templates'] },
  )
  const blocker = useBlocker({
    shouldBlockFn: () => draft.isChanged && !save.isBusy,
    enableBeforeUnload: () => draft.isChanged,
    withResolver: true,
  })
  const problems = preview.data?.problems ?? []
  return (
    <div className="grid gap-4 xl:grid-cols-2">
      <section className="flex min-w-0 flex-col rounded-lg border border-line bg-surface" aria-label="Source">
        <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2.5 text-sm">
          <span className="font-medium">Version {version.number}</span>
          <Chip tone={isDraft ? 'info' : version.isActive ? 'ok' : 'neutral'}>
            {isDraft ? 'draft' : version.isActive ? 'sent now' : 'published'}
          </Chip>
          {draft.isChanged && <Chip tone="warn">not saved</Chip>}
          <span className="text-xs text-muted">
            <Time at={version.updatedAt} />
          </span>
          <span className="ml-auto flex gap-2">
            <Button
              onClick={() => void save.run()}
              disabled={save.isBusy}
              disabledReason={
                mayNot ?? (draft.isChanged ? (draft.dataProblem ?? undefined) : 'Nothing was changed.')
              }
            >
              {save.isBusy ? 'Saving…' : isDraft ? 'Save' : 'Save as draft'}
            </Button>
            <Button
              look="main"
              onClick={() => setIsPublishing(true)}
              disabledReason={
                mayNot ??
                (draft.isChanged
                  ? 'Save first.'
                  : version.isActive
                    ? 'This version is sent already.'
                    : undefined)
              }
            >
              Publish
            </Button>
          </span>
        </div>
        <div className="flex flex-1 flex-col px-4 pt-3">
          {save.failure !== undefined && (
            <div className="mb-3">
              <Note tone="bad">{save.failure}</Note>
            </div>
          )}
          <Field
            label="Subject"
            name="subject"
            value={draft.content.subject}
            onChange={(event) => draft.set('subject', event.target.value)}
            maxLength={2000}
            readOnly={mayNot !== undefined}
            problem={
              problems.find((problem) => problem.part === 'subject' && problem.severity === 'error')?.message
            }
          />
          <div className="mb-4">
            <DialectSelect
              dialect={draft.dialect}
              onChange={draft.setDialect}
              disabled={mayNot !== undefined}
            />
          </div>
          <div className="border-b border-line">
            <Tabs label="Source of" tabs={PARTS} chosen={part} onChoose={setPart} idPrefix="source" />
          </div>
        </div>
        <div
          id="source-panel"
          role="tabpanel"
          aria-labelledby={`source-tab-${part}`}
          className="h-[min(60vh,40rem)]"
        >
          <CodeEditor
            key={part}
            label={PARTS.find(({ name }) => name === part)?.label ?? part}
            language={part === 'data' ? 'json' : part}
            value={draft.content[part]}
            onChange={(value) => draft.set(part, value)}
            readOnly={mayNot !== undefined}
            problems={problems.flatMap((problem) =>
              problem.part === part && problem.line !== null ? [{ ...problem, line: problem.line }] : [],
            )}
          />
        </div>
        {part === 'data' && draft.dataProblem !== null && (
          <p role="alert" className="border-t border-line px-4 py-2 text-sm text-bad">
            {draft.dataProblem}
          </p>
        )}
      </section>
      <TemplatePreviewPane preview={preview} dataProblem={draft.dataProblem} />
      {isPublishing && (
        <PublishDialog template={template} version={version} onClose={() => setIsPublishing(false)} />
      )}
      {blocker.status === 'blocked' && <LeaveDialog onStay={blocker.reset} onLeave={blocker.proceed} />}
    </div>
  )
}

function LeaveDialog({ onStay, onLeave }: { readonly onStay: () => void; readonly onLeave: () => void }) {
  return (
    <Dialog title="What you typed is not saved" onClose={onStay}>
      <p className="mb-4 text-sm text-muted">It is lost if you leave now.</p>
      <div className="flex justify-end gap-2">
        <Button onClick={onStay}>Stay</Button>
        <Button look="danger" onClick={onLeave}>
          Leave without saving
        </Button>
      </div>
    </Dialog>
  )
}
