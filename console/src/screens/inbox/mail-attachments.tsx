import { useMutation } from '@tanstack/react-query'
import { describeFailure } from '../../api/problem.ts'
import type { Captured } from '../../api/types.ts'
import { formatBytes } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { DownloadIcon } from '../../ui/icons.tsx'
import { saveBlob } from '../../ui/save-blob.ts'
import { Empty } from '../../ui/states.tsx'

type Attachment = Captured['attachments'][number]

export function MailAttachments({ mail }: { readonly mail: Captured }) {
  const { api } = useSession()
  const saving = useMutation({
    mutationFn: async (attachment: Attachment) =>
      saveBlob(new Blob([await api.inbox.attachment(mail.id, attachment.index)]), filenameOf(attachment)),
  })
  if (mail.attachments.length === 0) return <Empty title="No attachments">This mail carries none.</Empty>
  return (
    <div>
      {saving.isError && (
        <p role="alert" className="px-4 pt-3 text-sm text-bad">
          {describeFailure(saving.error).detail}
        </p>
      )}
      <ul>
        {mail.attachments.map((attachment) => (
          <li key={attachment.index} className="flex items-center gap-3 border-b border-line px-4 py-2.5">
            <div className="min-w-0 flex-1">
              <p className="truncate font-medium">{filenameOf(attachment)}</p>
              <p className="truncate text-xs text-muted">
                {attachment.contentType} · {formatBytes(attachment.sizeBytes)}
                {attachment.contentId !== null && ` · cid:${attachment.contentId}`}
              </p>
            </div>
            {attachment.inline && <Chip>inline</Chip>}
            <Button
              onClick={() => saving.mutate(attachment)}
              aria-label={`Download ${filenameOf(attachment)}`}
            >
              <DownloadIcon className="size-3.5" /> <span className="max-sm:sr-only">Download</span>
            </Button>
          </li>
        ))}
      </ul>
    </div>
  )
}

function filenameOf(attachment: Attachment): string {
  return attachment.filename ?? `part-${attachment.index + 1}`
}
