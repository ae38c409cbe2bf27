import type { TemplateDetail } from '@bulkhead/sdk'
import { useAccess } from '../../session/access.ts'
import { Note } from '../../ui/note.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Samples } from '../../ui/samples.tsx'
import { templateSamples } from './template-samples.ts'

/** How programs send it, in the reader's language, with the data that the version names. */
export function TemplateUse({ template }: { readonly template: TemplateDetail }) {
  const { installation } = useAccess()
  const data = template.active?.sampleData ?? {}
  return (
    <Panel title="Send it from a program" lead="The program gives the data; the words stay here.">
      <div className="flex flex-col gap-4 p-4">
        {template.activeVersion === null && (
          <Note tone="warn" title="Nothing is published yet">
            Publish a version first; until then messages that name the template are refused.
          </Note>
        )}
        <Samples
          label="Sending with the template"
          samples={templateSamples({
            url: installation.publicUrl,
            template: template.alias ?? template.id,
            data,
          })}
        />
      </div>
    </Panel>
  )
}
