import type { Sample } from '../../ui/samples.tsx'
import { shellQuoted, singleQuoted, type SampleFacts } from './api-samples.ts'
import { doorUrl, type Door } from './doors.ts'

/** The name under which programs of a vendor look for their key; the samples do too. */
export const DOOR_VARIABLES: Readonly<Record<Door, string>> = {
  sendgrid: 'SENDGRID_API_KEY',
  resend: 'RESEND_API_KEY',
  mandrill: 'MANDRILL_API_KEY',
}

/** What changes in a program that was written for a vendor: the base URL of its SDK; and the same call by hand. */
export function doorSamples(door: Door, facts: SampleFacts): Sample[] {
  const base = doorUrl(facts.origin, door)
  switch (door) {
    case 'sendgrid':
      return [
        { name: 'node', label: 'Node, @sendgrid/mail', code: sendgridNode(base, facts) },
        { name: 'curl', label: 'curl', code: sendgridCurl(base, facts) },
      ]
    case 'resend':
      return [
        { name: 'node', label: 'Node, resend', code: resendNode(base, facts) },
        { name: 'curl', label: 'curl', code: resendCurl(base, facts) },
      ]
    case 'mandrill':
      return [
        {
          name: 'node',
          label: 'Node, @mailchimp/mailchimp_transactional',
          code: mandrillNode(base, facts),
        },
        { name: 'curl', label: 'curl', code: mandrillCurl(base, facts) },
      ]
  }
}

function sendgridNode(base: string, { from, to }: SampleFacts): string {
  return `import client from '@sendgrid/client'
import sgMail from '@sendgrid/mail'

client.setApiKey(process.env.${DOOR_VARIABLES.sendgrid})
// After setApiKey, which resets it.
client.setDefaultRequest('baseUrl', '${base}')
sgMail.setClient(client)

const [answer] = await sgMail.send({
  from: ${singleQuoted(from)},
  to: ${singleQuoted(to)},
  subject: 'Hello',
  text: 'My first mail.',
})
console.log(answer.statusCode, answer.headers['x-message-id'])`
}

function sendgridCurl(base: string, { from, to }: SampleFacts): string {
  const mail = {
    personalizations: [{ to: [{ email: to }] }],
    from: { email: from },
    subject: 'Hello',
    content: [{ type: 'text/plain', value: 'My first mail.' }],
  }
  return `curl -i ${base}/v3/mail/send \\
  -H "Authorization: Bearer $${DOOR_VARIABLES.sendgrid}" \\
  -H 'Content-Type: application/json' \\
  -d ${shellQuoted(JSON.stringify(mail, null, 2))}`
}

function resendNode(base: string, { from, to }: SampleFacts): string {
  return `import { Resend } from 'resend'

// RESEND_BASE_URL in the environment does the same.
const resend = new Resend(process.env.${DOOR_VARIABLES.resend}, { baseUrl: '${base}' })

const { data, error } = await resend.emails.send({
  from: ${singleQuoted(from)},
  to: ${singleQuoted(to)},
  subject: 'Hello',
  text: 'My first mail.',
})
console.log(data ?? error)`
}

function resendCurl(base: string, { from, to }: SampleFacts): string {
  return `curl ${base}/emails \\
  -H "Authorization: Bearer $${DOOR_VARIABLES.resend}" \\
  -H 'Content-Type: application/json' \\
  -d ${shellQuoted(JSON.stringify({ from, to, subject: 'Hello', text: 'My first mail.' }, null, 2))}`
}

function mandrillNode(base: string, { from, to }: SampleFacts): string {
  return `import mailchimp from '@mailchimp/mailchimp_transactional'

const client = mailchimp(process.env.${DOOR_VARIABLES.mandrill})
client.basePath = '${base}'

const answer = await client.messages.send({
  message: {
    from_email: ${singleQuoted(from)},
    to: [{ email: ${singleQuoted(to)} }],
    subject: 'Hello',
    text: 'My first mail.',
  },
})
console.log(answer)`
}

function mandrillCurl(base: string, { from, to }: SampleFacts): string {
  const message = { from_email: from, to: [{ email: to }], subject: 'Hello', text: 'My first mail.' }
  return `curl ${base}/messages/send \\
  -H "Authorization: Bearer $${DOOR_VARIABLES.mandrill}" \\
  -H 'Content-Type: application/json' \\
  -d ${shellQuoted(JSON.stringify({ message }, null, 2))}`
}
