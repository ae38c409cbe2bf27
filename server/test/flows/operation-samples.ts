import { createIdGenerator } from '../../src/kernel/ids.ts'

/** Requests and names that the examples of operations are made of. */
export const message = {
  from: 'Ann <ann@shop.test>',
  to: 'bob@example.com',
  subject: 'Hello',
  text: 'Hello',
  lane: 'bulk',
}
export const webhook = { url: 'https://hooks.example.com/x' }
export const captured = [
  'From: ann@shop.test',
  'To: bob@example.com',
  'Subject: Hi',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/html',
  '',
  '<p>Hi',
  '--b',
  'Content-Type: text/plain; name=a.txt',
  'Content-Disposition: attachment; filename=a.txt',
  '',
  'attached',
  '--b--',
  '',
].join('\r\n')

// Of what no process of that kind does: the other tests go on in the workspace.
export const containment = { capabilities: ['webhook'], actorClass: 'sender', reason: 'a drill' }

export const newId = createIdGenerator()
export const aWord = (): string => newId().replaceAll('-', '')
export const aName = (): string => `${aWord()}.test`
export const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString()

export const federationRule = {
  name: 'CI',
  issuer: 'https://ci.example.com',
  audience: 'bulkhead',
  subject: 'repo:example/shop:*',
  scopes: ['messages:send'],
}
