import { Link } from '@tanstack/react-router'
import { useAccess } from '../../session/access.ts'
import { Facts } from '../../ui/facts.tsx'
import { linkLook } from '../../ui/link.ts'
import { Panel } from '../../ui/panel.tsx'
import { DOOR_VARIABLES, doorSamples } from './door-samples.ts'
import { DOOR_KEYS, DOOR_NAMES, DOOR_USERS, doorUrl, type Door } from './doors.ts'
import { SendSteps } from './send-steps.tsx'
import { useSampleFacts } from './use-sample-facts.ts'

/** How a program of another vendor is led here: the two things that change in it, and a first mail. Without `secret` the key is a gap. */
export function DoorUse({
  door,
  scopes,
  allowedSenders,
  secret,
}: {
  readonly door: Door
  readonly scopes: readonly string[]
  readonly allowedSenders: readonly string[]
  readonly secret?: string
}) {
  const { installation } = useAccess()
  const facts = useSampleFacts(allowedSenders)
  const name = DOOR_NAMES[door]
  const { host, port, tlsPort } = installation.smtp
  const canSend = scopes.includes('messages:send')
  const begin = DOOR_KEYS[door]
  return (
    <>
      <Panel
        title={`Lead a program for ${name} here`}
        lead="Two things change in it: the base URL and the key. This key opens nothing else, not the API of Bulkhead either."
      >
        <Facts
          rows={[
            [
              'Base URL',
              <code key="url" className="break-all">
                {doorUrl(facts.origin, door)}
              </code>,
            ],
            ['Key', secret === undefined ? `${begin}…, shown once when it was made` : 'above'],
            ...(canSend
              ? ([
                  [
                    'Over SMTP',
                    `${host}, port ${tlsPort} with TLS or ${port} with STARTTLS; ${DOOR_USERS[door] === 'any' ? 'any user name' : `user name ${DOOR_USERS[door]}`}, the key as password`,
                  ],
                ] as const)
              : []),
          ]}
        />
      </Panel>
      {canSend && (
        <SendSteps
          lead="The key goes into the environment, not into the code."
          thing="key"
          variable={DOOR_VARIABLES[door]}
          begin={begin}
          secret={secret}
          label="Send a mail"
          samples={doorSamples(door, facts)}
        >
          <p className="text-xs text-muted">
            What is sent through it stands in the same list as everything else:{' '}
            <Link to="/messages" className={linkLook}>
              Messages
            </Link>
            .{!facts.isReal && ' No domain is verified yet: mail from another domain is refused.'}
          </p>
        </SendSteps>
      )}
    </>
  )
}
