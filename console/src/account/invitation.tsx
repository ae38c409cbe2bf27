import { useState } from 'react'
import type { Api } from '../api/client.ts'
import { isSignedOut } from '../api/problem.ts'
import { Button } from '../ui/button.tsx'
import { CardPage } from '../ui/card-page.tsx'
import { saveWorkspace } from '../session/workspace-store.ts'
import { Said } from './mail-pages.tsx'
import { useAct } from './use-act.ts'

/** Takes an invitation as the person who is signed in; whoever is not is told how to come back. */
export function Invitation({ api, token }: { readonly api: Api; readonly token: string }) {
  const [step, setStep] = useState<'ask' | 'sign-in' | 'done'>('ask')
  const act = useAct()
  if (step === 'done')
    return <Said title="You are a member now" lead="Sign in, or go on where you are signed in." />
  const accept = (): void =>
    void act.run(async () => {
      try {
        const { workspaceId } = await api.invitations.accept({ token })
        saveWorkspace(workspaceId)
        setStep('done')
      } catch (error) {
        if (!isSignedOut(error)) throw error
        setStep('sign-in')
      }
    })
  return (
    <CardPage
      title="You are invited to a workspace"
      lead={
        step === 'ask'
          ? 'Nothing happens before you say so.'
          : 'You are not signed in here. Sign in, or sign up with the address that was invited, and open the link of the letter again.'
      }
    >
      {step === 'ask' ? (
        <Button look="main" className="w-full" onClick={accept} disabled={act.busy}>
          {act.busy ? 'One moment…' : 'Accept the invitation'}
        </Button>
      ) : (
        <div className="flex flex-col gap-3">
          <a
            href="/sign-up"
            className="inline-flex h-8 items-center justify-center rounded-md bg-accent px-3 text-sm font-medium text-accent-ink"
          >
            Sign up
          </a>
          <a
            href="/"
            className="inline-flex h-8 items-center justify-center rounded-md border border-line-strong px-3 text-sm font-medium hover:bg-raised"
          >
            I have an account: sign in
          </a>
        </div>
      )}
      <p role="alert" className="mt-3 text-sm text-bad empty:hidden">
        {act.problem}
      </p>
    </CardPage>
  )
}
