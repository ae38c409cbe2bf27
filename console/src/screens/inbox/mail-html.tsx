import { useQuery } from '@tanstack/react-query'
import { queries } from '../../api/queries.ts'
import { useSession } from '../../session/session.ts'
import { ViewFrame } from '../../ui/html-frame.tsx'

/** The HTML of a captured mail. */
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
  return <ViewFrame view={view} title="HTML of the mail" phone={phone} dark={dark} />
}
