import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useSession } from '../session/session.ts'
import { cx } from './cx.ts'
import { Loaded } from './listing.tsx'

const FRESH_MS = 50_000

interface Look {
  readonly title: string
  /** As wide as a telephone. */
  readonly phone?: boolean
  /** The variant that the mail has for dark mode. */
  readonly dark?: boolean
}

/** HTML of a template or a message. The frame is replaced when `html` changes: the caller waits while somebody types. */
export function HtmlFrame({ html, ...look }: Look & { readonly html: string }) {
  const { api } = useSession()
  const view = useQuery({
    queryKey: ['html-view', html],
    queryFn: ({ signal }) => api.htmlViews.create({ html }, { signal }),
    // The address lives a minute; a frame that is opened later needs another.
    staleTime: FRESH_MS,
    gcTime: 0,
    placeholderData: (before) => before,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  return <ViewFrame view={view} {...look} />
}

/**
 * HTML at an address of the server, in a frame without an origin: no script, no form, nothing from elsewhere. The server shows it under a policy of
 * its own; the sandbox here holds even if that policy were lost on the way.
 */
export function ViewFrame({
  view,
  title,
  phone = false,
  dark = false,
}: Look & { readonly view: UseQueryResult<{ readonly url: string; readonly remoteResources: number }> }) {
  return (
    <Loaded query={view} label="the HTML" rows={3}>
      {({ url, remoteResources: remote }) => (
        <div className="flex h-full min-h-80 flex-col">
          {remote > 0 && (
            <p className="border-b border-line bg-warn-soft px-4 py-1.5 text-xs text-warn">
              {remote === 1 ? 'One thing from elsewhere is' : `${remote} things from elsewhere are`} not
              loaded (images, styles, frames): looking at a mail here tells nobody.
            </p>
          )}
          <div className={cx('min-h-0 flex-1', phone && 'flex justify-center bg-raised p-3')}>
            <iframe
              src={dark ? `${url}${url.includes('?') ? '&' : '?'}scheme=dark` : url}
              sandbox=""
              referrerPolicy="no-referrer"
              title={title}
              className={cx(
                'h-full min-h-80 bg-white [color-scheme:light]',
                phone ? 'w-[390px] max-w-full rounded-lg border border-line-strong' : 'w-full',
              )}
            />
          </div>
        </div>
      )}
    </Loaded>
  )
}
