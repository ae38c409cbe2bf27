import { useState } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Panel } from '../../ui/panel.tsx'

/** Erases the account. */
export function AccountEnd() {
  const { api, person, signOut } = useSession()
  const [isAsking, setIsAsking] = useState(false)
  const email = person?.account.email ?? ''
  return (
    <Panel title="Delete your account">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 p-4">
        <p className="min-w-0 flex-1 basis-60 text-sm text-muted">
          Ends your sessions and memberships, and erases your address, name, password and second factors. What
          you did stays in the audit log, without your name. Refused while you are the only owner of a
          workspace.
        </p>
        <Button look="danger" onClick={() => setIsAsking(true)}>
          Delete my account…
        </Button>
      </div>
      {isAsking && (
        <Confirm
          title="Delete your account?"
          action="Delete it"
          danger
          typed={email}
          onConfirm={async () => {
            await api.account.delete()
            signOut()
          }}
          onClose={() => setIsAsking(false)}
        >
          It cannot be undone, and nobody can bring it back.
        </Confirm>
      )}
    </Panel>
  )
}
