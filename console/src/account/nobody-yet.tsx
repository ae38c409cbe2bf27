import { useEffect, useState } from 'react'
import type { Api } from '../api/client.ts'

/** On the sign-in page of an installation without people: where its first person comes from. Nothing otherwise. */
export function NobodyYet({ api }: { readonly api: Api }) {
  const [workspace, setWorkspace] = useState<string | null>(null)
  useEffect(() => {
    let isHere = true
    api.firstRun.get().then(
      (found) => isHere && setWorkspace(found.workspace),
      () => undefined,
    )
    return () => {
      isHere = false
    }
  }, [api])
  if (workspace === null) return null
  return (
    <p role="note" className="mb-4 rounded-md bg-info-soft px-3.5 py-2.5 text-sm text-ink">
      Nobody owns this installation yet. Open the console address that <b>npm start</b> printed: it makes you
      the owner.
    </p>
  )
}
