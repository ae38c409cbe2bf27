import { useMutation, useQuery } from '@tanstack/react-query'
import { describeFailure } from '../../api/problem.ts'
import { queries } from '../../api/queries.ts'
import type { Captured } from '../../api/types.ts'
import { formatBytes } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { DownloadIcon } from '../../ui/icons.tsx'
import { saveBlob } from '../../ui/save-blob.ts'
import { Failure, LoadingRows } from '../../ui/states.tsx'

/** A browser lays out about this much text without a pause. */
const SHOWN_CHARS_MAX = 300_000

export function MailSource({ mail }: { readonly mail: Captured }) {
  const { api } = useSession()
  const saving = useMutation({
    mutationFn: async () => saveBlob(new Blob([await api.inbox.source(mail.id)]), `${mail.id}.eml`),
  })
  const source = useQuery(queries.capturedSource(api, mail.id))
  if (source.isPending) return <LoadingRows label="Loading the source" />
  if (source.isError) return <Failure error={source.error} onRetry={() => void source.refetch()} />
  const cut = source.data.length > SHOWN_CHARS_MAX
  return (
    <div>
      <div className="flex items-center gap-2 border-b border-line px-4 py-2">
        <p className="flex-1 text-xs text-muted">
          {cut
            ? `The first ${formatBytes(SHOWN_CHARS_MAX)}; download it for the rest.`
            : 'As it would have left this host.'}
        </p>
        <CopyButton text={source.data} />
        <Button className="h-7 px-2" disabled={saving.isPending} onClick={() => saving.mutate()}>
          <DownloadIcon className="size-3.5" /> {saving.isPending ? 'Downloading…' : '.eml'}
        </Button>
      </div>
      {saving.isError && (
        <p role="alert" className="border-b border-line px-4 py-2 text-xs break-words text-bad">
          The download failed: {describeFailure(saving.error).detail}
        </p>
      )}
      <pre className="p-4 font-mono text-xs leading-5 break-all whitespace-pre-wrap">
        {cut ? source.data.slice(0, SHOWN_CHARS_MAX) : source.data}
      </pre>
    </div>
  )
}
