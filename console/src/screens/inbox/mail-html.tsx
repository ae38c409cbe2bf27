import { useQuery } from '@tanstack/react-query'
import { queries } from '../../api/queries.ts'
import { useSession } from '../../session/session.ts'
import { cx } from '../../ui/cx.ts'
import { Failure, LoadingRows } from '../../ui/states.tsx'

/**
 * The HTML of a captured mail in a frame without an origin: no script, no form, no window, nothing from elsewhere. The server
 * sends it under a policy of its own; the sandbox here holds even if that policy were lost on the way.
 */
export function MailHtml({
  id,
  phone,
  dark,
}: {
  readonly id: string
  readonly phone: boolean
  readonly dark: boolean
}) {
  const { api } = useSession()
  const view = useQuery({
    ...queries.capturedView(api, id),
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  if (view.isPending) return <LoadingRows rows={3} label="Loading the HTML" />
  if (view.isError) return <Failure error={view.error} onRetry={() => void view.refetch()} />
  const remote = view.data.remoteResources
  return (
    <div className="flex h-full min-h-80 flex-col">
      {remote > 0 && (
        <p className="border-b border-line bg-warn-soft px-4 py-1.5 text-xs text-warn">
          {remote === 1 ? 'One thing from elsewhere is' : `${remote} things from elsewhere are`} not loaded
          (images, styles, frames): opening a mail here tells nobody.
        </p>
      )}
      <div className={cx('min-h-0 flex-1', phone ? 'flex justify-center bg-raised p-3' : '')}>
        <iframe
          src={dark ? `${view.data.url}&scheme=dark` : view.data.url}
          sandbox=""
          referrerPolicy="no-referrer"
          title="HTML of the mail"
          className={cx(
            'h-full bg-white [color-scheme:light]',
            phone ? 'w-[390px] max-w-full rounded-lg border border-line-strong' : 'w-full',
          )}
        />
      </div>
    </div>
  )
}
