import { useState } from 'react'
import type { InboundRoute } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { Check } from '../../ui/check.tsx'
import { Field } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'

/** Makes a route, or changes where the mail of one goes. */
export function InboundForm({
  route,
  onClose,
}: {
  readonly route?: InboundRoute
  readonly onClose: () => void
}) {
  const { api } = useSession()
  const [hostname, setHostname] = useState(route?.hostname ?? '')
  const [url, setUrl] = useState(route?.url ?? '')
  const [sendRaw, setSendRaw] = useState(route?.sendRaw ?? false)
  const act = useAct(
    () =>
      route === undefined
        ? api.inboundRoutes.create({ hostname: hostname.trim(), url: url.trim(), sendRaw })
        : api.inboundRoutes.update(route.id, { url: url.trim(), sendRaw }),
    {
      done: route === undefined ? 'The route is there. Its MX record leads mail here.' : 'Saved.',
      refresh: ['inbound-routes'],
    },
  )
  return (
    <FormDialog
      title={route === undefined ? 'New inbound route' : 'Edit the route'}
      action={route === undefined ? 'Make the route' : 'Save'}
      act={act}
      onClose={onClose}
    >
      {route === undefined && (
        <Field
          label="Host name"
          name="hostname"
          required
          maxLength={300}
          autoFocus
          placeholder="parse.example.com"
          value={hostname}
          onChange={(event) => setHostname(event.target.value)}
          hint="A verified sending domain of the workspace, or a name below one. Mail to every address at it is taken."
          className="font-mono"
        />
      )}
      <Field
        label="URL of the program"
        name="url"
        type="url"
        required
        maxLength={2048}
        placeholder="https://example.com/hooks/parse"
        value={url}
        onChange={(event) => setUrl(event.target.value)}
        hint={
          route === undefined
            ? 'Each mail is posted there as SendGrid’s Inbound Parse posts it.'
            : 'What waits goes to the new URL too.'
        }
        className="font-mono"
      />
      <div className="mb-4">
        <Check
          label="Post the mail as it came"
          hint="Whole, in the field email, instead of its parts and attachments."
          checked={sendRaw}
          onChange={setSendRaw}
        />
      </div>
    </FormDialog>
  )
}
