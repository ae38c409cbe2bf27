import type { UseQueryResult } from '@tanstack/react-query'
import { useState } from 'react'
import type { TemplatePreview } from '@bulkhead/sdk'
import { formatBytes } from '../../format.ts'
import { IconButton } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { HtmlFrame } from '../../ui/html-frame.tsx'
import { DesktopIcon, MoonIcon, PhoneIcon } from '../../ui/icons.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { TemplateProblems } from './template-problems.tsx'

const VIEWS = [
  { name: 'html', label: 'HTML' },
  { name: 'text', label: 'Text' },
  { name: 'variables', label: 'Variables' },
] as const
type View = (typeof VIEWS)[number]['name']

/** What is sent with this data: subject, HTML, text, what is wrong, and what the template asks of the data. */
export function TemplatePreviewPane({
  preview,
  dataProblem,
}: {
  readonly preview: UseQueryResult<TemplatePreview>
  readonly dataProblem: string | null
}) {
  const [view, setView] = useState<View>('html')
  const [isPhone, setIsPhone] = useState(false)
  const [isDark, setIsDark] = useState(false)
  return (
    <section className="flex min-w-0 flex-col rounded-lg border border-line bg-surface" aria-label="Preview">
      <Loaded query={preview} label="the preview" rows={8}>
        {(rendered) => (
          <>
            <div className="border-b border-line px-4 py-2.5">
              <div className="flex flex-wrap items-center gap-2 text-sm">
                <span className="font-medium">Preview</span>
                {rendered.ok ? <Chip tone="ok">can be sent</Chip> : <Chip tone="bad">would be refused</Chip>}
                {preview.isFetching && <span className="text-xs text-muted">Rendering…</span>}
                <span className="ml-auto text-xs text-muted">
                  {formatBytes(rendered.sizes.html)} HTML, {formatBytes(rendered.sizes.text)} text
                </span>
              </div>
              <p
                className="mt-1 truncate font-medium"
                data-testid="subject"
                title={rendered.subject ?? undefined}
              >
                {rendered.subject ?? <span className="text-muted">no subject</span>}
              </p>
            </div>
            {dataProblem !== null && (
              <p className="border-b border-line px-4 py-2 text-xs text-muted">
                The sample data cannot be read; this is the preview from before.
              </p>
            )}
            <TemplateProblems problems={rendered.problems} />
            <div className="flex items-center border-b border-line px-4">
              <Tabs label="Preview of" tabs={VIEWS} chosen={view} onChoose={setView} idPrefix="preview" />
              {view === 'html' && (
                <div className="ml-auto flex">
                  <IconButton
                    label={isPhone ? 'As wide as a screen' : 'As wide as a telephone'}
                    onClick={() => setIsPhone(!isPhone)}
                  >
                    {isPhone ? <DesktopIcon /> : <PhoneIcon />}
                  </IconButton>
                  <IconButton
                    label="As in dark mode"
                    aria-pressed={isDark}
                    onClick={() => setIsDark(!isDark)}
                  >
                    <MoonIcon />
                  </IconButton>
                </div>
              )}
            </div>
            <div
              id="preview-panel"
              role="tabpanel"
              aria-labelledby={`preview-tab-${view}`}
              className="min-h-96 flex-1"
            >
              {view === 'html' &&
                (rendered.html === null ? (
                  <p className="p-4 text-sm text-muted">There is no HTML.</p>
                ) : (
                  <HtmlFrame html={rendered.html} title="HTML of the preview" phone={isPhone} dark={isDark} />
                ))}
              {view === 'text' && (
                <pre className="p-4 font-mono text-xs break-words whitespace-pre-wrap" tabIndex={0}>
                  {rendered.text ?? 'There is no text.'}
                </pre>
              )}
              {view === 'variables' && <Variables variables={rendered.variables} />}
            </div>
          </>
        )}
      </Loaded>
    </section>
  )
}

function Variables({ variables }: { readonly variables: TemplatePreview['variables'] }) {
  if (variables.length === 0)
    return (
      <p className="p-4 text-sm text-muted">
        The template asks nothing of the data: every message is the same.
      </p>
    )
  return (
    <ul className="p-4 text-sm" aria-label="Variables">
      {variables.map(({ name, parts, isMissing }) => (
        <li key={name} className="flex flex-wrap items-center gap-2 py-1">
          <code className="font-mono text-xs">{name}</code>
          <span className="text-xs text-muted">in {parts.join(', ')}</span>
          {isMissing && <Chip tone="warn">not in the sample data</Chip>}
        </li>
      ))}
    </ul>
  )
}
