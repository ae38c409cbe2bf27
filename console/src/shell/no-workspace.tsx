import type { FormEvent } from 'react'
import { textOf, useAct } from '../account/use-act.ts'
import { useSession } from '../session/session.ts'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { saveWorkspace } from '../session/workspace-store.ts'

/** For somebody who is a member of no workspace: make one, or wait for an invitation. */
export function NoWorkspace() {
  const { api } = useSession()
  const act = useAct()
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const name = textOf(event.currentTarget, 'name')
    void act.run(async () => {
      saveWorkspace((await api.account.createWorkspace({ name })).id)
      location.assign('/')
    })
  }
  return (
    <div className="mx-auto max-w-md px-6 py-14">
      <h1 className="text-lg font-semibold">You are in no workspace yet</h1>
      <p className="mt-1 mb-5 text-sm text-muted">
        A workspace holds the domains, the mail and the keys of one product or team. Make one, or open the
        link of an invitation.
      </p>
      <form onSubmit={submit}>
        <Field label="Name of the workspace" name="name" required maxLength={200} problem={act.problem} />
        <Button type="submit" look="main" disabled={act.busy}>
          {act.busy ? 'Making it…' : 'Make a workspace'}
        </Button>
      </form>
    </div>
  )
}
